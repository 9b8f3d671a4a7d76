"""Where the gap between an alignment and the bound arises, and which columns have items to exchange."""

from typing import Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import column_prices
from optimizer.search.evaluation import loads_of, soft_cost
from optimizer.search.model import Model, Multipliers
from optimizer.search.reduced_costs import cheapest_columns, near_columns
from optimizer.search.subproblem import Positions

NEAR: Final = 4
"""Columns of smallest reduced cost that say who an item's neighbors are."""


class Losses:
    """Where the gap between an alignment and the bound arises, column by column.

    Parameters
    ----------
    model, multipliers
        The formulation and the prices that prove the bound.
    """

    def __init__(self, model: Model, multipliers: Multipliers) -> None:
        self._model = model
        self._multipliers = multipliers
        self.prices: FloatArray = column_prices(model, multipliers)
        _, self._smallest = cheapest_columns(model, self.prices)
        near = near_columns(model, self.prices, width=np.inf, most=NEAR)
        filled = np.arange(near.column.shape[1]) < near.count[:, None]
        self._near_item = np.repeat(np.arange(model.num_items), near.count)
        self._near_column = near.column[filled]
        excess = (near.reduced - near.smallest[:, None])[filled]
        scale = max(float(np.median(excess[excess > 0])) if (excess > 0).any() else 1.0, 1e-300)
        self._closeness = 1.0 / (1.0 + excess / scale)

    def by_column(self, present: IntArray) -> FloatArray:
        """Return what each column loses against the bound, ≥ 0 up to rounding. Shape ``(columns,)``."""
        model, rows = self._model, self._multipliers
        items = np.arange(model.num_items)
        load = loads_of(model, present)
        reduced: FloatArray = model.cost[items, present].astype(np.float64)
        reduced += np.einsum("il,li->i", model.amount, self.prices[:, present])
        item = model.corrections.item
        hit = np.flatnonzero(present[item] == model.corrections.column)
        np.add.at(
            reduced,
            item[hit],
            np.einsum("el,le->e", model.corrections.delta[hit], self.prices[:, model.corrections.column[hit]]),
        )
        lost = np.bincount(present, weights=reduced - self._smallest, minlength=model.num_columns).astype(np.float64)
        upper, lower = np.isfinite(model.upper), np.isfinite(model.lower)
        lost += np.where(upper, rows.upper * (np.where(upper, model.upper, 0.0) - load), 0.0).sum(axis=0)
        lost += np.where(lower, rows.lower * (load - np.where(lower, model.lower, 0.0)), 0.0).sum(axis=0)
        if model.soft:
            lost += soft_cost(model, load) / model.num_columns
        return np.maximum(lost, 0.0)

    def exchange(self, present: IntArray) -> FloatArray:
        """Return how much each pair of columns has to exchange. Shape ``(columns, columns)``."""
        columns = self._model.num_columns
        here = present[self._near_item].astype(np.int64)
        away = here != self._near_column
        key = here[away] * columns + self._near_column[away]
        near = np.bincount(key, weights=self._closeness[away], minlength=columns * columns).astype(np.float64)
        square = near.reshape(columns, columns)
        return square + square.T

    def neighbors(self, present: IntArray, *, most: int) -> tuple[Positions, FloatArray]:
        """Return the columns that each column has most to exchange with, −1 where there are fewer, and how much.

        Shapes ``(columns, most)``.
        """
        columns = self._model.num_columns
        here = present[self._near_item].astype(np.int64)
        away = here != self._near_column
        first, second, close = here[away], self._near_column[away].astype(np.int64), self._closeness[away]
        key, inverse = np.unique(
            np.concatenate([first * columns + second, second * columns + first]), return_inverse=True
        )
        amount = np.bincount(inverse, weights=np.concatenate([close, close]), minlength=len(key))
        order = np.lexsort((-amount, key // columns))
        of, other, amount = key[order] // columns, key[order] % columns, amount[order]
        rank = np.arange(len(of)) - np.searchsorted(of, of)
        near, pull = np.full((columns, most), -1, dtype=np.int64), np.zeros((columns, most))
        kept = rank < most
        near[of[kept], rank[kept]], pull[of[kept], rank[kept]] = other[kept], amount[kept]
        return near, pull
