"""Sixty accounts that the nearest reps cannot carry, for tests of the steps that better an alignment.

R0 R1 R2 R3 R4
0  5 10 15 20 ........................ 100 km    the accounts lie anywhere between, 1 to 7 h each
"""

import numpy as np

from optimizer.criteria import Balance, Criteria, Target
from optimizer.problem import Problem
from optimizer.search.clock import Clock
from optimizer.search.incumbent import Incumbent
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime


def sixty_accounts(tolerance: float) -> tuple[Problem, Criteria]:
    """Return 60 accounts on a line and 5 reps, all of them at its left end."""
    rng = np.random.default_rng(3)
    place = np.sort(rng.uniform(0, 100, 60))
    homes = np.array([0.0, 5.0, 10.0, 15.0, 20.0])
    amount = np.column_stack([np.ones(60), rng.integers(1, 8, 60)])
    problem = Problem(
        measures=("accounts", "workload"),
        amount=amount,
        current=np.full(60, -1),
        family=np.arange(60, dtype=np.int32),
        locked=np.zeros(60, dtype=np.bool_),
        fte=np.ones(5),
        active=np.ones(5, dtype=np.bool_),
        capacity_min=np.zeros((5, 2)),
        capacity_max=np.full((5, 2), np.inf),
        target=np.full((5, 2), np.nan),
        travel=np.abs(place[:, None] - homes[None]),
    )
    balance = Balance(measure="workload", target=Target.EQUAL, tolerance=tolerance, hard=True)
    return problem, Criteria(balance=(balance,), travel_weight=10.0)


def nothing_found(tolerance: float) -> Incumbent:
    """Return the sixty accounts with nothing found yet."""
    problem, criteria = sixty_accounts(tolerance)
    return Incumbent(
        problem, criteria, build_model(problem, criteria), stop=MaxRuntime(600.0), clock=Clock(), on_progress=None
    )
