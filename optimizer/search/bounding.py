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
from optimizer.search.bound import column_prices, zero_multipliers
from optimizer.search.clock import OnClock
from optimizer.search.dual import DualSolution, solve_dual
from optimizer.search.incumbent import Incumbent
from optimizer.search.model import Multipliers
from optimizer.search.rounding import round_prices, round_primal

FIRST_EFFORT: Final = 0.15
"""Share of a full cycle of local search that an early construction may take."""
LONGEST: Final = 0.6
"""Share of the time left that the relaxation may take; prices that are not exact serve as well."""
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

    def on_bound(bound: float, multipliers: Multipliers) -> None:
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
    solution = solve_dual(
        model,
        stop=OnClock(incumbent.stop, incumbent.clock, until),
        params=replace(params.dual, num_threads=params.threads),
        on_bound=on_bound,
    )
    if solution.infeasible:
        zero = zero_multipliers(model)
        return Relaxed(multipliers=zero, bound=-np.inf, rounded=np.zeros(0, dtype=np.int32), is_infeasible=True)
    incumbent.raise_bound(solution.lower_bound, source="certificate", multipliers=solution.multipliers)
    return Relaxed(
        multipliers=solution.multipliers,
        bound=solution.lower_bound,
        rounded=_rounded(incumbent, solution),
        is_infeasible=False,
    )


def _rounded(incumbent: Incumbent, solution: DualSolution) -> IntArray:
    """Round the fractional answer, or the prices where there is none."""
    model = incumbent.model
    prices = column_prices(model, solution.multipliers)
    if solution.primal is None:
        return round_prices(model, prices)
    primal = solution.primal
    return round_primal(model, item=primal.item, column=primal.column, value=primal.value, prices=prices)
