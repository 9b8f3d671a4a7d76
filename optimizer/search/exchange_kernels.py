"""The compiled exact exchange: the items of a few columns are dealt out again among them, if that is cheaper.

With the limits priced, an alignment's distance from the bound is a sum of losses, none of them negative. Within a few
columns an exchange that gains must lose less than the columns lose now, so that it consists of few changes of small
excess: those that :mod:`optimizer.search.exchange_sets` lists and matches.
"""

from typing import Final

import numba
import numpy as np

from optimizer.compiled import uncounted
from optimizer.randomness import below, uniform
from optimizer.search.exchange_matching import match
from optimizer.search.exchange_sets import add_slot, list_sets, loss_of

TINY: Final = 1e-9
"""Part of a size by which sums of floats may err."""
NEIGHBORS: Final = 12
"""Columns that a column exchanges items with."""
STAMPS: Final = 1 << 16
"""Groups that are remembered as tried."""
WORK, STALE, SATURATED, STEP = 0, 1, 2, 3


@numba.njit(cache=True, nogil=True)
def exchange_group(space, room, slot, load, total, members, group, random, most_checks):  # type: ignore[no-untyped-def]  # compiled
    """Deal the items of some columns out again among them, if that is cheaper.

    Parameters
    ----------
    slot, load, total
        The present slot of every item, and what it adds up to; changed where something better is found.
    members
        Items among which all those of the group are.
    group
        Columns.
    random
        State of the dice, by which items fall into halves.

    Returns
    -------
    tuple
        The gain in objective units, 0 when nothing better was found, and the work.
    """
    for at in range(group.shape[0]):
        room.place[group[at]] = at
    base = _present_loads(space, group, load, total)
    dimensions = base.shape[0]
    count, lost, scale = _gather_items(space, room, slot, members)
    for dimension in range(dimensions):
        lost += loss_of(space, group, dimension, base[dimension])
    work = members.shape[0] // 4 + 4 * count
    least = TINY * scale
    gain = 0.0
    if least < lost < np.inf:
        free = _free_items(space, room, group, slot, count, lost, base)
        halves, sides = _halves(room, free, random)
        sizes = np.zeros(2, dtype=np.int64)
        for half in range(2):
            sizes[half], _, spent = list_sets(space, group, room, half, halves[half, : sides[half]], lost, dimensions)
            work += spent
        found = np.full(2, -1, dtype=np.int64)
        best, spent = match(space, group, room, sizes, base, lost - least, dimensions, most_checks, found)
        work += spent
        if found[0] >= 0:
            gain = lost - best
            _take(space, room, slot, load, total, free, found)
    for at in range(group.shape[0]):
        room.place[group[at]] = -1
    return gain, work


@numba.njit(cache=True, nogil=True)
def _present_loads(space, group, load, total):  # type: ignore[no-untyped-def]  # compiled
    """Return the loads of a group by dimension."""
    loads = space.price.shape[1]
    size = group.shape[0]
    base = np.zeros(size * loads + (loads if space.has_totals else 0))
    for at in range(size):
        base[at * loads : (at + 1) * loads] = load[group[at]]
    if space.has_totals:
        base[size * loads :] = total
    return base


@uncounted
def _gather_items(space, room, slot, members):  # type: ignore[no-untyped-def]  # compiled
    """Note the group's items that have a choice; return how many, what all items lose, and the size of their costs."""
    count, lost, scale = 0, 0.0, 0.0
    for item in members:
        present = slot[item]
        if room.place[space.column[present]] < 0:
            continue
        cheapest, second = present, np.inf
        for other in range(space.start[item], space.start[item + 1]):
            if room.place[space.column[other]] < 0 or other == present:
                continue
            if space.reduced[other] < space.reduced[cheapest]:
                second = space.reduced[cheapest]
                cheapest = other
            elif space.reduced[other] < second:
                second = space.reduced[other]
        lost += space.reduced[present] - space.reduced[cheapest]
        scale += abs(space.reduced[cheapest])
        if second < np.inf:
            room.item[count], room.cheapest[count] = item, cheapest
            room.second[count] = second - space.reduced[cheapest]
            count += 1
    return count, lost, scale


@uncounted
def _free_items(space, room, group, slot, count, lost, base):  # type: ignore[no-untyped-def]  # compiled
    """Keep the items that may gain, put them at their cheapest slots in ``base``, and return how many they are."""
    free = 0
    for number in range(count):
        present = slot[room.item[number]]
        if room.second[number] >= lost and present == room.cheapest[number]:
            continue
        room.item[free], room.cheapest[free] = room.item[number], room.cheapest[number]
        room.second[free] = room.second[number]
        if present != room.cheapest[free]:
            add_slot(space, group, room, present, base, -1.0)
            add_slot(space, group, room, room.cheapest[free], base, 1.0)
        free += 1
    return free


@numba.njit(cache=True, nogil=True)
def _halves(room, free, random):  # type: ignore[no-untyped-def]  # compiled
    """Deal the items into two halves by chance, each sorted by second smallest excess; return them and their sizes."""
    order = np.argsort(room.second[:free])
    halves = np.zeros((2, (free + 1) // 2), dtype=np.int64)
    sides = np.zeros(2, dtype=np.int64)
    for at in range(0, free, 2):
        side = below(random, 2)
        halves[side, at // 2] = order[at]
        sides[side] = at // 2 + 1
        if at + 1 < free:
            halves[1 - side, at // 2] = order[at + 1]
            sides[1 - side] = at // 2 + 1
    return halves, sides


@uncounted
def _take(space, room, slot, load, total, free, found):  # type: ignore[no-untyped-def]  # compiled
    """Put the items into the slots of the sets that were found."""
    for number in range(free):
        _change(space, slot, load, total, room.item[number], room.cheapest[number])
    for half in range(2):
        for place in range(room.count[half, found[half]]):
            away = room.away[half, found[half], place]
            _change(space, slot, load, total, _item_of(space, room, free, away), away)


@numba.njit(cache=True, nogil=True, inline="always")
def _item_of(space, room, free, slot):  # type: ignore[no-untyped-def]  # compiled
    """Return the item that a slot belongs to, among those of the group."""
    for number in range(free):
        item = room.item[number]
        if space.start[item] <= slot < space.start[item + 1]:
            return item
    return -1


@numba.njit(cache=True, nogil=True, inline="always")
def _change(space, slot, load, total, item, new):  # type: ignore[no-untyped-def]  # compiled
    """Put an item into a slot, and keep the sums."""
    old = slot[item]
    if old == new:
        return
    for kind in range(load.shape[1]):
        load[space.column[old], kind] -= space.amount[old, kind]
        load[space.column[new], kind] += space.amount[new, kind]
        if space.counted[space.column[old], kind]:
            total[kind] -= space.amount[old, kind]
        if space.counted[space.column[new], kind]:
            total[kind] += space.amount[new, kind]
    slot[item] = new


@numba.njit(cache=True, nogil=True, inline="always")
def _pick(weight, number, random):  # type: ignore[no-untyped-def]  # compiled
    """Return one of the first positions with a chance in proportion to its weight, -1 where all weigh nothing."""
    whole = 0.0
    for at in range(number):
        whole += weight[at]
    if whole <= 0:
        return -1
    left = uniform(random) * whole
    for at in range(number):
        left -= weight[at]
        if left <= 0 and weight[at] > 0:
            return at
    return number - 1


@uncounted
def _draw_group(group, size, seeds, own_weight, weight, near, pull, is_own, random, around, gained):  # type: ignore[no-untyped-def]  # compiled
    """Write the columns of a group that exchange items, those that lose much more often; return how many."""
    first = _pick(own_weight, seeds.shape[0], random)
    if first < 0:
        return 0
    group[0] = seeds[first]
    count, known = 1, 0
    newest = group[0]
    while count < size:
        for place in range(near.shape[1]):
            column = near[newest, place]
            if column < 0 or not is_own[column]:
                continue
            inside = False
            for at in range(count):
                inside |= group[at] == column
            if inside:
                continue
            at = 0
            while at < known and around[at] != column:
                at += 1
            if at == known:
                around[known], gained[known] = column, 0.0
                known += 1
            gained[at] += pull[newest, place] * weight[column]
        chosen = _pick(gained, known, random)
        if chosen < 0:
            break
        newest = around[chosen]
        group[count] = newest
        count += 1
        gained[chosen] = 0.0
    return count


@numba.njit(cache=True, nogil=True)
def exchange_columns(  # type: ignore[no-untyped-def]  # compiled
    space,
    room,
    slot,
    load,
    total,
    members,
    seeds,
    weight,
    near,
    pull,
    is_own,
    changed,
    stamp,
    counts,
    random,
    most_work,
    most_checks,
    patience,
    size,
):
    """Deal out groups of some columns again and again, until so much work is done or many in a row changed nothing.

    Parameters
    ----------
    seeds
        The columns of this thread, and ``is_own`` the same as flags. Shape ``(own,)`` and ``(columns,)``.
    weight, near, pull
        How often a column is chosen, its neighbors (−1 for none), and how much it exchanges with each.
    changed, stamp
        The step at which a column changed last; the step at which a group was tried last, by its hash.
    counts
        ``WORK``, ``STALE``, ``SATURATED`` and ``STEP`` of this thread.
    size
        Columns of a group.

    Returns
    -------
    float
        The gain in objective units.
    """
    group = np.empty(size, dtype=np.int64)
    around, gained = np.empty(size * near.shape[1], dtype=np.int64), np.empty(size * near.shape[1])
    own_weight = weight[seeds]
    gain = 0.0
    end = counts[WORK] + most_work
    while counts[WORK] < end and not counts[SATURATED]:
        counts[WORK] += seeds.shape[0] // 4 + 16
        counts[STEP] += 1
        count = _draw_group(group, size, seeds, own_weight, weight, near, pull, is_own, random, around, gained)
        if count < 2:
            counts[STALE] += 1
            counts[SATURATED] = counts[STALE] > patience
            continue
        chosen = np.sort(group[:count])
        place = _stamp_of(chosen, stamp.shape[0])
        won = 0.0
        if stamp[place] <= changed[chosen].max():
            stamp[place] = counts[STEP]
            won, work = exchange_group(space, room, slot, load, total, members, chosen, random, most_checks)
            counts[WORK] += work
        if won > 0:
            gain += won
            counts[STALE] = 0
            changed[chosen] = counts[STEP]
        else:
            counts[STALE] += 1
            counts[SATURATED] = counts[STALE] > patience
    return gain


@numba.njit(cache=True, nogil=True, inline="always")
def _stamp_of(group, stamps):  # type: ignore[no-untyped-def]  # compiled
    """Return where it is noted when a group was tried."""
    code = np.uint64(group.shape[0])
    for at in range(group.shape[0]):
        code = (code ^ np.uint64(group[at] + 1)) * np.uint64(0x9E3779B97F4A7C15)
        code ^= code >> np.uint64(29)
    return np.int64(code % np.uint64(stamps))
