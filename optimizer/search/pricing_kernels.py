"""Compiled passes over all pairs: reduced costs, their minimum, and the columns near it.

Everything is float64; one row of reduced costs is built in a buffer and used while it is in the cache. The functions
release the interpreter lock and write to their own part of the output only.
"""

from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]


@njit(cache=True, nogil=True)
def price_row(
    item: int,
    cost: Array,
    amount: Array,
    prices: Array,
    starts: Array,
    columns: Array,
    deltas: Array,
    out: Array,
) -> None:  # pragma: no cover  # compiled
    """Write the reduced costs of one item into ``out``."""
    num_columns = cost.shape[1]
    for column in range(num_columns):
        out[column] = cost[item, column]
    for load in range(amount.shape[1]):
        quantity = amount[item, load]
        if quantity != 0.0:
            for column in range(num_columns):
                out[column] += quantity * prices[load, column]
    for entry in range(starts[item], starts[item + 1]):
        column = columns[entry]
        for load in range(amount.shape[1]):
            out[column] += deltas[entry, load] * prices[load, column]


@njit(cache=True, nogil=True)
def price_items(
    first: int,
    last: int,
    cost: Array,
    amount: Array,
    prices: Array,
    starts: Array,
    columns: Array,
    deltas: Array,
    out: Array,
) -> None:  # pragma: no cover  # compiled
    """Write the reduced costs of items ``first`` to ``last`` into ``out``."""
    for item in range(first, last):
        price_row(item, cost, amount, prices, starts, columns, deltas, out[item - first])


@njit(cache=True, nogil=True)
def smallest_of_items(
    first: int,
    last: int,
    cost: Array,
    amount: Array,
    prices: Array,
    starts: Array,
    columns: Array,
    deltas: Array,
    best: Array,
    smallest: Array,
) -> None:  # pragma: no cover  # compiled
    """Write each item's cheapest column (−1 where none is allowed) and its reduced cost."""
    row = np.empty(cost.shape[1])
    for item in range(first, last):
        price_row(item, cost, amount, prices, starts, columns, deltas, row)
        chosen = -1
        value = np.inf
        for column in range(len(row)):
            if row[column] < value:
                value = row[column]
                chosen = column
        best[item] = chosen
        smallest[item] = value


@njit(cache=True, nogil=True)
def near_columns_of_items(
    first: int,
    last: int,
    cost: Array,
    amount: Array,
    prices: Array,
    starts: Array,
    columns: Array,
    deltas: Array,
    width: float,
    chosen: Array,
    value: Array,
    count: Array,
    smallest: Array,
) -> None:  # pragma: no cover  # compiled
    """Write, per item, the columns within ``width`` of its smallest reduced cost; the cheapest if they are too many.

    ``chosen`` and ``value`` come sorted by reduced cost; their second axis is the largest number of columns.
    """
    row = np.empty(cost.shape[1])
    most = chosen.shape[1]
    for item in range(first, last):
        price_row(item, cost, amount, prices, starts, columns, deltas, row)
        bottom = np.inf
        for column in range(len(row)):
            if row[column] < bottom:
                bottom = row[column]
        smallest[item] = bottom
        found = 0
        limit = bottom + width
        if bottom == np.inf:
            count[item] = 0
            continue
        for column in range(len(row)):
            cost_now = row[column]
            if not cost_now <= limit or cost_now == np.inf:
                continue
            if found == most and cost_now >= value[item, most - 1]:
                continue
            place = found if found < most else most - 1
            while place > 0 and value[item, place - 1] > cost_now:
                value[item, place] = value[item, place - 1]
                chosen[item, place] = chosen[item, place - 1]
                place -= 1
            value[item, place] = cost_now
            chosen[item, place] = column
            if found < most:
                found += 1
        count[item] = found
