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

DEPTH: Final = 8
"""Slots away from the cheapest in one half."""
KEPT: Final = 0.5
"""Share of a list that may fill before it is cut to half of that, the sets of smallest excess."""
MOST_BINS: Final = 4096
"""Bins that sets are sorted into."""
ROUNDING: Final = 1e-9
"""Part of a bin by which float sums may err."""
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
def _penalty(space, group, dimension, load):  # type: ignore[no-untyped-def]  # compiled
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
    excess, change, away, count = room.excess[half], room.change[half], room.away[half], room.count[half]
    most = excess.shape[0]
    step = np.zeros(dimensions)
    excess[0], count[0] = 0.0, 0
    change[0, :dimensions] = 0.0
    size, work, whole = 1, 0, budget
    for number in items:
        if room.second[number] > budget:
            break
        item, base = room.item[number], room.cheapest[number]
        before = size
        for slot in range(space.start[item], space.start[item + 1]):
            if slot == base or room.place[space.column[slot]] < 0:
                continue
            extra = space.reduced[slot] - space.reduced[base]
            if extra > budget:
                continue
            step[:] = 0.0
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
        if size > KEPT * most:
            work += size * (SET_WORK + dimensions)
            budget = np.partition(excess[:size], int(KEPT * KEPT * most))[int(KEPT * KEPT * most)]
            whole = min(whole, budget)
            size = _keep_best(excess, change, away, count, size, budget, dimensions)
    return size, whole, work


@numba.njit(cache=True, nogil=True)
def _keep_best(excess, change, away, count, size, budget, dimensions):  # type: ignore[no-untyped-def]  # compiled
    """Move the sets of excess ≤ ``budget`` to the front, of those at it no more than fit; return how many."""
    most = KEPT * excess.shape[0]
    kept = 0
    for at in range(size):
        if excess[at] > budget or (kept >= most and excess[at] == budget):
            continue
        excess[kept], count[kept] = excess[at], count[at]
        for dimension in range(dimensions):
            change[kept, dimension] = change[at, dimension]
        for place in range(count[at]):
            away[kept, place] = away[at, place]
        kept += 1
    return kept


@numba.njit(cache=True, nogil=True)
def _window(space, group, dimension, budget):  # type: ignore[no-untyped-def]  # compiled
    """Return the loads of a dimension that lose at most ``budget``."""
    loads = space.price.shape[1]
    at, kind = dimension // loads, dimension % loads
    if at == group.shape[0]:
        price = space.total_price[kind]
        upper = space.total_upper[kind]
        return (upper - budget / price if price > 0 else -np.inf), upper
    column = group[at]
    lower, upper = space.lower[column, kind], space.upper[column, kind]
    price = space.price[column, kind]
    if space.soft_target[column, kind] > 0 and space.soft_price[kind] > 0:
        return lower, upper
    if price > 0:
        lower = max(lower, upper - budget / price)
    elif price < 0:
        upper = min(upper, lower - budget / price)
    return lower, upper


@numba.njit(cache=True, nogil=True)
def _key(space, group, room, sizes, budget, dimensions, other):  # type: ignore[no-untyped-def]  # compiled
    """Return the dimension whose window excludes most sets, one that says more than ``other``; −1 for none."""
    loads = space.price.shape[1]
    best, narrowest = -1, np.inf
    for dimension in range(dimensions):
        if other >= 0 and (dimension == other or (group.shape[0] == 2 and dimension % loads == other % loads)):
            continue
        low, high = _window(space, group, dimension, budget)
        spread = room.change[1, : sizes[1], dimension].std() + room.change[0, : sizes[0], dimension].std()
        if spread > 0 and (high - low) / spread < narrowest:
            best, narrowest = dimension, (high - low) / spread
    return best


class Limits(NamedTuple):
    """What the dimensions of a group may be, and what they lose: ``offset − price · load``, more with soft balance."""

    low: Any  # (dimensions)
    high: Any  # (dimensions)
    price: Any  # (dimensions)
    offset: Any  # (dimensions)
    has_soft: Any


@numba.njit(cache=True, nogil=True)
def _limits(space, group, budget, dimensions):  # type: ignore[no-untyped-def]  # compiled
    """Return the limits within which each dimension loses at most ``budget``."""
    low, high = np.empty(dimensions), np.empty(dimensions)
    price, offset = np.zeros(dimensions), np.zeros(dimensions)
    has_soft = False
    loads = space.price.shape[1]
    for dimension in range(dimensions):
        low[dimension], high[dimension] = _window(space, group, dimension, budget)
        at, kind = dimension // loads, dimension % loads
        if at < group.shape[0]:
            price[dimension] = space.price[group[at], kind]
            offset[dimension] = -space.least[group[at], kind]
            has_soft |= space.soft_target[group[at], kind] > 0 and space.soft_price[kind] > 0
        elif space.total_price[kind] > 0:
            price[dimension] = space.total_price[kind]
            offset[dimension] = price[dimension] * space.total_upper[kind]
    return Limits(low, high, price, offset, has_soft)


@numba.njit(cache=True, nogil=True, inline="always")
def _with_losses(limits, now, change, other, lost):  # type: ignore[no-untyped-def]  # compiled
    """Add to ``lost`` what the dimensions lose after a change, but for soft balance; infinite beyond a limit."""
    for dimension in range(now.shape[0]):
        reached = now[dimension] + change[other, dimension]
        if not (limits.low[dimension] <= reached <= limits.high[dimension]):
            lost = np.inf
        lost += limits.offset[dimension] - limits.price[dimension] * reached
    return lost


@numba.njit(cache=True, nogil=True)
def _bins(room, size, key, then, window):  # type: ignore[no-untyped-def]  # compiled
    """Put the sets of the second half into bins of a key's window, sorted by the second key within each.

    Returns where the bins begin in the key's units, how wide they are, where each begins among the sets, and the sets.
    """
    value = room.change[1, :size, key]
    origin = value.min()
    width = max(window, (value.max() - origin) / MOST_BINS, 1e-300)
    if not width < np.inf:
        width = max(value.max() - origin, 1.0) * 2.0
    bins = int((value.max() - origin) / width) + 1
    begin = np.zeros(bins + 1, dtype=np.int64)
    for at in range(size):
        begin[int((value[at] - origin) / width) + 1] += 1
    for number in range(bins):
        begin[number + 1] += begin[number]
    order, free = np.empty(size, dtype=np.int64), begin[:-1].copy()
    for at in np.argsort(room.change[1, :size, then]):
        place = int((value[at] - origin) / width)
        order[free[place]] = at
        free[place] += 1
    return origin, width, begin, order


@numba.njit(cache=True, nogil=True)
def match(space, group, room, sizes, base, budget, dimensions, most_checks, found):  # type: ignore[no-untyped-def]  # compiled
    """Find the pair of sets that loses least, less than ``budget``; return what it loses and the work.

    The second half lies in bins of the first key's window width, sorted by the second key within each.
    """
    key = max(0, _key(space, group, room, sizes, budget, dimensions, -1))
    then = _key(space, group, room, sizes, budget, dimensions, key)
    if then < 0:
        then = key
    limits = _limits(space, group, budget, dimensions)
    low, high = limits.low[key], limits.high[key]
    low_then, high_then = limits.low[then], limits.high[then]
    change = room.change[1]
    origin, width, begin, second = _bins(room, sizes[1], key, then, high - low)
    bins = begin.shape[0] - 1
    value_then = room.change[1, : sizes[1], then][second]
    first = np.argsort(room.excess[0, : sizes[0]])
    now = np.empty(dimensions)
    work = 8 * (sizes[0] + sizes[1])
    best = budget
    for one in first:
        rest = best - room.excess[0, one]
        if rest <= 0 or work > most_checks:
            break
        for dimension in range(dimensions):
            now[dimension] = base[dimension] + room.change[0, one, dimension]
        least = (low - now[key] - origin) / width - ROUNDING
        most = (high - now[key] - origin) / width + ROUNDING
        if most < 0 or least >= bins:
            continue
        from_bin = int(least) if least > 0 else 0
        to_bin = int(most) + 1 if most < bins else bins
        for number in range(from_bin, to_bin):
            part = value_then[begin[number] : begin[number + 1]]
            work += 4
            if part.shape[0] == 0:
                continue
            start = np.searchsorted(part, low_then - now[then], side="left")
            for at in range(begin[number] + start, begin[number + 1]):
                if value_then[at] > high_then - now[then]:
                    break
                work += 1 + dimensions // 4
                other = second[at]
                lost = _with_losses(limits, now, change, other, room.excess[1, other])
                if limits.has_soft and lost < rest:
                    for dimension in range(dimensions):
                        lost += _penalty(space, group, dimension, now[dimension] + change[other, dimension])
                if lost < rest:
                    rest = lost
                    best = room.excess[0, one] + lost
                    found[0], found[1] = one, other
    return best, work
