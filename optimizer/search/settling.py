"""Settle single columns: put the prices of one column's limits where they belong while all others stand still.

An isolated rep's prices lie hundreds of temperatures from all others'. On the way there its row hardly curves, and
where it arrives it curves sharply, so that a step of all rows is refused for its sake again and again. But one column
alone is a small question: each item takes it or its best other column, and what these are worth is known from the last
pass. The answer costs a pass over one column for each step, not over all pairs.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.damped_newton import DampedNewton
from optimizer.search.linking_rows import LinkingRows
from optimizer.search.screening_kernels import Pricing, room_for
from optimizer.search.settling_kernels import outside_values, respond, settle_values
from optimizer.search.slacks import Slacks

STANDS_OUT: Final = 8.0
"""A row's gradient, in mean gradients, from which on its column is settled."""
MOST: Final = 12
"""Columns settled at a time, the worst first."""
NEAR: Final = 16
"""Items that a column may be filled from, in multiples of what columns hold on average (and 50)."""
STEPS: Final = 40
"""Steps of one column."""
TOLERANCE: Final = 0.01
"""Gain, in temperatures, below which a column is settled."""


@dataclass(eq=False, kw_only=True)
class Settling:
    """Settles columns of one model, from the prices and soft minima of the last pass.

    Parameters
    ----------
    rows, slacks
        The linking rows, and their part without items.
    """

    rows: LinkingRows
    slacks: Slacks

    def columns_to_settle(self, gradient: FloatArray) -> IntArray:
        """Return the columns with rows whose gradient stands out, the worst first."""
        if not (self.rows.limit_row >= 0).any():
            return np.zeros(0, dtype=np.int32)
        size = np.append(np.abs(gradient), 0.0)[self.rows.limit_row].max(axis=0)
        found = np.argsort(-size, kind="stable")[:MOST]
        standing_out: IntArray = found[size[found] > STANDS_OUT * np.abs(gradient).mean()].astype(np.int32)
        return standing_out

    def settle(
        self, columns: IntArray, *, pi: FloatArray, pricing: Pricing, value: FloatArray, temperature: float
    ) -> FloatArray:
        """Return dual values with some columns settled, one after the other.

        Parameters
        ----------
        pi
            Present dual values. Shape ``(rows,)``.
        pricing, value
            Prices and soft minima at these, in the model's own units; both are changed. Shape ``(items,)``.
        """
        pi = np.array(pi)
        items, loads = pricing.amount.shape
        reduced, amount, outside = np.empty(items), np.empty((items, loads)), np.empty(items)
        room = room_for(columns=pricing.cost.shape[1])
        heat = temperature * self.rows.cost_unit
        reach = NEAR * (items // pricing.cost.shape[1] + 50)
        for column in columns.tolist():
            row = self.rows.limit_row[:, column]
            kinds = np.flatnonzero(row >= 0).astype(np.int32)
            outside_values(pricing, room, column, heat, value, reduced, amount, outside)
            near = np.argpartition(reduced - outside, reach)[:reach] if reach < items else slice(None)
            one = _OneColumn(
                rows=self.rows,
                kinds=kinds,
                slacks=self.slacks.of_rows(row[kinds]),
                start=pi[row[kinds]],
                reduced=reduced[near],
                amount=amount[near],
                outside=outside[near],
            )
            newton = DampedNewton(one, one.start, lambda: False)
            newton.climb(temperature, tolerance=TOLERANCE * temperature, max_steps=STEPS)
            move = one.moved(newton.pi)
            pi[row[kinds]] = newton.pi
            pricing.prices[:, column] += move
            pricing.rounded[:, column] = pricing.prices[:, column]
            np.maximum(pricing.largest, np.abs(pricing.prices[:, column]), out=pricing.largest)
            settle_values(reduced, amount, outside, move, heat, value)
        return pi


@dataclass(eq=False, kw_only=True)
class _OneColumn:
    """The smoothed dual as a function of one column's limits."""

    rows: LinkingRows
    kinds: IntArray
    slacks: Slacks
    start: FloatArray
    reduced: FloatArray
    amount: FloatArray
    outside: FloatArray

    def moved(self, pi: FloatArray) -> FloatArray:
        """Return how far the prices of all loads are from where they were. Shape ``(loads,)``."""
        move = np.zeros(self.amount.shape[1])
        move[self.kinds] = (self.start - pi) * self.rows.cost_unit / self.rows.unit[self.kinds]
        return move

    def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        """Return value and gradient at the column's dual values, in units of cost."""
        loads, unit = self.amount.shape[1], self.rows.unit[self.kinds]
        load, bend = np.zeros(loads), np.zeros((loads, loads))
        heat = temperature * self.rows.cost_unit
        saved = respond(self.reduced, self.amount, self.outside, self.moved(pi), heat, load, bend)
        self._bend = bend[np.ix_(self.kinds, self.kinds)] * self.rows.cost_unit / np.outer(unit, unit)
        value, gradient = self.slacks.evaluate(pi, temperature)
        return value + saved / self.rows.cost_unit, gradient - load[self.kinds] / unit

    def curvature(self, temperature: float) -> "_Small":
        """Return minus the second derivatives at the point last evaluated."""
        return _Small(self._bend + self.slacks.curvature(temperature).toarray())


class _Small:
    """A matrix of a few rows."""

    def __init__(self, matrix: FloatArray) -> None:
        self._matrix = matrix
        self.diagonal: FloatArray = matrix.diagonal() + 1e-10 * max(float(matrix.diagonal().max()), 1e-30)

    def solved(self, more: FloatArray, right: FloatArray) -> FloatArray | None:
        """Return the solution with ``more`` added to the diagonal, or None where there is none."""
        matrix = np.array(self._matrix)
        np.fill_diagonal(matrix, self.diagonal + more)
        try:
            return np.asarray(np.linalg.solve(matrix, right))
        except np.linalg.LinAlgError:
            return None
