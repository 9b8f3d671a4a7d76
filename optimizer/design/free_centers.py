"""Territories whose centers are free: many starts, annealing with the best member as center, and a proof where small.

Each round anneals on all threads: from new centers, or again from the best. Once the best stays the same, one thread
proves: what bounds leave possible goes to an integer program where it is small enough; its answer, or that it has none,
is the proof.
"""

import heapq
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from optimizer.design.annealing import Annealing, temperature_of
from optimizer.design.free_proof import BackgroundProof, FreeProof, ProofTask
from optimizer.design.space import Bands, free_space
from optimizer.design.state import Space
from optimizer.exceptions import InvalidProblem
from optimizer.graph import Graph, Positions
from optimizer.problem import FloatArray
from optimizer.result import Outcome
from optimizer.search.clock import Clock
from optimizer.stop import SearchState, StopCriterion

ROUNDS: Final = 10
"""Parts of a run, between looks at the stop criterion."""
COLD: Final = 0.01
"""Last temperature, relative to the first of a run from new centers."""
ROUNDING: Final = 1e-12
"""Relative difference of two sums of the same numbers."""
WARM: Final = 0.4
"""First temperature of a run from the best."""
LAST_WAIT_S: Final = 0.25
"""Seconds that a proof gets to end after its time."""


@dataclass(frozen=True, kw_only=True)
class FreeParams:
    """How to look for territories with free centers.

    Attributes
    ----------
    trials_per_node
        Trials of a run, for each node.
    least_trials, most_trials
        Bounds on them.
    settled
        Rounds without a better answer after which a proof is tried.
    most_pairs
        Pairs up to which the integer program is tried.
    proof_share
        Share of the time left that a proof may take beside the search.
    """

    trials_per_node: int = 10_000
    least_trials: int = 100_000
    most_trials: int = 4_000_000
    settled: int = 2
    most_pairs: int = 16_000
    proof_share: float = 0.9


@dataclass(frozen=True, eq=False, kw_only=True)
class FreeAnswer:
    """Territories with their centers, and what is known of them.

    Attributes
    ----------
    outcome
        ``optimal`` and ``infeasible`` are proven.
    column
        Territory of each node, None without an answer. Shape ``(nodes,)``.
    objective
        Its cost, each territory with its best center.
    lower_bound
        No answer is cheaper, None where nothing is known.
    """

    outcome: Outcome
    column: Positions | None = None
    objective: float | None = None
    lower_bound: float | None = None


def design_territories(
    graph: Graph,
    distance: FloatArray,
    bands: Bands,
    stop: StopCriterion,
    *,
    seed: int = 0,
    threads: int = 2,
    params: FreeParams | None = None,
    clock: Clock | None = None,
) -> FreeAnswer:
    """Cut a graph into connected territories within their bands, near to centers of their own.

    Parameters
    ----------
    graph
        The nodes' neighbors.
    distance
        Cost of each node (row) with each center (column). Shape ``(nodes, nodes)``.
    bands
        Loads and limits, the same for every territory.
    stop
        When to end; the search ends by itself only when the answer is proven.
    seed, threads, params
        Of everything random, cores to use, and how to search.
    clock
        What time it is; a new one by the wall where None.

    Raises
    ------
    InvalidProblem
        When shapes differ, or the territories' limits do.
    """
    _check(graph, distance, bands)
    if _cannot_be(bands):
        return FreeAnswer(outcome=Outcome.INFEASIBLE)
    search = _FreeSearch(graph, np.asarray(distance, dtype=np.float64), bands, params or FreeParams(), seed, threads)
    return search.run(stop, clock or Clock())


@dataclass(eq=False)
class _FreeSearch:
    """One question on its way: the best answer, the bound, and what was tried."""

    graph: Graph
    distance: FloatArray
    bands: Bands
    params: FreeParams
    seed: int
    threads: int
    best: FreeAnswer = field(default_factory=lambda: FreeAnswer(outcome=Outcome.UNKNOWN))
    _stale: int = 0
    _proof: BackgroundProof | None = None
    _proven_below: float = math.nan

    def run(self, stop: StopCriterion, clock: Clock) -> FreeAnswer:
        """Search until told to stop or proven."""
        number, began = 0, time.monotonic()
        space = free_space(self.graph, self.distance, self.bands)
        random = np.random.default_rng(self.seed)
        while not self._ends(stop, clock):
            before = self.best.objective
            self._anneal(space, number, random, lambda: self._ends(stop, clock))
            self._stale = 0 if self.best.objective != before else self._stale + 1
            number += 1
            if self._stale >= self.params.settled and not self._ends(stop, clock):
                per_second = max(1.0, (time.monotonic() - began) / max(clock.elapsed_s, 1e-9))
                self._prove(per_second * stop.time_left_s(clock.elapsed_s))
        self._collect(wait_s=LAST_WAIT_S)
        return self.best

    def _anneal(self, space: Space, number: int, random: np.random.Generator, ends: Callable[[], bool]) -> None:
        """Anneal once on all threads that no proof has."""
        threads = max(1, self.threads - (self._proof is not None))
        starts = [self._start(number * self.threads + thread, random) for thread in range(threads)]
        searches = [
            Annealing(space, column, seed=self.seed + number * self.threads + thread)
            for thread, (column, _) in enumerate(starts)
        ]
        trials = int(np.clip(self.params.trials_per_node * self.graph.num_nodes, *self._trial_range()))
        hot = [share * temperature_of(space, column) for column, share in starts]
        with ThreadPoolExecutor(threads) as pool:
            for part in range(ROUNDS):
                list(pool.map(_go_on, searches, hot, [part] * threads, [trials // ROUNDS] * threads))
                if ends():
                    break
        for search in searches:
            self._take(search.best)

    def _trial_range(self) -> tuple[int, int]:
        return self.params.least_trials, self.params.most_trials

    def _ends(self, stop: StopCriterion, clock: Clock) -> bool:
        """Return whether to stop: the answer is proven, or a criterion says so."""
        self._collect()
        best = self.best
        if best.outcome not in (Outcome.UNKNOWN, Outcome.FEASIBLE):
            return True
        state = SearchState(
            elapsed_s=clock.elapsed_s,
            objective=best.objective,
            lower_bound=best.lower_bound,
            feasible=best.column is not None,
        )
        return stop(state) is not None

    def _start(self, number: int, random: np.random.Generator) -> tuple[Positions, float]:
        """Return where a run begins, and how hot: every third one at the best."""
        if self.best.column is not None and number % 3 == 2:
            return self.best.column, WARM
        return grown(self.graph, self.distance, self.bands.num_territories, random), 1.0

    def _take(self, column: Positions | None) -> None:
        """Take territories if they keep everything and are the best."""
        if column is None or not self.bands.keeps(column):
            return
        if len(np.unique(self.graph.pieces(column))) != self.bands.num_territories:
            return
        objective = free_cost(self.distance, column)
        if self.best.objective is None or objective < self.best.objective:
            self.best = replace(self.best, outcome=Outcome.FEASIBLE, column=column, objective=objective)

    def _prove(self, seconds: float) -> None:
        """Begin a proof beside the search, unless there is one or there was one for this answer."""
        known = math.inf if self.best.objective is None else self.best.objective
        if self._proof is not None or self._proven_below == known:
            return
        self._proven_below = known
        most = self.params.most_pairs
        task = ProofTask(graph=self.graph, distance=self.distance, bands=self.bands, known=known, most_pairs=most)
        self._proof = BackgroundProof(task, seconds=self.params.proof_share * seconds, seed=self.seed)

    def _collect(self, *, wait_s: float = 0.0) -> None:
        """Take what a proof has shown, once it is there."""
        if self._proof is None:
            return
        found = self._proof.collect(wait_s=wait_s)
        self._raise(self._proof.lower_bound if found is None else found.lower_bound)
        if found is None:
            return
        known, self._proof = self._proof.task.known, None
        self._take(found.column)
        if found.is_complete and self._is_settled(found, known):
            outcome = Outcome.INFEASIBLE if self.best.column is None else Outcome.OPTIMAL
            self.best = replace(self.best, outcome=outcome, lower_bound=self.best.objective)

    def _raise(self, bound: float) -> None:
        """Take a lower bound, if there is an answer for it and it is the highest."""
        if self.best.objective is None or not math.isfinite(bound):
            return
        bound = max(bound, -math.inf if self.best.lower_bound is None else self.best.lower_bound)
        self.best = replace(self.best, lower_bound=min(bound, self.best.objective))

    def _is_settled(self, found: FreeProof, known: float) -> bool:
        """Return whether a complete proof speaks of the best answer there is."""
        least = known if found.column is None else free_cost(self.distance, found.column)
        if self.best.objective is None:
            return found.column is None and math.isinf(known)
        return self.best.objective <= least * (1 + ROUNDING)


def free_cost(distance: FloatArray, column: Positions) -> float:
    """Return the sum of the territories' costs, each with its best member as center."""
    members = (np.flatnonzero(column == territory) for territory in np.unique(column))
    return math.fsum(float(distance[np.ix_(mine, mine)].sum(axis=0).min()) for mine in members)


def grown(graph: Graph, distance: FloatArray, territories: int, random: np.random.Generator) -> Positions:
    """Return connected territories around random centers that lie apart: each takes what is nearest along the graph."""
    nodes = graph.num_nodes
    centers = [int(random.integers(nodes))]
    while len(centers) < territories:
        away = distance[:, centers].min(axis=1) ** 2
        away[centers] = 0.0
        weight = away if away.sum() > 0 else np.where(np.isin(np.arange(nodes), centers), 0.0, 1.0)
        centers.append(int(random.choice(nodes, p=weight / weight.sum())))
    column = np.full(nodes, -1, dtype=np.int64)
    border = [(0.0, center, territory) for territory, center in enumerate(centers)]
    heapq.heapify(border)
    while border:
        _, node, territory = heapq.heappop(border)
        if column[node] >= 0:
            continue
        column[node] = territory
        for other in graph.neighbors(node).tolist():
            if column[other] < 0:
                heapq.heappush(border, (float(distance[other, centers[territory]]), other, territory))
    return column


def _go_on(search: Annealing, hot: float, part: int, trials: int) -> None:
    """Run one part of an annealing whose temperature falls to its last."""
    falls = COLD ** (1.0 / ROUNDS)
    search.go_on(trials, hot * falls**part, hot * falls ** (part + 1))


def _cannot_be(bands: Bands) -> bool:
    """Return whether arithmetic alone shows that there are no such territories."""
    total = bands.amount.sum(axis=0)
    too_large = (bands.amount > bands.upper[0]).any()
    return bool(too_large or (total > bands.upper.sum(axis=0)).any() or (total < bands.lower.sum(axis=0)).any())


def _check(graph: Graph, distance: FloatArray, bands: Bands) -> None:
    nodes = graph.num_nodes
    if np.shape(distance) != (nodes, nodes) or len(bands.amount) != nodes:
        raise InvalidProblem(f"{nodes} nodes need as many rows of amounts, and of distances by centers")
    if (bands.lower != bands.lower[0]).any() or (bands.upper != bands.upper[0]).any():
        raise InvalidProblem("territories with centers of their own have the same limits")
    if bands.num_territories > nodes or len(np.unique(graph.pieces(np.zeros(nodes)))) > bands.num_territories:
        raise InvalidProblem("there are fewer nodes than territories, or more parts of the map")
