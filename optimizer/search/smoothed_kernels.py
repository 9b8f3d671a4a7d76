"""The compiled pass of the smoothed dual: every item spreads over all columns, most of it over the cheapest.

The function releases the interpreter lock and writes to buffers of its own part only.
"""

from typing import Any, Final

import numpy as np

from optimizer.compiled import uncounted
from optimizer.search.screening_kernels import Pricing, Room, entry_of, limit_of, look, price_near

Array = np.ndarray[Any, Any]

FARTHEST: Final = 12.0
"""Columns that are dearer than the cheapest by more than so many temperatures get nothing: less than 1e-5."""
TRACE: Final = 1e-6
"""Shares below this are not written down."""


@uncounted
def spread_items(
    first: int,
    last: int,
    pricing: Pricing,
    room: Room,
    temperature: float,
    load: Array,
    minima: Array,
    chosen: Array,
    share: Array,
    count: Array,
) -> float:  # pragma: no cover  # compiled
    """Spread items ``first`` to ``last`` by ``exp(−reduced cost / temperature)`` and return the sum of soft minima.

    Adds what they bring to ``load``, of shape ``(columns, loads)``. Writes each item's soft minimum, and its largest
    shares with their columns, the largest first; their second axis is the most that is written down.
    """
    num_loads, part = pricing.amount.shape[1], room.reduced
    value = 0.0
    for item in range(first, last):
        lowest, size = look(pricing, room, item)
        seen, bottom = price_near(pricing, room, item, limit_of(lowest, FARTHEST * temperature, size, num_loads))
        count[item] = 0
        minima[item] = bottom
        if bottom == np.inf:
            continue
        total = 0.0
        for at in range(seen):
            away = (part[at] - bottom) / temperature
            part[at] = np.exp(-away) if away <= FARTHEST else 0.0
            total += part[at]
        minima[item] = bottom - temperature * np.log(total)
        value += minima[item]
        for at in range(seen):
            part[at] /= total
            if part[at] > 0.0:
                _bring(pricing, item, room.found[at], part[at], load)
        count[item] = _largest(room, seen, chosen[item], share[item])
    return value


@uncounted
def _bring(pricing: Pricing, item: int, column: int, part: float, load: Array) -> None:  # pragma: no cover  # compiled
    """Add what a part of an item brings to a column."""
    for kind in range(load.shape[1]):
        load[column, kind] += part * pricing.amount[item, kind]
    entry = entry_of(pricing, item, column)
    if entry >= 0:
        for kind in range(load.shape[1]):
            load[column, kind] += part * pricing.delta[entry, kind]


@uncounted
def _largest(room: Room, seen: int, chosen: Array, share: Array) -> int:  # pragma: no cover  # compiled
    """Write the largest parts and their columns, the largest first; return how many they are."""
    most, taken = len(chosen), 0
    for at in range(seen):
        value = room.reduced[at]
        if value < TRACE or (taken == most and value <= share[most - 1]):
            continue
        place = taken if taken < most else most - 1
        while place > 0 and share[place - 1] < value:
            share[place] = share[place - 1]
            chosen[place] = chosen[place - 1]
            place -= 1
        share[place] = value
        chosen[place] = room.found[at]
        if taken < most:
            taken += 1
    return taken
