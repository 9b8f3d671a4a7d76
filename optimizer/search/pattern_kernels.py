"""The compiled step of the search by patterns: solve a group of columns again, exactly or until the work is done."""

from typing import Any, NamedTuple

import numba
import numpy as np

from optimizer.search.knapsack import raise_prices
from optimizer.search.pattern_combining import combine
from optimizer.search.patterns import WORD, fewest_patterns, items_of_group, mask_of

NOISE = 1e-9
"""Part of a cost by which sums of floats may err."""
PATIENCE = 8
"""Steps without a better bound after which a group's price steps shrink."""
PRUNED, COMPLETE, CUT_SHORT = 0, 1, 2


class Knapsacks(NamedTuple):
    """A model whose columns have one limit each. Shapes ``(columns, items)`` and ``(columns,)``."""

    cost: Any
    units: Any  # amounts in whole units of the column, rounded down; room + 1 where not allowed
    amount: Any
    room: Any
    spare: Any  # most units that may stay free
    limit: Any  # (columns, 2): least and most true load


@numba.njit(cache=True, nogil=True)
def solve_group(knapsacks, price, place, group, step, sideways, steps, most_patterns, most_work):  # type: ignore[no-untyped-def]  # compiled
    """Redistribute the items of some columns among them at less cost, or at the same cost when ``sideways``.

    Parameters
    ----------
    price
        Prices of all items, to begin with. Shape ``(items,)``.
    place
        The column of every item; changed where something better is found. Shape ``(items,)``.
    group
        Columns, sorted.
    step
        What a better alignment gains at least, > 0.
    most_patterns
        Patterns of a column.

    Returns
    -------
    tuple
        The gain (0 also for a sideways move), whether anything moved, what the search was worth (``PRUNED`` by the
        bound, ``COMPLETE`` or ``CUT_SHORT``), and the work.
    """
    size = group.shape[0]
    position, items = items_of_group(place, group, knapsacks.room.shape[0])
    if items.shape[0] == 0:
        return 0.0, False, PRUNED, 0
    part, now = _part_of(knapsacks, place, group, position, items)
    own = price[items]
    noise = NOISE * abs(now)
    target = now + noise if sideways else now - step + noise
    tail = np.empty((items.shape[0] + 1, part.room.max() + 1))
    bound, work = raise_prices(part.cost, part.units, part.room, part.spare, own, now, target, steps, PATIENCE, tail)
    if bound > target:
        return 0.0, False, PRUNED, work
    words = (items.shape[0] + WORD - 1) // WORD
    mask = np.empty((size * most_patterns, words), dtype=np.uint64)
    excess = np.empty(size * most_patterns)
    first, is_all, spent = _list_all(part, own, target - bound, most_patterns, tail, mask, excess)
    work += spent
    if (first[1:] == first[:-1]).any():
        return 0.0, False, COMPLETE if is_all else CUT_SHORT, work
    full = np.empty(words, dtype=np.uint64)
    mask_of(np.ones(items.shape[0], dtype=np.bool_), full)
    present = np.empty((size, words), dtype=np.uint64)
    for at in range(size):
        mask_of(place[items] == group[at], present[at])
    chosen = np.zeros(size, dtype=np.int64)
    total, complete, spent = combine(
        first, mask[: first[size]], excess[: first[size]], full, target - bound, step, present, most_work, chosen
    )
    work += spent
    reach = COMPLETE if is_all and complete else CUT_SHORT
    if not np.isfinite(total):
        return 0.0, False, reach, work
    return now - _take(part.cost, mask, chosen, group, items, place), True, reach, work


@numba.njit(cache=True, nogil=True)
def _part_of(knapsacks, place, group, position, items):  # type: ignore[no-untyped-def]  # compiled
    """Return the knapsacks of a group with its items alone, and what these cost at present."""
    size, count = group.shape[0], items.shape[0]
    cost, amount = np.empty((size, count)), np.empty((size, count))
    units = np.empty((size, count), dtype=np.int64)
    for at in range(size):
        for place_in in range(count):
            item = items[place_in]
            cost[at, place_in] = knapsacks.cost[group[at], item]
            units[at, place_in] = knapsacks.units[group[at], item]
            amount[at, place_in] = knapsacks.amount[group[at], item]
    now = 0.0
    for place_in in range(count):
        now += cost[position[place[items[place_in]]], place_in]
    room, spare, limit = knapsacks.room[group], knapsacks.spare[group], knapsacks.limit[group]
    return Knapsacks(cost, units, amount, room, spare, limit), now


@numba.njit(cache=True, nogil=True)
def _list_all(part, price, slack, most_patterns, tail, mask, excess):  # type: ignore[no-untyped-def]  # compiled
    """List the patterns of all columns behind each other, up to a column that has none.

    Returns where each column's begin, whether these are all up to ``slack``, and the work.
    """
    size = part.room.shape[0]
    first = np.zeros(size + 1, dtype=np.int64)
    is_all, work = True, 0
    for at in range(size):
        begin, end = first[at], first[at] + most_patterns
        found, whole, spent = fewest_patterns(
            part.cost,
            part.units,
            part.room,
            part.spare,
            price,
            slack,
            part.amount,
            part.limit,
            at,
            most_patterns,
            tail,
            mask[begin:end],
            excess[begin:end],
        )
        first[at + 1 :] = begin + found
        is_all &= whole
        work += spent
        if found == 0:
            break
    return first, is_all, work


@numba.njit(cache=True, nogil=True)
def _take(cost, mask, chosen, group, items, place):  # type: ignore[no-untyped-def]  # compiled
    """Put the items where the chosen patterns say; return what they cost there."""
    total = 0.0
    for at in range(group.shape[0]):
        for place_in in range(items.shape[0]):
            if mask[chosen[at], place_in // WORD] & (np.uint64(1) << np.uint64(place_in % WORD)):
                place[items[place_in]] = group[at]
                total += cost[at, place_in]
    return total
