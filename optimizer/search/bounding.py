"""Prices for the limits, the bound that they prove, and a choice of columns near the relaxation's answer.

Cooling gives prices that are exact to a hundredth of a percent, soon: enough for the search. Small models are then
solved exactly, which takes no time, and so are those whose limits could not be kept: whether they can be kept at all
is for the linear program to say.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from optimizer.params import SolveParams
from optimizer.problem import IntArray
from optimizer.search.annealing_runs import anneal_from
from optimizer.search.bound import column_prices, zero_multipliers
from optimizer.search.clock import PAIRS_PER_S, OnClock
from optimizer.search.cooling import Cooling, Spread
from optimizer.search.dual import DualSolution, solve_dual
from optimizer.search.incumbent import Incumbent
from optimizer.search.model import Model, Multipliers
from optimizer.search.rounding import round_prices, round_primal
from optimizer.search.smoothed_dual import MOST_DENSE
from optimizer.stop import SearchState

LONGEST: Final = 0.6
"""Share of the time left that prices may take: exact ones are worth more than the search that they cost."""
EARLY: Final = 0.1
"""Share of a cycle that a first alignment at coarse prices takes."""
EXACT_PAIRS: Final = 400_000
"""Items times columns up to which the linear program is solved exactly."""
COLD: Final = 0.01
"""Temperature at which the items are hardly spread any more."""
OFF: Final = 0.02
"""Units of load per item that rows may be off after cooling; more, and the limits may be impossible to keep."""


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


def bound_and_round(incumbent: Incumbent, *, params: SolveParams, seed: int, is_hasty: bool = False) -> Relaxed:
    """Solve the relaxation as far as it pays, and round it; a hasty large one is annealed at coarse prices."""
    incumbent.enter("bounding")
    elapsed = incumbent.clock.elapsed_s
    until = elapsed + LONGEST * incumbent.stop.time_left_s(elapsed)
    stop = OnClock(incumbent.stop, incumbent.clock, until)
    # exact prices of a small model cost next to nothing and may prove its first alignment: no gap is small before
    is_small = _is_small(incumbent.model)

    def is_over() -> bool:
        ends = stop(SearchState(elapsed_s=incumbent.clock.elapsed_s)) is not None
        return ends or (not is_small and incumbent.stop_reason() is not None)

    def on_coarse(multipliers: Multipliers) -> None:
        _construct_early(incumbent, multipliers, params=params, seed=seed)

    spread = Cooling(
        model=incumbent.model,
        params=params.cooling,
        is_over=is_over,
        spend=incumbent.clock.charge,
        on_bound=lambda bound, multipliers: _raise(incumbent, bound, multipliers),
        on_coarse=on_coarse if is_hasty and not is_small and incumbent.best_effort is None else None,
        num_threads=params.threads,
    ).run()
    _raise(incumbent, spread.bound, spread.multipliers)
    rounded = _rounded_spread(incumbent, spread)
    if not _is_enough(incumbent, spread):
        solution = _solve_exactly(incumbent, spread.multipliers, stop, params=params)
        if solution.infeasible:
            zero = zero_multipliers(incumbent.model)
            return Relaxed(multipliers=zero, bound=-np.inf, rounded=np.zeros(0, dtype=np.int32), is_infeasible=True)
        if solution.primal is not None and solution.is_exact:
            rounded = _rounded_primal(incumbent, solution)
    best, bound = incumbent.multipliers, incumbent.certified_bound
    if best is None or bound is None:
        best, bound = spread.multipliers, spread.bound
    return Relaxed(multipliers=best, bound=bound, rounded=rounded, is_infeasible=False)


def _construct_early(incumbent: Incumbent, multipliers: Multipliers, *, params: SolveParams, seed: int) -> None:
    """Look for a first alignment at coarse prices, so that there is one long before the prices are good."""
    incumbent.enter("constructing")
    anneal_from(
        incumbent,
        round_prices(incumbent.model, column_prices(incumbent.model, multipliers)),
        multipliers=multipliers,
        params=params.local_search,
        effort=EARLY,
        threads=params.threads,
        seed=seed,
    )
    incumbent.enter("bounding")


def _is_small(model: Model) -> bool:
    return model.num_items * model.num_columns <= EXACT_PAIRS


def _raise(incumbent: Incumbent, bound: float, multipliers: Multipliers) -> None:
    """Tell of a better bound."""
    incumbent.raise_bound(bound, source="certificate", multipliers=multipliers)
    incumbent.report()


def _is_enough(incumbent: Incumbent, spread: Spread) -> bool:
    """Return whether the prices are good enough for the search, and the limits seem to be possible."""
    model = incumbent.model
    if not incumbent.proceed() or model.num_columns * model.num_loads > MOST_DENSE:
        return True
    if _is_small(model):
        return False
    return spread.off <= OFF or incumbent.columns is not None


def _solve_exactly(incumbent: Incumbent, start: Multipliers, stop: OnClock, *, params: SolveParams) -> DualSolution:
    """Solve the linear program from good prices, and take what it proves."""
    solution = solve_dual(
        incumbent.model,
        stop=stop,
        params=replace(params.dual, num_threads=params.threads),
        on_bound=lambda bound, multipliers: _raise(incumbent, bound, multipliers),
        start=start,
    )
    visited = sum(part["steps"] * part["pairs"] for part in solution.statistics.get("rounds", []))
    incumbent.clock.charge(visited / PAIRS_PER_S)
    if not solution.infeasible:
        _raise(incumbent, solution.lower_bound, solution.multipliers)
    return solution


def _rounded_spread(incumbent: Incumbent, spread: Spread) -> IntArray:
    """Round how the items are spread, or the prices where they are spread over many columns."""
    prices = column_prices(incumbent.model, spread.multipliers)
    if spread.temperature > COLD:
        return round_prices(incumbent.model, prices)
    return round_primal(incumbent.model, item=spread.item, column=spread.column, value=spread.value, prices=prices)


def _rounded_primal(incumbent: Incumbent, solution: DualSolution) -> IntArray:
    """Round the linear program's own answer."""
    model, primal = incumbent.model, solution.primal
    prices = column_prices(model, solution.multipliers)
    if primal is None:
        return round_prices(model, prices)
    return round_primal(model, item=primal.item, column=primal.column, value=primal.value, prices=prices)
