"""Connected territories as an integer program: what separates a node from its center must be with that center, too.

The program of Hess with such rows only where an answer lacked them, solved again until an answer is connected.

References
----------
Carvajal, Constantino, Goycoolea, Vielma, Weintraub, "Imposing connectivity constraints in forest planning models",
Operations Research 61 (2013), doi 10.1287/opre.2013.1183. Validi, Buchanan, Lykhovyd (2022),
doi 10.1287/opre.2021.2141.
"""

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from ortools.math_opt.python import mathopt

from optimizer.design.program_rows import Rows
from optimizer.design.space import Bands
from optimizer.graph import Graph, Positions
from optimizer.problem import FloatArray

COST_SUM: Final = 1e5
"""What the known answer costs after scaling."""
FULL_GAP: Final = 1e-9
"""Relative gap that counts as none."""
FEASIBILITY: Final = 1e-9
"""HiGHS' primal and integer feasibility tolerance."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProgramAnswer:
    """What the solver says.

    Attributes
    ----------
    center
        The center of every node in a connected answer, None without one. Shape ``(nodes,)``.
    is_proven
        True when nothing is better than that answer, or than the limit on the cost where there is none.
    lower_bound
        No connected answer is cheaper, None where nothing is known.
    """

    center: Positions | None = None
    is_proven: bool = False
    lower_bound: float | None = None


@dataclass(eq=False)
class CenterProgram:
    """Which node goes to which center, with rows for contiguity that grow.

    Parameters
    ----------
    graph, distance, bands
        The question; ``distance`` has shape ``(nodes, nodes)``, node by center.
    possible
        Pairs that may be used. Shape ``(nodes, nodes)``.
    known
        Only answers that are not dearer are wanted; infinite for all.
    """

    graph: Graph
    distance: FloatArray
    bands: Bands
    possible: npt.NDArray[np.bool_]
    known: float
    _cuts: list[tuple[int, Positions]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._node, self._center = np.nonzero(self.possible & self.possible.diagonal()[None, :])
        self._pair = np.full(self.possible.shape, -1, dtype=np.int64)
        self._pair[self._node, self._center] = np.arange(len(self._node))
        self._cuts = list(self._neighbor_cuts())

    @property
    def num_pairs(self) -> int:
        """Number of pairs that are left."""
        return len(self._node)

    def solve(self, *, seconds: float, seed: int) -> ProgramAnswer:
        """Solve, add what separates the pieces of the answer, and solve again until it is connected."""
        until = datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(seconds=seconds)
        lower_bound: float | None = None
        while True:
            left = (until - datetime.datetime.now(tz=datetime.UTC)).total_seconds()
            if left <= 0:
                return ProgramAnswer(lower_bound=lower_bound)
            program = self._program()
            result = _solved(program, left, seed)
            if result.termination.reason == mathopt.TerminationReason.INFEASIBLE:
                return ProgramAnswer(is_proven=True)
            bound = result.termination.objective_bounds.dual_bound / self._scale
            if math.isfinite(bound):
                lower_bound = bound if lower_bound is None else max(bound, lower_bound)
            if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
                return ProgramAnswer(lower_bound=lower_bound)
            center = self._answer(np.asarray(result.variable_values(list(program.variables()))))
            cuts = list(self._missing(center))
            if not cuts:
                return ProgramAnswer(center=center, is_proven=True, lower_bound=lower_bound)
            self._cuts += cuts

    def tightened(self) -> tuple[float, npt.NDArray[np.bool_]]:
        """Return the bound of the linear relaxation, and the pairs that a better answer than the known one may use.

        The bound is added up from the solver's prices, so that it holds whatever the solver's tolerances are.

        Returns
        -------
        tuple
            No answer is cheaper, infinite where there is none; and the pairs left. Shape ``(nodes, nodes)``.
        """
        rows, cost = self._gathered()
        program = rows.model(cost, are_whole=False)
        found = mathopt.solve(program, mathopt.SolverType.GLOP)
        if found.termination.reason != mathopt.TerminationReason.OPTIMAL:
            return -math.inf, self.possible
        bound, reduced = rows.bound(cost, np.asarray(found.dual_values(list(program.linear_constraints()))))
        left = bound + np.maximum(reduced, 0.0) <= self.known * self._scale * (1 + FULL_GAP)
        possible = np.zeros_like(self.possible)
        possible[self._node[left], self._center[left]] = True
        return bound / self._scale, possible

    @property
    def _scale(self) -> float:
        reference = self.known if math.isfinite(self.known) else float(self.distance.min(axis=1).sum())
        return COST_SUM / max(reference, float(self.distance.max()) * 1e-6, 1e-12)

    def _answer(self, values: FloatArray) -> Positions:
        """Return the center of every node. Shape ``(nodes,)``."""
        chosen = np.flatnonzero(values > 0.5)
        center = np.full(self.graph.num_nodes, -1, dtype=np.int64)
        center[self._node[chosen]] = self._center[chosen]
        return center

    def _missing(self, center: Positions) -> Iterator[tuple[int, Positions]]:
        """Yield what separates every piece without its center, from that center and from all others outside."""
        pieces = self.graph.pieces(center)
        for piece in np.unique(pieces):
            mine = np.flatnonzero(pieces == piece)
            if pieces[center[mine[0]]] == piece:
                continue
            for root in np.flatnonzero((self._pair.diagonal() >= 0) & (pieces != piece)).tolist():
                pairs = self._pair[mine, root]
                separator = self._pair[self._separator(mine, root), root] if (pairs >= 0).any() else pairs
                for pair in pairs[pairs >= 0].tolist():
                    yield pair, separator[separator >= 0]

    def _separator(self, piece: Positions, root: int) -> Positions:
        """Return the nodes around a piece that a way from its center meets first."""
        inside = np.zeros(self.graph.num_nodes, dtype=np.bool_)
        inside[piece] = True
        around = np.zeros_like(inside)
        around[self.graph.neighbor[inside[self.graph.origin]]] = True
        around &= ~inside
        reached, waiting = {root}, [root]
        while waiting:
            node = waiting.pop()
            if around[node]:
                continue
            for other in self.graph.neighbors(node).tolist():
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
        return np.array(sorted(node for node in reached if around[node]), dtype=np.int64)

    def _neighbor_cuts(self) -> Iterator[tuple[int, Positions]]:
        """Yield that some neighbor of a node is with its center, too, unless the center is one itself."""
        for pair, (node, center) in enumerate(zip(self._node.tolist(), self._center.tolist(), strict=True)):
            around = self.graph.neighbors(node)
            if node == center or center in around:
                continue
            beside = self._pair[around, center]
            yield pair, beside[beside >= 0]

    def _program(self) -> mathopt.Model:
        rows, cost = self._gathered()
        return rows.model(cost, are_whole=True)

    def _gathered(self) -> tuple[Rows, FloatArray]:
        """Return all rows, and what each pair costs."""
        rows = Rows()
        own = self._pair.diagonal()
        for node in range(self.graph.num_nodes):
            pairs = np.flatnonzero(self._node == node)
            rows.add(pairs, np.ones(len(pairs)), 1.0, 1.0)
        centers = np.flatnonzero(own >= 0)
        rows.add(own[centers], np.ones(len(centers)), self.bands.num_territories, self.bands.num_territories)
        for center in centers.tolist():
            self._add_center(rows, center, int(own[center]))
        for pair, separator in self._cuts:
            rows.add(np.append(separator, pair), np.append(np.ones(len(separator)), -1.0), 0.0, math.inf)
        cost = self.distance[self._node, self._center] * self._scale
        if math.isfinite(self.known):
            rows.add(np.arange(self.num_pairs), cost, -math.inf, self.known * self._scale * (1 + FULL_GAP))
        return rows, cost

    def _add_center(self, rows: Rows, center: int, own: int) -> None:
        pairs = np.flatnonzero(self._center == center)
        for kind in range(self.bands.amount.shape[1]):
            upper, lower = self.bands.upper[0, kind], self.bands.lower[0, kind]
            amount = self.bands.amount[self._node[pairs], kind] / upper
            is_own = pairs == own
            rows.add(pairs, amount - is_own, -math.inf, 0.0)
            rows.add(pairs, amount - is_own * (lower / upper), 0.0, math.inf)
        for pair in pairs[pairs != own].tolist():
            rows.add(np.array([pair, own]), np.array([1.0, -1.0]), -math.inf, 0.0)


def _solved(program: mathopt.Model, seconds: float, seed: int) -> mathopt.SolveResult:
    params = mathopt.SolveParameters(
        random_seed=seed,
        relative_gap_tolerance=FULL_GAP,
        absolute_gap_tolerance=0.0,
        time_limit=datetime.timedelta(seconds=max(0.01, seconds)),
    )
    params.highs.double_options["primal_feasibility_tolerance"] = FEASIBILITY
    params.highs.double_options["mip_feasibility_tolerance"] = FEASIBILITY
    return mathopt.solve(program, mathopt.SolverType.HIGHS, params=params)
