"""Construct any alignment that keeps the criteria, and stop at the first.

The front half of :func:`optimizer.solve`: relaxation, rounding, local search, repair. For the places that need a
proof by example and no good objective.
"""

import math
from dataclasses import dataclass
from typing import Final

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import StopReason
from optimizer.search.annealing_runs import anneal_from, reheated
from optimizer.search.bound import zero_multipliers
from optimizer.search.bounding import bound_and_round
from optimizer.search.clock import Clock
from optimizer.search.evaluation import alignment_of
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.repair import repair
from optimizer.search.rows import build_model
from optimizer.stop import AnyOf, SearchState, StopCriterion

FEW_BREACHES: Final = 0.3
"""Breached limits per column up to which an alignment is mended before prices are looked for."""
WARM: Final = 0.1
"""First temperature of mending, relative to a usual cycle's."""


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
        An alignment that may keep them already; one that breaks few limits is mended before anything else.
    """
    model = build_model(problem, criteria)
    incumbent = Incumbent(problem, criteria, model, stop=AnyOf((FirstFeasible(), stop)), clock=clock, on_progress=None)
    if initial is not None:
        incumbent.offer_alignment(initial)
    if incumbent.num_violations() and incumbent.num_violations() <= FEW_BREACHES * model.num_columns:
        _mend(incumbent, params=params, seed=seed)
    if incumbent.columns is None and incumbent.proceed():
        _search(incumbent, params=params, seed=seed)
    return None if incumbent.columns is None else alignment_of(model, incumbent.columns)


def _mend(incumbent: Incumbent, *, params: SolveParams, seed: int) -> None:
    """Warm what breaks few limits a little, without prices, which take most of the time of a large problem."""
    start = incumbent.best_effort
    if start is None:
        return
    zero = zero_multipliers(incumbent.model)
    anneal_from(
        incumbent,
        start,
        multipliers=zero,
        params=reheated(params.local_search, share=WARM),
        effort=1.0,
        threads=params.threads,
        seed=seed,
    )
    if incumbent.columns is None and incumbent.proceed():
        repair(incumbent, Losses(incumbent.model, zero), params.repair, seed=seed)


def _search(incumbent: Incumbent, *, params: SolveParams, seed: int) -> None:
    best = incumbent.best_effort
    relaxed = bound_and_round(incumbent, params=params, seed=seed, is_hasty=True)
    if relaxed.is_infeasible:
        return
    losses = Losses(incumbent.model, relaxed.multipliers)
    while incumbent.proceed():
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
        seed, best = seed + 1, incumbent.best_effort
