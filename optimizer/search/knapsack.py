"""The compiled bound on columns with one limit: items have prices, every column fills its own knapsack.

Relaxing that every item goes to exactly one column leaves a knapsack for each column. For item prices ``p`` and
``best_j = min over sets S that fit column j of sum_(i in S) (cost[j, i] − p[i])``

    L(p) = sum_i p[i] + sum_j best_j

is a lower bound, and with the best prices a higher one than the linear relaxation's, because knapsacks are solved
whole (Fisher, Jaikumar, Van Wassenhove 1986, doi 10.1287/mnsc.32.9.1095). Amounts are whole numbers of a column's
units, rounded down where they are not exact: what fits in truth also fits in units.

Arrays over columns and items have shape ``(columns, items)``. *Room* is what is left of a column's limit, in units.
"""

import numba
import numpy as np

SMOOTH = 0.7
"""Share of the last direction that a step keeps."""
SHRINK = 0.7
"""Factor by which steps shrink when the bound stalls."""
LEAST_STEP = 1e-4
"""Relative step length at which the prices count as found."""


@numba.njit(cache=True, nogil=True)
def fill_tail(value, units, order, room, spare, tail):  # type: ignore[no-untyped-def]  # compiled
    """Write the least value of any set of the items ``order[at:]`` for every room into ``tail[at]``.

    Only sets that leave at most ``spare`` units count.
    """
    count = order.shape[0]
    for left in range(room + 1):
        tail[count, left] = 0.0 if left <= spare else np.inf
    for at in range(count - 1, -1, -1):
        item = order[at]
        need, worth = units[item], value[item]
        after, now = tail[at + 1], tail[at]
        for left in range(min(need, room + 1)):
            now[left] = after[left]
        for left in range(need, room + 1):
            with_item = after[left - need] + worth
            now[left] = with_item if with_item < after[left] else after[left]


@numba.njit(cache=True, nogil=True)
def fill_columns(cost, units, room, spare, price, tail, covered):  # type: ignore[no-untyped-def]  # compiled
    """Return the sum of the knapsacks' values and the work; count how often each item was taken into ``covered``."""
    columns, items = cost.shape
    value, order = np.empty(items), np.empty(items, dtype=np.int64)
    covered[:] = 0
    total = 0.0
    work = 0
    for column in range(columns):
        count = 0
        for item in range(items):
            value[item] = cost[column, item] - price[item]
            useful = value[item] < 0 or spare[column] < room[column]
            if useful and units[column, item] <= room[column]:
                order[count] = item
                count += 1
        fill_tail(value, units[column], order[:count], room[column], spare[column], tail)
        total += tail[0, room[column]]
        work += count * (room[column] + 1)
        left = room[column]
        for at in range(count):
            item = order[at]
            need = units[column, item]
            if need <= left and tail[at + 1, left - need] + value[item] < tail[at + 1, left]:
                covered[item] += 1
                left -= need
    return total, work


@numba.njit(cache=True, nogil=True)
def raise_prices(  # type: ignore[no-untyped-def]  # compiled
    cost, units, room, spare, price, goal, target, steps, patience, tail
):
    """Improve ``price`` by deflected subgradients toward a bound of ``goal``; return the best bound and the work.

    Ends early once the bound exceeds ``target``, or when no prices can be better.
    """
    items = price.shape[0]
    covered = np.zeros(items, dtype=np.int64)
    best_price, direction = price.copy(), np.zeros(items)
    best = -np.inf
    length, stale, work = 1.0, 0, 0
    for _ in range(steps):
        filled, spent = fill_columns(cost, units, room, spare, price, tail, covered)
        work += spent
        bound = filled + price.sum()
        stale = 0 if bound > best + 1e-6 * abs(best) else stale + 1
        if bound > best:
            best = bound
            best_price[:] = price
        if best > target:
            break
        if stale >= patience:
            length *= SHRINK
            stale = 0
            price[:] = best_price
            direction[:] = 0.0
            if length < LEAST_STEP:
                break
            continue
        size = 0.0
        for item in range(items):
            direction[item] = 1.0 - covered[item] + SMOOTH * direction[item]
            size += direction[item] * direction[item]
        if size == 0.0 or not np.isfinite(bound):
            break
        step = length * max(goal - bound, 1e-6 * abs(goal)) / size
        for item in range(items):
            price[item] += step * direction[item]
    price[:] = best_price
    return best, work


@numba.njit(cache=True, nogil=True)
def price_pairs(cost, units, room, spare, price, tail, excess):  # type: ignore[no-untyped-def]  # compiled
    """Write by how much taking each item raises the value of each column's knapsack; infinite where it cannot."""
    columns, items = cost.shape
    value, order = np.empty(items), np.empty(items, dtype=np.int64)
    head, spread = np.empty(room.max() + 1), np.empty(room.max() + 1)
    for column in range(columns):
        count = 0
        for item in range(items):
            value[item] = cost[column, item] - price[item]
            excess[column, item] = np.inf
            if units[column, item] <= room[column]:
                order[count] = item
                count += 1
        fill_tail(value, units[column], order[:count], room[column], spare[column], tail)
        best = tail[0, room[column]]
        head[:] = np.inf
        head[room[column]] = 0.0
        for at in range(count):
            item = order[at]
            need = units[column, item]
            least = np.inf
            for left in range(need, room[column] + 1):
                least = min(least, head[left] + tail[at + 1, left - need])
            excess[column, item] = least + value[item] - best
            for left in range(room[column] + 1):
                spread[left] = head[left]
            for left in range(need, room[column] + 1):
                spread[left - need] = min(spread[left - need], head[left] + value[item])
            head[: room[column] + 1] = spread[: room[column] + 1]
