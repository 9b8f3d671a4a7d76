"""The compiled part of columns: the best set of items of each place at some prices, and all sets that lose little.

Depth-first searches with the continuous knapsack as bound (Horowitz and Sahni 1974, doi 10.1145/321812.321823).
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from optimizer.location.knapsacks import by_ratio, continuous, pack, paying

NODES_PER_SET = 50
"""Nodes of the search of one row, in multiples of the sets that there may be, after which it gives up."""
NODES_WITH_TRIPLES: Final = 10
"""Factor on the nodes of a row's best set where sets pay for triples."""


class Tolls(NamedTuple):
    """What a set pays that holds two items of a triple or all three."""

    start: Any  # (items + 1): triples of item i are ``triple[start[i]:start[i + 1]]``
    triple: Any
    price: Any  # (triples)
    held: Any  # (triples): room to count in, all 0


@numba.njit(cache=True, nogil=True)
def best_sets(start, item, cost, weight, room, price, tolls, first, last, most_nodes, earned, sizes, sets):  # type: ignore[no-untyped-def]  # compiled
    """Fill in what some rows earn at most (exact unless nodes ran out) and with which items."""
    buffer = np.empty(price.shape[0], dtype=np.int64)
    for row in range(first, last):
        if tolls.price.shape[0] == 0:
            earned[row], size = pack(start, item, cost, weight, room[row], price, row, most_nodes, buffer)
        else:
            nodes = NODES_WITH_TRIPLES * most_nodes
            earned[row], size = _pack_with_tolls(start, item, cost, weight, room[row], price, tolls, row, nodes, buffer)
        sizes[row] = size
        for position in range(size):
            sets[row, position] = buffer[position]


@numba.njit(cache=True, nogil=True, inline="always")
def _enter(item, tolls):  # type: ignore[no-untyped-def]
    """Count an item in its triples; return what the set pays for those that it is the second one of."""
    total = 0.0
    for at in range(tolls.start[item], tolls.start[item + 1]):
        triple = tolls.triple[at]
        tolls.held[triple] += 1
        if tolls.held[triple] == 2:
            total += tolls.price[triple]
    return total


@numba.njit(cache=True, nogil=True, inline="always")
def _leave(item, tolls):  # type: ignore[no-untyped-def]
    """Take back what :func:`_enter` counted; return what the set no longer pays."""
    total = 0.0
    for at in range(tolls.start[item], tolls.start[item + 1]):
        triple = tolls.triple[at]
        if tolls.held[triple] == 2:
            total += tolls.price[triple]
        tolls.held[triple] -= 1
    return total


@numba.njit(cache=True, nogil=True)
def _by_ratio(start, item, cost, weight, price, row):  # type: ignore[no-untyped-def]
    """Return what the paying items of a row earn, weigh and are, the best ratio first."""
    items = price.shape[0]
    profit, need, index = np.empty(items), np.empty(items), np.empty(items, dtype=np.int64)
    count, _, _ = paying(start, item, cost, weight, price, row, profit, need, index)
    order = by_ratio(profit, need, count)[:count]
    return profit[order], need[order], index[order]


@numba.njit(cache=True, nogil=True)
def _pack_with_tolls(start, item, cost, weight, room, price, tolls, row, most_nodes, chosen):  # type: ignore[no-untyped-def]
    """Find the best set of a row that pays for triples; the bound of its search leaves these out."""
    value, load, of = _by_ratio(start, item, cost, weight, price, row)
    count = value.shape[0]
    taken = np.zeros(count, dtype=np.bool_)
    best_taken = np.zeros(count, dtype=np.bool_)
    best, now, left, at, nodes = 0.0, 0.0, room, 0, 0
    root = continuous(value, load, room, 0)
    is_whole = True
    while True:
        is_cut = False
        while at < count:
            nodes += 1
            if now + continuous(value, load, left, at) <= best * (1.0 + 1e-12):
                is_cut = True
                break
            if load[at] <= left:
                taken[at] = True
                now += value[at] - _enter(of[at], tolls)
                left -= load[at]
            at += 1
        if not is_cut and now > best:
            best = now
            best_taken[:] = taken
        if nodes > most_nodes:
            is_whole = False
        at = min(at, count) - 1
        while at >= 0 and (not taken[at] or not is_whole):
            if taken[at]:
                taken[at] = False
                _leave(of[at], tolls)
            at -= 1
        if at < 0:
            break
        taken[at] = False
        now += _leave(of[at], tolls) - value[at]
        left += load[at]
        at += 1
    size = 0
    for position in range(count):
        if best_taken[position]:
            chosen[size] = of[position]
            size += 1
    return best if is_whole else root, size


@numba.njit(cache=True, nogil=True)
def list_all(start, item, cost, weight, room, price, tolls, least, sizes, items, costs, of_row):  # type: ignore[no-untyped-def]
    """List the sets of all rows that earn at least what each row says; return how many, −1 where they are too many."""
    filled = (0, 0)
    for row in range(room.shape[0]):
        if least[row] == np.inf:
            continue
        before = filled[0]
        filled = list_sets(
            start, item, cost, weight, room[row], price, tolls, row, least[row], sizes, items, costs, filled
        )
        if filled[0] < 0:
            return filled
        of_row[before : filled[0]] = row
    return filled


@numba.njit(cache=True, nogil=True)
def list_sets(start, item, cost, weight, room, price, tolls, row, least, sizes, items, costs, filled):  # type: ignore[no-untyped-def]
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
    return _descend(gain, need, index, item, cost, room, tolls, least, sizes, items, costs, filled)


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
def _descend(gain, need, index, item, cost, room, tolls, least, sizes, items, costs, filled):  # type: ignore[no-untyped-def]
    count = gain.shape[0]
    stack = np.empty(count, dtype=np.int64)
    depth, at, now, left, spent = 0, 0, 0.0, room, 0.0
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
                now += gain[at] - _enter(item[index[at]], tolls)
                left -= need[at]
                spent += cost[index[at]]
                at += 1
                moved = True
                break
            at += 1
        if moved:
            if now >= least:
                if sets >= sizes.shape[0] or entries + depth > items.shape[0]:
                    return -1, entries
                sizes[sets] = depth
                costs[sets] = spent
                for position in range(depth):
                    items[entries + position] = item[index[stack[position]]]
                sets += 1
                entries += depth
            continue
        if depth == 0:
            return sets, entries
        depth -= 1
        at = stack[depth]
        now += _leave(item[index[at]], tolls) - gain[at]
        left += need[at]
        spent -= cost[index[at]]
        at += 1
