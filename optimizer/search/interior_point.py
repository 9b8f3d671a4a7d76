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
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from optimizer.problem import FloatArray, IntArray
from optimizer.search import interior_kernels as kernels
from optimizer.search.slices import map_in_pool, slices_of

STEP: Final = 0.995
"""Share of the longest step that is taken."""
SPREAD: Final = 10.0
"""Products within this factor of the center are left alone by the further correctors."""
CORRECTORS: Final = 2
"""Largest number of further correctors."""
SHARES: Final = np.array([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
"""Shares in which a corrector may enter the direction."""
THREADED_PAIRS: Final = 100_000
"""Below so many pairs a second thread costs more than it saves."""
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
    with ThreadPoolExecutor(max_workers=PARTS) as pool:
        state = _State(program, pi, barrier, pool if len(program.pairs.column) >= THREADED_PAIRS else None)
        steps = 0
        while steps < max_steps and not state.is_within(tolerance) and not is_over():
            if not state.step():
                break
            steps += 1
        return state.result(steps)


class _Values:
    """Positive values, their dual slacks, and directions for both."""

    def __init__(self, x: FloatArray, z: FloatArray, pool: Executor | None) -> None:
        self.x, self.z, self.pool = x, z, pool if len(x) >= THREADED_PAIRS else None
        self.dx, self.dz = np.zeros_like(x), np.zeros_like(x)
        self.ex, self.ez, self.aim = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
        self.parts = slices_of(len(x), -(-max(1, len(x)) // PARTS))

    def map(self, kernel: Callable[..., Any], *arguments: Any) -> list[Any]:
        return map_in_pool(lambda part: kernel(part.start, part.stop, *arguments), self.parts, self.pool)

    def aim_at_center(self, center: float) -> None:
        self.map(kernels.aim_at_center, self.x, self.z, self.dx, self.dz, center, self.aim)

    def aim_at_band(self, primal: float, dual: float, center: float) -> None:
        point = (self.x, self.z, self.dx, self.dz)
        self.map(kernels.aim_at_band, *point, primal, dual, center, SPREAD, self.aim)

    def product_after(self, primal: float, dual: float) -> float:
        return float(sum(self.map(kernels.product_after, self.x, self.z, self.dx, self.dz, primal, dual)))

    def longest(self, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the longest primal and dual steps for each share of the extra direction."""

        def work(part: slice) -> FloatArray:
            out = np.empty((2, len(shares)))
            kernels.longest_steps(part.start, part.stop, self.x, self.dx, self.ex, shares, out[0])
            kernels.longest_steps(part.start, part.stop, self.z, self.dz, self.ez, shares, out[1])
            return out

        primal, dual = np.min(map_in_pool(work, self.parts, self.pool), axis=0)
        return primal, dual

    def take(self, primal: float, dual: float) -> None:
        self.map(kernels.add_scaled, self.x, self.dx, primal)
        self.map(kernels.add_scaled, self.z, self.dz, dual)

    def add_extra(self, primal: float, dual: float) -> None:
        self.map(kernels.add_scaled, self.dx, self.ex, primal)
        self.map(kernels.add_scaled, self.dz, self.ez, dual)


class _State:
    """The current point and its buffers."""

    def __init__(self, program: LinearProgram, pi: FloatArray, barrier: float, pool: Executor | None) -> None:
        pairs = program.pairs
        self.program, self.pool = program, pool
        self.pi = np.array(pi)
        x, z = np.empty(len(pairs.column)), np.empty(len(pairs.column))
        self.parts = _even_parts(pairs.start)
        self.shape = (pairs.start, pairs.column, pairs.quantity, program.slot_row)
        self.normals = {part.start: np.zeros((len(program.right),) * 2) for part in self.parts}
        self._map(
            lambda part: kernels.center_items(
                part.start, part.stop, pairs.start, pairs.column, pairs.cost, pairs.quantity, program.slot_row,
                self.pi, barrier, x, z,
            )
        )  # fmt: skip
        self.bounded = np.flatnonzero(np.isfinite(program.width))
        w, zl, v, zu = self._centered_w(barrier)
        self.pairs, self.lower, self.upper = _Values(x, z, pool), _Values(w, zl, pool), _Values(v, zu, pool)
        self.all = (self.pairs, self.lower, self.upper)
        self._measure()

    def _map(self, work: Callable[[slice], Any]) -> list[Any]:
        return map_in_pool(work, self.parts, self.pool)

    def _centered_w(self, barrier: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return w and, for bounded ones, what is left of their width, each with its slack."""
        program = self.program
        reduced = program.cost - program.matrix.T @ self.pi
        least = barrier / max(1.0, float(np.abs(program.right).max(initial=0.0)))
        w = barrier / np.maximum(reduced, least)
        width, slope = program.width[self.bounded], reduced[self.bounded]
        root = np.sqrt((slope * width) ** 2 + 4.0 * barrier**2)
        small = 2.0 * barrier * width / (np.abs(slope) * width + 2.0 * barrier + root)
        w[self.bounded] = np.where(slope >= 0, small, width - small)
        v = np.where(slope >= 0, width - small, small)
        return w, barrier / w, v, barrier / v

    def _measure(self) -> None:
        """Recompute residuals, complementarity and objective."""
        program = self.program

        def activity(part: slice) -> FloatArray:
            out = np.zeros(len(program.right))
            kernels.add_activity(part.start, part.stop, *self.shape, self.pairs.x, out)
            return out

        self.rb = program.right - sum(self._map(activity)) - program.matrix @ self.lower.x
        self.rc = program.cost - program.matrix.T @ self.pi - self.lower.z
        self.rc[self.bounded] += self.upper.z
        self.gap = sum(float(values.x @ values.z) for values in self.all)
        self.mean = self.gap / sum(len(values.x) for values in self.all)
        self.objective = float(program.pairs.cost @ self.pairs.x + program.cost @ self.lower.x)
        self.residual = float(np.abs(self.rb) @ np.abs(self.pi)) + float(np.abs(self.rc) @ np.abs(self.lower.x))

    def is_within(self, tolerance: float) -> bool:
        scale = tolerance * max(abs(self.objective), 1e-3 * len(self.program.pairs.item))
        return self.gap <= scale and self.residual <= scale

    def step(self) -> bool:
        """Take one step: predictor, corrector, and further correctors while they lengthen it."""
        factor = self._factor()
        if factor is None:
            return False
        for values in self.all:
            np.multiply(values.x, -values.z, out=values.aim)
            values.dx[:] = values.dz[:] = 0.0
        self.dpi = np.zeros_like(self.pi)
        self._extend(factor, self.rb, self.rc, np.ones(1))
        primal, dual = self.steps
        ahead = sum(values.product_after(min(1.0, primal), min(1.0, dual)) for values in self.all) / self.gap
        center = self.mean * min(1.0, max(1e-4, ahead**3))
        for values in self.all:
            values.aim_at_center(center)
        none, shares = np.zeros(1), SHARES
        self._extend(factor, none, none, shares)
        for _ in range(CORRECTORS):
            primal, dual = self.steps
            if min(primal, dual) > 0.9:
                break
            for values in self.all:
                values.aim_at_band(min(1.0, 1.1 * primal + 0.1), min(1.0, 1.1 * dual + 0.1), center)
            self._extend(factor, none, none, shares)
            if self.steps[0] < 1.05 * primal and self.steps[1] < 1.05 * dual:
                break
        primal, dual = (min(1.0, STEP * step) for step in self.steps)
        for values in self.all:
            values.take(primal, dual)
        self.pi += dual * self.dpi
        self._measure()
        return max(primal, dual) > 1e-10

    def _extend(self, factor: Any, rb: FloatArray, rc: FloatArray, shares: FloatArray) -> None:
        """Add the direction that belongs to the aims, in the shares that allow the longest steps."""
        dpi = self._solve(factor, rb, rc)
        longest = [values.longest(shares) for values in self.all]
        primal = np.min([steps[0] for steps in longest], axis=0)
        dual = np.min([steps[1] for steps in longest], axis=0)
        best_primal, best_dual = int(np.argmax(np.minimum(primal, 1.0))), int(np.argmax(np.minimum(dual, 1.0)))
        for values in self.all:
            values.add_extra(float(shares[best_primal]), float(shares[best_dual]))
        self.dpi += shares[best_dual] * dpi
        self.steps = float(primal[best_primal]), float(dual[best_dual])

    def _solve(self, factor: Any, rb: FloatArray, rc: FloatArray) -> FloatArray:
        """Write the extra direction of all values and return that of the prices."""
        program, pairs, lower, upper = self.program, self.pairs, self.lower, self.upper
        pull = lower.aim / lower.x - rc
        pull[self.bounded] -= upper.aim / upper.x
        push = self.theta * pull

        def right_side(part: slice) -> FloatArray:
            out = np.zeros(len(program.right))
            kernels.add_right_side(part.start, part.stop, *self.shape, pairs.x, pairs.z, pairs.aim, out)
            return out

        right = rb + sum(self._map(right_side)) - program.matrix @ push
        dpi: FloatArray = cho_solve(factor, right, check_finite=False)
        self._map(
            lambda part: kernels.find_direction(
                part.start, part.stop, *self.shape, pairs.x, pairs.z, pairs.aim, dpi, pairs.ex, pairs.ez
            )
        )
        lower.ex[:] = push + self.theta * (program.matrix.T @ dpi)
        lower.ez[:] = (lower.aim - lower.z * lower.ex) / lower.x
        upper.ex[:] = -lower.ex[self.bounded]
        upper.ez[:] = (upper.aim - upper.z * upper.ex) / upper.x
        return dpi

    def _factor(self) -> Any:
        """Return the Cholesky factor of the normal matrix, with the smallest ridge that works."""
        program, pairs = self.program, self.pairs

        def assemble(part: slice) -> None:
            out = self.normals[part.start]
            out[:] = 0.0
            kernels.add_normal_matrix(part.start, part.stop, *self.shape, pairs.x, pairs.z, out)

        self._map(assemble)
        normal, *others = self.normals.values()
        for other in others:
            normal += other
        inverse = self.lower.z / self.lower.x
        inverse[self.bounded] += self.upper.z / self.upper.x
        self.theta = 1.0 / inverse
        own = sparse.tril((program.matrix * self.theta[None, :]) @ program.matrix.T).tocoo()
        np.add.at(normal, (own.row, own.col), own.data)
        diagonal = normal.diagonal().copy()
        floor = 1e-16 * max(float(diagonal.max(initial=0.0)), 1e-30)
        for ridge in (1e-12, 1e-10, 1e-8, 1e-6):
            np.fill_diagonal(normal, diagonal * (1.0 + ridge) + floor * (ridge / 1e-12))
            try:
                return cho_factor(normal.T, lower=False, check_finite=False)
            except LinAlgError:
                continue
        return None

    def result(self, steps: int) -> InteriorPoint:
        return InteriorPoint(
            pi=self.pi, x=self.pairs.x, w=self.lower.x, barrier=self.mean, objective=self.objective, gap=self.gap,
            residual=self.residual, steps=steps,
        )  # fmt: skip


def _even_parts(start: npt.NDArray[np.int64]) -> list[slice]:
    """Cut the items into parts of about as many pairs each."""
    cuts = np.searchsorted(start, np.linspace(0, start[-1], PARTS + 1)[1:-1])
    edges = [0, *(int(cut) for cut in cuts), len(start) - 1]
    return [slice(a, b) for a, b in pairwise(edges)]
