"""The rows of the linear program that link the items, in the standard form ``A x + B w = b``, ``0 ≤ w ≤ width``.

A row is the load of a column, or the total of a load. ``A`` comes from the items (slots: which row a load of a column
is); ``B`` holds what belongs to no item: the slack of limits, the straight pieces of convex penalties, and the totals
that share limits speak of. Loads are counted in a unit of their own and costs in theirs, so that numbers are about 1.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import load_range, total_columns
from optimizer.search.model import Model, SoftBalance
from optimizer.search.penalties import kinks, penalty


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
    load_row
        The row of each load and column, −1 without. Shape ``(loads, columns)``.
    total_row
        The row of each load's total, −1 without. Shape ``(loads,)``.
    share_row
        Rows of their own that share limits need, −1 without: for the upper and the lower one.
        Shape ``(2, loads, columns)``.
    num_linking
        The first so many rows hold items; what follows are the rows of share limits.
    """

    slot_load: IntArray
    slot_row: IntArray
    unit: FloatArray
    cost_unit: float
    right: FloatArray
    matrix: sparse.csc_array
    cost: FloatArray
    width: FloatArray
    load_row: IntArray
    total_row: IntArray
    share_row: IntArray
    num_linking: int

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return len(self.right)


def linking_rows(model: Model, *, cost_unit: float) -> LinkingRows:
    """Return the rows of a model's linear program.

    Where the targets of soft balance move with the total, it is written for the full total: its multipliers are then
    prices to try, and the bound makes them valid.
    """
    return _Builder(model, cost_unit).build()


class _Builder:
    """Gathers rows and columns of ``B`` one by one."""

    def __init__(self, model: Model, cost_unit: float) -> None:
        self.model = model
        self.cost_unit = cost_unit
        self.unit = np.array([_unit(model, load) for load in range(model.num_loads)])
        self.range = [load_range(model, load) for load in range(model.num_loads)]
        self.has_share = np.isfinite(model.share_lower) | np.isfinite(model.share_upper)
        self.has_row = self.has_share | np.isfinite(model.lower) | np.isfinite(model.upper)
        for soft in model.soft:
            self.has_row[soft.load] |= soft.target > 0
        self.has_total = self.has_share.any(axis=1) | np.isfinite(model.total_upper)
        self.load_row = np.full(self.has_row.shape, -1, dtype=np.int32)
        self.load_row.T[self.has_row.T] = np.arange(int(self.has_row.sum()))
        self.total_row = np.full(model.num_loads, -1, dtype=np.int32)
        self.total_row[self.has_total] = self.has_row.sum() + np.arange(int(self.has_total.sum()))
        self.share_row = np.full((2, *self.has_row.shape), -1, dtype=np.int32)
        self.num_linking = int(self.has_row.sum() + self.has_total.sum())
        self.right = [0.0] * self.num_linking
        self.cost: list[float] = []
        self.width: list[float] = []
        self.entries: list[tuple[int, int, float]] = []
        self.total_column: dict[int, int] = {}

    def build(self) -> LinkingRows:
        for load in np.flatnonzero(self.has_total):
            self._write_total(int(load))
        for load, column in zip(*np.nonzero(self.has_row), strict=True):
            self._write_load(int(load), int(column))
        counted = total_columns(self.model)
        slots = [(load, self.load_row[load]) for load in np.flatnonzero(self.has_row.any(axis=1))]
        slots += [(load, np.where(counted[load], self.total_row[load], -1)) for load in np.flatnonzero(self.has_total)]
        rows, columns, values = (list(part) for part in zip(*self.entries, strict=True)) if self.entries else ([],) * 3
        return LinkingRows(
            slot_load=np.array([load for load, _ in slots], dtype=np.int32),
            slot_row=np.array([row for _, row in slots], dtype=np.int32).reshape(len(slots), self.model.num_columns),
            unit=self.unit,
            cost_unit=self.cost_unit,
            right=np.array(self.right),
            matrix=sparse.csc_array((values, (rows, columns)), shape=(len(self.right), len(self.cost))),
            cost=np.array(self.cost),
            width=np.array(self.width),
            load_row=self.load_row,
            total_row=self.total_row,
            share_row=self.share_row,
            num_linking=self.num_linking,
        )

    def _add_row(self, right: float) -> int:
        self.right.append(right)
        return len(self.right) - 1

    def _add_column(self, *entries: tuple[int, float], cost: float = 0.0, width: float = np.inf) -> int:
        position = len(self.cost)
        self.cost.append(cost)
        self.width.append(width)
        self.entries += [(row, position, value) for row, value in entries]
        return position

    def _write_total(self, load: int) -> None:
        """Write ``total = T`` where shares speak of T, else ``total ≤ limit``."""
        row, unit = int(self.total_row[load]), self.unit[load]
        limit = float(self.model.total_upper[load]) / unit
        if not self.has_share[load].any():
            self.right[row] = limit
            self._add_column((row, 1.0))
            return
        self.total_column[load] = self._add_column((row, -1.0), width=min(limit, self.range[load][1] / unit))

    def _write_load(self, load: int, column: int) -> None:
        """Write one load: only limits, only shares, or all together."""
        lower, upper = self._limits(load, column)
        softs = [soft for soft in self.model.soft if soft.load == load and soft.target[column] > 0]
        if self.has_share[load, column]:
            if softs or np.isfinite(lower) or np.isfinite(upper):
                pieces = self._write_pieces(load, column, softs)
                self._write_share_rows(load, column, pieces)
            else:
                self._write_shares(load, column)
        elif softs:
            self._write_pieces(load, column, softs)
        else:
            self._write_limits(int(self.load_row[load, column]), lower, upper)

    def _limits(self, load: int, column: int) -> tuple[float, float]:
        unit = self.unit[load]
        return float(self.model.lower[load, column]) / unit, float(self.model.upper[load, column]) / unit

    def _write_limits(self, row: int, lower: float, upper: float) -> None:
        if np.isinf(upper):
            self.right[row] = lower
            self._add_column((row, -1.0))
            return
        self.right[row] = upper
        if upper > lower:
            self._add_column((row, 1.0), width=upper - lower)

    def _write_pieces(self, load: int, column: int, softs: list[SoftBalance]) -> list[int]:
        """Write ``load = lowest + pieces``, each piece at its slope."""
        row, unit = int(self.load_row[load, column]), self.unit[load]
        lower, upper = self._limits(load, column)
        low = max(lower, 0.0)
        high = max(low, upper if np.isfinite(upper) else self.range[load][1] / unit)
        self.right[row] = low
        inner = [kinks(soft, target=float(soft.target[column])) / unit for soft in softs]
        knots = np.unique(np.clip(np.concatenate([np.array([low, high]), *inner]), low, high))
        target = [np.array(soft.target[column]) for soft in softs]
        value = sum(
            (penalty(soft, target=goal, load=knots * unit) for soft, goal in zip(softs, target, strict=True)),
            start=np.zeros(len(knots)),
        )
        slopes = np.diff(value) / np.diff(knots) / self.cost_unit
        return [
            self._add_column((row, -1.0), cost=float(slope), width=float(width))
            for slope, width in zip(slopes, np.diff(knots), strict=True)
        ]

    def _write_shares(self, load: int, column: int) -> None:
        """Write ``load − upper · T + p = 0`` and, with a lower share too, ``p + q = (upper − lower) · T``."""
        row, total = int(self.load_row[load, column]), self.total_column[load]
        lower, upper = float(self.model.share_lower[load, column]), float(self.model.share_upper[load, column])
        if np.isinf(upper):
            self.entries.append((row, total, -lower))
            self._add_column((row, -1.0))
            return
        self.entries.append((row, total, -upper))
        if np.isinf(lower):
            self._add_column((row, 1.0))
            return
        other = self._add_row(0.0)
        self.share_row[1, load, column] = other
        self._add_column((row, 1.0), (other, 1.0))
        self._add_column((other, 1.0))
        self.entries.append((other, total, lower - upper))

    def _write_share_rows(self, load: int, column: int, pieces: list[int]) -> None:
        """Write share limits on a load that consists of pieces."""
        lowest, total = self.right[int(self.load_row[load, column])], self.total_column[load]
        for side, sign, share in (
            (0, 1.0, float(self.model.share_upper[load, column])),
            (1, -1.0, float(self.model.share_lower[load, column])),
        ):
            if np.isinf(share):
                continue
            row = self._add_row(-lowest)
            self.share_row[side, load, column] = row
            self.entries += [(row, piece, 1.0) for piece in pieces]
            self.entries.append((row, total, -share))
            self._add_column((row, sign))


def _unit(model: Model, load: int) -> float:
    """Return the mean of a load's positive amounts, 1 where there are none."""
    amounts = np.concatenate([model.amount[:, load], np.abs(model.corrections.delta[:, load])])
    positive = amounts[amounts > 0]
    return float(positive.mean()) if len(positive) else 1.0
