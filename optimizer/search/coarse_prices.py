"""Prices of the limits that are good enough to begin with, in about a second: subgradient steps on a sample.

Each step sends every sampled item to its cheapest column at the present prices, and moves the price of each limit
with its breach. Steps shrink, and the later prices are averaged. Only limits of measures are priced: budgets wait for
the relaxation proper.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from optimizer.problem import FloatArray
from optimizer.search.bound import zero_multipliers
from optimizer.search.candidates import pair_amounts
from optimizer.search.model import Corrections, Model, Multipliers
from optimizer.search.reduced_costs import cheapest_columns

MOST_PAIRS: Final = 4_000_000
"""Pairs of the sample."""
FEWEST_PER_COLUMN: Final = 20
"""Items of the sample per column, whatever the pairs."""
MOST_STEPS: Final = 1000
FEWEST_STEPS: Final = 300
VISITS: Final = 1e9
"""Pairs looked at in all steps together, about a second's work."""
FIRST_STEP: Final = 1.0
"""First change of a price for a breach by the mean load, in costs of an average unit."""
LAST_STEP: Final = 0.03
SETTLED: Final = 0.8
"""Share of the steps after which prices are averaged."""

Array = npt.NDArray[np.float64]


def coarse_prices(model: Model, *, num_threads: int = 2) -> Multipliers:
    """Return multipliers of the measures' limits from a sample of the items; all 0 when nothing is limited."""
    sample, factor = _sample(model)
    lower, upper = _limits(model)
    limited = (np.isfinite(lower) | np.isfinite(upper)).any(axis=1)
    if not limited.any():
        return zero_multipliers(model)
    total = np.maximum(model.amount.sum(axis=0), 1e-12)
    unit = _typical_cost(model) / total * limited
    mean_load = total / model.num_columns
    over, under = np.zeros(upper.shape), np.zeros(upper.shape)
    sums = [np.zeros(upper.shape), np.zeros(upper.shape)]
    steps = int(min(MOST_STEPS, max(FEWEST_STEPS, VISITS / (sample.num_items * model.num_columns))))
    first = int(SETTLED * steps)
    for step in range(steps):
        best, _ = cheapest_columns(sample, over - under, num_threads=num_threads)
        load = factor * _loads(sample, best)
        size = FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / steps)
        change = (size * unit / mean_load)[:, None]
        over = np.where(np.isfinite(upper), np.maximum(0.0, over + change * (load - _finite(upper))), 0.0)
        under = np.where(np.isfinite(lower), np.maximum(0.0, under + change * (_finite(lower) - load)), 0.0)
        if step >= first:
            sums[0] += over / (steps - first)
            sums[1] += under / (steps - first)
    return _multipliers(model, over=sums[0], under=sums[1])


def _sample(model: Model) -> tuple[Model, float]:
    """Return a model of every so many items, and how many items each stands for."""
    wanted = max(MOST_PAIRS // model.num_columns, FEWEST_PER_COLUMN * model.num_columns)
    stride = max(1, model.num_items // wanted)
    if stride == 1:
        return model, 1.0
    items = np.arange(stride // 2, model.num_items, stride)
    corrections = model.corrections
    kept = np.flatnonzero(np.isin(corrections.item, items))
    counts = np.diff(corrections.start)[items]
    sampled = Model(
        item_of_account=np.arange(len(items), dtype=np.int32),
        column_rep=model.column_rep,
        cost=model.cost[items],
        current=model.current[items],
        loads=model.loads,
        amount=model.amount[items],
        corrections=Corrections(
            start=np.concatenate([[0], np.cumsum(counts)]),
            column=corrections.column[kept],
            delta=corrections.delta[kept],
        ),
        lower=model.lower,
        upper=model.upper,
        share_lower=model.share_lower,
        share_upper=model.share_upper,
        total_upper=model.total_upper,
        counts_unassigned=model.counts_unassigned,
    )
    return sampled, model.num_items / len(items)


def _limits(model: Model) -> tuple[Array, Array]:
    """Return the measures' limits, shares taken of the full total. Shapes ``(loads, columns)``."""
    total = model.amount.sum(axis=0)[:, None]
    share_lower, share_upper = np.isfinite(model.share_lower), np.isfinite(model.share_upper)
    lower = np.maximum(
        model.lower, np.where(share_lower, np.where(share_lower, model.share_lower, 0.0) * total, -np.inf)
    )
    upper = np.minimum(
        model.upper, np.where(share_upper, np.where(share_upper, model.share_upper, 0.0) * total, np.inf)
    )
    priced = np.array([name.kind == "measure" for name in model.loads])[:, None]
    lower, upper = np.where(priced, lower, -np.inf), np.where(priced, upper, np.inf)
    for soft in model.soft:
        inner = soft.target > 0
        lower[soft.load, inner] = np.maximum(lower[soft.load, inner], (1 - soft.tolerance) * soft.target[inner])
        upper[soft.load, inner] = np.minimum(upper[soft.load, inner], (1 + soft.tolerance) * soft.target[inner])
    return np.where(lower > 0, lower, -np.inf), upper


def _multipliers(model: Model, *, over: Array, under: Array) -> Multipliers:
    """Return the prices under the rows that they belong to."""
    zero = zero_multipliers(model)
    by_share_upper, by_share_lower = np.isfinite(model.share_upper), np.isfinite(model.share_lower)
    soft = np.array(zero.soft)
    hard_over, hard_under = over.copy(), under.copy()
    for position, balance in enumerate(model.soft):
        steepest = 3.0 * balance.price / np.where(balance.target > 0, balance.target, np.inf)
        soft[position] = np.clip(over[balance.load] - under[balance.load], -steepest, steepest)
        hard_over[balance.load] = hard_under[balance.load] = 0.0
    return Multipliers(
        upper=np.where(by_share_upper, 0.0, hard_over),
        lower=np.where(by_share_lower, 0.0, hard_under),
        share_upper=np.where(by_share_upper, hard_over, 0.0),
        share_lower=np.where(by_share_lower, hard_under, 0.0),
        total=zero.total,
        soft=soft,
    )


def _loads(model: Model, columns: npt.NDArray[np.int32]) -> Array:
    """Return the load of every column. Shape ``(loads, columns)``."""
    items = np.flatnonzero(columns >= 0)
    amount = pair_amounts(model, items, columns[items])
    load = np.zeros((model.num_loads, model.num_columns))
    for kind in range(model.num_loads):
        load[kind] = np.bincount(columns[items], weights=amount[:, kind], minlength=model.num_columns)
    return load


def _typical_cost(model: Model) -> float:
    """Return the sum of every item's cheapest cost, above 0."""
    cheapest = np.min(model.cost, axis=1)
    return float(np.abs(cheapest[np.isfinite(cheapest)]).sum()) + sum(soft.price for soft in model.soft) or 1.0


def _finite(limit: FloatArray) -> FloatArray:
    return np.where(np.isfinite(limit), limit, 0.0)
