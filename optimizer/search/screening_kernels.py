"""Which columns may be near an item's cheapest: a compiled look at all of them in float32, so that few need float64.

A pass over all pairs is what the relaxation of a large model consists of, and all but a handful of an item's columns
are far too dear: a few digits tell. What is left is priced in float64. The margin is above any rounding of the look,
so that no result depends on it.

Minima are kept in lanes, every so-many-th column in one: processors take lanes side by side without fast math.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from optimizer.compiled import uncounted

Array = np.ndarray[Any, Any]

LANES: Final = 64
"""1,000 columns take 16 steps; a lane that holds something near is looked through in as many."""
ROUNDING: Final = 2.0**-23
"""Twice the unit roundoff of float32: both ends of a comparison were rounded."""
TINY: Final = 1e-30
"""Amounts, prices and costs may lose so much where float32 has no smaller numbers."""
HUGE: Final = 1e30
"""Sizes beyond which float32 might overflow: then nothing is left out."""


class Pricing(NamedTuple):
    """What reduced costs are made of.

    ``rounded`` holds the prices in float32, ``largest`` the largest size of a price of each load.
    """

    cost: Any  # (items, columns)
    amount: Any  # (items, loads)
    prices: Any  # (loads, columns)
    rounded: Any  # (loads, columns)
    largest: Any  # (loads)
    start: Any  # (items + 1): corrections by item
    column: Any  # (entries)
    delta: Any  # (entries, loads)


class Room(NamedTuple):
    """Memory of one thread for one item at a time."""

    row: Any  # (columns): reduced costs, about right
    lane: Any  # (LANES): their minima
    found: Any  # (columns): columns that may be near
    reduced: Any  # (columns): their reduced costs


def room_for(*, columns: int) -> Room:
    """Return memory for items of so many columns."""
    return Room(
        row=np.zeros(columns, dtype=np.float32),
        lane=np.zeros(LANES, dtype=np.float32),
        found=np.zeros(columns, dtype=np.int64),
        reduced=np.zeros(columns),
    )


@uncounted
def look(pricing: Pricing, room: Room, item: int) -> tuple[float, float]:  # pragma: no cover  # compiled
    """Write an item's reduced costs, about right, and their minima.

    Returns
    -------
    tuple
        The smallest, and how large the numbers are that were added up.
    """
    own, amount, row = pricing.cost[item], pricing.amount[item], room.row
    num_columns, num_loads = len(own), len(amount)
    first = 0
    if num_loads >= 2:
        first = 2
        one, two = np.float32(amount[0]), np.float32(amount[1])
        price_one, price_two = pricing.rounded[0], pricing.rounded[1]
        for column in range(num_columns):
            row[column] = np.float32(own[column]) + one * price_one[column] + two * price_two[column]
    else:
        for column in range(num_columns):
            row[column] = np.float32(own[column])
    for load in range(first, num_loads):
        quantity = np.float32(amount[load])
        if quantity != 0.0:
            price = pricing.rounded[load]
            for column in range(num_columns):
                row[column] += quantity * price[column]
    size = 0.0
    for load in range(num_loads):
        largest = abs(amount[load])
        for entry in range(pricing.start[item], pricing.start[item + 1]):
            row[pricing.column[entry]] += (
                np.float32(pricing.delta[entry, load]) * pricing.rounded[load, pricing.column[entry]]
            )
            largest = max(largest, abs(amount[load]) + abs(pricing.delta[entry, load]))
        size += (largest + TINY) * pricing.largest[load]
    return _minima(row, room.lane), size


@uncounted
def _minima(row: Array, lane: Array) -> float:  # pragma: no cover  # compiled
    """Write the smallest of every lane, and return the smallest of all."""
    whole = len(row) // LANES * LANES
    for at in range(LANES):
        lane[at] = np.float32(np.inf)
    for begin in range(0, whole, LANES):
        part = row[begin : begin + LANES]
        for at in range(LANES):
            lane[at] = min(part[at], lane[at])
    for at in range(len(row) - whole):
        lane[at] = min(row[whole + at], lane[at])
    lowest = np.float32(np.inf)
    for at in range(LANES):
        lowest = min(lane[at], lowest)
    return float(lowest)


@uncounted
def limit_of(lowest: float, width: float, size: float, num_loads: int) -> float:  # pragma: no cover  # compiled
    """Return up to where a look must be believed to find all that lies within ``width`` of the cheapest."""
    reach = abs(lowest) + width + 2.0 * size
    if not reach < HUGE:
        return np.inf
    return lowest + width + (8 + 4 * num_loads) * ROUNDING * reach + TINY


@uncounted
def price_near(
    pricing: Pricing, room: Room, item: int, limit: float
) -> tuple[int, float]:  # pragma: no cover  # compiled
    """Write the columns that a look puts below a limit and their reduced costs in float64.

    Returns
    -------
    tuple
        How many they are, and the smallest reduced cost.
    """
    count = _gather(room.row, room.lane, limit, room.found)
    bottom = np.inf
    for at in range(count):
        column = room.found[at]
        value = np.float64(pricing.cost[item, column])
        for load in range(pricing.amount.shape[1]):
            value += pricing.amount[item, load] * pricing.prices[load, column]
        entry = entry_of(pricing, item, column)
        if entry >= 0:
            for load in range(pricing.amount.shape[1]):
                value += pricing.delta[entry, load] * pricing.prices[load, column]
        room.reduced[at] = value
        bottom = min(bottom, value)
    return count, bottom


@uncounted
def _gather(row: Array, lane: Array, limit: float, found: Array) -> int:  # pragma: no cover  # compiled
    """Write the columns up to a limit and return how many they are; all where it is infinite."""
    count = 0
    if limit == np.inf:
        for column in range(len(row)):
            found[column] = column
        return len(row)
    for at in range(min(LANES, len(row))):
        if lane[at] <= limit:
            for column in range(at, len(row), LANES):
                if row[column] <= limit:
                    found[count] = column
                    count += 1
    return count


@uncounted
def entry_of(pricing: Pricing, item: int, column: int) -> int:  # pragma: no cover  # compiled
    """Return the position of a pair among the corrections, −1 where it has none."""
    first, last = pricing.start[item], pricing.start[item + 1]
    while first < last:
        middle = (first + last) // 2
        if pricing.column[middle] < column:
            first = middle + 1
        else:
            last = middle
    if first < pricing.start[item + 1] and pricing.column[first] == column:
        return int(first)
    return -1
