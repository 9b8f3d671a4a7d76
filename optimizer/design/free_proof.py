"""The proof for territories with centers of their own: what cannot be goes, what is left is solved whole.

Ways that weigh too much, a Lagrangian bound and a linear relaxation rule out pairs of nodes and centers, the cheapest
of these steps first; an integer program decides among the pairs that are left. Small graphs are enumerated instead.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from optimizer.design.enumeration import MOST_CHOICES, best_of_all, num_choices
from optimizer.design.free_bound import free_bound
from optimizer.design.reach import pruned, reachable
from optimizer.design.separators import CenterProgram
from optimizer.design.space import Bands
from optimizer.graph import Graph, Positions
from optimizer.problem import FloatArray

LINEAR_ROUNDS: Final = 4
"""Linear relaxations in a row, at most."""
FEWER: Final = 0.99
"""Share of the pairs that one of them must leave at most, to be followed by another."""
LINEAR_PAIRS: Final = 20_000
"""Pairs up to which a linear relaxation is solved."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FreeProof:
    """What is proven.

    Attributes
    ----------
    is_complete
        True when nothing is cheaper than ``column``, or than the known answer where that is None.
    column
        Connected territories that keep the bands and are not dearer than the known answer. Shape ``(nodes,)``.
    lower_bound
        No answer is cheaper; minus infinity where nothing is known.
    """

    is_complete: bool = False
    column: Positions | None = None
    lower_bound: float = -math.inf


@dataclass(frozen=True, eq=False, kw_only=True)
class ProofTask:
    """A question, and what is known of its answer.

    Attributes
    ----------
    graph, distance, bands
        The question; ``distance`` has shape ``(nodes, nodes)``, node by center.
    known
        Cost of a known answer; infinite without one.
    most_pairs
        Pairs up to which the integer program is tried.
    """

    graph: Graph
    distance: FloatArray
    bands: Bands
    known: float
    most_pairs: int

    def run(self, *, seconds: float, seed: int, on_bound: Callable[[float], None] = lambda bound: None) -> FreeProof:
        """Prove what can be proven in so many seconds by the wall; tell of the bound before the integer program."""
        if num_choices(self.graph.num_nodes, self.bands.num_territories) <= MOST_CHOICES:
            found = best_of_all(self.graph, self.distance, self.bands)
            return FreeProof(is_complete=True, column=None if found is None else found[0])
        possible = reachable(self.graph, self.bands)
        bound = -math.inf
        if self._is_possible(possible) and math.isfinite(self.known):
            relaxed = free_bound(self.distance, self.bands, known=self.known, possible=possible)
            possible, bound = pruned(self.graph, self.bands, relaxed.possible), relaxed.bound
            possible, bound = self._linear(possible, bound)
            on_bound(bound)
        if not self._is_possible(possible):
            return FreeProof(is_complete=True, lower_bound=self.known)
        if possible.sum() > self.most_pairs:
            return FreeProof(lower_bound=bound)
        program = CenterProgram(self.graph, self.distance, self.bands, possible, self.known)
        answer = program.solve(seconds=seconds, seed=seed)
        return FreeProof(
            is_complete=answer.is_proven,
            column=None if answer.center is None else np.unique(answer.center, return_inverse=True)[1],
            lower_bound=max(bound, -math.inf if answer.lower_bound is None else answer.lower_bound),
        )

    def _linear(self, possible: npt.NDArray[np.bool_], bound: float) -> tuple[npt.NDArray[np.bool_], float]:
        """Rule out pairs by linear relaxations."""
        for _ in range(LINEAR_ROUNDS):
            before = int(possible.sum())
            if before > LINEAR_PAIRS or not self._is_possible(possible):
                break
            program = CenterProgram(self.graph, self.distance, self.bands, possible, self.known)
            proven, left = program.tightened()
            possible, bound = pruned(self.graph, self.bands, left), max(bound, proven)
            if possible.sum() > FEWER * before:
                break
        return possible, bound

    def _is_possible(self, possible: npt.NDArray[np.bool_]) -> bool:
        """Return whether there are enough centers left, and one for every node."""
        enough = np.count_nonzero(possible.diagonal()) >= self.bands.num_territories
        return bool(enough and possible.any(axis=1).all())


@dataclass(eq=False)
class BackgroundProof:
    """A proof in a thread of its own, beside the search; it ends by itself after its seconds.

    Parameters
    ----------
    task, seconds, seed
        What to prove, how long by the wall, and the seed of the solver.

    Attributes
    ----------
    lower_bound
        What is proven so far.
    """

    task: ProofTask
    seconds: float
    seed: int
    lower_bound: float = field(init=False, default=-math.inf)
    _proof: FreeProof | None = None
    _error: Exception | None = None
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._proof = self.task.run(seconds=self.seconds, seed=self.seed, on_bound=self._raise)
        except Exception as error:  # noqa: BLE001  # raised again where the proof is collected
            self._error = error

    def _raise(self, bound: float) -> None:
        self.lower_bound = bound

    def collect(self, *, wait_s: float = 0.0) -> FreeProof | None:
        """Return the proof once it is there, None before."""
        self._thread.join(wait_s)
        if self._thread.is_alive():
            return None
        if self._error is not None:
            raise self._error
        return self._proof
