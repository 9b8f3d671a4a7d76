"""The Lagrangian bound: any multipliers of the right sign prove one.

With the rows priced, the items no longer see each other: each takes its cheapest column. What remains are the
limits at their prices and, for soft balance, the smallest value of each penalty less the priced load.

Float64 with compensated sums; a bound on the rounding error is taken off, so that the value holds for exact
arithmetic. Costs in float32 count as rounded from float64: each may lie half a unit in the last place lower.
"""

import math
from typing import Final

import numpy as np

from optimizer.problem import BoolArray, FloatArray, IntArray
from optimizer.search.model import Model, Multipliers, SoftBalance
from optimizer.search.penalties import lowest_penalty_less_price
from optimizer.search.reduced_costs import cheapest_columns

FLOAT64_ROUNDING: Final = 2.0**-50
"""Relative rounding error of an item's reduced cost, generous: a handful of float64 operations."""
FLOAT32_ROUNDING: Final = 2.0**-24
"""Largest relative error of a cost that was rounded to float32."""


def lower_bound(model: Model, multipliers: Multipliers, *, num_threads: int = 2) -> float:
    """Return the lower bound on the objective that the multipliers prove.

    Negative multipliers of limits, and multipliers of infinite limits, count as 0. Infinite when an item has no
    allowed column: nothing is feasible then.

    Notes
    -----
    One pass over all pairs: O(items · columns · loads).
    """
    valid = valid_multipliers(model, multipliers)
    prices = column_prices(model, valid)
    best, smallest = cheapest_columns(model, prices, num_threads=num_threads)
    return bound_of_minima(model, valid, best=best, smallest=smallest)


def bound_of_minima(model: Model, multipliers: Multipliers, *, best: IntArray, smallest: FloatArray) -> float:
    """Return the bound when each item's cheapest column and its reduced cost are known already.

    Parameters
    ----------
    multipliers
        Valid ones, as :func:`valid_multipliers` returns them.
    best, smallest
        At the prices of these multipliers. Shape ``(items,)``.
    """
    if not np.isfinite(smallest).all():
        return math.inf
    constants = np.concatenate([_limit_terms(model, multipliers), _soft_terms(model, multipliers)])
    rounding = rounding_error(model, multipliers, best=best) + FLOAT64_ROUNDING * float(np.abs(constants).sum())
    return math.fsum(smallest) + math.fsum(constants) - rounding


def column_prices(model: Model, multipliers: Multipliers) -> FloatArray:
    """Return what one more unit of each load costs in each column. Shape ``(loads, columns)``."""
    share = multipliers.share_upper - multipliers.share_lower
    of_total = np.asarray(multipliers.total) + (
        _product(multipliers.share_lower, model.share_lower).sum(axis=1)
        - _product(multipliers.share_upper, model.share_upper).sum(axis=1)
    )
    prices = multipliers.upper - multipliers.lower + share
    counted = total_columns(model)
    prices = prices + np.where(counted, of_total[:, None], 0.0)
    for position, soft in enumerate(model.soft):
        prices[soft.load] += multipliers.soft[position]
    return prices


def total_columns(model: Model) -> BoolArray:
    """Return which columns count toward each load's total. Shape ``(loads, columns)``."""
    return (model.column_rep >= 0)[None, :] | model.counts_unassigned[:, None]


def valid_multipliers(model: Model, multipliers: Multipliers) -> Multipliers:
    """Return the multipliers with every one that proves nothing set to 0: negative, not finite, infinite limit."""

    def clean(value: FloatArray, limit: FloatArray) -> FloatArray:
        return np.where(np.isfinite(limit) & np.isfinite(value) & (value > 0), value, 0.0)

    has_target = np.array([soft.target > 0 for soft in model.soft], dtype=bool).reshape(multipliers.soft.shape)
    return Multipliers(
        upper=clean(multipliers.upper, model.upper),
        lower=clean(multipliers.lower, model.lower),
        share_upper=clean(multipliers.share_upper, model.share_upper),
        share_lower=clean(multipliers.share_lower, model.share_lower),
        total=clean(multipliers.total, model.total_upper),
        soft=np.where(has_target & np.isfinite(multipliers.soft), multipliers.soft, 0.0),
    )


def zero_multipliers(model: Model) -> Multipliers:
    """Return multipliers that price nothing."""
    shape = (model.num_loads, model.num_columns)
    return Multipliers(
        upper=np.zeros(shape),
        lower=np.zeros(shape),
        share_upper=np.zeros(shape),
        share_lower=np.zeros(shape),
        total=np.zeros(model.num_loads),
        soft=np.zeros((len(model.soft), model.num_columns)),
    )


def load_range(model: Model, load: int) -> tuple[float, float]:
    """Return the smallest and largest total of a load that any assignment of all items to columns can have."""
    change = model.corrections.delta[:, load]
    low = np.array(model.amount[:, load])
    high = low.copy()
    np.minimum.at(low, model.corrections.item, model.amount[model.corrections.item, load] + change)
    np.maximum.at(high, model.corrections.item, model.amount[model.corrections.item, load] + change)
    if model.has_unassigned and not model.counts_unassigned[load]:
        low = np.where(np.isfinite(model.cost[:, -1]), np.minimum(low, 0.0), low)
    return math.fsum(low), math.fsum(high)


def _product(multiplier: FloatArray, limit: FloatArray) -> FloatArray:
    """Return multiplier · limit, 0 where the multiplier is 0 even if the limit is infinite."""
    return np.where(multiplier != 0, multiplier * np.where(np.isfinite(limit), limit, 0.0), 0.0)


def _limit_terms(model: Model, multipliers: Multipliers) -> FloatArray:
    """Return the constant terms of the priced limits, one by one."""
    return np.concatenate(
        [
            -_product(multipliers.upper, model.upper).ravel(),
            _product(multipliers.lower, model.lower).ravel(),
            -_product(multipliers.total, model.total_upper).ravel(),
        ]
    )


def _soft_terms(model: Model, multipliers: Multipliers) -> FloatArray:
    """Return per soft balance and column the smallest penalty less price · load."""
    if not model.soft:
        return np.zeros(0)
    return np.concatenate([_soft_term(model, *pair) for pair in zip(model.soft, multipliers.soft, strict=True)])


def _soft_term(model: Model, soft: SoftBalance, price: FloatArray) -> FloatArray:
    """Return the terms of one soft balance. Shape ``(columns,)``.

    Where targets move with the total, the sum over the columns is concave in the total: as a minimum of functions
    that are linear in it. Its smallest value lies at one end of the total's range.
    """
    smallest_total, largest_total = load_range(model, soft.load)
    if soft.target_share is None:
        return lowest_penalty_less_price(soft, target=soft.target, price=price, most=largest_total)
    ends = [
        lowest_penalty_less_price(soft, target=soft.target_share * total, price=price, most=total)
        for total in (max(0.0, smallest_total), largest_total)
    ]
    return min(ends, key=lambda terms: math.fsum(terms))


def rounding_error(model: Model, multipliers: Multipliers, *, best: IntArray) -> float:
    """Return what rounding may have added to the sum of the smallest reduced costs."""
    prices = column_prices(model, multipliers)
    items = np.arange(model.num_items)
    magnitude = np.abs(model.cost[items, best].astype(np.float64))
    largest_price = np.abs(prices).max(axis=1, initial=0.0)
    priced = np.abs(model.amount) @ largest_price
    if len(model.corrections.column):
        extra = np.abs(model.corrections.delta) @ largest_price
        priced = priced + np.bincount(model.corrections.item, weights=extra, minlength=model.num_items)
    error = 2.0 * FLOAT64_ROUNDING * float(magnitude.sum() + priced.sum())
    for soft, price in zip(model.soft, multipliers.soft, strict=True):
        error += FLOAT64_ROUNDING * float(np.abs(price).sum()) * load_range(model, soft.load)[1]
    if model.cost.dtype == np.float32:
        error += FLOAT32_ROUNDING * float(magnitude.sum() + 2.0 * priced.sum())
    return error
