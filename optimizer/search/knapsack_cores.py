"""The compiled filling of one column at item prices, quickly: only items near the border are worth a table.

At a price for a unit of the column's room, an item is far inside when it pays for its room many times over, and far
outside when it does not by far. Between them lies a core of few items, which a table over the rest of the room
decides (Pisinger 1997, doi 10.1287/opre.45.5.758). The answer is nearly always the best filling and always one that
fits, so that values serve a search and prove nothing.
"""

import numba
import numpy as np

CORE = 32
"""Items between which the table decides, more or less."""
MOST = 128
"""Items that the table has lines for: where many are at the same distance from the border, the core is larger."""
TINY = 1e-9
"""What items that need nothing are taken to need."""
SIZINGS = 30
"""Steps to find how far the core reaches."""


@numba.njit(cache=True, nogil=True)
def room_price(need, item, count, room, ratio, queue):  # type: ignore[no-untyped-def]  # compiled
    """Return the least price of a unit at which the items that pay more than theirs fit the room; 0 where all fit.

    ``ratio`` holds what each item pays for a unit; ``queue`` is space. A weighted quickselect.
    """
    queue[:count] = item[:count]
    load, price = 0, 0.0
    while count > 0:
        pivot = ratio[queue[count // 2]]
        above, same, load_above, load_same = 0, 0, 0, 0
        for at in range(count):
            candidate = queue[at]
            if ratio[candidate] > pivot:
                load_above += need[candidate]
                above += 1
            elif ratio[candidate] == pivot:
                load_same += need[candidate]
                same += 1
        goes_up = load + load_above > room
        if not goes_up and load + load_above + load_same > room:
            return pivot
        write = 0
        for at in range(count):
            candidate = queue[at]
            if (ratio[candidate] > pivot) if goes_up else (ratio[candidate] < pivot):
                queue[write] = candidate
                write += 1
        count = write
        if goes_up:
            price = pivot
        else:
            load += load_above + load_same
    return price


@numba.njit(cache=True, nogil=True)
def core_radius(value, need, item, count, unit_price, radius):  # type: ignore[no-untyped-def]  # compiled
    """Return a distance from the border within which there are about ``CORE`` items, beginning with a guess.

    Where there are far too few below a distance and too many below the next, that with too many.
    """
    few, many = 0.0, np.inf
    for _ in range(SIZINGS):
        inside = 0
        for at in range(count):
            inside += abs(value[item[at]] + unit_price * need[item[at]]) < radius
        if inside > CORE:
            many = radius
        elif inside < 0.6 * CORE:
            few = radius
        else:
            return radius
        if np.isinf(many):
            radius = 1.3 * radius + 1e-12
        elif many < 1.05 * few:
            return many
        else:
            radius = max(0.8 * many, 0.5 * (few + many))
    return radius


@numba.njit(cache=True, nogil=True)
def fill_core(value, need, item, count, room, line, kept, taken):  # type: ignore[no-untyped-def]  # compiled
    """Mark in ``taken`` the best choice of the first ``count`` items that fits; return its value.

    ``line`` and ``kept`` are space for the table. Shapes ``(2, room + 1)`` and ``(count, room + 1)``, or larger.
    """
    before, after = line[0], line[1]
    before[: room + 1] = 0.0
    for at in range(count):
        size, worth, chosen = need[item[at]], np.float32(value[item[at]]), kept[at]
        for left in range(min(size, room + 1)):
            after[left] = before[left]
            chosen[left] = 0
        for left in range(size, room + 1):
            with_item = before[left - size] + worth
            is_better = with_item < before[left]
            after[left] = with_item if is_better else before[left]
            chosen[left] = is_better
        before, after = after, before
    total, left = 0.0, room
    for at in range(count - 1, -1, -1):
        if kept[at, left]:
            taken[item[at]] = 1
            total += value[item[at]]
            left -= need[item[at]]
    return total


@numba.njit(cache=True, nogil=True)
def fill_column(  # type: ignore[no-untyped-def]  # compiled
    cost, need, price, active, num_active, room, border, value, ratio, item, queue, line, kept, taken
):
    """Fill a column with open items; return the filling's value and the work.

    Parameters
    ----------
    cost, need
        What each item costs and needs here, needs in whole units. Shape ``(items,)``.
    active
        The open items are the first ``num_active``.
    border
        Gets the column's price of room and the core's radius; the latter is guessed from before. Shape ``(2,)``.
    value, ratio, item, queue
        Space. Shape ``(items,)``.
    taken
        Gets 1 for every open item that is in, else 0. Shape ``(items,)``.
    """
    count = 0
    for at in range(num_active):
        candidate = active[at]
        taken[candidate] = 0
        value[candidate] = cost[candidate] - price[candidate]
        if value[candidate] < 0 and need[candidate] <= room:
            ratio[candidate] = -value[candidate] / max(need[candidate], TINY)
            item[count] = candidate
            count += 1
    border[0] = room_price(need, item, count, room, ratio, queue)
    radius = np.inf
    if count > CORE:
        radius = border[1] = core_radius(value, need, item, count, border[0], border[1])
    left, inside, total = room, 0, 0.0
    for at in range(count):
        candidate = item[at]
        distance = value[candidate] + border[0] * need[candidate]
        if distance <= -radius:
            taken[candidate] = 1
            total += value[candidate]
            left -= need[candidate]
        elif distance < radius:
            item[inside] = candidate
            inside += 1
    inside = min(inside, MOST)
    total += fill_core(value, need, item, inside, left, line, kept, taken)
    return total, 2 * num_active + 16 * count + inside * (left + 1) // 3
