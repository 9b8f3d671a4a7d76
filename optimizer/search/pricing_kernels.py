"""Compiled passes over all pairs: reduced costs, their minimum, and the columns near it.

Results are float64. The functions release the interpreter lock and write to their own part of the output only.
"""

from typing import Any

import numpy as np

from optimizer.compiled import uncounted
from optimizer.search.screening_kernels import LANES, Pricing, Room, limit_of, look, price_near

Array = np.ndarray[Any, Any]


@uncounted
def price_items(first: int, last: int, pricing: Pricing, out: Array) -> None:  # pragma: no cover  # compiled
    """Write the reduced costs of items ``first`` to ``last`` into ``out``."""
    num_columns, num_loads = pricing.cost.shape[1], pricing.amount.shape[1]
    for item in range(first, last):
        row, own = out[item - first], pricing.cost[item]
        for column in range(num_columns):
            row[column] = own[column]
        for load in range(num_loads):
            quantity, price = pricing.amount[item, load], pricing.prices[load]
            for column in range(num_columns):
                row[column] += quantity * price[column]
        for entry in range(pricing.start[item], pricing.start[item + 1]):
            column = pricing.column[entry]
            for load in range(num_loads):
                row[column] += pricing.delta[entry, load] * pricing.prices[load, column]


@uncounted
def smallest_of_items(
    first: int, last: int, pricing: Pricing, room: Room, best: Array, smallest: Array
) -> None:  # pragma: no cover  # compiled
    """Write each item's cheapest column (−1 where none is allowed) and its reduced cost."""
    num_loads = pricing.amount.shape[1]
    for item in range(first, last):
        lowest, size = look(pricing, room, item)
        count, value = price_near(pricing, room, item, limit_of(lowest, 0.0, size, num_loads))
        chosen = -1
        for at in range(count):
            if room.reduced[at] == value and value < np.inf and (chosen < 0 or room.found[at] < chosen):
                chosen = room.found[at]
        best[item] = chosen
        smallest[item] = value


@uncounted
def near_columns_of_items(
    first: int,
    last: int,
    pricing: Pricing,
    room: Room,
    width: float,
    chosen: Array,
    value: Array,
    count: Array,
    smallest: Array,
) -> None:  # pragma: no cover  # compiled
    """Write, per item, the columns within ``width`` of its smallest reduced cost; the cheapest if they are too many.

    ``chosen`` and ``value`` come sorted by reduced cost, infinite where they are free; their second axis is the
    largest number of columns.
    """
    num_loads, most = pricing.amount.shape[1], chosen.shape[1]
    for item in range(first, last):
        lowest, size = look(pricing, room, item)
        enough = min(width, _enough(room.lane, value[item]) - lowest) if lowest < np.inf else np.inf
        seen, bottom = price_near(pricing, room, item, limit_of(lowest, enough, size, num_loads))
        smallest[item] = bottom
        taken = 0
        for at in range(seen):
            if room.reduced[at] <= bottom + width and room.reduced[at] < np.inf:
                taken = _insert(room.found[at], room.reduced[at], chosen[item], value[item], taken)
        count[item] = taken
        for at in range(taken, most):
            value[item, at] = np.inf


@uncounted
def _enough(lane: Array, kept: Array) -> float:  # pragma: no cover  # compiled
    """Return a value up to which at least as many columns lie as ``kept`` takes, infinite where lanes do not tell.

    Each lane's minimum is a column of its own.
    """
    most = len(kept)
    if most > LANES:
        return np.inf
    for at in range(most):
        kept[at] = np.inf
    for at in range(LANES):
        if lane[at] < kept[most - 1]:
            place = most - 1
            while place > 0 and kept[place - 1] > lane[at]:
                kept[place] = kept[place - 1]
                place -= 1
            kept[place] = lane[at]
    return float(kept[most - 1])


@uncounted
def _insert(column: int, cost: float, chosen: Array, value: Array, taken: int) -> int:  # pragma: no cover  # compiled
    """Put a column into its place among those taken, the dearest out where they are too many; return their number."""
    most = len(chosen)
    if taken == most:
        last = most - 1
        if cost > value[last] or (cost == value[last] and column > chosen[last]):
            return taken
        place = last
    else:
        place = taken
        taken += 1
    while place > 0 and (value[place - 1] > cost or (value[place - 1] == cost and chosen[place - 1] > column)):
        value[place] = value[place - 1]
        chosen[place] = chosen[place - 1]
        place -= 1
    value[place] = cost
    chosen[place] = column
    return taken
