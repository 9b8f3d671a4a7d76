"""The compiled exact search on a few columns: list what each could take at little loss, and combine.

A *pattern* is a set of items that fits a column; its *excess* is how much its value exceeds the column's best one at
the prices. The excesses of the patterns of an alignment sum up to its distance from the bound, so that an alignment
better than a known one consists of patterns of small excess, of which there are few. Patterns are listed completely
up to an excess by a search that looks ahead exactly (the knapsack's own table), and combined so that every item is
taken once; what the cheapest remaining patterns cost at least cuts most combinations off.
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
                mask[found] = 0
                for place in range(count):
                    if is_taken[place]:
                        item = order[place]
                        mask[found, item // WORD] |= np.uint64(1) << np.uint64(item % WORD)
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
def combine(first, mask, excess, full, budget, step, present, most_work, chosen):  # type: ignore[no-untyped-def]  # compiled
    """Choose a pattern for every column, so that all items are taken once, at least excess.

    Parameters
    ----------
    first
        Where each column's patterns begin, sorted by excess. Shape ``(columns + 1,)``.
    mask, excess
        Shapes ``(patterns, words)`` and ``(patterns,)``.
    full
        The mask of all items. Shape ``(words,)``.
    budget
        Largest sum of excesses; after one is found it must be lower by ``step``.
    present
        The masks that are no news. Shape ``(columns, words)``.
    most_work
        Patterns looked at before giving up.
    chosen
        Gets the pattern of every column. Shape ``(columns,)``.

    Returns
    -------
    tuple
        The sum of excesses (infinite when nothing was found), whether the search was complete, and the work.
    """
    columns, words = first.shape[0] - 1, mask.shape[1]
    alive = np.empty((columns + 1, mask.shape[0]), dtype=np.int64)
    begin = np.zeros((columns + 1, columns + 1), dtype=np.int64)
    end = np.zeros((columns + 1, columns + 1), dtype=np.int64)
    taken = np.zeros((columns + 1, words), dtype=np.uint64)
    is_set = np.zeros(columns, dtype=np.bool_)
    picked, cursor = np.zeros(columns + 1, dtype=np.int64), np.zeros(columns + 1, dtype=np.int64)
    pattern_of = np.zeros(columns, dtype=np.int64)
    spent, rest = np.zeros(columns + 1), np.zeros(columns + 1)
    union = np.empty(words, dtype=np.uint64)
    found, work = np.inf, 0
    for column in range(columns):
        begin[0, column], end[0, column] = first[column], first[column + 1]
        if begin[0, column] == end[0, column]:
            return found, True, work
    for pattern in range(mask.shape[0]):
        alive[0, pattern] = pattern
    depth = 0
    _branch(0, is_set, begin, end, alive, excess, picked, cursor, rest)
    while depth >= 0:
        column = picked[depth]
        if cursor[depth] == end[depth, column]:
            depth -= 1
            if depth >= 0:
                is_set[picked[depth]] = False
            continue
        pattern = alive[depth, cursor[depth]]
        cursor[depth] += 1
        now = spent[depth] + excess[pattern]
        if now + rest[depth] > budget:
            cursor[depth] = end[depth, column]
            continue
        pattern_of[column] = pattern
        is_set[column] = True
        for word in range(words):
            taken[depth + 1, word] = taken[depth, word] | mask[pattern, word]
            union[word] = taken[depth + 1, word]
        if depth == columns - 1:
            is_set[column] = False
            complete, same = True, True
            for word in range(words):
                complete &= union[word] == full[word]
            for other in range(columns):
                for word in range(words):
                    same &= mask[pattern_of[other], word] == present[other, word]
            if complete and not same:
                found, budget = now, now - step
                chosen[:] = pattern_of
            continue
        write = 0
        possible = True
        for other in range(columns):
            if is_set[other]:
                continue
            least = excess[alive[depth, begin[depth, other]]]
            highest = budget - now - (rest[depth] - least)
            begin[depth + 1, other] = write
            for place in range(begin[depth, other], end[depth, other]):
                candidate = alive[depth, place]
                work += 1
                if excess[candidate] > highest:
                    break
                apart = True
                for word in range(words):
                    apart &= (mask[candidate, word] & taken[depth + 1, word]) == 0
                if apart:
                    alive[depth + 1, write] = candidate
                    write += 1
                    for word in range(words):
                        union[word] |= mask[candidate, word]
            end[depth + 1, other] = write
            if write == begin[depth + 1, other]:
                possible = False
                break
        for word in range(words):
            possible &= union[word] == full[word]
        if work > most_work:
            return found, False, work
        if not possible:
            is_set[column] = False
            continue
        depth += 1
        spent[depth] = now
        _branch(depth, is_set, begin, end, alive, excess, picked, cursor, rest)
    return found, True, work


@numba.njit(cache=True, nogil=True)
def _branch(depth, is_set, begin, end, alive, excess, picked, cursor, rest):  # type: ignore[no-untyped-def]  # compiled
    """Pick the column with the fewest patterns, and sum up what the other open ones cost at least."""
    fewest = -1
    total = 0.0
    for column in range(is_set.shape[0]):
        if is_set[column]:
            continue
        total += excess[alive[depth, begin[depth, column]]]
        size = end[depth, column] - begin[depth, column]
        if fewest < 0 or size < end[depth, fewest] - begin[depth, fewest]:
            fewest = column
    picked[depth] = fewest
    cursor[depth] = begin[depth, fewest]
    rest[depth] = total - excess[alive[depth, begin[depth, fewest]]]


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
