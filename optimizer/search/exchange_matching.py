"""The compiled matching of exchanges: the pair of sets, one of each half, that fits the limits and loses least.

The second half lies in bins of one load, as wide as what the limits and the budget leave of it, sorted by another load
within each: a set of the first half is tried with few.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from optimizer.compiled import uncounted
from optimizer.search.exchange_sets import penalty_of

MOST_BINS: Final = 4096
"""Bins that sets are sorted into."""
ROUNDING: Final = 1e-9
"""Part of a bin by which float sums may err."""


@uncounted
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


class _Windows(NamedTuple):
    """What each dimension of a group may hold and loses: ``offset − price · load``, and penalties."""

    low: Any  # (dimensions)
    high: Any
    price: Any
    offset: Any
    has_soft: Any  # whether any has soft balance


@numba.njit(cache=True, nogil=True)
def _windows(space, group, budget, dimensions):  # type: ignore[no-untyped-def]  # compiled
    """Return where each dimension loses at most ``budget``."""
    lows, highs = np.empty(dimensions), np.empty(dimensions)
    price, offset = np.zeros(dimensions), np.zeros(dimensions)
    has_soft = False
    loads = space.price.shape[1]
    for dimension in range(dimensions):
        lows[dimension], highs[dimension] = _window(space, group, dimension, budget)
        at, kind = dimension // loads, dimension % loads
        if at < group.shape[0]:
            price[dimension] = space.price[group[at], kind]
            offset[dimension] = -space.least[group[at], kind]
            has_soft |= space.soft_target[group[at], kind] > 0 and space.soft_price[kind] > 0
        elif space.total_price[kind] > 0:
            price[dimension] = space.total_price[kind]
            offset[dimension] = price[dimension] * space.total_upper[kind]
    return _Windows(lows, highs, price, offset, has_soft)


class _Bins(NamedTuple):
    """The sets of the second half in bins of a key's window, sorted by the second key within each."""

    key: Any
    then: Any
    origin: Any  # where the bins begin, in the key's units
    width: Any  # how wide they are
    begin: Any  # (bins + 1): where each begins among the sets
    order: Any  # (sets)
    value: Any  # (sets): of the second key, in this order


@numba.njit(cache=True, nogil=True)
def _bins(room, size, key, then, window):  # type: ignore[no-untyped-def]  # compiled
    """Put the sets of the second half into bins."""
    value = room.change[1, :size, key].copy()
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
    return _Bins(key, then, origin, width, begin, order, room.change[1, :size, then][order])


@numba.njit(cache=True, nogil=True)
def match(space, group, room, sizes, base, budget, dimensions, most_checks, found):  # type: ignore[no-untyped-def]  # compiled
    """Find the pair of sets that loses least, less than ``budget``; return what it loses and the work.

    The second half lies in bins of the first key's window width, sorted by the second key within each.
    """
    key = max(0, _key(space, group, room, sizes, budget, dimensions, -1))
    then = _key(space, group, room, sizes, budget, dimensions, key)
    if then < 0:
        then = key
    windows = _windows(space, group, budget, dimensions)
    bins = _bins(room, sizes[1], key, then, windows.high[key] - windows.low[key])
    first = np.argsort(room.excess[0, : sizes[0]])
    now = np.empty(dimensions)
    best, work = budget, 8 * (sizes[0] + sizes[1])
    for one in first:
        if best <= room.excess[0, one] or work > most_checks:
            break
        best, spent = _match_one(space, group, room, windows, bins, base, one, best, now, found)
        work += spent
    return best, work


@uncounted
def _match_one(space, group, room, windows, bins, base, one, best, now, found):  # type: ignore[no-untyped-def]  # compiled
    """Try a set of the first half with those of the second that may fit; return the least loss so far, and the work."""
    rest = best - room.excess[0, one]
    change, excess, dimensions, work = room.change[1], room.excess[1], now.shape[0], 0
    low, high = windows.low, windows.high
    for dimension in range(dimensions):
        now[dimension] = base[dimension] + room.change[0, one, dimension]
    least = (low[bins.key] - now[bins.key] - bins.origin) / bins.width - ROUNDING
    most = (high[bins.key] - now[bins.key] - bins.origin) / bins.width + ROUNDING
    count = bins.begin.shape[0] - 1
    if most < 0 or least >= count:
        return best, work
    for number in range(int(least) if least > 0 else 0, int(most) + 1 if most < count else count):
        begin, end = bins.begin[number], bins.begin[number + 1]
        work += 4
        for at in range(_first_from(bins.value, begin, end, low[bins.then] - now[bins.then]), end):
            if bins.value[at] > high[bins.then] - now[bins.then]:
                break
            work += 1 + dimensions // 4
            other = bins.order[at]
            lost = _with_losses(windows, now, change, other, excess[other])
            if windows.has_soft and lost < rest:
                for dimension in range(dimensions):
                    lost += penalty_of(space, group, dimension, now[dimension] + change[other, dimension])
            if lost < rest:
                rest = lost
                best = room.excess[0, one] + lost
                found[0], found[1] = one, other
    return best, work


@numba.njit(cache=True, nogil=True, inline="always")
def _with_losses(windows, now, change, other, lost):  # type: ignore[no-untyped-def]  # compiled
    """Add to ``lost`` what the dimensions lose after a change, but for soft balance; infinite beyond a limit."""
    for dimension in range(now.shape[0]):
        reached = now[dimension] + change[other, dimension]
        if not (windows.low[dimension] <= reached <= windows.high[dimension]):
            lost = np.inf
        lost += windows.offset[dimension] - windows.price[dimension] * reached
    return lost


@uncounted
def _first_from(value, begin, end, least):  # type: ignore[no-untyped-def]  # compiled
    """Return the first position in ``begin`` to ``end`` whose value is at least ``least``."""
    while begin < end:
        middle = (begin + end) // 2
        if value[middle] < least:
            begin = middle + 1
        else:
            end = middle
    return begin
