"""Prices of the limits that are good enough to begin with, in about a second: subgradient steps.

Each step sends every item to its cheapest column at the present prices, and moves the price of each limit with its
breach. Steps shrink, and the later prices are averaged. A sample of the items gives the first prices; from then on all
items look at the few columns near at the prices so far. Only limits of measures are priced: budgets wait for
the relaxation proper.
"""

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from optimizer.problem import FloatArray
from optimizer.search.bound import zero_multipliers
from optimizer.search.candidates import pair_corrections
from optimizer.search.model import Corrections, Model, Multipliers
from optimizer.search.reduced_costs import NearColumns, near_columns

SAMPLE_PAIRS: Final = 2_000_000
"""Pairs of the sample that the first prices come from."""
FEWEST_PER_COLUMN: Final = 20
"""Items of the sample per column, whatever the pairs."""
NEAR: Final = 24
"""Columns of an item that the later steps look at."""
STAGES: Final = ((400, 1.0, 0.1), (700, 0.5, 0.05), (700, 0.2, 0.01))
"""Steps, and the first and last change of a price for a breach by the mean load, in costs of an average unit: the
first stage on the sample, the others on all items and the columns near at the prices of the stage before."""
SETTLED: Final = 0.7
"""Share of a stage's steps after which prices are averaged."""

Array = npt.NDArray[np.float64]


def coarse_prices(model: Model, *, num_threads: int = 2) -> Multipliers:
    """Return multipliers of the measures' limits from a sample of the items; all 0 when nothing is limited."""
    lower, upper = _limits(model)
    limited = (np.isfinite(lower) | np.isfinite(upper)).any(axis=1)
    if not limited.any():
        return zero_multipliers(model)
    total = np.maximum(model.amount.sum(axis=0), 1e-12)
    pace = (_typical_cost(model) / total * limited / (total / model.num_columns))[:, None]
    prices = np.zeros(upper.shape)
    for stage, (steps, first, last) in enumerate(STAGES):
        part, factor = _sample(model) if stage == 0 else (model, 1.0)
        near = near_columns(part, prices, width=np.inf, most=NEAR if stage else NEAR * 4, num_threads=num_threads)
        start, column, cost, entry, amount, delta = _near_pairs(part, near)
        mean = np.zeros(upper.shape)
        for step in range(steps):
            load = np.zeros(upper.shape)
            _assign(start, column, cost, entry, amount, delta, prices, load)
            size = first * (last / first) ** (step / steps)
            prices = _moved(prices, size * pace, load=factor * load, lower=lower, upper=upper)
            if step >= int(SETTLED * steps):
                mean += prices / (steps - int(SETTLED * steps))
        prices = mean
    return _multipliers(model, over=np.maximum(prices, 0.0), under=np.maximum(-prices, 0.0))


def _moved(prices: Array, size: Array, *, load: Array, lower: Array, upper: Array) -> Array:
    """Return the prices after a step: positive ones belong to upper limits, negative ones to lower limits."""
    over = np.where(np.isfinite(upper), np.maximum(0.0, np.maximum(prices, 0.0) + size * (load - _finite(upper))), 0.0)
    under = np.where(
        np.isfinite(lower), np.maximum(0.0, np.maximum(-prices, 0.0) + size * (_finite(lower) - load)), 0.0
    )
    return over - under


def _near_pairs(model: Model, near: NearColumns) -> tuple[Any, ...]:
    """Return the near pairs as flat arrays: where each item's begin, columns, costs and amounts."""
    filled = np.arange(near.column.shape[1]) < near.count[:, None]
    item = np.repeat(np.arange(model.num_items), near.count)
    column = near.column[filled]
    entry = pair_corrections(model.corrections, item, column, model.num_columns)
    start = np.concatenate([[0], np.cumsum(near.count)]).astype(np.int64)
    cost = model.cost[item, column].astype(np.float64)
    return start, column, cost, entry, np.array(model.amount), np.array(model.corrections.delta)


@numba.njit(cache=True, nogil=True)
def _assign(start, column, cost, entry, amount, delta, prices, load):  # type: ignore[no-untyped-def]  # compiled
    """Add every item's amounts to the loads of its cheapest near column."""
    loads = prices.shape[0]
    for item in range(len(start) - 1):
        best, smallest = -1, np.inf
        for pair in range(start[item], start[item + 1]):
            reduced = cost[pair]
            for kind in range(loads):
                value = amount[item, kind]
                if entry[pair] >= 0:
                    value += delta[entry[pair], kind]
                reduced += value * prices[kind, column[pair]]
            if reduced < smallest:
                best, smallest = pair, reduced
        if best >= 0:
            for kind in range(loads):
                value = amount[item, kind]
                if entry[best] >= 0:
                    value += delta[entry[best], kind]
                load[kind, column[best]] += value


def _sample(model: Model) -> tuple[Model, float]:
    """Return a model of every so many items, and how many items each stands for."""
    wanted = max(SAMPLE_PAIRS // model.num_columns, FEWEST_PER_COLUMN * model.num_columns)
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


def _typical_cost(model: Model) -> float:
    """Return the sum of every item's cheapest cost, above 0."""
    cheapest = np.min(model.cost, axis=1)
    return float(np.abs(cheapest[np.isfinite(cheapest)]).sum()) + sum(soft.price for soft in model.soft) or 1.0


def _finite(limit: FloatArray) -> FloatArray:
    return np.where(np.isfinite(limit), limit, 0.0)
