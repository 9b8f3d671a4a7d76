"""The compiled passes over the items for one column whose price is being settled."""

from typing import Any, Final

import numpy as np

from optimizer.compiled import uncounted
from optimizer.search.screening_kernels import LANES, Pricing, Room, entry_of, limit_of, look, price_near
from optimizer.search.smoothed_kernels import FARTHEST

Array = np.ndarray[Any, Any]

NEGLIGIBLE: Final = 36.0
"""Temperatures beyond which a share is lost in rounding."""
ONLY: Final = 1e6
"""Temperatures by which all others count as dearer for an item that has no others."""
SURE: Final = 7.0
"""Temperatures above an item's soft minimum from which on the column's share can be taken off: a thousandth."""


@uncounted
def outside_values(
    pricing: Pricing,
    room: Room,
    column: int,
    temperature: float,
    value: Array,
    reduced: Array,
    amount: Array,
    outside: Array,
) -> None:  # pragma: no cover  # compiled
    """Write every item's reduced cost in a column, what it brings there, and its soft minimum over all others.

    ``value`` are the soft minima over all columns. Shapes ``(items,)``, ``(items, loads)`` and ``(items,)``.
    """
    num_loads = pricing.amount.shape[1]
    for item in range(len(value)):
        cost = np.float64(pricing.cost[item, column])
        for load in range(num_loads):
            amount[item, load] = pricing.amount[item, load]
        entry = entry_of(pricing, item, column)
        if entry >= 0:
            for load in range(num_loads):
                amount[item, load] += pricing.delta[entry, load]
        for load in range(num_loads):
            cost += amount[item, load] * pricing.prices[load, column]
        reduced[item] = cost
        away = (cost - value[item]) / temperature
        if away >= NEGLIGIBLE:
            outside[item] = value[item]
        elif away >= SURE:
            outside[item] = value[item] - temperature * np.log1p(-np.exp(-away))
        else:
            outside[item] = min(_without(pricing, room, item, column, temperature), cost + ONLY * temperature)


@uncounted
def _without(
    pricing: Pricing, room: Room, item: int, column: int, temperature: float
) -> float:  # pragma: no cover  # compiled
    """Return an item's soft minimum over all columns but one, infinite where there is no other."""
    _, size = look(pricing, room, item)
    room.row[column] = np.float32(np.inf)
    lowest = np.float32(np.inf)
    for at in range(column % LANES, len(room.row), LANES):
        lowest = min(lowest, room.row[at])
    room.lane[column % LANES] = lowest
    for at in range(LANES):
        lowest = min(lowest, room.lane[at])
    limit = limit_of(np.float64(lowest), FARTHEST * temperature, size, pricing.amount.shape[1])
    seen, _ = price_near(pricing, room, item, limit)
    bottom = np.inf
    for at in range(seen):
        if room.found[at] != column:
            bottom = min(bottom, room.reduced[at])
    if bottom == np.inf:
        return np.inf
    total = 0.0
    for at in range(seen):
        if room.found[at] != column:
            total += np.exp((bottom - room.reduced[at]) / temperature)
    return float(bottom - temperature * np.log(total))


@uncounted
def respond(
    reduced: Array, amount: Array, outside: Array, move: Array, temperature: float, load: Array, bend: Array
) -> float:  # pragma: no cover  # compiled
    """Return what items save by a column whose prices moved, ≤ 0; add what they bring there and how that bends.

    ``bend`` is minus the derivative of ``load`` by the prices. Shapes ``(loads,)`` and ``(loads, loads)``.
    """
    saved = 0.0
    for item in range(len(reduced)):
        away = reduced[item] - outside[item]
        for kind in range(len(move)):
            away += amount[item, kind] * move[kind]
        away /= temperature
        if not away < NEGLIGIBLE:
            continue
        small = np.exp(-abs(away))
        share = small / (1.0 + small) if away > 0 else 1.0 / (1.0 + small)
        saved += temperature * (min(away, 0.0) - np.log1p(small))
        weight = small / ((1.0 + small) * (1.0 + small)) / temperature
        for kind in range(len(move)):
            load[kind] += share * amount[item, kind]
            for other in range(len(move)):
                bend[kind, other] += weight * amount[item, kind] * amount[item, other]
    return saved


@uncounted
def settle_values(
    reduced: Array, amount: Array, outside: Array, move: Array, temperature: float, value: Array
) -> None:  # pragma: no cover  # compiled
    """Write every item's soft minimum over all columns after a column's prices moved."""
    for item in range(len(reduced)):
        away = reduced[item] - outside[item]
        for kind in range(len(move)):
            away += amount[item, kind] * move[kind]
        away /= temperature
        value[item] = outside[item]
        if away < NEGLIGIBLE:
            value[item] += temperature * (min(away, 0.0) - np.log1p(np.exp(-abs(away))))
