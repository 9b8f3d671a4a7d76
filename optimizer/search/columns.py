"""Which pairs the restricted linear program works on, and how an item enters its rows."""

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.interior_point import Pairs
from optimizer.search.linking_rows import LinkingRows
from optimizer.search.model import Model
from optimizer.search.reduced_costs import NearColumns


def pairs_of(
    model: Model,
    rows: LinkingRows,
    near: NearColumns,
    *,
    prices: FloatArray,
    supply: FloatArray,
    kept: tuple[IntArray, IntArray] | None = None,
) -> Pairs:
    """Return the pairs of near columns, items sorted by their cheapest column.

    Items that compete for the same columns lie side by side: their rows are in the cache together. Columns that could
    not reach their lower limits from these pairs get more of their best items: else their prices would run away.

    Parameters
    ----------
    prices
        Those that the near columns were found at. Shape ``(loads, columns)``.
    supply
        Load that the pairs of a column must hold, in multiples of its lower limit. Shape ``(columns,)``.
    kept
        Items and columns of pairs that are wanted as well.
    """
    order = np.argsort(near.column[:, 0], kind="stable").astype(np.int32)
    count = near.count[order]
    taken = np.arange(near.column.shape[1])[None, :] < count[:, None]
    column = near.column[order][taken]
    item = np.repeat(order, count)
    more_item, more_column = _missing_supply(model, near, item=item, column=column, prices=prices, supply=supply)
    if len(more_item) or kept is not None:
        old_item, old_column = kept or (more_item, more_column)
        item, column = np.concatenate([item, more_item, old_item]), np.concatenate([column, more_column, old_column])
        rank = np.empty(model.num_items, dtype=np.int32)
        rank[order] = np.arange(model.num_items, dtype=np.int32)
        key = np.unique(rank[item].astype(np.int64) * model.num_columns + column)
        item, column = order[key // model.num_columns], (key % model.num_columns).astype(np.int32)
        count = np.bincount(key // model.num_columns, minlength=model.num_items).astype(np.int32)
    return Pairs(
        item=order,
        start=np.concatenate([[0], np.cumsum(count, dtype=np.int64)]),
        column=column,
        cost=model.cost[item, column].astype(np.float64) / rows.cost_unit,
        quantity=quantities(model, rows, item=item, column=column),
    )


def _missing_supply(
    model: Model, near: NearColumns, *, item: IntArray, column: IntArray, prices: FloatArray, supply: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return more pairs, not among the given ones, for the columns whose pairs hold too little of some load."""
    items, columns = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]
    held = [np.bincount(column, weights=amount[item], minlength=model.num_columns) for amount in model.amount.T]
    for load, least in enumerate(model.lower):
        if not model.amount[:, load].any():
            continue
        needed = np.where(np.isfinite(least), supply * least, 0.0) - held[load]
        for short in np.flatnonzero(needed > 0):
            found = _best_outside(model, near, int(short), prices=prices, load=load, needed=float(needed[short]))
            items.append(found)
            columns.append(np.full(len(found), short, dtype=np.int32))
    extra_item, extra_column = np.concatenate(items), np.concatenate(columns)
    key = np.unique(extra_item.astype(np.int64) * model.num_columns + extra_column)
    return (key // model.num_columns).astype(np.int32), (key % model.num_columns).astype(np.int32)


def _best_outside(
    model: Model, near: NearColumns, column: int, *, prices: FloatArray, load: int, needed: float
) -> IntArray:
    """Return the items that lose least by going to a column that is not near to them, as many as are needed."""
    excess = model.cost[:, column] + model.amount @ prices[:, column] - near.smallest
    is_near = (near.column == column) & (np.arange(near.column.shape[1])[None, :] < near.count[:, None])
    useful = np.flatnonzero(np.isfinite(excess) & ~is_near.any(axis=1) & (model.amount[:, load] > 0))
    best = useful[np.argsort(excess[useful], kind="stable")]
    enough = int(np.searchsorted(np.cumsum(model.amount[best, load]), needed)) + 1
    return best[:enough].astype(np.int32)


def quantities(model: Model, rows: LinkingRows, *, item: IntArray, column: IntArray) -> FloatArray:
    """Return what each pair puts into the row of each slot. Shape ``(pairs, slots)``."""
    loads = rows.slot_load
    quantity: FloatArray = model.amount[item[:, None], loads]
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
