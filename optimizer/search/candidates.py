"""Which columns an item may sensibly go to: the few of smallest reduced cost, out of all that are allowed.

The search works on these pairs alone, so that its memory does not grow with the number of columns. Columns that are
hard to fill ("hot": prices far from the others') get more of their best items, or nothing could be exchanged there.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optimizer.problem import BoolArray, FloatArray, IntArray
from optimizer.search.model import Corrections, Model
from optimizer.search.reduced_costs import near_columns

HOT_SHARE: Final = 0.1
"""Share of the columns that count as hot."""
HOT_ITEMS: Final = 3.0
"""Items that a hot column may draw from, in multiples of the mean number of items a column holds."""

SlotArray = npt.NDArray[np.int64]
Positions = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates:
    """The pairs that the search may use, by item.

    Attributes
    ----------
    start
        Where each item's pairs begin. Shape ``(items + 1,)``.
    column, cost
        Column and cost of each pair, the smallest reduced cost first. Shape ``(pairs,)``.
    excess
        Reduced cost of the pair above the smallest of its item, ≥ 0. Shape ``(pairs,)``.
    correction
        Position of the pair's entry among the model's corrections, −1 without. Shape ``(pairs,)``.
    """

    start: SlotArray
    column: IntArray
    cost: FloatArray
    excess: FloatArray
    correction: IntArray

    @property
    def item(self) -> IntArray:
        """The item of each pair. Shape ``(pairs,)``."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))

    def slots_of(self, columns: IntArray) -> SlotArray:
        """Return the pair of each item that stands for its column; −1 where it is no candidate."""
        hit = self.column == np.repeat(columns, np.diff(self.start))
        slots = np.full(len(self.start) - 1, -1, dtype=np.int64)
        slots[self.item[hit]] = np.flatnonzero(hit)
        return slots


def candidate_columns(
    model: Model, prices: FloatArray, *, per_item: int, keep: tuple[IntArray, ...] = (), hot: BoolArray | None = None
) -> Candidates:
    """Choose each item's columns by reduced cost.

    Parameters
    ----------
    model
        The formulation.
    prices
        What a unit of each load costs in each column. Shape ``(loads, columns)``.
    per_item
        How many columns an item gets, ≥ 1.
    keep
        Alignments, as columns, whose pairs are kept where they are allowed. Each of shape ``(items,)``.
    hot
        Columns that get more of their best items; those of extreme prices when None. Shape ``(columns,)``.

    Notes
    -----
    One compiled pass over all pairs: O(items · columns · loads).
    """
    near = near_columns(model, prices, width=np.inf, most=per_item)
    filled = np.arange(near.column.shape[1]) < near.count[:, None]
    item = np.repeat(np.arange(model.num_items), near.count)
    extra_item, extra_column = _hot_pairs(model, prices, near.smallest, _hot_columns(prices) if hot is None else hot)
    kept = [(np.flatnonzero(columns >= 0), columns[columns >= 0]) for columns in keep]
    items = np.concatenate([item, extra_item, *(where for where, _ in kept)])
    columns = np.concatenate([near.column[filled], extra_column, *(chosen for _, chosen in kept)])
    return _gather(model, prices, items=items, columns=columns)


def pair_corrections(corrections: Corrections, items: Positions, columns: Positions, num_columns: int) -> IntArray:
    """Return the position of each pair among the corrections, −1 where it has none. Shape ``(pairs,)``."""
    if len(corrections.column) == 0:
        return np.full(len(items), -1, dtype=np.int32)
    keys = corrections.item.astype(np.int64) * num_columns + corrections.column
    wanted = np.asarray(items, dtype=np.int64) * num_columns + columns
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1).astype(np.int32)


def pair_amounts(model: Model, items: Positions, columns: Positions) -> FloatArray:
    """Return what each pair brings to each load, corrections included. Shape ``(pairs, loads)``."""
    amount: FloatArray = model.amount[items]
    entry = pair_corrections(model.corrections, items, columns, model.num_columns)
    corrected = np.flatnonzero(entry >= 0)
    if len(corrected):
        amount[corrected] += model.corrections.delta[entry[corrected]]
    return amount


def _gather(model: Model, prices: FloatArray, *, items: npt.NDArray[np.int64], columns: IntArray) -> Candidates:
    """Sort pairs by item and reduced cost, without duplicates and without what is not allowed."""
    keys = np.unique(items[columns >= 0].astype(np.int64) * model.num_columns + columns[columns >= 0])
    item, column = keys // model.num_columns, (keys % model.num_columns).astype(np.int32)
    cost = model.cost[item, column].astype(np.float64)
    allowed = np.isfinite(cost)
    item, column, cost = item[allowed], column[allowed], cost[allowed]
    amount = pair_amounts(model, item, column)
    reduced = cost + np.einsum("pl,lp->p", amount, prices[:, column])
    order = np.lexsort((column, reduced, item))
    item, column, cost, reduced = item[order], column[order], cost[order], reduced[order]
    start = np.searchsorted(item, np.arange(model.num_items + 1))
    return Candidates(
        start=start,
        column=column,
        cost=cost,
        excess=reduced - np.repeat(reduced[np.minimum(start[:-1], len(reduced) - 1)], np.diff(start)),
        correction=pair_corrections(model.corrections, item, column, model.num_columns),
    )


def _hot_columns(prices: FloatArray) -> BoolArray:
    """Return the columns whose prices stand out most. Shape ``(columns,)``."""
    spread = np.abs(prices - np.median(prices, axis=1, keepdims=True))
    scale = np.maximum(np.median(spread, axis=1, keepdims=True), 1e-30)
    standing_out = (spread / scale).max(axis=0, initial=0.0)
    count = int(np.ceil(HOT_SHARE * prices.shape[1]))
    hot = np.zeros(prices.shape[1], dtype=np.bool_)
    hot[np.argsort(-standing_out, kind="stable")[:count]] = True
    hot &= standing_out > 0
    return hot


def _hot_pairs(
    model: Model, prices: FloatArray, lowest: FloatArray, hot: BoolArray
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the items that lose least by going to each hot column."""
    count = min(model.num_items, int(HOT_ITEMS * model.num_items / model.num_columns) + 8)
    items, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    all_items = np.arange(model.num_items)
    for column in np.flatnonzero(hot):
        amount = pair_amounts(model, all_items, np.full(model.num_items, column, dtype=np.int32))
        excess = model.cost[:, column] + amount @ prices[:, column] - lowest
        best = np.argpartition(excess, count - 1)[:count] if count < model.num_items else all_items
        items.append(best)
        columns.append(np.full(len(best), column))
    return np.concatenate(items), np.concatenate(columns)
