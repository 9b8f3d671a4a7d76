"""The convex penalty of a load that is off its target: values, and the straight pieces between its kinks."""

import numpy as np

from optimizer.problem import FloatArray
from optimizer.search.model import SoftBalance


def penalty(soft: SoftBalance, *, target: FloatArray, load: FloatArray) -> FloatArray:
    """Return the penalty of each load; 0 where the target is 0. The arrays broadcast."""
    safe = np.where(target > 0, target, 1.0)
    deviation = np.abs(load - safe) / safe
    excess = np.maximum(deviation - soft.tolerance, 0.0) + 2.0 * np.maximum(deviation - 2.0 * soft.tolerance, 0.0)
    return np.where(target > 0, soft.price * excess, 0.0)


def kinks(soft: SoftBalance, *, target: float) -> FloatArray:
    """Return the loads at which the slope of the penalty changes, ascending. Shape ``(5,)``."""
    return target * (1.0 + soft.tolerance * np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))


def lowest_penalty_less_price(soft: SoftBalance, *, target: FloatArray, price: FloatArray, most: float) -> FloatArray:
    """Return per column the smallest ``penalty(load) − price · load`` over loads from 0 to ``most``.

    A convex function of straight pieces takes its minimum at a kink or at an end.
    """
    steps = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])[:, None]
    inner = np.clip(target * (1.0 + soft.tolerance * steps), 0.0, most)
    ends = np.stack([np.zeros_like(target), np.full_like(target, most)])
    loads = np.concatenate([ends, inner])
    values = penalty(soft, target=target, load=loads) - price * loads
    lowest: FloatArray = values.min(axis=0)
    return lowest


def slope_range(soft: SoftBalance, *, target: FloatArray, load: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the slopes of the penalty just below and just above each load; 0 where the target is 0.

    At a kink (within rounding) the two differ.
    """
    safe = np.where(target > 0, target, 1.0)
    unit = np.where(target > 0, soft.price / safe, 0.0)
    slack = 1e-12 * safe
    below, above = np.zeros_like(safe), np.zeros_like(safe)
    for weight, tolerance in ((1.0, soft.tolerance), (2.0, 2.0 * soft.tolerance)):
        high, low = safe * (1.0 + tolerance), safe * (1.0 - tolerance)
        below += weight * ((load > high + slack) * 1.0 - (load <= low + slack))
        above += weight * ((load >= high - slack) * 1.0 - (load < low - slack))
    return unit * below, unit * above
