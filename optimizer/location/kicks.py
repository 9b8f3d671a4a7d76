"""Close a center, open another one, and let the territories around both settle: the moves that annealing never finds.

Owns the compiled loop of such trials. Only the territories around are taken apart, so that a trial costs as much as
they are large; what is not better is taken back. In the spirit of the interchange heuristic for the p-median (Teitz and
Bart 1968, doi 10.1287/opre.16.5.955), with limits on loads kept by annealing inside of each trial.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from optimizer.location.annealing import (
    COLUMNS,
    COST,
    ITEMS,
    anneal,
    below,
    is_open_to,
    link,
    load_change,
    move_center,
    pair,
    settle_centers,
    uniform,
    unlink,
    value,
)

NEAR: Final = 0.6
"""Share of the trials in which the center that closes lies near the one beside which it opens again."""
SHAKE: Final = 0.3
"""Share of the trials that move some centers within their territories instead."""
SHAKEN: Final = 0.5
"""Share of the centers that such a trial moves."""
HOPS: Final = 6
"""Steps from neighbor to neighbor that count as near."""


class Scratch(NamedTuple):
    """Room for taking a trial back."""

    owner: Any  # (items)
    center: Any  # (columns)


@numba.njit(cache=True, nogil=True)
def kick(space, state, part, scratch, trials, most_columns, trials_per_item, hot, cold):  # type: ignore[no-untyped-def]
    """Make so many trials; return how many were better."""
    num_columns = state.center.shape[0]
    better = 0
    for _ in range(trials):
        opens = below(state, num_columns)
        closes = _other(space, state, opens)
        if state.count[opens] == 0:
            continue
        is_shaken = closes == opens or uniform(state) < SHAKE
        _gather(space, state, part, opens, opens if is_shaken else closes, most_columns)
        before, total = value(space, state, part), state.total[COST]
        _save(state, part, scratch)
        if is_shaken:
            _shake(space, state, part)
        else:
            _interchange(space, state, part, opens, closes)
        count = part.sizes[ITEMS]
        share = min(0.3, 2.0 * part.sizes[COLUMNS] / max(1, count))
        anneal(space, state, part, trials_per_item * count, hot, cold, share)
        settle_centers(space, state, part)
        after = value(space, state, part)
        if after < before - 1e-9 * abs(before):
            better += 1
        elif after > before:
            _restore(space, state, part, scratch)
            state.total[COST] = total
        for number in range(part.sizes[COLUMNS]):
            part.is_open[part.columns[number]] = False
    return better


@numba.njit(cache=True, nogil=True)
def _other(space, state, opens):  # type: ignore[no-untyped-def]
    """Return a free column to close, near or anywhere; ``opens`` where none was found."""
    if uniform(state) < NEAR:
        item = state.first[opens]
        if item < 0:
            return opens
        for _ in range(HOPS * 4):
            item = space.near[item, below(state, space.near.shape[1])]
            column = state.owner[item]
            if column != opens and space.is_free[column] and uniform(state) < 0.3:
                return column
        return opens
    column = below(state, state.center.shape[0])
    return column if space.is_free[column] else opens


@numba.njit(cache=True, nogil=True)
def _gather(space, state, part, opens, closes, most_columns):  # type: ignore[no-untyped-def]
    """Make the two columns and the columns around them the part that may change."""
    count = 0
    for column in (opens, closes):
        if not part.is_open[column]:
            part.is_open[column] = True
            part.columns[count] = column
            count += 1
    seeds = count
    for number in range(seeds):
        most = most_columns if seeds == 1 else (number + 1) * most_columns // 2 + 1
        item = state.first[part.columns[number]]
        while item >= 0 and count < most:
            for neighbor in range(space.near.shape[1]):
                column = state.owner[space.near[item, neighbor]]
                if not part.is_open[column] and count < most:
                    part.is_open[column] = True
                    part.columns[count] = column
                    count += 1
            item = state.after[item]
    part.sizes[COLUMNS] = count
    size = 0
    for number in range(count):
        item = state.first[part.columns[number]]
        while item >= 0:
            part.items[size] = item
            size += 1
            item = state.after[item]
    part.sizes[ITEMS] = size


@numba.njit(cache=True, nogil=True)
def _save(state, part, scratch):  # type: ignore[no-untyped-def]
    for number in range(part.sizes[COLUMNS]):
        scratch.center[part.columns[number]] = state.center[part.columns[number]]
    for number in range(part.sizes[ITEMS]):
        scratch.owner[part.items[number]] = state.owner[part.items[number]]


@numba.njit(cache=True, nogil=True)
def _restore(space, state, part, scratch):  # type: ignore[no-untyped-def]
    for number in range(part.sizes[ITEMS]):
        item = part.items[number]
        if state.owner[item] != scratch.owner[item]:
            unlink(space, state, item)
            link(space, state, item, scratch.owner[item])
    for number in range(part.sizes[COLUMNS]):
        move_center(state, part.columns[number], scratch.center[part.columns[number]])


@numba.njit(cache=True, nogil=True)
def _shake(space, state, part):  # type: ignore[no-untyped-def]
    """Move some centers to the place of any item of theirs."""
    for number in range(part.sizes[COLUMNS]):
        column = part.columns[number]
        if space.is_free[column] and state.count[column] > 0 and uniform(state) < SHAKEN:
            place = space.place_of[_member(state, column)]
            if is_open_to(space, state, place):
                move_center(state, column, place)


@numba.njit(cache=True, nogil=True)
def _interchange(space, state, part, opens, closes):  # type: ignore[no-untyped-def]
    """Give the items of one column to its neighbors, and open it again among the items of another."""
    place = space.place_of[_member(state, opens)]
    item = state.first[closes]
    while item >= 0:
        following = state.after[item]
        best, best_value = -1, np.inf
        for number in range(part.sizes[COLUMNS]):
            column = part.columns[number]
            if column != closes:
                found = pair(space, state.center[column], column, item) + load_change(space, state, column, item, -1)
                if found < best_value:
                    best, best_value = column, found
        if best >= 0:
            unlink(space, state, item)
            link(space, state, item, best)
        item = following
    if not is_open_to(space, state, place):
        return
    move_center(state, closes, place)
    item = state.first[opens]
    while item >= 0:
        following = state.after[item]
        if pair(space, place, closes, item) < pair(space, state.center[opens], opens, item):
            unlink(space, state, item)
            link(space, state, item, closes)
        item = following


@numba.njit(cache=True, nogil=True)
def _member(state, column):  # type: ignore[no-untyped-def]
    """Return a random item of a territory."""
    item = state.first[column]
    for _ in range(below(state, state.count[column])):
        item = state.after[item]
    return item
