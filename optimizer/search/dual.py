"""Solve the linear program over all pairs: multipliers, the bound they prove, and the fractional alignment.

Rounds of an interior-point method on few pairs an item: those of small reduced cost at the prices of the round
before. Its barrier says how small is small, so that the program shrinks as the prices settle. Each round prices all
pairs, which gives a valid bound and the pairs of the next round; when the restricted program is worth no more than
the bound, it was the whole program. Large models first learn their prices from a sample of the items.

Rows may be broken at a price that grows while that is used. If it stays, the same program without costs decides: a
positive bound on it proves that no alignment keeps the limits.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import zero_multipliers
from optimizer.search.column_generation import ColumnGeneration, Round
from optimizer.search.dual_params import DualParams
from optimizer.search.model import Model, Multipliers
from optimizer.search.reduced_costs import near_columns
from optimizer.search.sampling import sampled
from optimizer.stop import SearchState, StopCriterion

SMALLEST_SHARE: Final = 1e-4
"""Shares of an item below this are what the interior leaves, not part of the solution."""
MAX_STALLED: Final = 8
"""Rounds without a better bound after which the best is taken."""
MAX_PROOFS: Final = 3
"""How often the program without costs is asked, while rows stay broken at ever higher prices."""
SAMPLE_TOLERANCE: Final = 1e-2
"""The sample is left when a round raises its bound by less than this share."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Fractional:
    """An alignment that may split items: each item's shares sum to 1.

    Attributes
    ----------
    item, column, value
        Sorted by item, then column; values in (0, 1]. Shape ``(entries,)``.
    """

    item: IntArray
    column: IntArray
    value: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class DualSolution:
    """What the linear program says.

    Attributes
    ----------
    multipliers
        Those of the best bound; when infeasible, those that prove it.
    lower_bound
        The proven bound on the objective; infinite when an item has no allowed column.
    primal
        The fractional alignment of the last round, or None before the first.
    is_exact
        True when the bound is the value of the linear program within the tolerance.
    infeasible
        True when no alignment keeps all limits: the multipliers give the model without costs a bound above 0, or an
        item has no allowed column.
    statistics
        What each round did, and the seconds in all.
    """

    multipliers: Multipliers
    lower_bound: float
    primal: Fractional | None = None
    is_exact: bool = False
    infeasible: bool = False
    statistics: dict[str, Any] = field(default_factory=dict)


OnBound = Callable[[float, Multipliers], None]


def solve_dual(
    model: Model,
    *,
    stop: StopCriterion,
    params: DualParams | None = None,
    on_bound: OnBound | None = None,
    start: Multipliers | None = None,
    clock: Callable[[], float] | None = None,
) -> DualSolution:
    """Find multipliers whose bound is the value of the linear program; stopped early, the best bound so far.

    Apart from when it stops, nothing depends on the clock.

    Parameters
    ----------
    on_bound
        Called with each better bound and its multipliers.
    start
        Multipliers of a similar model to begin with.
    clock
        Seconds since the search began; since this call without one.
    """
    params = params or DualParams()
    begin = time.perf_counter()
    watch = clock or (lambda: time.perf_counter() - begin)

    def is_over() -> bool:
        return stop(SearchState(elapsed_s=watch())) is not None

    if not np.isfinite(model.cost).any(axis=1).all():
        return DualSolution(multipliers=zero_multipliers(model), lower_bound=math.inf, infeasible=True)
    if (model.lower > model.upper).any():
        return DualSolution(multipliers=_crossing(model), lower_bound=-math.inf, infeasible=True)
    if start is None:
        start = _sampled_start(model, params, is_over)
    generation = ColumnGeneration(model=model, params=params, is_over=is_over, on_bound=on_bound)
    if start is not None:
        generation.start_from(start)
    last, proof = _generate(generation)
    is_exact = last is not None and last.is_solved(params.tolerance) and not last.is_elastic(params.tolerance)
    return DualSolution(
        multipliers=proof or generation.best,
        lower_bound=generation.best_bound,
        primal=None if last is None else _fractional(last),
        is_exact=is_exact and proof is None,
        infeasible=proof is not None,
        statistics={"rounds": generation.history, "seconds": time.perf_counter() - begin},
    )


def _generate(generation: ColumnGeneration) -> tuple[Round | None, Multipliers | None]:
    """Run rounds until the program is solved, proven infeasible, or out of time; return the last, and the proof."""
    params = generation.params
    last: Round | None = None
    asked, stalled, best = 0, 0, -math.inf
    for _ in range(params.max_rounds):
        if generation.is_over() or stalled > MAX_STALLED:
            break
        stalled = 0 if generation.best_bound > best else stalled + 1
        best = generation.best_bound
        last = generation.run()
        if not last.is_solved(params.tolerance):
            continue
        if not last.is_elastic(params.tolerance):
            break
        if asked < MAX_PROOFS:
            asked += 1
            proof = _infeasibility(generation)
            if proof is not None:
                return last, proof
        if not generation.raise_elastic_of_broken(last):
            break
    return last, None


def _infeasibility(generation: ColumnGeneration) -> Multipliers | None:
    """Return multipliers that give the model without costs a bound above 0, or None when there seem to be none."""
    model = generation.model
    free = replace(model, cost=np.where(np.isfinite(model.cost), model.cost.dtype.type(0), np.inf), soft=())
    params = replace(generation.params, elastic=1.0, fixed_elastic=True)
    check = ColumnGeneration(model=free, params=params, is_over=generation.is_over)
    check.start_from(_without_soft(generation.best, generation))
    for _ in range(params.max_rounds):
        if check.best_bound > 0 or check.is_over():
            break
        if check.run().is_solved(params.tolerance):
            break
    if not check.best_bound > 0:
        return None
    soft = np.zeros((len(model.soft), model.num_columns))
    return replace(check.best, soft=soft)


def _crossing(model: Model) -> Multipliers:
    """Return multipliers of the loads whose lower limit is above the upper one: together they prove the difference."""
    crossing = (model.lower > model.upper) * 1.0
    return replace(zero_multipliers(model), upper=crossing, lower=crossing)


def _without_soft(multipliers: Multipliers, generation: ColumnGeneration) -> Multipliers:
    """Return the multipliers scaled to what the program without costs can use."""
    largest = float(np.abs(generation.best_pi).max(initial=0.0))
    scale = 0.5 / (largest * generation.rows.cost_unit) if largest > 0 else 0.0
    return Multipliers(
        upper=multipliers.upper * scale,
        lower=multipliers.lower * scale,
        share_upper=multipliers.share_upper * scale,
        share_lower=multipliers.share_lower * scale,
        total=multipliers.total * scale,
        soft=np.zeros((0, multipliers.upper.shape[1])),
    )


def _sampled_start(model: Model, params: DualParams, is_over: Callable[[], bool]) -> Multipliers | None:
    """Return the multipliers of a sample, or None where it would not be much smaller."""
    size = model.num_items // (params.sample_items * model.num_columns)
    if size < 3:
        return None
    prices = np.zeros((model.num_loads, model.num_columns))
    near = near_columns(model, prices, width=math.inf, most=3, num_threads=params.num_threads)
    generation = ColumnGeneration(
        model=sampled(model, near, size=size),
        params=replace(params, tolerance=max(SAMPLE_TOLERANCE / 10, params.tolerance)),
        is_over=is_over,
    )
    best = -math.inf
    for _ in range(params.max_rounds):
        if is_over():
            break
        generation.run()
        if generation.best_bound - best <= SAMPLE_TOLERANCE * abs(generation.best_bound):
            break
        best = generation.best_bound
    return generation.best


def _fractional(last: Round) -> Fractional:
    """Return the shares of the last round, without the traces that an interior point leaves."""
    pairs, x = last.pairs, last.point.x
    item = np.repeat(pairs.item, np.diff(pairs.start))
    kept = np.flatnonzero(x > SMALLEST_SHARE)
    kept = kept[np.lexsort((pairs.column[kept], item[kept]))]
    total = np.bincount(item[kept], weights=x[kept])
    return Fractional(item=item[kept], column=pairs.column[kept], value=x[kept] / total[item[kept]])
