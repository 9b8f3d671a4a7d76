"""Prices for the limits, and alignments from them before they are exact.

The relaxation takes its time on large problems; a feasible alignment should not. So each time the bound has risen a
lot, the present prices are rounded and searched shortly, until one is feasible.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from optimizer.params import SolveParams
from optimizer.problem import IntArray
from optimizer.search.annealing_runs import anneal_from
from optimizer.search.bound import column_prices, lower_bound, zero_multipliers
from optimizer.search.clock import PAIRS_PER_S, OnClock
from optimizer.search.coarse_prices import coarse_prices
from optimizer.search.dual import DualSolution, solve_dual
from optimizer.search.incumbent import Incumbent
from optimizer.search.model import Model, Multipliers
from optimizer.search.rounding import round_prices, round_primal

FIRST_EFFORT: Final = 0.5
"""Share of a full cycle of local search that an early construction may take."""
LONGEST: Final = 0.6
"""Share of the time left that prices may take: exact ones are worth more than the search that they cost."""
PAIRS_OF_A_SECOND: Final = 1e6
"""Pairs of a model whose first prices count as a second of work; larger models are sampled."""
MOST_EARLY: Final = 3
"""Constructions before the relaxation is solved."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Relaxed:
    """What the relaxation gives to the search.

    Attributes
    ----------
    multipliers
        The best prices.
    bound
        What they prove.
    rounded
        A choice of columns near the fractional answer. Shape ``(items,)``.
    is_infeasible
        True when the relaxation proves that there is no alignment.
    """

    multipliers: Multipliers
    bound: float
    rounded: IntArray
    is_infeasible: bool


def bound_and_construct(incumbent: Incumbent, *, params: SolveParams, seed: int) -> Relaxed:
    """Solve the relaxation, and construct alignments on the way."""
    model, constructed = incumbent.model, 0
    incumbent.enter("bounding")

    def take(bound: float, multipliers: Multipliers) -> None:
        nonlocal constructed
        incumbent.raise_bound(bound, source="certificate", multipliers=multipliers)
        incumbent.report()
        prices = column_prices(model, multipliers)
        if incumbent.columns is None and constructed < MOST_EARLY and prices.any() and incumbent.proceed():
            constructed += 1
            incumbent.enter("constructing")
            anneal_from(
                incumbent,
                round_prices(model, prices),
                multipliers=multipliers,
                params=params.local_search,
                effort=FIRST_EFFORT,
                threads=params.threads,
                seed=seed,
                proceed=lambda: incumbent.columns is None and incumbent.proceed(),
            )
            incumbent.enter("bounding")

    elapsed = incumbent.clock.elapsed_s
    until = elapsed + LONGEST * incumbent.stop.time_left_s(elapsed)
    coarse = coarse_prices(model, num_threads=params.threads)
    incumbent.clock.charge(min(1.0, model.num_items * model.num_columns / PAIRS_OF_A_SECOND))
    take(lower_bound(model, coarse), coarse)
    solution = solve_dual(
        model,
        stop=OnClock(incumbent.stop, incumbent.clock, until),
        params=replace(params.dual, num_threads=params.threads),
        on_bound=take,
        start=coarse,
    )
    visited = sum(part["steps"] * part["pairs"] for part in solution.statistics.get("rounds", []))
    incumbent.clock.charge(visited / PAIRS_PER_S)
    if solution.infeasible:
        zero = zero_multipliers(model)
        return Relaxed(multipliers=zero, bound=-np.inf, rounded=np.zeros(0, dtype=np.int32), is_infeasible=True)
    incumbent.raise_bound(solution.lower_bound, source="certificate", multipliers=solution.multipliers)
    best, bound = incumbent.multipliers, incumbent.certified_bound
    if best is None or bound is None:
        best, bound = solution.multipliers, solution.lower_bound
    return Relaxed(multipliers=best, bound=bound, rounded=_rounded(model, solution, best), is_infeasible=False)


def _rounded(model: Model, solution: DualSolution, best: Multipliers) -> IntArray:
    """Round the fractional answer, or the prices where it is not the relaxation's own."""
    prices = column_prices(model, best)
    if solution.primal is None or not solution.is_exact:
        return round_prices(model, prices)
    primal = solution.primal
    return round_primal(model, item=primal.item, column=primal.column, value=primal.value, prices=prices)
