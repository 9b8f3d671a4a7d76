"""Balancing numbers of accounts is a transportation problem: solved and proven at once."""

import dataclasses

import numpy as np
import pytest

from optimizer.criteria import Balance, Criteria, Disruption, Unassigned
from optimizer.problem import Problem
from optimizer.result import Outcome
from optimizer.search.bound import zero_multipliers
from optimizer.search.clock import Clock
from optimizer.search.incumbent import Incumbent
from optimizer.search.model import Model
from optimizer.search.rows import build_model
from optimizer.search.transport import cheapest_flow, solve_transport, transport_of
from optimizer.solve import solve
from optimizer.stop import MaxRuntime
from tests.optimizer.brute_force import brute_force
from tests.optimizer.search.hand_made import soft_band
from tests.optimizer.small_problems import line_of_four, problem_of

BY_COUNT = Balance(measure="accounts", tolerance=0.3, hard=True)


def counted(seed: int, *, num_accounts: int = 7, num_reps: int = 3) -> tuple[Problem, Criteria]:
    """Return a random problem that balances numbers of accounts, with a price on moves, some pairs forbidden."""
    rng = np.random.default_rng(seed)
    problem = problem_of(
        rng.integers(1, 9, num_accounts).astype(float),
        num_reps=num_reps,
        travel=rng.uniform(1, 100, (num_accounts, num_reps)),
        current=rng.integers(-1, num_reps, num_accounts),
    )
    criteria = Criteria(
        balance=(dataclasses.replace(BY_COUNT, tolerance=float(rng.choice([0.1, 0.3, 0.6]))),),
        travel_weight=50.0,
        disruption=Disruption(weight=20.0),
        forbid=((0, int(rng.integers(num_reps))),),
        unassigned=Unassigned(allowed=bool(rng.random() < 0.3), weight=300.0),
    )
    return problem, criteria


def solved(problem: Problem, criteria: Criteria) -> Incumbent:
    """Return what the step leaves when it begins with no prices at all."""
    model = build_model(problem, criteria)
    incumbent = Incumbent(problem, criteria, model, stop=MaxRuntime(60), clock=Clock(), on_progress=None)
    solve_transport(incumbent, zero_multipliers(model))
    return incumbent


@pytest.mark.parametrize("seed", range(40))
def test_the_flow_is_the_optimum_and_is_proven(seed: int) -> None:
    """On small problems the flow is what brute force finds, its bound is not above it, and nothing is left to prove."""
    problem, criteria = counted(seed)
    truth = brute_force(problem, criteria)
    incumbent = solved(problem, criteria)
    if transport_of(incumbent.model) is None:  # unassigned accounts move the total, and the band with it
        assert criteria.unassigned.allowed
        assert incumbent.columns is None
        return
    if truth.optimum is None:
        assert incumbent.columns is None
        return
    assert incumbent.objective == pytest.approx(truth.optimum, rel=1e-9)
    assert incumbent.is_proven
    assert incumbent.certified_bound is not None
    assert incumbent.certified_bound <= truth.optimum * (1 + 1e-12)


def test_many_columns_are_looked_at_by_price() -> None:
    """Where the nearest columns cannot take everybody, further ones are looked at, and the answer is proven."""
    rng = np.random.default_rng(3)
    place, home = rng.normal(0, 1, (600, 2)), rng.normal(0, 0.05, (60, 2))  # reps crowd in the middle
    travel = np.linalg.norm(place[:, None] - home[None], axis=2)
    problem = problem_of(np.ones(600), num_reps=60, travel=travel)
    incumbent = solved(problem, Criteria(balance=(BY_COUNT,), travel_weight=50.0))
    assert incumbent.is_proven


def test_pairs_that_do_not_suffice_are_no_answer() -> None:
    """A flow over too few pairs says so instead of breaking a limit."""
    problem = line_of_four()
    model = build_model(problem, Criteria(balance=(BY_COUNT,), travel_weight=50.0))
    transport = transport_of(model)
    assert transport is not None
    assert cheapest_flow(model, transport, np.array([0, 2, 4, 6])) is None  # everybody to the first rep
    assert cheapest_flow(model, transport, np.array([0, 2, 4])) is None  # nobody for the last account


@pytest.mark.parametrize("change", ["workload", "soft", "budget"])
def test_other_questions_are_left_to_the_search(change: str) -> None:
    """Where items differ, or a penalty is paid by load, or a total is limited, this step does nothing."""
    model = build_model(line_of_four(), Criteria(balance=(BY_COUNT,), travel_weight=50.0))
    assert transport_of(model) is not None
    changed: dict[str, Model] = {
        "workload": build_model(
            line_of_four(), Criteria(balance=(Balance(measure="workload", tolerance=0.5, hard=True),))
        ),
        "soft": dataclasses.replace(model, soft=(soft_band(2, target=2.0),)),
        "budget": dataclasses.replace(model, total_upper=np.array([3.0])),
    }
    assert transport_of(changed[change]) is None


def test_a_job_by_count_is_optimal_at_once() -> None:
    """`solve` proves a thousand accounts for 40 reps by count, though the band's edge is no whole number."""
    rng = np.random.default_rng(5)
    travel = np.linalg.norm(rng.uniform(0, 1, (1000, 1, 2)) - rng.uniform(0, 1, (1, 40, 2)), axis=2)
    problem = problem_of(rng.lognormal(size=1000), num_reps=40, travel=travel, current=rng.integers(0, 40, 1000))
    criteria = Criteria(
        balance=(Balance(measure="accounts", tolerance=0.05, hard=True),),
        travel_weight=50.0,
        disruption=Disruption(weight=10.0, measure="accounts"),
    )
    result = solve(problem, criteria, MaxRuntime(60))
    assert result.outcome is Outcome.OPTIMAL
    assert result.alignment is not None
    counts = np.bincount(result.alignment.rep, minlength=40)
    assert (counts.min(), counts.max()) == (24, 26)
