"""The compiled annealing on columns with one limit each, for those that hold many items.

Shifts, swaps and open chains of two on pairs of small excess (reduced cost above the item's smallest). Breached limits
are priced per column: dearer where they stay breached, cheaper again while nothing is, so that the search keeps
crossing the border of what is feasible (Yagiura, Ibaraki, Glover 2004, doi 10.1287/ijoc.1030.0036).
"""

from typing import Final

import numba
import numpy as np

from optimizer.randomness import below, uniform

SHIFT: Final = 0.25
"""Share of trials that move one item."""
SWAP: Final = 0.5
"""Share of trials that exchange two items; the rest are open chains."""
TRIES: Final = 6
"""Members of a column looked at to find a partner."""
LOOK: Final = 2048
"""Trials between looks at temperature, breaches and their prices."""
RAISE: Final = 1.1
"""Factor for the price of a limit that is breached."""
LOWER: Final = 0.97
"""Factor for all prices while no limit is breached."""
MOST_RAISED: Final = 30.0
"""No price grows beyond this many times its first value."""
REACH: Final = 8.0
"""Pairs are proposed whose excess is at most so many temperatures, and a least reach."""


@numba.njit(cache=True, nogil=True, inline="always")
def _over(load, least, most):  # type: ignore[no-untyped-def]  # compiled
    """Return by how much a load breaches its limits."""
    return max(0.0, load - most, least - load)


@numba.njit(cache=True, nogil=True)
def anneal_columns(  # type: ignore[no-untyped-def]  # compiled
    cost, amount, limit, excess, slot_item, slot_column, first_price, place, trials, hot, cold, least_reach, random
):
    """Cool a choice of columns; return the cost of the best feasible one found, which is written to ``place``.

    Parameters
    ----------
    cost, amount, excess
        Shape ``(columns, items)``.
    limit
        Least and most load. Shape ``(columns, 2)``.
    slot_item, slot_column
        The pairs that may be proposed, of smallest excess first. Shape ``(slots,)``.
    first_price
        Of a unit of breach; it never falls below. Shape ``(columns,)``.
    place
        The column of every item. Shape ``(items,)``.
    hot, cold
        First and last temperature, > 0.
    least_reach
        Excess up to which pairs are proposed at any temperature.
    random
        State of the random numbers. Shape ``(1,)``.
    """
    columns, items = cost.shape
    price, load, now = first_price.copy(), np.zeros(columns), place.copy()
    member, rank = np.empty((columns, items), dtype=np.int64), np.empty(items, dtype=np.int64)
    count = np.zeros(columns, dtype=np.int64)
    total = _list_members(cost, amount, place, load, member, rank, count)
    noise = 1e-9 * (1.0 + np.abs(load).max())
    breached = 0
    for column in range(columns):
        breached += int(_over(load[column], limit[column, 0], limit[column, 1]) > noise)
    best = total if breached == 0 else np.inf
    temperature, reach, slots = hot, np.inf, slot_item.shape[0]
    for trial in range(trials):
        if trial % LOOK == 0:
            temperature = hot * (cold / hot) ** (trial / trials)
            reach = least_reach + REACH * temperature
            slots = _slots_within(excess, slot_item, slot_column, reach)
            if slots == 0:
                break
            _reprice(load, limit, first_price, price, breached, noise)
        slot = below(random, slots)
        item, there = slot_item[slot], slot_column[slot]
        here = now[item]
        if here == there:
            continue
        other, beyond = -1, -1
        kind = uniform(random)
        if kind >= SHIFT:
            is_swap = kind < SHIFT + SWAP
            other, beyond = _partner(excess, member, count, here, there, is_swap, reach, columns, random)
            if other < 0:
                continue
        is_chain = other >= 0 and beyond != here
        change = cost[there, item] - cost[here, item]
        load_here, load_there, load_beyond = load[here] - amount[here, item], load[there] + amount[there, item], 0.0
        if other >= 0:
            change += cost[beyond, other] - cost[there, other]
            load_there -= amount[there, other]
            if is_chain:
                load_beyond = load[beyond] + amount[beyond, other]
            else:
                load_here += amount[here, other]
        change += _breach_cost(price, limit, load, here, load_here)
        change += _breach_cost(price, limit, load, there, load_there)
        if is_chain:
            change += _breach_cost(price, limit, load, beyond, load_beyond)
        if change > 0 and change > -temperature * np.log(uniform(random)):
            continue
        breached += _set_load(load, limit, here, load_here, noise)
        breached += _set_load(load, limit, there, load_there, noise)
        if is_chain:
            breached += _set_load(load, limit, beyond, load_beyond, noise)
        total += _move(cost, member, rank, count, now, item, there)
        if other >= 0:
            total += _move(cost, member, rank, count, now, other, beyond)
        if breached == 0 and (np.isinf(best) or total < best - 1e-9 * abs(best)):
            best = total
            place[:] = now
    if np.isinf(best):
        place[:] = now
    return best


@numba.njit(cache=True, nogil=True, inline="always")
def _partner(excess, member, count, here, there, is_swap, reach, columns, random):  # type: ignore[no-untyped-def]  # compiled
    """Draw an item that leaves ``there``, and where it goes: to ``here`` in a swap, else anywhere; −1 for none."""
    if count[there] == 0:
        return -1, -1
    for _ in range(TRIES):
        other = member[there, below(random, count[there])]
        beyond = here if is_swap else below(random, columns)
        if beyond != there and excess[beyond, other] <= reach:
            return other, beyond
    return -1, -1


@numba.njit(cache=True, nogil=True, inline="always")
def _breach_cost(price, limit, load, column, fresh):  # type: ignore[no-untyped-def]  # compiled
    """Return what another load of a column costs more in breaches."""
    least, most = limit[column, 0], limit[column, 1]
    return price[column] * (_over(fresh, least, most) - _over(load[column], least, most))


@numba.njit(cache=True, nogil=True, inline="always")
def _set_load(load, limit, column, fresh, noise):  # type: ignore[no-untyped-def]  # compiled
    """Change a column's load; return by how much the number of breached columns grows."""
    least, most = limit[column, 0], limit[column, 1]
    before = _over(load[column], least, most) > noise
    load[column] = fresh
    return int(_over(fresh, least, most) > noise) - int(before)


@numba.njit(cache=True, nogil=True)
def _list_members(cost, amount, place, load, member, rank, count):  # type: ignore[no-untyped-def]  # compiled
    """Write every column's load, its items and how many they are, and where each stands; return what all cost."""
    total = 0.0
    for item in range(place.shape[0]):
        column = place[item]
        rank[item] = count[column]
        member[column, count[column]] = item
        count[column] += 1
        load[column] += amount[column, item]
        total += cost[column, item]
    return total


@numba.njit(cache=True, nogil=True)
def _slots_within(excess, slot_item, slot_column, reach):  # type: ignore[no-untyped-def]  # compiled
    """Return how many pairs have an excess of at most ``reach``."""
    low, high = 0, slot_item.shape[0]
    while low < high:
        middle = (low + high) // 2
        if excess[slot_column[middle], slot_item[middle]] <= reach:
            low = middle + 1
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def _reprice(load, limit, first_price, price, breached, noise):  # type: ignore[no-untyped-def]  # compiled
    """Raise the prices of breached limits; lower all where none is breached."""
    for column in range(load.shape[0]):
        if _over(load[column], limit[column, 0], limit[column, 1]) > noise:
            price[column] = min(price[column] * RAISE, first_price[column] * MOST_RAISED)
        elif breached == 0:
            price[column] = max(first_price[column], price[column] * LOWER)


@numba.njit(cache=True, nogil=True, inline="always")
def _move(cost, member, rank, count, now, item, there):  # type: ignore[no-untyped-def]  # compiled
    """Put an item into another column's list; return the change of cost."""
    here = now[item]
    last = member[here, count[here] - 1]
    member[here, rank[item]] = last
    rank[last] = rank[item]
    count[here] -= 1
    member[there, count[there]] = item
    rank[item] = count[there]
    count[there] += 1
    now[item] = there
    return cost[there, item] - cost[here, item]
