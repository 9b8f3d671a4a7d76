"""Targets: the load that every rep should have, and whether it moves with the assigned total.

Owns shares and their totals; what deviates from a target is :mod:`optimizer.measures`.
"""

import numpy as np

from optimizer.criteria import Balance, Criteria, Target
from optimizer.problem import FloatArray, Problem


def target_share(problem: Problem, balance: Balance) -> FloatArray | None:
    """Return each rep's share of the assigned total; None where targets are given as loads.

    Equal: 1 / number of active reps. FTE and capacity: the rep's part of the sum over the active reps. Reps who
    have left have 0. Expects criteria that passed :func:`optimizer.consistency.check_fit`.

    Returns
    -------
    numpy.ndarray or None
        Sums to 1 where a rep is active. Shape ``(reps,)``.
    """
    if balance.target is Target.GIVEN:
        return None
    if balance.target is Target.FTE:
        size = problem.fte
    elif balance.target is Target.CAPACITY:
        size = problem.capacity_max[:, problem.measure_index(balance.measure)]
    else:
        size = np.ones(problem.num_reps)
    share = np.where(problem.active, size, 0.0)
    return share / share.sum() if problem.active.any() else share


def target_loads(problem: Problem, balance: Balance, *, total: float) -> FloatArray:
    """Return each rep's target load for an assigned total; 0 for reps who have left. Shape ``(reps,)``."""
    share = target_share(problem, balance)
    if share is not None:
        return share * total
    return np.where(problem.active, problem.target[:, problem.measure_index(balance.measure)], 0.0)


def has_moving_total(problem: Problem, criteria: Criteria, measure: str) -> bool:
    """Return whether the assigned total of a measure depends on the alignment.

    It does where accounts may stay unassigned, and where an amount of the measure depends on the rep.
    """
    if criteria.unassigned.allowed:
        return True
    pairs = problem.pair_amounts
    return pairs is not None and bool(np.isfinite(pairs.amount[:, problem.measure_index(measure)]).any())
