"""The compiled heart of exchanges: list sets of changes that cost little, and match those that fit together.

Seen from the cheapest slot of every item, an alignment of a few columns is a set of slots *away* from the cheapest. At
prices of the limits it costs the *excess* of these slots, and what each limit loses: the penalty less the priced load,
above its smallest value. Sets of small excess are listed for two halves of the items, and pairs of sets are matched
whose loads fit the limits and lose least (Horowitz and Sahni 1974, doi 10.1145/321812.321823). Where the lists are
whole, so is the search.

A *slot* is a candidate pair (item, column), as in :mod:`optimizer.search.annealing`. Arrays over columns and loads have
shape ``(columns, loads)``. The *dimensions* of a group are the loads of its columns, one column after the other, and
the totals where they can change.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from optimizer.compiled import uncounted

DEPTH: Final = 8
"""Slots away from the cheapest in one half."""
KEPT: Final = 0.5
"""Share of a list that may fill before it is cut to half of that, the sets of smallest excess."""
SET_WORK: Final = 4
"""Steps that a set in a list counts as, and half as many as it has dimensions."""


class Space(NamedTuple):
    """What may be chosen and what limits it; does not change."""

    start: Any  # (items + 1): where each item's slots begin
    column: Any  # (slots)
    reduced: Any  # (slots): cost and priced amounts
    amount: Any  # (slots, loads)
    price: Any  # (columns, loads): of the limits of the columns, > 0 for upper ones, < 0 for lower ones
    lower: Any  # (columns, loads)
    upper: Any  # (columns, loads)
    least: Any  # (columns, loads): the smallest value of penalty less priced load within the limits
    counted: Any  # (columns, loads): whether the column is part of the total
    total_price: Any  # (loads)
    total_upper: Any  # (loads)
    has_totals: Any  # whether totals can change at all
    soft_price: Any  # (loads)
    soft_tolerance: Any  # (loads)
    soft_target: Any  # (columns, loads); 0 where there is none


class Room(NamedTuple):
    """Memory of one thread."""

    excess: Any  # (2, sets)
    change: Any  # (2, sets, dimensions)
    away: Any  # (2, sets, DEPTH): slots away from the cheapest
    count: Any  # (2, sets): how many
    place: Any  # (columns): position in the group, -1 outside
    item: Any  # (items): those of the group
    cheapest: Any  # (items): their cheapest slots in the group
    second: Any  # (items): smallest excess of another slot


def room_for(*, items: int, columns: int, sets: int, dimensions: int) -> Room:
    """Return memory for groups of some dimensions."""
    return Room(
        excess=np.zeros((2, sets)),
        change=np.zeros((2, sets, dimensions)),
        away=np.zeros((2, sets, DEPTH), dtype=np.int64),
        count=np.zeros((2, sets), dtype=np.int64),
        place=np.full(columns, -1, dtype=np.int64),
        item=np.zeros(items, dtype=np.int64),
        cheapest=np.zeros(items, dtype=np.int64),
        second=np.zeros(items),
    )


@numba.njit(cache=True, nogil=True, inline="always")
def _soft(space, column, kind, load):  # type: ignore[no-untyped-def]  # compiled
    """Return the penalty of soft balance."""
    target = space.soft_target[column, kind]
    if target <= 0 or space.soft_price[kind] <= 0:
        return 0.0
    tolerance = space.soft_tolerance[kind]
    value = 0.0
    excess = abs(load - target) / target - tolerance
    if excess > 0:
        value += space.soft_price[kind] * excess
    if excess > tolerance:
        value += 2.0 * space.soft_price[kind] * (excess - tolerance)
    return value


@numba.njit(cache=True, nogil=True, inline="always")
def penalty_of(space, group, dimension, load):  # type: ignore[no-untyped-def]  # compiled
    """Return the soft penalty of a dimension of a group."""
    loads = space.price.shape[1]
    at, kind = dimension // loads, dimension % loads
    return _soft(space, group[at], kind, load) if at < group.shape[0] else 0.0


@numba.njit(cache=True, nogil=True, inline="always")
def value_of(space, column, kind, load):  # type: ignore[no-untyped-def]  # compiled
    """Return penalty less priced load of a column, above its smallest value; infinite beyond a limit."""
    if load > space.upper[column, kind] or load < space.lower[column, kind]:
        return np.inf
    return _soft(space, column, kind, load) - space.price[column, kind] * load - space.least[column, kind]


@numba.njit(cache=True, nogil=True, inline="always")
def loss_of(space, group, dimension, load):  # type: ignore[no-untyped-def]  # compiled
    """Return what a dimension of a group loses at a load."""
    loads = space.price.shape[1]
    at, kind = dimension // loads, dimension % loads
    if at < group.shape[0]:
        return value_of(space, group[at], kind, load)
    if load > space.total_upper[kind]:
        return np.inf
    if space.total_price[kind] > 0:
        return space.total_price[kind] * (space.total_upper[kind] - load)
    return 0.0


@numba.njit(cache=True, nogil=True, inline="always")
def add_slot(space, group, room, slot, vector, sign):  # type: ignore[no-untyped-def]  # compiled
    """Add a slot's amounts, ``sign`` times, to the dimensions of a group."""
    loads = space.price.shape[1]
    column = space.column[slot]
    at = room.place[column]
    for kind in range(loads):
        amount = sign * space.amount[slot, kind]
        if at * loads + kind < vector.shape[0]:
            vector[at * loads + kind] += amount
        if space.has_totals and space.counted[column, kind]:
            vector[group.shape[0] * loads + kind] += amount


@numba.njit(cache=True, nogil=True)
def list_sets(space, group, room, half, items, budget, dimensions):  # type: ignore[no-untyped-def]  # compiled
    """List the sets of slots away from the cheapest of excess ≤ ``budget``; return how many, up to where, and the work.

    ``items`` are sorted by their second smallest excess. A list that runs full keeps the sets of smallest excess, and
    the budget falls to theirs: all sets of less excess than the second number are in the list.
    """
    excess, second = room.excess[half], room.second
    most = excess.shape[0]
    step = np.zeros(dimensions)
    _begin(room, half, dimensions)
    size, work, whole = 1, 0, budget
    for number in items:
        if second[number] > budget:
            break
        size, whole, spent = _extend(space, group, room, half, number, step, size, budget, whole)
        work += spent
        if size > KEPT * most:
            work += size * (SET_WORK + dimensions)
            budget = np.partition(excess[:size], int(KEPT * KEPT * most))[int(KEPT * KEPT * most)]
            whole = min(whole, budget)
            size = _cut(room, half, size, budget, dimensions)
    return size, whole, work


@uncounted
def _begin(room, half, dimensions):  # type: ignore[no-untyped-def]  # compiled
    """Put the empty set into a list."""
    room.excess[half, 0], room.count[half, 0] = 0.0, 0
    for dimension in range(dimensions):
        room.change[half, 0, dimension] = 0.0


@uncounted
def _extend(space, group, room, half, number, step, size, budget, whole):  # type: ignore[no-untyped-def]  # compiled
    """Add each set with each slot of an item; return how many there are then, up to where all of them, and the work."""
    excess, change, away, count = room.excess[half], room.change[half], room.away[half], room.count[half]
    item, base = room.item[number], room.cheapest[number]
    most, before, dimensions, work = excess.shape[0], size, step.shape[0], 0
    for slot in range(space.start[item], space.start[item + 1]):
        if slot == base or room.place[space.column[slot]] < 0:
            continue
        extra = space.reduced[slot] - space.reduced[base]
        if extra > budget:
            continue
        for dimension in range(dimensions):
            step[dimension] = 0.0
        add_slot(space, group, room, slot, step, 1.0)
        add_slot(space, group, room, base, step, -1.0)
        for at in range(before):
            work += 1
            if excess[at] + extra > budget:
                continue
            if count[at] == DEPTH or size == most:
                whole = min(whole, excess[at] + extra)
                continue
            excess[size] = excess[at] + extra
            for dimension in range(dimensions):
                change[size, dimension] = change[at, dimension] + step[dimension]
            for place in range(count[at]):
                away[size, place] = away[at, place]
            away[size, count[at]] = slot
            count[size] = count[at] + 1
            size += 1
            work += SET_WORK + dimensions // 2
    return size, whole, work


@uncounted
def _cut(room, half, size, budget, dimensions):  # type: ignore[no-untyped-def]  # compiled
    """Keep the sets of excess ≤ ``budget`` and return how many they are."""
    excess, change, away, count = room.excess[half], room.change[half], room.away[half], room.count[half]
    most, kept = excess.shape[0], 0
    for at in range(size):
        if excess[at] <= budget and (kept < KEPT * most or excess[at] < budget):
            excess[kept], count[kept] = excess[at], count[at]
            for dimension in range(dimensions):
                change[kept, dimension] = change[at, dimension]
            for place in range(count[at]):
                away[kept, place] = away[at, place]
            kept += 1
    return kept
