import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Criteria, Target
from optimizer.problem import Problem
from optimizer.search.bound import zero_multipliers
from optimizer.search.clock import Clock
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.neighborhoods import NeighborhoodParams, Neighborhoods
from optimizer.search.repair import RepairParams, repair
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime
from optimizer.validation import violations


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


def sixty_accounts(tolerance: float) -> Incumbent:
    """Return the question with nothing found yet."""
    problem, criteria = _question(tolerance)
    return Incumbent(
        problem, criteria, build_model(problem, criteria), stop=MaxRuntime(20.0), clock=Clock(), on_progress=None
    )


def test_neighborhoods_only_improve_and_keep_the_criteria() -> None:
    """From a feasible alignment that ignores travel, pairs and triples of reps never make it dearer, nor wrong."""
    incumbent = sixty_accounts(0.05)
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    incumbent.offer((np.arange(60) % 5).astype(np.int32))
    repair(incumbent, losses, RepairParams(), seed=0)
    before = incumbent.objective
    assert before is not None
    Neighborhoods(incumbent.model, losses, NeighborhoodParams(largest=3), 0, 2).improve(incumbent)
    assert incumbent.objective is not None
    assert incumbent.objective <= before
    problem, criteria = _question(0.05)
    assert incumbent.columns is not None
    from_model = incumbent.model.column_rep[incumbent.columns]
    assert violations(problem, criteria, Alignment(from_model)) == ()
