"""A primal-dual interior-point method for linear programs of items and linking rows.

    minimize   sum_e cost[e] x[e] + d w
    such that  sum_(e of item i) x[e] = 1      per item
               A x + B w = b                   linking rows
               x ≥ 0, 0 ≤ w ≤ width

The items' equations are eliminated one by one, so that a step costs a pass over the pairs and a Cholesky
factorization as large as the number of rows. Any prices make a start: each item, and each w, is put on its central
point for a given barrier, which is dual feasible; only the linking rows are off then. So the method starts warm from
the prices of a smaller or similar program.

References
----------
Mehrotra (1992), "On the implementation of a primal-dual interior point method", doi 10.1137/0802028.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg import LinAlgError

from optimizer.problem import FloatArray, IntArray
from optimizer.search import interior_kernels as kernels
from optimizer.search.slices import map_slices

STEP: Final = 0.99
"""Share of the longest step that is taken, at least."""
PARTS: Final = 2
"""Parts that the items are cut into; fixed, so that sums do not depend on the machine."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pairs:
    """The pairs of a restricted program, item by item.

    Attributes
    ----------
    item
        The item of each group of pairs. Shape ``(items,)``.
    start
        Where each group begins. Shape ``(items + 1,)``.
    column
        Shape ``(pairs,)``.
    cost
        In units of the program. Shape ``(pairs,)``.
    quantity
        What a pair puts into the row of each slot. Shape ``(pairs, slots)``.
    """

    item: IntArray
    start: npt.NDArray[np.int64]
    column: IntArray
    cost: FloatArray
    quantity: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearProgram:
    """A restricted program in the form above; ``slot_row`` names the row of each slot and column."""

    pairs: Pairs
    slot_row: IntArray
    right: FloatArray
    matrix: sparse.csc_array
    cost: FloatArray
    width: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class InteriorPoint:
    """Where the method ended.

    Attributes
    ----------
    pi
        Dual values of the rows. Shape ``(rows,)``.
    x, w
        Primal values. Shapes ``(pairs,)`` and ``(w,)``.
    barrier
        Mean complementarity.
    objective
        Primal objective.
    gap, residual
        Sum of the complementarity, and what the rows are off at their prices, both in units of the objective.
    steps
        Number of steps taken.
    """

    pi: FloatArray
    x: FloatArray
    w: FloatArray
    barrier: float
    objective: float
    gap: float
    residual: float
    steps: int


def solve_interior(
    program: LinearProgram,
    *,
    pi: FloatArray,
    barrier: float,
    tolerance: float,
    max_steps: int,
    is_over: Callable[[], bool],
) -> InteriorPoint:
    """Solve until complementarity and residual are ``tolerance`` of the objective, from any prices ``pi``."""
    state = _State(program, pi, barrier)
    steps = 0
    while steps < max_steps and not state.is_within(tolerance) and not is_over():
        if not state.step():
            break
        steps += 1
    return state.result(steps)


class _State:
    """The current point and its buffers."""

    def __init__(self, program: LinearProgram, pi: FloatArray, barrier: float) -> None:
        pairs = program.pairs
        self.program = program
        self.pi = np.array(pi)
        count = len(pairs.column)
        self.x, self.z, self.dx, self.dz = np.empty(count), np.empty(count), np.zeros(count), np.zeros(count)
        self.parts = _even_parts(pairs.start)
        self.shape = (pairs.start, pairs.column, pairs.quantity, program.slot_row)
        self.normals = [np.zeros((len(program.right),) * 2) for _ in self.parts]
        self._map(
            lambda part: kernels.center_items(
                part.start, part.stop, pairs.start, pairs.column, pairs.cost, pairs.quantity, program.slot_row,
                self.pi, barrier, self.x, self.z,
            )
        )  # fmt: skip
        self._center_w(barrier)
        self._measure()

    def _map(self, work: Callable[[slice], Any]) -> list[Any]:
        return map_slices(work, self.parts, num_threads=PARTS)

    def _center_w(self, barrier: float) -> None:
        program = self.program
        reduced = program.cost - program.matrix.T @ self.pi
        self.bounded = np.isfinite(program.width)
        width = np.where(self.bounded, program.width, 1.0)
        root = np.sqrt((reduced * width) ** 2 + 4.0 * barrier**2)
        least = barrier / max(1.0, float(np.abs(program.right).max(initial=0.0)))
        open_w = barrier / np.maximum(reduced, least)
        self.w = np.where(self.bounded, 2 * barrier * width / (np.abs(reduced) * width + 2 * barrier + root), open_w)
        other = np.where(self.bounded, width - self.w, np.inf)
        flip = self.bounded & (reduced < 0)
        self.v = np.where(flip, self.w, other)
        self.w = np.where(flip, other, self.w)
        self.zl = barrier / self.w
        self.zu = np.where(self.bounded, barrier / self.v, 0.0)

    def _measure(self) -> None:
        """Recompute residuals, complementarity and objective."""
        program, pairs = self.program, self.program.pairs

        def activity(part: slice) -> FloatArray:
            out = np.zeros(len(program.right))
            kernels.add_activity(part.start, part.stop, *self.shape, self.x, out)
            return out

        self.rb = program.right - sum(self._map(activity)) - program.matrix @ self.w
        self.rc = program.cost - program.matrix.T @ self.pi - self.zl + self.zu
        w_gap = float(self.w @ self.zl) + float(self.v[self.bounded] @ self.zu[self.bounded])
        self.gap = float(self.x @ self.z) + w_gap
        self.mean = self.gap / (len(self.x) + len(self.w) + int(self.bounded.sum()))
        self.objective = float(pairs.cost @ self.x + program.cost @ self.w)
        self.residual = float(np.abs(self.rb) @ np.abs(self.pi)) + float(np.abs(self.rc) @ np.abs(self.w))

    def is_within(self, tolerance: float) -> bool:
        scale = tolerance * max(abs(self.objective), 1e-3 * len(self.program.pairs.item))
        return self.gap <= scale and self.residual <= scale

    def step(self) -> bool:
        """Take one predictor-corrector step; False when the factorization fails or nothing moves."""
        factor = self._factor()
        if factor is None:
            return False
        dpi, dw, dzl, dzu, primal, dual = self._direction(factor, 0.0, 0.0, None)
        ahead = self._gap_after(dw, dzl, dzu, min(1.0, primal), min(1.0, dual)) / self.gap
        centering = self.mean * min(1.0, max(0.0, ahead) ** 3)
        dpi, dw, dzl, dzu, primal, dual = self._direction(factor, centering, 1.0, (dw, dzl, dzu))
        share = max(STEP, 1.0 - self.mean)
        primal, dual = min(1.0, share * primal), min(1.0, share * dual)
        start, x, z, dx, dz = self.program.pairs.start, self.x, self.z, self.dx, self.dz
        self._map(lambda part: kernels.take_step(part.start, part.stop, start, x, z, dx, dz, primal, dual))
        self.pi += dual * dpi
        self.w += primal * dw
        self.v -= primal * np.where(self.bounded, dw, 0.0)
        self.zl += dual * dzl
        self.zu += dual * dzu
        self._measure()
        return max(primal, dual) > 1e-10

    def _factor(self) -> Any:
        """Return the Cholesky factor of the normal matrix, with the smallest ridge that works."""
        program = self.program

        def assemble(part: tuple[slice, FloatArray]) -> None:
            part[1][:] = 0.0
            kernels.add_normal_matrix(part[0].start, part[0].stop, *self.shape, self.x, self.z, part[1])

        parts = dict(zip([part.start for part in self.parts], self.normals, strict=True))
        self._map(lambda part: assemble((part, parts[part.start])))
        normal = self.normals[0]
        for other in self.normals[1:]:
            normal += other
        self.theta = 1.0 / (self.zl / self.w + np.where(self.bounded, self.zu / self.v, 0.0))
        own = sparse.tril((program.matrix * self.theta[None, :]) @ program.matrix.T).tocoo()
        np.add.at(normal, (own.row, own.col), own.data)
        diagonal = normal.diagonal().copy()
        floor = 1e-12 * max(float(diagonal.max(initial=0.0)), 1e-30) * 1e-4
        for ridge in (1e-12, 1e-10, 1e-8, 1e-6):
            trial = normal if ridge == 1e-12 else normal
            np.fill_diagonal(trial, diagonal * (1.0 + ridge) + floor * ridge / 1e-12)
            try:
                return cho_factor(trial.T, lower=False, check_finite=False)
            except LinAlgError:
                continue
        return None

    def _direction(self, factor: Any, centering: float, second: float, last: Any) -> Any:
        """Return the direction for a centering, with second-order terms of the last one."""
        program = self.program
        x, z, dx, dz = self.x, self.z, self.dx, self.dz
        rl, ru = centering - self.w * self.zl, centering - np.where(self.bounded, self.v, 0.0) * self.zu
        if last is not None:
            dw, dzl, dzu = last
            rl, ru = rl - dw * dzl, ru + dw * dzu
        push = self.theta * (rl / self.w - np.where(self.bounded, ru / self.v, 0.0) - self.rc)

        def right_side(part: slice) -> FloatArray:
            out = np.zeros(len(program.right))
            kernels.add_right_side(part.start, part.stop, *self.shape, x, z, dx, dz, centering, second, out)
            return out

        dpi = cho_solve(factor, self.rb + sum(self._map(right_side)) - program.matrix @ push, check_finite=False)

        def direction(part: slice) -> FloatArray:
            out = np.empty(2)
            kernels.find_direction(part.start, part.stop, *self.shape, x, z, dx, dz, centering, second, dpi, out)
            return out

        steps = np.min(self._map(direction), axis=0)
        dw = push + self.theta * (program.matrix.T @ dpi)
        dzl = (rl - self.zl * dw) / self.w
        dzu = np.where(self.bounded, (ru + self.zu * dw) / self.v, 0.0)
        primal = min(float(steps[0]), _longest(self.w, dw), _longest(self.v[self.bounded], -dw[self.bounded]))
        dual = min(float(steps[1]), _longest(self.zl, dzl), _longest(self.zu[self.bounded], dzu[self.bounded]))
        return dpi, dw, dzl, dzu, primal, dual

    def _gap_after(self, dw: FloatArray, dzl: FloatArray, dzu: FloatArray, primal: float, dual: float) -> float:
        start, x, z, dx, dz = self.program.pairs.start, self.x, self.z, self.dx, self.dz
        pairs = self._map(
            lambda part: kernels.complementarity(part.start, part.stop, start, x, z, dx, dz, primal, dual)
        )
        lower = (self.w + primal * dw) @ (self.zl + dual * dzl)
        is_open = self.bounded
        upper = (self.v - primal * dw)[is_open] @ (self.zu + dual * dzu)[is_open]
        return float(sum(pairs)) + float(lower) + float(upper)

    def result(self, steps: int) -> InteriorPoint:
        return InteriorPoint(
            pi=self.pi, x=self.x, w=self.w, barrier=self.mean, objective=self.objective, gap=self.gap,
            residual=self.residual, steps=steps,
        )  # fmt: skip


def _longest(value: FloatArray, change: FloatArray) -> float:
    """Return the longest step that keeps every value at least 0."""
    falling = change < 0
    return float((-value[falling] / change[falling]).min(initial=1e300))


def _even_parts(start: npt.NDArray[np.int64]) -> list[slice]:
    """Cut the items into parts of about as many pairs each."""
    cuts = np.searchsorted(start, np.linspace(0, start[-1], PARTS + 1)[1:-1])
    edges = [0, *(int(cut) for cut in cuts), len(start) - 1]
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
