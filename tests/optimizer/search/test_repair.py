import numpy as np

from optimizer.criteria import Balance, Criteria, Target
from optimizer.problem import Problem
from optimizer.search.bound import zero_multipliers
from optimizer.search.clock import Clock
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.repair import RepairParams, repair
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime


def _question(tolerance: float) -> tuple[Problem, Criteria]:
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


def _incumbent(tolerance: float) -> Incumbent:
    problem, criteria = _question(tolerance)
    return Incumbent(
        problem, criteria, build_model(problem, criteria), stop=MaxRuntime(20.0), clock=Clock(), on_progress=None
    )


def test_a_breached_alignment_becomes_feasible() -> None:
    """Everything with the nearest rep breaches every band; repair ends within all of them."""
    incumbent = _incumbent(0.03)
    incumbent.offer(incumbent.model.cost.argmin(axis=1).astype(np.int32))
    assert incumbent.columns is None
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    assert repair(incumbent, losses, RepairParams(), seed=0)
    assert incumbent.columns is not None


def test_a_feasible_alignment_is_left_alone() -> None:
    """Where nothing is breached, repair changes nothing."""
    incumbent = _incumbent(0.99)
    incumbent.offer((np.arange(60) % 5).astype(np.int32))
    assert incumbent.columns is not None
    before = incumbent.columns
    assert repair(incumbent, Losses(incumbent.model, zero_multipliers(incumbent.model)), RepairParams(), seed=0)
    assert incumbent.columns is before
