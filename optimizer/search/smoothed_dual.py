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
from optimizer.search.curvature_kernels import Shares
from optimizer.search.curvatures import FewRows, ManyRows
from optimizer.search.damped_newton import Curvature
from optimizer.search.linking_rows import LinkingRows
from optimizer.search.model import Model
from optimizer.search.reduced_costs import pricing_of
from optimizer.search.screening_kernels import Pricing, room_for
from optimizer.search.settling import Settling
from optimizer.search.slacks import Slacks
from optimizer.search.slices import map_in_pool, pair_slices
from optimizer.search.smoothed_kernels import spread_items

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
    value
        Soft minimum of each item, in the model's own units. Shape ``(items,)``.
    """

    def __init__(self, model: Model, rows: LinkingRows, *, elastic: float, most: int, pool: Executor | None) -> None:
        self._model, self._rows, self._pool = model, rows, pool
        most = min(most, model.num_columns)
        self.pricing: Pricing | None = None
        self.chosen: IntArray = np.zeros((model.num_items, most), dtype=np.int32)
        self.share: FloatArray = np.zeros((model.num_items, most))
        self.count: IntArray = np.zeros(model.num_items, dtype=np.int32)
        self._parts = pair_slices(model.num_items, model.num_columns)
        carried = np.maximum(np.abs(rows.right), _mean_loads(model, rows))
        unit = rows.unit[rows.slot_load]
        self._amount = np.ascontiguousarray(model.amount[:, rows.slot_load] / unit)
        self._entry_amount = np.ascontiguousarray(model.corrections.delta[:, rows.slot_load] / unit)
        self.value: FloatArray = np.zeros(model.num_items)
        self._slacks = Slacks(
            rows.matrix,
            cost=rows.cost,
            width=np.where(np.isfinite(rows.width), rows.width, WIDEST * carried[_first_rows(rows.matrix)]),
            right=rows.right,
            carried=carried,
            elastic=elastic,
        )
        self.settling = Settling(rows=rows, slacks=self._slacks)

    def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return value and gradient at dual values, in units of cost; one pass over all pairs."""
        rows = self._rows
        value, load = self._spread(pi, temperature * rows.cost_unit)
        value /= rows.cost_unit
        activity = np.zeros(rows.num_rows + 1)
        for kind, row in zip(rows.slot_load, rows.slot_row, strict=True):
            np.add.at(activity, row, load[:, kind] / rows.unit[kind])
        own, gradient = self._slacks.evaluate(pi, temperature)
        return value + own, gradient - activity[:-1]

    def settled(self, pi: FloatArray, gradient: FloatArray, temperature: float) -> FloatArray | None:
        """Return dual values with the columns settled whose gradient stands out at the last point; None for none."""
        columns = self.settling.columns_to_settle(gradient)
        if not len(columns) or self.pricing is None:
            return None
        return self.settling.settle(columns, pi=pi, pricing=self.pricing, value=self.value, temperature=temperature)

    def curvature(self, temperature: float) -> Curvature:
        """Return minus the second derivatives at the last point."""
        shares = Shares(
            order=np.argsort(self.chosen[:, 0], kind="stable"),
            chosen=self.chosen,
            share=self.share,
            count=self.count,
            amount=self._amount,
            entry_start=self._model.corrections.start,
            entry_column=self._model.corrections.column,
            entry_amount=self._entry_amount,
            slot_row=self._rows.slot_row,
        )
        own = self._slacks.curvature(temperature)
        if self._rows.num_rows > MOST_DENSE:
            return ManyRows(shares, own, temperature=temperature)
        return FewRows(shares, own, temperature=temperature, pool=self._pool)

    def _spread(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return the items' soft minima and the loads, shape ``(columns, loads)``, in the model's own units."""
        model, rows = self._model, self._rows
        prices = np.zeros((model.num_loads, model.num_columns))
        factor, padded = rows.cost_unit / rows.unit, np.append(pi, 0.0)
        for kind, row in zip(rows.slot_load, rows.slot_row, strict=True):
            prices[kind] -= padded[row] * factor[kind]
        pricing = self.pricing = pricing_of(model, prices)
        written = (self.value, self.chosen, self.share, self.count)

        def work(part: slice) -> tuple[float, FloatArray]:
            load = np.zeros((model.num_columns, model.num_loads))
            room = room_for(columns=model.num_columns)
            return spread_items(part.start, part.stop, pricing, room, temperature, load, *written), load

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
