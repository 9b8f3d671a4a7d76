"""Check that criteria speak of what the problem holds, before anything is computed.

Owns the contradictions that no alignment could repair because they are no wishes at all: a measure that is not
there, a rep out of range, a weight on data that were not given. Wishes that cannot be met together are not errors;
they are :mod:`optimizer.conflicts`.
"""

import numpy as np

from optimizer.criteria import Contiguity, Criteria, Target
from optimizer.exceptions import InvalidCriteria
from optimizer.problem import Problem


def check_fit(problem: Problem, criteria: Criteria) -> None:
    """Refuse criteria that name what the problem does not hold.

    Raises
    ------
    InvalidCriteria
        When a measure, account or rep is not there; when travel or compactness has a weight but no data; when a
        target has nothing to follow (no FTE at all, an infinite capacity, no given target); when contiguity is
        asked for without units.
    """
    _check_measures(problem, criteria)
    _check_positions(problem, criteria)
    if criteria.travel_weight > 0 and problem.travel is None:
        raise InvalidCriteria("travel has a weight, but the problem has no travel")
    if criteria.compactness_weight > 0 and problem.inertia is None:
        raise InvalidCriteria("compactness has a weight, but the problem has no inertia")
    if criteria.contiguity is not Contiguity.OFF and problem.units is None:
        raise InvalidCriteria("contiguity is asked for, but the problem has no units")
    _check_targets(problem, criteria)


def _check_measures(problem: Problem, criteria: Criteria) -> None:
    named = [balance.measure for balance in criteria.balance]
    named += [budget.measure for budget in criteria.disruption.budgets]
    named.append(criteria.disruption.measure)
    for name in named:
        if name not in problem.measures:
            raise InvalidCriteria(f"there is no measure '{name}'")


def _check_positions(problem: Problem, criteria: Criteria) -> None:
    pairs = np.array([*criteria.locks, *criteria.forbid], dtype=np.int64).reshape(-1, 2)
    if ((pairs < 0) | (pairs >= [problem.num_accounts, problem.num_reps])).any():
        raise InvalidCriteria("a lock or forbidden pair names an account or rep that is not there")
    if not all(0 <= rep < problem.num_reps for rep in criteria.frozen_reps):
        raise InvalidCriteria("frozen_reps names a rep that is not there")


def _check_targets(problem: Problem, criteria: Criteria) -> None:
    active = problem.active
    if not active.any():
        return
    for balance in criteria.balance:
        measure = problem.measure_index(balance.measure)
        if balance.target is Target.FTE and not problem.fte[active].sum() > 0:
            raise InvalidCriteria("targets by FTE need an active rep with FTE above 0")
        if balance.target is Target.CAPACITY:
            capacity = problem.capacity_max[active, measure]
            if not np.isfinite(capacity).all() or not capacity.sum() > 0:
                raise InvalidCriteria(f"targets by capacity need a maximum of '{balance.measure}' at every active rep")
        if balance.target is Target.GIVEN:
            given = problem.target[active, measure]
            if not np.isfinite(given).all() or (given < 0).any():
                raise InvalidCriteria(f"given targets need a target of '{balance.measure}' at every active rep")
