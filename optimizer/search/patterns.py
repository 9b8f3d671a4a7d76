"""The compiled patterns of a few columns: list what each could take at little loss.

A *pattern* is a set of items that fits a column; its *excess* is how much its value exceeds the column's best one at
the prices. The excesses of the patterns of an alignment sum up to its distance from the bound, so that an alignment
better than a known one consists of patterns of small excess, of which there are few. Patterns are listed completely
up to an excess by a search that looks ahead exactly (the knapsack's own table);
:mod:`optimizer.search.pattern_combining` combines them.
"""

import numba
import numpy as np

from optimizer.search.knapsack import fill_tail

WORD = 64
"""Items in one word of a mask."""
TRIES = 12
"""Times that patterns are listed with less and less slack until there are few enough."""
LESS = 0.6
"""Factor by which the slack falls."""


@numba.njit(cache=True, nogil=True)
def list_patterns(  # type: ignore[no-untyped-def]  # compiled
    value, units, order, room, tail, slack, amount, limit, mask, excess, most
):
    """Write the masks of the patterns of excess ≤ ``slack``, at most ``most``; return how many, if all, and the work.

    ``tail`` is that of :func:`fill_tail`; a pattern must also keep ``limit = (least, most)`` in true amounts. Where
    amounts are whole units, the table sees every dead end, and each pattern costs at most a step an item and one
    back. Where they are not, sets can fit in units and fail in truth, in any number: steps end where ``most`` patterns
    would have.
    """
    count = order.shape[0]
    most_steps = most * (count + 1)
    best = tail[0, room]
    highest = best + slack
    is_taken = np.zeros(count + 1, dtype=np.bool_)
    at, left, worth, load = 0, room, 0.0, 0.0
    found = work = 0
    if best > highest or not np.isfinite(best):
        return 0, True, work
    while True:
        work += 1
        if work > most_steps:
            return found, False, work
        forward = False
        if at == count:
            if limit[0] <= load <= limit[1]:
                if found == most:
                    return found, False, work
                _write_mask(is_taken, order, mask[found])
                excess[found] = worth - best
                found += 1
        else:
            item = order[at]
            need = units[item]
            if need <= left and worth + value[item] + tail[at + 1, left - need] <= highest:
                is_taken[at] = True
                worth += value[item]
                load += amount[item]
                left -= need
                forward = True
            else:
                is_taken[at] = False
                forward = worth + tail[at + 1, left] <= highest
        if forward:
            at += 1
            continue
        at -= 1
        while at >= 0:
            if is_taken[at]:
                item = order[at]
                is_taken[at] = False
                worth -= value[item]
                load -= amount[item]
                left += units[item]
                if worth + tail[at + 1, left] <= highest:
                    break
            at -= 1
        if at < 0:
            return found, True, work
        at += 1


@numba.njit(cache=True, nogil=True)
def _write_mask(is_taken, order, mask):  # type: ignore[no-untyped-def]  # compiled
    """Write the mask of the items that are taken by their place in an order."""
    mask[:] = 0
    for place in range(order.shape[0]):
        if is_taken[place]:
            item = order[place]
            mask[item // WORD] |= np.uint64(1) << np.uint64(item % WORD)


@numba.njit(cache=True, nogil=True)
def items_of_group(place, group, columns):  # type: ignore[no-untyped-def]  # compiled
    """Return each column's position in a group (−1 outside), shape ``(columns,)``, and the items of the group."""
    position = np.full(columns, -1, dtype=np.int64)
    for at in range(group.shape[0]):
        position[group[at]] = at
    count = 0
    for item in range(place.shape[0]):
        count += position[place[item]] >= 0
    items = np.empty(count, dtype=np.int64)
    count = 0
    for item in range(place.shape[0]):
        if position[place[item]] >= 0:
            items[count] = item
            count += 1
    return position, items


@numba.njit(cache=True, nogil=True)
def mask_of(inside, mask):  # type: ignore[no-untyped-def]  # compiled
    """Write the mask of the items where ``inside`` is True."""
    mask[:] = 0
    for item in range(inside.shape[0]):
        if inside[item]:
            mask[item // WORD] |= np.uint64(1) << np.uint64(item % WORD)


@numba.njit(cache=True, nogil=True)
def fewest_patterns(  # type: ignore[no-untyped-def]  # compiled
    cost, units, room, spare, price, slack, amount, limit, column, most, tail, mask, excess
):
    """List a column's patterns up to an excess of ``slack``, or of less where there are more than ``most``.

    Returns
    -------
    tuple
        How many there are, whether these are all up to ``slack``, and the work.
    """
    items = price.shape[0]
    value = cost[column] - price
    order = np.empty(items, dtype=np.int64)
    count, work = 0, 0
    by_value = np.argsort(value, kind="mergesort")
    for place in range(items):
        item = by_value[place]
        if units[column, item] <= room[column] and (value[item] <= slack or spare[column] < room[column]):
            order[count] = item
            count += 1
    fill_tail(value, units[column], order[:count], room[column], spare[column], tail)
    work += count * (room[column] + 1)
    is_all = True
    for attempt in range(TRIES):
        found, whole, spent = list_patterns(
            value,
            units[column],
            order[:count],
            room[column],
            tail,
            slack,
            amount[column],
            limit[column],
            mask,
            excess,
            most,
        )
        work += spent
        is_all &= whole
        if whole:
            break
        slack = slack * LESS if attempt < TRIES - 2 else 0.0
    by_excess = np.argsort(excess[:found], kind="mergesort")
    mask[:found] = mask[:found][by_excess]
    excess[:found] = excess[:found][by_excess]
    return found, is_all, work
