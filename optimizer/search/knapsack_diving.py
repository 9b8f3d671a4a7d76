"""The compiled dive: fix the pairs that the mean of all fillings is surest of, move on, until every item has a column.

A diving heuristic of column generation (Sadykov, Vanderbeck, Pessoa, Tahiri, Uchoa 2019, doi 10.1287/ijoc.2018.0822)
whose fractional answers come from the volume algorithm. Its fillings know what is left of every column exactly, which
is why it does well where columns must be filled to the last unit. Noise makes dives differ. A dive on some of an
alignment's columns is a neighborhood far larger than what can be solved exactly.
"""

import numba
import numpy as np

from optimizer.randomness import uniform
from optimizer.search.knapsack_volume import Fractions, copied, move_prices
from optimizer.search.patterns import items_of_group

SURE = 0.97
"""Mean from which on a pair is fixed beyond the number of a round."""
RUSH = 4
"""Times the number of a round that sure pairs may fill."""
LAST = 8.0
"""Most that steps of a round are multiplied by when few items are open."""
SETTLE = ((40, 0.2, 0.5), (40, 0.1, 0.2))
"""Steps, weights and lengths before a group's dive."""
FIRST = -9.0
"""Rank of items that fit nowhere: room is made for them at once."""
PRUNED, STUCK, WORSE, TAKEN = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def dive(cost, need, room, begin, place, aim, share, steps, weight, length, noise, random, halt):  # type: ignore[no-untyped-def]  # compiled
    """Write a column for every item into ``place``; return whether all fit, what they cost, and the work.

    Parameters
    ----------
    cost, need, room
        Shapes ``(columns, items)`` and ``(columns,)``; needs and room in whole units.
    begin
        The fractions to begin with; they stay as they are.
    aim
        What alignments cost about.
    share
        Part of the open items that a round fixes.
    steps, weight, length
        Of :func:`move_prices` in a round.
    noise
        Largest random addition to a pair's mean.
    random
        State of the random numbers. Shape ``(1,)``.
    halt
        Ends it early once not 0. Shape ``(1,)``.
    """
    items = cost.shape[1]
    fractions, left = copied(begin), room.copy()
    active, num_active = np.arange(items), items
    is_open = np.ones(items, dtype=np.bool_)
    rank, column_of = np.empty(items), np.empty(items, dtype=np.int64)
    fixed, work = 0.0, 0
    place[:] = -1
    while num_active > 0:
        if halt[0] != 0:
            return False, fixed, work
        longer = max(1.0, min(LAST, 0.5 * items / num_active))
        _, spent = move_prices(
            cost, need, left, active, num_active, fractions, int(steps * longer), weight, length, aim - fixed, halt
        )
        work += spent + cost.shape[0] * num_active
        _surest(fractions.mean, need, left, active[:num_active], noise, random, rank, column_of)
        by_rank = np.argsort(rank[:num_active])
        wanted, done = max(1, int(share * num_active)), 0
        for place_in in range(num_active):
            at = by_rank[place_in]
            if done >= wanted and (done >= RUSH * wanted or rank[at] > -SURE):
                break
            item, column = active[at], column_of[at]
            if column < 0:
                column, more = _make_room(cost, need, left, place, item)
                if column < 0:
                    return False, fixed, work
                fixed += more
            if need[column, item] > left[column]:
                continue
            place[item] = column
            left[column] -= need[column, item]
            fixed += cost[column, item]
            is_open[item] = False
            done += 1
        write = 0
        for at in range(num_active):
            if is_open[active[at]]:
                active[write] = active[at]
                write += 1
        num_active = write
    return True, fixed, work


@numba.njit(cache=True, nogil=True)
def _surest(mean, need, left, active, noise, random, rank, column_of):  # type: ignore[no-untyped-def]  # compiled
    """Write each open item's column of largest mean, and minus that mean with noise; those that fit nowhere first."""
    for at in range(active.shape[0]):
        item = active[at]
        best, where = -1.0, -1
        for column in range(left.shape[0]):
            if need[column, item] <= left[column] and mean[column, item] > best:
                best, where = mean[column, item], column
        rank[at] = FIRST if where < 0 else -best - noise * uniform(random)
        column_of[at] = where


@numba.njit(cache=True, nogil=True)
def _make_room(cost, need, left, place, item):  # type: ignore[no-untyped-def]  # compiled
    """Move another item so that this one fits somewhere, most cheaply; return where, -1 if nowhere, and the cost."""
    least, mover, here, there = np.inf, -1, -1, -1
    for other in range(place.shape[0]):
        column = place[other]
        if column < 0 or left[column] + need[column, other] < need[column, item]:
            continue
        for beyond in range(left.shape[0]):
            if beyond == column or need[beyond, other] > left[beyond]:
                continue
            more = cost[beyond, other] - cost[column, other]
            if cost[column, item] + more < least:
                least, mover, here, there = cost[column, item] + more, other, column, beyond
    if mover < 0:
        return -1, 0.0
    left[here] += need[here, mover]
    left[there] -= need[there, mover]
    place[mover] = there
    return here, least - cost[here, item]


@numba.njit(cache=True, nogil=True)
def dive_group(  # type: ignore[no-untyped-def]  # compiled
    cost, need, room, price, border, place, group, step, most_more, share, steps, weight, length, noise, random, halt
):
    """Redistribute the items of some columns among them by a dive.

    Parameters
    ----------
    price, border
        Good ones for the whole problem, to begin with. Shapes ``(items,)`` and ``(columns, 2)``.
    place
        The column of every item; changed where the dive's answer costs at most ``most_more`` more.
    group
        Columns, sorted.
    step
        What a better alignment gains at least, > 0.

    Returns
    -------
    tuple
        The gain, what became of it (``PRUNED`` where nothing better seems to exist, ``STUCK`` where an item fit
        nowhere, ``WORSE`` or ``TAKEN``), and the work.
    """
    position, items = items_of_group(place, group, room.shape[0])
    count = items.shape[0]
    if count == 0:
        return 0.0, PRUNED, 0
    cost_in, need_in, now = _part_of(cost, need, place, group, items)
    fractions = Fractions(price[items], np.zeros((group.shape[0], count)), border[group])
    for place_in in range(count):
        fractions.mean[position[place[items[place_in]]], place_in] = 1.0
    room_in, active = room[group], np.arange(count)
    work = 0
    for settle_steps, settle_weight, settle_length in SETTLE:
        bound, spent = move_prices(
            cost_in,
            need_in,
            room_in,
            active,
            count,
            fractions,
            settle_steps,
            settle_weight,
            settle_length,
            now,
            halt,
        )
        work += spent
        if bound > now + most_more - step + 1e-9 * abs(now):
            return 0.0, PRUNED, work
    found = np.zeros(count, dtype=np.int64)
    fits, total, spent = dive(
        cost_in, need_in, room_in, fractions, found, now, share, steps, weight, length, noise, random, halt
    )
    work += spent
    if not fits:
        return 0.0, STUCK, work
    if total > now + most_more + 1e-9 * abs(now):
        return 0.0, WORSE, work
    for place_in in range(count):
        place[items[place_in]] = group[found[place_in]]
    return now - total, TAKEN, work


@numba.njit(cache=True, nogil=True)
def _part_of(cost, need, place, group, items):  # type: ignore[no-untyped-def]  # compiled
    """Return costs and needs of some items in the columns of a group, and what the items cost at present."""
    cost_in = np.empty((group.shape[0], items.shape[0]))
    need_in = np.empty((group.shape[0], items.shape[0]), dtype=np.int64)
    now = 0.0
    for place_in in range(items.shape[0]):
        item = items[place_in]
        for at in range(group.shape[0]):
            cost_in[at, place_in] = cost[group[at], item]
            need_in[at, place_in] = need[group[at], item]
        now += cost[place[item], item]
    return cost_in, need_in, now
