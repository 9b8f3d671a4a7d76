"""The dual of the linear program, smoothed: items spread over columns instead of jumping to the cheapest.

For dual values π of the linking rows ``A x + B w = b`` and a temperature t, every item pays its soft minimum
``−t log sum_c exp(−reduced cost / t)``, and every w its soft minimum over [0, width]. The sum is concave and smooth
and lies below the dual by little more than t per item. Its gradient is what the rows are off when the items are
spread, and its second derivatives come from the items that are split: few at a low temperature.

All pairs take part in every value and gradient; only the curvature is taken from each item's largest shares. A row
may stay broken at a price: beyond ``elastic`` its dual value costs quadratically, so that the maximum exists even
where the limits cannot be kept.

References
----------
Nesterov (2005), "Smooth minimization of non-smooth functions", doi 10.1007/s10107-004-0552-5.
"""

from concurrent.futures import Executor
from typing import Final

import numpy as np
from scipy import sparse

from optimizer.problem import FloatArray, IntArray
from optimizer.search.columns import quantities
from optimizer.search.curvatures import FewRows, ManyRows, Shares
from optimizer.search.damped_newton import Curvature
from optimizer.search.linking_rows import LinkingRows
from optimizer.search.model import Model
from optimizer.search.slices import SLICE_PAIRS, map_in_pool, slices_of
from optimizer.search.smoothed_kernels import spread_items

SLACK_TEMPERATURE: Final = 4.0
"""Temperature of slacks in multiples of the items': they are few, and carry more."""
WIDEST: Final = 3.0
"""Infinite widths count as so many times what the row carries."""
MOST_DENSE: Final = 4_000
"""Rows up to which the curvature is a dense matrix."""


class SmoothedDual:
    """Value, gradient and curvature of the smoothed dual on one model; the last point evaluated is kept.

    Parameters
    ----------
    model, rows
        The formulation, and its rows in units.
    elastic
        Dual value from which breaking a row pays, in units of cost per unit of load, > 0.
    most
        Shares of an item that enter the curvature, ≥ 2.
    pool
        Threads for the passes over all pairs.

    Attributes
    ----------
    chosen, share
        Per item its largest shares and their columns, the largest first. Shape ``(items, most)``.
    count
        How many of them there are. Shape ``(items,)``.
    """

    def __init__(self, model: Model, rows: LinkingRows, *, elastic: float, most: int, pool: Executor | None) -> None:
        self._model, self._rows, self._pool = model, rows, pool
        most = min(most, model.num_columns)
        self.chosen: IntArray = np.zeros((model.num_items, most), dtype=np.int32)
        self.share: FloatArray = np.zeros((model.num_items, most))
        self.count: IntArray = np.zeros(model.num_items, dtype=np.int32)
        self._parts = slices_of(model.num_items, SLICE_PAIRS // model.num_columns)
        carried = np.maximum(np.abs(rows.right), _mean_loads(model, rows))
        self._matrix = rows.matrix
        self._width = np.where(np.isfinite(rows.width), rows.width, WIDEST * carried[_first_rows(rows.matrix)])
        self._elastic = elastic
        self._softness = carried / elastic
        self._w = np.zeros(len(rows.cost))
        self._is_over = np.zeros(rows.num_rows, dtype=np.bool_)

    def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return value and gradient at dual values, in units of cost; one pass over all pairs."""
        rows = self._rows
        value, load = self._spread(pi, temperature * rows.cost_unit)
        value /= rows.cost_unit
        activity = np.zeros(rows.num_rows + 1)
        for kind, row in zip(rows.slot_load, rows.slot_row, strict=True):
            np.add.at(activity, row, load[:, kind] / rows.unit[kind])
        heat = SLACK_TEMPERATURE * temperature
        gain = -(rows.cost - self._matrix.T @ pi) * self._width / heat
        self._w = self._width / (1.0 + np.exp(np.clip(-gain, -500.0, 500.0)))
        beyond = np.maximum(np.abs(pi) - self._elastic, 0.0)
        self._is_over = beyond > 0
        value += float(rows.right @ pi) - heat * float(np.logaddexp(0.0, gain).sum())
        value -= 0.5 * float(self._softness @ beyond**2)
        broken = self._softness * beyond * np.sign(pi)
        return value, rows.right - activity[:-1] - self._matrix @ self._w - broken

    def curvature(self, temperature: float) -> Curvature:
        """Return minus the second derivatives at the last point."""
        order = np.argsort(self.chosen[:, 0], kind="stable")
        count = self.count[order]
        taken = np.arange(self.chosen.shape[1])[None, :] < count[:, None]
        column, share = self.chosen[order][taken], self.share[order][taken]
        shares = Shares(
            start=np.concatenate([[0], np.cumsum(count, dtype=np.int64)]),
            column=column,
            share=share,
            quantity=quantities(self._model, self._rows, item=np.repeat(order, count), column=column),
        )
        filled = self._w / self._width
        theta = self._width**2 * filled * (1.0 - filled) / (SLACK_TEMPERATURE * temperature)
        own = sparse.csr_array((self._matrix * theta[None, :]) @ self._matrix.T)
        own += sparse.dia_array((np.where(self._is_over, self._softness, 0.0)[None, :], [0]), shape=own.shape)
        if self._rows.num_rows > MOST_DENSE:
            return ManyRows(shares, own, slot_row=self._rows.slot_row, temperature=temperature)
        return FewRows(shares, own, slot_row=self._rows.slot_row, temperature=temperature, pool=self._pool)

    def _spread(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return the items' soft minima and the loads, shape ``(columns, loads)``, in the model's own units."""
        model, rows = self._model, self._rows
        prices = np.zeros((model.num_loads, model.num_columns))
        factor, padded = rows.cost_unit / rows.unit, np.append(pi, 0.0)
        for kind, row in zip(rows.slot_load, rows.slot_row, strict=True):
            prices[kind] -= padded[row] * factor[kind]
        corrections = model.corrections
        arrays = (model.cost, model.amount, prices, corrections.start, corrections.column, corrections.delta)
        written = (self.chosen, self.share, self.count)

        def work(part: slice) -> tuple[float, FloatArray]:
            load = np.zeros((model.num_columns, model.num_loads))
            return spread_items(part.start, part.stop, *arrays, temperature, load, *written), load

        done = map_in_pool(work, self._parts, self._pool)
        return float(sum(value for value, _ in done)), np.asarray(sum(load for _, load in done), dtype=np.float64)


def _mean_loads(model: Model, rows: LinkingRows) -> FloatArray:
    """Return what each row carries on average, at least one unit and what only this column has. Shape ``(rows,)``.

    A load that only the current rep has (what *stays*) has no mean: the row must be as wide as all that is there.
    """
    carried = np.ones(rows.num_rows + 1)
    mean = model.amount.sum(axis=0) / rows.unit / model.num_columns
    own = np.zeros((model.num_columns, model.num_loads))
    np.add.at(own, model.corrections.column, np.maximum(model.corrections.delta, 0.0))
    for kind, row in zip(rows.slot_load, rows.slot_row, strict=True):
        carried[row] = np.maximum(carried[row], np.maximum(mean[kind], own[:, kind] / rows.unit[kind]))
    return carried[:-1]


def _first_rows(matrix: sparse.csc_array) -> IntArray:
    """Return a row of each column of ``B``. Shape ``(w,)``."""
    first: IntArray = matrix.indices[matrix.indptr[:-1]].astype(np.int32)
    return first
