"""What a pair costs once the prices of the loads are added.

``reduced[i, c] = cost[i, c] + sum_l amount(i, c, l) · prices[l, c]``; an infinite cost stays infinite.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.model import Model
from optimizer.search.pricing_kernels import near_columns_of_items, price_items, smallest_of_items
from optimizer.search.screening_kernels import ROUNDING, TINY, Pricing, room_for
from optimizer.search.slices import map_slices, pair_slices


@dataclass(frozen=True, eq=False)
class NearColumns:
    """Per item the columns of small reduced cost, cheapest first.

    Attributes
    ----------
    column, reduced
        Beyond the first ``count`` entries of a row: −1 and infinity. Shape ``(items, most)``.
    count
        Shape ``(items,)``.
    smallest
        Smallest reduced cost over all columns; infinite where none is allowed. Shape ``(items,)``.
    """

    column: IntArray
    reduced: FloatArray
    count: IntArray
    smallest: FloatArray


def reduced_costs(model: Model, prices: FloatArray, *, rows: slice = slice(None)) -> FloatArray:
    """Return the reduced costs of a slice of the items. Shape ``(items of the slice, columns)``, float64.

    Parameters
    ----------
    prices
        Price per unit of each load in each column, as :func:`optimizer.search.bound.column_prices` gives it.
        Shape ``(loads, columns)``.
    rows
        Slice of items, step 1.
    """
    first, last, _ = rows.indices(model.num_items)
    out = np.empty((max(0, last - first), model.num_columns))
    price_items(first, last, pricing_of(model, prices), out)
    return out


def cheapest_columns(model: Model, prices: FloatArray, *, num_threads: int = 2) -> tuple[IntArray, FloatArray]:
    """Return each item's cheapest column by reduced cost (−1 where none is allowed) and that cost (then infinite)."""
    pricing = pricing_of(model, prices)
    best = np.empty(model.num_items, dtype=np.int32)
    smallest = np.empty(model.num_items)

    def work(part: slice) -> None:
        smallest_of_items(part.start, part.stop, pricing, room_for(columns=model.num_columns), best, smallest)

    map_slices(work, pair_slices(model.num_items, model.num_columns), num_threads=num_threads)
    return best, smallest


def near_columns(model: Model, prices: FloatArray, *, width: float, most: int, num_threads: int = 2) -> NearColumns:
    """Return per item the columns whose reduced cost is within ``width`` of its smallest, at most ``most`` of them."""
    pricing = pricing_of(model, prices)
    most = min(most, model.num_columns)
    column = np.full((model.num_items, most), -1, dtype=np.int32)
    reduced = np.full((model.num_items, most), np.inf)
    count = np.empty(model.num_items, dtype=np.int32)
    smallest = np.empty(model.num_items)

    def work(part: slice) -> None:
        room = room_for(columns=model.num_columns)
        near_columns_of_items(part.start, part.stop, pricing, room, width, column, reduced, count, smallest)

    map_slices(work, pair_slices(model.num_items, model.num_columns), num_threads=num_threads)
    return NearColumns(column, reduced, count, smallest)


def pricing_of(model: Model, prices: FloatArray) -> Pricing:
    """Return what every compiled pass takes first."""
    exact = np.ascontiguousarray(prices, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        rounded = exact.astype(np.float32)
    return Pricing(
        cost=model.cost,
        amount=model.amount,
        prices=exact,
        rounded=rounded,
        largest=np.abs(exact).max(axis=1, initial=0.0) + TINY / ROUNDING,
        start=model.corrections.start,
        column=model.corrections.column,
        delta=model.corrections.delta,
    )
