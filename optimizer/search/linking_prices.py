"""Between the dual values of the linear program's rows and the model's multipliers, both ways."""

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import load_range, valid_multipliers
from optimizer.search.linking_rows import LinkingRows
from optimizer.search.model import Model, Multipliers, SoftBalance
from optimizer.search.penalties import kinks, penalty, slope_range


def multipliers_of(model: Model, rows: LinkingRows, pi: FloatArray) -> Multipliers:
    """Return the valid multipliers that belong to dual values of the rows."""
    factor = rows.cost_unit / rows.unit
    rest = -_at(pi, rows.limit_row) * factor[:, None]
    soft = np.zeros((len(model.soft), model.num_columns))
    for position, balance in enumerate(model.soft):
        if balance.target_share is not None:
            continue
        soft[position] = _soft_multiplier(model, balance, rest[balance.load])
        rest[balance.load] -= soft[position]
    share_upper = -_at(pi, rows.share_upper_row) * factor[:, None]
    share_lower = _at(pi, rows.share_lower_row) * factor[:, None]
    total = -_at(pi, rows.total_row) * factor - _coupling(model, share_upper, share_lower)
    return valid_multipliers(
        model,
        Multipliers(upper=rest, lower=-rest, share_upper=share_upper, share_lower=share_lower, total=total, soft=soft),
    )


def dual_values_of(model: Model, rows: LinkingRows, multipliers: Multipliers) -> FloatArray:
    """Return the dual values of the rows that price every load as the multipliers do."""
    valid = valid_multipliers(model, multipliers)
    factor = rows.unit / rows.cost_unit
    price = valid.upper - valid.lower
    for position, balance in enumerate(model.soft):
        if balance.target_share is not None:
            continue
        price[balance.load] += valid.soft[position]
    total = valid.total + _coupling(model, valid.share_upper, valid.share_lower)
    pi = np.zeros(rows.num_rows)
    for row, value in (
        (rows.limit_row, -price * factor[:, None]),
        (rows.share_upper_row, -valid.share_upper * factor[:, None]),
        (rows.share_lower_row, valid.share_lower * factor[:, None]),
        (rows.total_row, -total * factor),
    ):
        pi[row[row >= 0]] = value[row >= 0]
    return pi


def _at(pi: FloatArray, row: IntArray) -> FloatArray:
    """Return the value of each row, 0 where there is none."""
    return np.append(pi, 0.0)[row]


def _coupling(model: Model, share_upper: FloatArray, share_lower: FloatArray) -> FloatArray:
    """Return what the share limits charge each unit of a load's total. Shape ``(loads,)``."""
    high = np.where(np.isfinite(model.share_upper), model.share_upper, 0.0)
    low = np.where(np.isfinite(model.share_lower), model.share_lower, 0.0)
    coupling: FloatArray = (share_lower * low - share_upper * high).sum(axis=1)
    return coupling


def _soft_multiplier(model: Model, soft: SoftBalance, price: FloatArray) -> FloatArray:
    """Return the part of a load's price that belongs to its soft balance, the limits taking the rest.

    The bound is largest when soft balance takes what its slope allows at the load that makes penalty less priced
    load smallest within the limits.
    """
    most = load_range(model, soft.load)[1]
    low = np.maximum(model.lower[soft.load], 0.0)
    high = np.maximum(np.minimum(model.upper[soft.load], most), low)
    steps = [kinks(soft, target=float(target)) for target in soft.target]
    loads = np.clip(np.concatenate([[low, high], np.array(steps).T]), low, high)
    lowest = np.argmin(penalty(soft, target=soft.target, load=loads) - price * loads, axis=0)
    load = loads[lowest, np.arange(len(lowest))]
    below, above = slope_range(soft, target=soft.target, load=load)
    has_upper = np.isfinite(model.upper[soft.load]) & (load >= high)
    has_lower = np.isfinite(model.lower[soft.load]) & (load <= low)
    value = np.where(has_upper, np.minimum(price, np.maximum(above, below)), price)
    value = np.where(has_lower & ~has_upper, np.maximum(price, below), value)
    return np.where(soft.target > 0, value, 0.0)
