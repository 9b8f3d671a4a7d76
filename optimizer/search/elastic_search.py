"""Find an alignment whose broken wishes are cheap, by the same pipeline that solves everything else.

Owns the front half of the pipeline on an elastic question: prices, rounding, local search, and one pass of
neighborhoods. What the alignment breaks is read off it afterwards, exactly.
"""

from typing import Final

from optimizer.alignment import Alignment
from optimizer.change_prices import Prices
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.search.annealing_runs import anneal_from
from optimizer.search.bounding import Relaxed, bound_and_round
from optimizer.search.clock import Clock
from optimizer.search.elastic_limits import elastic_question
from optimizer.search.evaluation import alignment_of
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.neighborhoods import Neighborhoods
from optimizer.search.repair import repair
from optimizer.stop import AnyOf, GapBelow, StopCriterion

GOOD_ENOUGH: Final = 0.01
"""Relative gap of the price at which the search ends: amounts are rounded by people anyway."""
ROUNDS: Final = 3
"""Rounds of local search and neighborhoods at most."""


def cheapest_breach(
    problem: Problem,
    criteria: Criteria,
    *,
    kinds: frozenset[str],
    prices: Prices,
    stop: StopCriterion,
    clock: Clock,
    params: SolveParams,
    seed: int = 0,
) -> Alignment | None:
    """Return an alignment that breaks wishes of some kinds only, at a small price; None where none was found.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be used.
    prices
        What each kind costs.
    stop, clock
        When to end, by whose time.
    params
        Of the pipeline's components.
    seed
        Of everything random, ≥ 0.
    """
    question = elastic_question(problem, criteria, kinds=kinds, prices=prices)
    incumbent = Incumbent(
        question.problem,
        question.criteria,
        question.model,
        stop=AnyOf((stop, GapBelow(GOOD_ENOUGH))),
        clock=clock,
        on_progress=None,
    )
    relaxed = bound_and_round(incumbent, params=params, seed=seed)
    if relaxed.is_infeasible:
        return None
    losses = Losses(question.model, relaxed.multipliers)
    for number in range(ROUNDS):
        if not incumbent.proceed():
            break
        _improve(incumbent, relaxed, losses, params=params, number=number, seed=seed + number)
    return None if incumbent.columns is None else alignment_of(question.model, incumbent.columns)


def _improve(
    incumbent: Incumbent, relaxed: Relaxed, losses: Losses, *, params: SolveParams, number: int, seed: int
) -> None:
    """Go once through local search, repair and neighborhoods, the first time from the rounded relaxation."""
    best = incumbent.best_effort
    anneal_from(
        incumbent,
        relaxed.rounded if best is None or number == 0 else best,
        multipliers=relaxed.multipliers,
        params=params.local_search,
        effort=1.0,
        threads=params.threads,
        seed=seed,
    )
    if incumbent.columns is None and incumbent.proceed():
        repair(incumbent, losses, params.repair, seed=seed)
    if incumbent.columns is not None and incumbent.proceed():
        Neighborhoods(incumbent.model, losses, params.neighborhoods, seed, params.threads).improve(incumbent)
