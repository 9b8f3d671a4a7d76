"""The compiled pass of the smoothed dual: every item spreads over all columns, most of it over the cheapest.

One row of reduced costs at a time is built in a buffer and used while it is in the cache. The function releases the
interpreter lock and writes to buffers of its own part only.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from optimizer.search.pricing_kernels import price_row

Array = np.ndarray[Any, Any]

FARTHEST: Final = 30.0
"""Columns that are dearer than the cheapest by more than so many temperatures get nothing: less than 1e-13."""
TRACE: Final = 1e-7
"""Shares below this are not written down."""


@njit(cache=True, nogil=True)
def spread_items(
    first: int,
    last: int,
    cost: Array,
    amount: Array,
    prices: Array,
    starts: Array,
    columns: Array,
    deltas: Array,
    temperature: float,
    load: Array,
    chosen: Array,
    share: Array,
    count: Array,
) -> float:  # pragma: no cover  # compiled
    """Spread items ``first`` to ``last`` by ``exp(−reduced cost / temperature)`` and return the sum of soft minima.

    Adds what they bring to ``load``, of shape ``(columns, loads)``. Writes each item's largest shares with their
    columns, the largest first; their second axis is the most that is written down.
    """
    row = np.empty(cost.shape[1])
    most = chosen.shape[1]
    loads = amount.shape[1]
    value = 0.0
    for item in range(first, last):
        price_row(item, cost, amount, prices, starts, columns, deltas, row)
        bottom = np.inf
        for column in range(len(row)):
            if row[column] < bottom:
                bottom = row[column]
        count[item] = 0
        if bottom == np.inf:
            continue
        total = 0.0
        limit = bottom + FARTHEST * temperature
        for column in range(len(row)):
            if row[column] <= limit:
                row[column] = np.exp((bottom - row[column]) / temperature)
                total += row[column]
            else:
                row[column] = 0.0
        value += bottom - temperature * np.log(total)
        found = 0
        for column in range(len(row)):
            if row[column] == 0.0:
                continue
            part = row[column] / total
            row[column] = part
            for kind in range(loads):
                load[column, kind] += part * amount[item, kind]
            if part < TRACE or (found == most and part <= share[item, most - 1]):
                continue
            place = found if found < most else most - 1
            while place > 0 and share[item, place - 1] < part:
                share[item, place] = share[item, place - 1]
                chosen[item, place] = chosen[item, place - 1]
                place -= 1
            share[item, place] = part
            chosen[item, place] = column
            if found < most:
                found += 1
        count[item] = found
        for entry in range(starts[item], starts[item + 1]):
            part = row[columns[entry]]
            if part > 0.0:
                for kind in range(loads):
                    load[columns[entry], kind] += part * deltas[entry, kind]
    return value
