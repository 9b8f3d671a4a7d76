"""The model at prices, in the form that exchanges and the bound of whole columns read.

With ``price`` of the columns' limits (upper less lower, soft balance included) and ``total_price`` of the totals', the
objective of any choice of pairs is

    sum of reduced costs + sum over columns and loads (penalty(load) − price · load) − sum (total_price · total)

so that the smallest value of each term bounds it, and what a term lies above its smallest value is what is lost there.
"""

from typing import Final

import numpy as np

from optimizer.problem import FloatArray
from optimizer.search.bound import total_columns
from optimizer.search.exchange_sets import Space
from optimizer.search.model import Model, Multipliers

ROUNDING: Final = 1e-9
"""Part of a size by which sums of floats may err."""


def can_price(model: Model) -> bool:
    """Return whether the model's limits and targets stand still, as losses column by column need."""
    moves = np.isfinite(model.share_lower).any() or np.isfinite(model.share_upper).any()
    return model.num_columns > 1 and not moves and all(soft.target_share is None for soft in model.soft)


def price_space(
    model: Model,
    multipliers: Multipliers,
    *,
    start: np.ndarray,
    column: np.ndarray,
    cost: FloatArray,
    amount: FloatArray,
    wider: float = 0.0,
) -> Space:
    """Return the model at prices, on some of its pairs.

    Parameters
    ----------
    multipliers
        Valid ones, as :func:`optimizer.search.bound.valid_multipliers` returns them.
    start, column, cost, amount
        The slots by item, as in :class:`optimizer.search.candidates.Candidates`, and what they bring. Shapes
        ``(items + 1,)``, ``(slots,)``, ``(slots,)`` and ``(slots, loads)``.
    wider
        Part of their size by which limits are widened, ≥ 0: nothing that rounds to feasible may be left out of proofs.
    """
    price = limit_prices(model, multipliers)
    total_price = np.array(multipliers.total)
    counted = total_columns(model)
    lower, upper = reachable(model, price, lower=widened(model.lower, -wider), upper=widened(model.upper, wider))
    soft_price, tolerance, target = _soft(model)
    each = price + np.where(counted, total_price[:, None], 0.0)
    return Space(
        start=start.astype(np.int64),
        column=column.astype(np.int64),
        reduced=cost + np.einsum("pl,lp->p", amount, each[:, column]),
        amount=amount,
        price=np.ascontiguousarray(price.T),
        lower=np.ascontiguousarray(lower.T),
        upper=np.ascontiguousarray(upper.T),
        least=np.ascontiguousarray(_least_values(model, price, lower=lower, upper=upper).T),
        counted=np.ascontiguousarray(counted.T),
        total_price=total_price,
        total_upper=np.array(model.total_upper),
        has_totals=bool(np.isfinite(model.total_upper).any())
        and (len(model.corrections.column) > 0 or not counted.all()),
        soft_price=soft_price,
        soft_tolerance=tolerance,
        soft_target=np.ascontiguousarray(target.T),
    )


def limit_prices(model: Model, multipliers: Multipliers) -> FloatArray:
    """Return the price of each column's own limits and soft balance. Shape ``(loads, columns)``."""
    price = multipliers.upper - multipliers.lower
    for position, soft in enumerate(model.soft):
        price[soft.load] += multipliers.soft[position]
    return price


def reachable(
    model: Model, price: FloatArray, *, lower: FloatArray, upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return limits that are no wider than what a column can hold at all, where a price draws loads there."""
    rise = np.maximum(model.corrections.delta, 0.0).sum(axis=0) if len(model.corrections.column) else 0.0
    most = (1.0 + ROUNDING) * (model.amount.sum(axis=0) + rise)[:, None]
    return np.where(price < 0, np.maximum(lower, -ROUNDING * most), lower), np.where(
        price > 0, np.minimum(upper, most), upper
    )


def _least_values(model: Model, price: FloatArray, *, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return the smallest value of penalty less priced load within limits. Shape ``(loads, columns)``.

    Piecewise linear: it lies at the limit that the price draws to, or at a kink of the penalty.
    """
    soft_price, tolerance, target = _soft(model)
    drawn = np.where(price > 0, upper, np.where(price < 0, lower, 0.0))
    least = -price * drawn
    least = np.where(target > 0, np.inf, least)
    for end in (lower, upper, *(target * (1.0 + factor * tolerance[:, None]) for factor in (-2.0, -1.0, 1.0, 2.0))):
        load = np.where(np.isfinite(end), np.clip(end, lower, upper), np.clip(target, lower, upper))
        away = np.abs(load - target) / np.where(target > 0, target, 1.0) - tolerance[:, None]
        penalty = np.maximum(away, 0.0) + 2.0 * np.maximum(away - tolerance[:, None], 0.0)
        least = np.where(target > 0, np.minimum(least, soft_price[:, None] * penalty - price * load), least)
    return least


def widened(limit: FloatArray, part: float) -> FloatArray:
    """Return limits moved by a part of their size; infinite ones as they are."""
    finite = np.where(np.isfinite(limit), limit, 0.0)
    return np.where(np.isfinite(limit), finite + part * np.maximum(np.abs(finite), 1.0), limit)


def _soft(model: Model) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return price and tolerance of each load's soft balance, shape ``(loads,)``, and its targets."""
    price, tolerance = np.zeros(model.num_loads), np.zeros(model.num_loads)
    target = np.zeros((model.num_loads, model.num_columns))
    for soft in model.soft:
        price[soft.load], tolerance[soft.load] = soft.price, soft.tolerance
        target[soft.load] = soft.target
    return price, tolerance, target
