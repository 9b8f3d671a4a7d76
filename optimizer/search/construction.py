"""Construct any alignment that keeps the criteria, and stop at the first.

The front half of :func:`optimizer.solve`: relaxation, rounding, local search, repair. For the places that need a
proof by example and no good objective.
"""

import math
from dataclasses import dataclass

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import StopReason
from optimizer.search.annealing_runs import anneal_from
from optimizer.search.bounding import bound_and_round
from optimizer.search.clock import Clock
from optimizer.search.evaluation import alignment_of
from optimizer.search.incumbent import Incumbent
from optimizer.search.neighborhoods import Losses
from optimizer.search.repair import repair
from optimizer.search.rows import build_model
from optimizer.stop import AnyOf, SearchState, StopCriterion


@dataclass(frozen=True)
class FirstFeasible:
    """Stop as soon as an alignment keeps every limit."""

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return ``GAP`` once the best alignment is feasible: no smaller gap is asked for."""
        return StopReason.GAP if state.feasible else None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return infinity: this criterion knows no clock."""
        return math.inf


def construct(
    problem: Problem,
    criteria: Criteria,
    *,
    stop: StopCriterion,
    clock: Clock,
    params: SolveParams,
    seed: int = 0,
    initial: Alignment | None = None,
) -> Alignment | None:
    """Return an alignment that keeps the criteria, or None where none was found in time.

    Parameters
    ----------
    problem, criteria
        What is given, and what is wanted.
    stop, clock
        When to give up, by whose time.
    params
        Of the pipeline's components.
    seed
        Of everything random, ≥ 0.
    initial
        An alignment that may keep them already.
    """
    model = build_model(problem, criteria)
    incumbent = Incumbent(problem, criteria, model, stop=AnyOf((FirstFeasible(), stop)), clock=clock, on_progress=None)
    if initial is not None:
        incumbent.offer_alignment(initial)
    if incumbent.columns is None and incumbent.proceed():
        _search(incumbent, params=params, seed=seed)
    return None if incumbent.columns is None else alignment_of(model, incumbent.columns)


def _search(incumbent: Incumbent, *, params: SolveParams, seed: int) -> None:
    relaxed = bound_and_round(incumbent, params=params, seed=seed)
    if relaxed.is_infeasible:
        return
    losses = Losses(incumbent.model, relaxed.multipliers)
    while incumbent.proceed():
        best = incumbent.best_effort
        anneal_from(
            incumbent,
            relaxed.rounded if best is None else best,
            multipliers=relaxed.multipliers,
            params=params.local_search,
            effort=1.0,
            threads=params.threads,
            seed=seed,
        )
        if incumbent.proceed():
            repair(incumbent, losses, params.repair, seed=seed)
        seed += 1
