"""Which pairs the restricted linear program works on, and how an item enters its rows."""

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.interior_point import Pairs
from optimizer.search.linking_rows import LinkingRows
from optimizer.search.model import Model
from optimizer.search.reduced_costs import NearColumns


def pairs_of(model: Model, rows: LinkingRows, near: NearColumns) -> Pairs:
    """Return the pairs of near columns, items sorted by their cheapest column.

    Items that compete for the same columns lie side by side: their rows are in the cache together.
    """
    order = np.argsort(near.column[:, 0], kind="stable").astype(np.int32)
    count = near.count[order]
    taken = np.arange(near.column.shape[1])[None, :] < count[:, None]
    column = near.column[order][taken]
    item = np.repeat(order, count)
    return Pairs(
        item=order,
        start=np.concatenate([[0], np.cumsum(count, dtype=np.int64)]),
        column=column,
        cost=model.cost[item, column].astype(np.float64) / rows.cost_unit,
        quantity=_quantities(model, rows, item=item, column=column),
    )


def _quantities(model: Model, rows: LinkingRows, *, item: IntArray, column: IntArray) -> FloatArray:
    """Return what each pair puts into the row of each slot. Shape ``(pairs, slots)``."""
    loads = rows.slot_load
    quantity: FloatArray = model.amount[item][:, loads]
    corrections = model.corrections
    if len(corrections.column):
        key = corrections.item.astype(np.int64) * model.num_columns + corrections.column
        wanted = item.astype(np.int64) * model.num_columns + column
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        hit = key[place] == wanted
        quantity[hit] += corrections.delta[place[hit]][:, loads]
    return quantity / rows.unit[loads]


def cost_spread(near: NearColumns) -> float:
    """Return by how much an item's third-cheapest column exceeds its cheapest on average, as a unit of cost."""
    rank = min(2, near.column.shape[1] - 1)
    wide = near.count > rank
    spread = float((near.reduced[wide, rank] - near.reduced[wide, 0]).mean()) if wide.any() else 0.0
    if spread > 0:
        return spread
    some = near.count > 0
    typical = float(np.abs(near.reduced[some, 0]).mean()) if some.any() else 0.0
    return typical if typical > 0 else 1.0
