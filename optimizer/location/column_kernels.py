"""The compiled part of columns: the best set of items of each place at some prices, and all sets that lose little.

Depth-first searches with the continuous knapsack as bound (Horowitz and Sahni 1974, doi 10.1145/321812.321823).
"""

import numba
import numpy as np

from optimizer.location.knapsacks import pack

NODES_PER_SET = 50
"""Nodes of the search of one row, in multiples of the sets that there may be, after which it gives up."""


@numba.njit(cache=True, nogil=True)
def best_sets(start, item, cost, weight, room, price, first, last, most_nodes, earned, sizes, sets):  # type: ignore[no-untyped-def]  # compiled
    """Fill in what some rows earn at most (exact unless nodes ran out) and with which items."""
    buffer = np.empty(price.shape[0], dtype=np.int64)
    for row in range(first, last):
        earned[row], size = pack(start, item, cost, weight, room[row], price, row, most_nodes, buffer)
        sizes[row] = size
        for position in range(size):
            sets[row, position] = buffer[position]


@numba.njit(cache=True, nogil=True)
def list_all(start, item, cost, weight, room, price, least, sizes, items, costs, of_row):  # type: ignore[no-untyped-def]
    """List the sets of all rows that earn at least what each row says; return how many, −1 where they are too many."""
    filled = (0, 0)
    for row in range(room.shape[0]):
        if least[row] == np.inf:
            continue
        before = filled[0]
        filled = list_sets(start, item, cost, weight, room[row], price, row, least[row], sizes, items, costs, filled)
        if filled[0] < 0:
            return filled
        of_row[before : filled[0]] = row
    return filled


@numba.njit(cache=True, nogil=True)
def list_sets(start, item, cost, weight, room, price, row, least, sizes, items, costs, filled):  # type: ignore[no-untyped-def]
    """List the sets of a row that earn at least so much; return sets and entries filled, −1 where they are too many.

    ``filled`` says how many sets and entries are there already; a set's items lie behind each other in ``items``.
    """
    count = start[row + 1] - start[row]
    gain, need, index = np.empty(count), np.empty(count), np.empty(count, dtype=np.int64)
    known = 0
    for pair in range(start[row], start[row + 1]):
        gain[known] = price[item[pair]] - cost[pair]
        need[known] = weight[item[pair]]
        index[known] = pair
        if need[known] <= room:
            known += 1
    ratio = np.empty(known)
    for position in range(known):
        ratio[position] = -gain[position] / max(need[position], 1e-9)
    order = np.argsort(ratio)
    gain, need, index = gain[order], need[order], index[order]
    return _descend(gain, need, index, item, cost, room, least, sizes, items, costs, filled)


@numba.njit(cache=True, nogil=True)
def _ahead(gain, need, left, at):  # type: ignore[no-untyped-def]
    """Return what the items from a position on earn at most in what is left, in parts."""
    bound = 0.0
    for position in range(at, gain.shape[0]):
        if gain[position] <= 0.0:
            break
        if need[position] <= left:
            left -= need[position]
            bound += gain[position]
        else:
            bound += gain[position] * left / need[position]
            break
    return bound


@numba.njit(cache=True, nogil=True)
def _descend(gain, need, index, item, cost, room, least, sizes, items, costs, filled):  # type: ignore[no-untyped-def]
    count = gain.shape[0]
    stack = np.empty(count, dtype=np.int64)
    depth, at, now, left, paid = 0, 0, 0.0, room, 0.0
    sets, entries = filled
    nodes = 0
    while True:
        moved = False
        nodes += 1
        if nodes > NODES_PER_SET * sizes.shape[0]:
            return -1, entries
        while at < count:
            if now + _ahead(gain, need, left, at) < least:
                break
            if need[at] <= left and now + gain[at] + _ahead(gain, need, left - need[at], at + 1) >= least:
                stack[depth] = at
                depth += 1
                now += gain[at]
                left -= need[at]
                paid += cost[index[at]]
                at += 1
                moved = True
                break
            at += 1
        if moved:
            if now >= least:
                if sets >= sizes.shape[0] or entries + depth > items.shape[0]:
                    return -1, entries
                sizes[sets] = depth
                costs[sets] = paid
                for position in range(depth):
                    items[entries + position] = item[index[stack[position]]]
                sets += 1
                entries += depth
            continue
        if depth == 0:
            return sets, entries
        depth -= 1
        at = stack[depth]
        now -= gain[at]
        left += need[at]
        paid -= cost[index[at]]
        at += 1
