"""The compiled part of the bound: what each row earns at most by the items that pay there and fit its room.

A continuous knapsack (Dantzig 1957) bounds the whole one, which a depth-first search finds (Horowitz and Sahni 1974,
doi 10.1145/321812.321823) or, where that takes too many nodes, leaves as it is.
"""

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def paying(start, item, cost, weight, price, row, profit, need, index):  # type: ignore[no-untyped-def]  # compiled
    """List the items that pay in a row; return how many, what they pay and weigh."""
    count, total, load = 0, 0.0, 0.0
    for pair in range(start[row], start[row + 1]):
        gain = price[item[pair]] - cost[pair]
        if gain > 0.0:
            profit[count] = gain
            need[count] = weight[item[pair]]
            index[count] = item[pair]
            total += gain
            load += need[count]
            count += 1
    return count, total, load


@numba.njit(cache=True, nogil=True)
def by_ratio(profit, need, count):  # type: ignore[no-untyped-def]
    """Return the positions of the paying items, those that pay most per weight first."""
    ratio = np.empty(count)
    for position in range(count):
        ratio[position] = -profit[position] / need[position] if need[position] > 0 else -np.inf
    return np.argsort(ratio)


@numba.njit(cache=True, nogil=True)
def earn(start, item, cost, weight, room, price, earned, critical, first, last):  # type: ignore[no-untyped-def]
    """Fill in what each of some rows earns at most, and what a unit of its room is worth."""
    items = price.shape[0]
    profit, need, index = np.empty(items), np.empty(items), np.empty(items, dtype=np.int64)
    for row in range(first, last):
        count, total, load = paying(start, item, cost, weight, price, row, profit, need, index)
        critical[row] = 0.0
        if load > room[row]:
            total, left = 0.0, room[row]
            for position in by_ratio(profit, need, count):
                if need[position] <= left:
                    left -= need[position]
                    total += profit[position]
                else:
                    critical[row] = profit[position] / need[position]
                    total += critical[row] * left
                    break
        earned[row] = total


@numba.njit(cache=True, nogil=True)
def serve(start, item, cost, weight, room, price, row, served):  # type: ignore[no-untyped-def]
    """Add up how much of each item a row serves in its continuous knapsack; return what it earns."""
    items = price.shape[0]
    profit, need, index = np.empty(items), np.empty(items), np.empty(items, dtype=np.int64)
    count, _, _ = paying(start, item, cost, weight, price, row, profit, need, index)
    total, left = 0.0, room
    for position in by_ratio(profit, need, count):
        share = 1.0 if need[position] <= left else left / need[position]
        served[index[position]] += share
        total += share * profit[position]
        left -= share * need[position]
        if left <= 0.0:
            break
    return total


@numba.njit(cache=True, nogil=True)
def pack(start, item, cost, weight, room, price, row, most_nodes, chosen):  # type: ignore[no-untyped-def]
    """Find the whole knapsack of a row.

    Returns an upper bound of what it earns (exact unless nodes ran out) and how many items were written into
    ``chosen``.
    """
    items = price.shape[0]
    profit, need, index = np.empty(items), np.empty(items), np.empty(items, dtype=np.int64)
    count, _, _ = paying(start, item, cost, weight, price, row, profit, need, index)
    order = by_ratio(profit, need, count)
    value, load = np.empty(count), np.empty(count)
    for position in range(count):
        value[position] = profit[order[position]]
        load[position] = need[order[position]]
    taken = np.zeros(count, dtype=np.bool_)
    best_taken = np.zeros(count, dtype=np.bool_)
    best, root = _search(value, load, room, most_nodes, taken, best_taken)
    size = 0
    for position in range(count):
        if best_taken[position]:
            chosen[size] = index[order[position]]
            size += 1
    return max(best, root), size


@numba.njit(cache=True, nogil=True)
def _search(value, load, room, most_nodes, taken, best_taken):  # type: ignore[no-untyped-def]
    """Search depth first; return the best value, and the continuous one where nodes ran out, else −1."""
    count = value.shape[0]
    best, now, left, at, nodes = -1.0, 0.0, room, 0, 0
    root = -1.0
    while True:
        is_cut = False
        while at < count:
            bound = continuous(value, load, left, at) + now
            if nodes == 0:
                root = bound
            nodes += 1
            if bound <= best * (1.0 + 1e-12):
                is_cut = True
                break
            while at < count and load[at] <= left:
                taken[at] = True
                now += value[at]
                left -= load[at]
                at += 1
            at += 1
        if not is_cut and now > best:
            best = now
            best_taken[:] = taken
        if nodes > most_nodes:
            return best, root
        at = min(at, count) - 1
        while at >= 0 and not taken[at]:
            at -= 1
        if at < 0:
            return best, -1.0
        taken[at] = False
        now -= value[at]
        left += load[at]
        at += 1


@numba.njit(cache=True, nogil=True, inline="always")
def continuous(value, load, left, at):  # type: ignore[no-untyped-def]
    """Return what the items from a position on, in order of ratio, are worth in what is left, in parts."""
    bound = 0.0
    for position in range(at, value.shape[0]):
        if load[position] <= left:
            left -= load[position]
            bound += value[position]
        else:
            bound += value[position] * left / load[position]
            break
    return bound
