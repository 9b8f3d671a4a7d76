"""The rows of the linear program that link the items, in the standard form ``A x + B w = b``, ``0 ≤ w ≤ width``.

A row is the load of a column or the total of a load; limits, shares and totals have rows of their own. ``A`` comes
from the items (slots: which row a load of a column enters); ``B`` holds what belongs to no item: the slack of limits,
the straight pieces of convex penalties, and the totals that share limits speak of. Loads are counted in a unit of
their own and costs in theirs, so that numbers are about 1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from optimizer.problem import BoolArray, FloatArray, IntArray
from optimizer.search.bound import load_range, total_columns
from optimizer.search.model import Model, SoftBalance
from optimizer.search.penalties import kinks, penalty

LEAST_WIDTH: Final = 1e-9
"""Widths are at least this, in units of load: a value between two equal ends has no inside to go through."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LinkingRows:
    """Rows, and the columns that belong to no item.

    Attributes
    ----------
    slot_load
        The load of each slot. Shape ``(slots,)``.
    slot_row
        The row of each slot and column, −1 where there is none. Shape ``(slots, columns)``.
    unit
        What one unit of a row is, in the load's own unit. Shape ``(loads,)``.
    cost_unit
        What one unit of cost is, in objective units.
    right
        Shape ``(rows,)``.
    matrix
        ``B``, in compressed columns. Shape ``(rows, w)``.
    cost, width
        Of ``w``; a width may be infinite. Shape ``(w,)``.
    constant
        What the objective has beside ``x`` and ``w``, in units of cost.
    limit_row
        The row of each load's limits and soft balance, −1 without. Shape ``(loads, columns)``.
    share_upper_row, share_lower_row
        The rows of share limits, −1 without. Shape ``(loads, columns)``.
    total_row
        The row of each load's total, −1 without. Shape ``(loads,)``.
    """

    slot_load: IntArray
    slot_row: IntArray
    unit: FloatArray
    cost_unit: float
    right: FloatArray
    matrix: sparse.csc_array
    cost: FloatArray
    width: FloatArray
    constant: float
    limit_row: IntArray
    share_upper_row: IntArray
    share_lower_row: IntArray
    total_row: IntArray

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self.right)


def linking_rows(model: Model, *, cost_unit: float) -> LinkingRows:
    """Return the rows of a model's linear program.

    Soft balance whose targets move with the total is left out: its multipliers stay 0, which is valid, and all that
    the published certificate allows.
    """
    return _Builder(model, cost_unit).build()


class _Builder:
    """Numbers the rows, column by column, and gathers the columns of ``B`` one by one."""

    def __init__(self, model: Model, cost_unit: float) -> None:
        self.model = model
        self.cost_unit = cost_unit
        self.unit = np.array([_unit(model, load) for load in range(model.num_loads)])
        self.most = np.array([load_range(model, load)[1] for load in range(model.num_loads)]) / self.unit
        has_limit = np.isfinite(model.lower) | np.isfinite(model.upper)
        self.softs = [soft for soft in model.soft if soft.target_share is None]
        for soft in self.softs:
            has_limit[soft.load] |= soft.target > 0
        has_row = np.stack([has_limit, np.isfinite(model.share_upper), np.isfinite(model.share_lower)])
        number = np.cumsum(np.moveaxis(has_row, 2, 0).ravel()).reshape(model.num_columns, 3, model.num_loads) - 1
        self.row = np.where(has_row, np.moveaxis(number, 0, 2), -1).astype(np.int32)
        self.has_share: BoolArray = np.asarray(has_row[1:].any(axis=(0, 2)))
        has_total = self.has_share | np.isfinite(model.total_upper)
        self.total_row = np.where(has_total, has_row.sum() + np.cumsum(has_total) - 1, -1).astype(np.int32)
        self.right = np.zeros(int(has_row.sum() + has_total.sum()))
        self.cost: list[float] = []
        self.width: list[float] = []
        self.entries: list[tuple[int, int, float]] = []
        self.constant = 0.0
        self.total_column: dict[int, int] = {}

    def build(self) -> LinkingRows:
        for load in range(self.model.num_loads):
            if int(self.total_row[load]) >= 0:
                self._write_total(load)
        for load, column in np.argwhere(self.row[0] >= 0).tolist():
            self._write_load(load, column)
        for side, sign, share in ((1, 1.0, self.model.share_upper), (2, -1.0, self.model.share_lower)):
            for load, column in np.argwhere(self.row[side] >= 0).tolist():
                row = int(self.row[side, load, column])
                self.entries.append((row, self.total_column[load], -float(share[load, column])))
                self._add_column(row, sign)
        slots = self._slots()
        rows, columns, values = (list(part) for part in zip(*self.entries, strict=True)) if self.entries else ([],) * 3
        return LinkingRows(
            slot_load=np.array([load for load, _ in slots], dtype=np.int32),
            slot_row=np.array([row for _, row in slots], dtype=np.int32).reshape(len(slots), self.model.num_columns),
            unit=self.unit,
            cost_unit=self.cost_unit,
            right=self.right,
            matrix=sparse.csc_array((values, (rows, columns)), shape=(len(self.right), len(self.cost))),
            cost=np.array(self.cost),
            width=np.array(self.width),
            constant=self.constant,
            limit_row=self.row[0],
            share_upper_row=self.row[1],
            share_lower_row=self.row[2],
            total_row=self.total_row,
        )

    def _slots(self) -> list[tuple[int, IntArray]]:
        """Return load and rows of every slot that has a row at all."""
        total = np.where(total_columns(self.model), self.total_row[:, None], -1).astype(np.int32)
        tables = np.stack([*self.row, total])
        kinds, loads = np.nonzero(tables.max(axis=2) >= 0)
        return [(int(load), tables[kind, load]) for kind, load in zip(kinds, loads, strict=True)]

    def _add_column(self, row: int, value: float, *, cost: float = 0.0, width: float = np.inf) -> None:
        self.entries.append((row, len(self.cost), value))
        self.cost.append(cost)
        self.width.append(max(width, LEAST_WIDTH))

    def _write_total(self, load: int) -> None:
        """Write ``total = T`` where shares speak of T, else ``total ≤ limit``."""
        row, limit = int(self.total_row[load]), float(self.model.total_upper[load] / self.unit[load])
        if self.has_share[load]:
            self.total_column[load] = len(self.cost)
            self._add_column(row, -1.0, width=min(limit, float(self.most[load])))
            return
        self.right[row] = limit
        self._add_column(row, 1.0)

    def _write_load(self, load: int, column: int) -> None:
        """Write the limits of one load, or its pieces of different slope."""
        row, unit = int(self.row[0, load, column]), self.unit[load]
        lower, upper = float(self.model.lower[load, column]) / unit, float(self.model.upper[load, column]) / unit
        softs = [soft for soft in self.softs if soft.load == load and soft.target[column] > 0]
        if softs:
            self._write_pieces(row, softs, column, lower=max(lower, 0.0), upper=min(upper, float(self.most[load])))
        elif np.isinf(upper):
            self.right[row] = lower
            self._add_column(row, -1.0)
        else:
            self.right[row] = upper
            if upper > lower:
                self._add_column(row, 1.0, width=upper - lower)

    def _write_pieces(self, row: int, softs: list[SoftBalance], column: int, *, lower: float, upper: float) -> None:
        """Write ``load = lower + pieces``, each piece at its slope."""
        self.right[row] = lower
        unit = self.unit[softs[0].load]
        inner = [kinks(soft, target=float(soft.target[column])) / unit for soft in softs]
        knots = np.unique(np.clip(np.concatenate([[lower, upper], *inner]), lower, max(lower, upper)))
        value = np.zeros(len(knots))
        for soft in softs:
            value += penalty(soft, target=np.array(soft.target[column]), load=knots * unit)
        self.constant += float(value[0]) / self.cost_unit
        for slope, width in zip(np.diff(value) / np.diff(knots) / self.cost_unit, np.diff(knots), strict=True):
            self._add_column(row, -1.0, cost=float(slope), width=float(width))


def _unit(model: Model, load: int) -> float:
    """Return the mean of a load's positive amounts, 1 where there are none."""
    amounts = np.concatenate([model.amount[:, load], np.abs(model.corrections.delta[:, load])])
    positive = amounts[amounts > 0]
    return float(positive.mean()) if len(positive) else 1.0
