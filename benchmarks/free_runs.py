"""Published districting problems solved by the search with free centers, each answer audited on the raw numbers."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.results import add_result_arguments
from optimizer.design.free_centers import FreeAnswer, FreeParams, design_territories
from optimizer.design.space import Bands
from optimizer.design.warm_up import compile_design
from optimizer.graph import graph_of
from optimizer.search.clock import Clock
from optimizer.stop import MaxRuntime, relative_gap

THREADS: Final = 2
CROWDED: Final = 5.0
"""Share of the time left, by the wall so far, that a proof may take where others use the machine, too."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """A graph to cut: costs of nodes by center, amounts and their limits for every territory."""

    edges: np.ndarray  # (edges, 2)
    distance: np.ndarray  # (nodes, nodes)
    bands: Bands


def add_run_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add where the instances are, which of them, and how long each may take."""
    parser.add_argument("--instances", type=Path, required=True, metavar="DIR")
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of each")
    parser.add_argument(
        "--by-cpu", action="store_true", help="count CPU seconds per thread, for machines that others use, too"
    )
    add_result_arguments(parser, command)


def solve_question(question: Question, *, seconds: float, seed: int, by_cpu: bool) -> dict[str, Any]:
    """Solve and audit; return outcome, cost, gap, seconds and the number of faults."""
    answer, taken_s = answered(question, seconds=seconds, seed=seed, by_cpu=by_cpu)
    gap = None
    if answer.objective is not None and answer.lower_bound is not None:
        gap = 100.0 * relative_gap(answer.objective, answer.lower_bound)
    return {
        "outcome": str(answer.outcome),
        "cost": answer.objective,
        "gap_percent": gap,
        "seconds": taken_s,
        "faults": faults(question, answer),
    }


def answered(question: Question, *, seconds: float, seed: int, by_cpu: bool) -> tuple[FreeAnswer, float]:
    """Solve, and return the answer and the seconds it took."""
    compile_design()
    nodes = len(question.distance)
    clock = Clock(now=lambda: time.process_time() / THREADS) if by_cpu else Clock()
    answer = design_territories(
        graph_of(nodes, question.edges[:, 0], question.edges[:, 1]),
        question.distance,
        question.bands,
        MaxRuntime(seconds),
        seed=seed,
        threads=THREADS,
        params=FreeParams(proof_share=CROWDED) if by_cpu else None,
        clock=clock,
    )
    return answer, clock.elapsed_s


def faults(question: Question, answer: FreeAnswer) -> int | None:
    """Return how many territories are out of band, fall apart or are missing, and whether the cost is another."""
    if answer.column is None:
        return None
    column, bands = answer.column, question.bands
    found = abs(bands.num_territories - len(np.unique(column)))
    cost = 0.0
    for territory in np.unique(column):
        mine = np.flatnonzero(column == territory)
        load = bands.amount[mine].sum(axis=0)
        found += bool(((load > bands.upper[territory]) | (load < bands.lower[territory])).any())
        found += not is_connected(mine.tolist(), question.edges.tolist())
        cost += float(min(question.distance[mine, center].sum() for center in mine))
    return found + (abs(cost - (answer.objective or 0.0)) > 1e-9 * cost)


def is_connected(members: Sequence[int], edges: Sequence[Sequence[int]]) -> bool:
    """Tell whether the members of a territory hang together by edges between them."""
    inside, waiting = set(members), [members[0]]
    beside: dict[int, set[int]] = {node: set() for node in members}
    for first, second in edges:
        if first in inside and second in inside:
            beside[first].add(second)
            beside[second].add(first)
    reached = {members[0]}
    while waiting:
        more = beside[waiting.pop()] - reached
        reached |= more
        waiting += more
    return reached == inside
