"""Connected territories around given centers: the whole solve against all choices on small grids."""

from typing import Any

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Contiguity, Criteria, Disruption, Unassigned
from optimizer.design.starts import connected_start
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Outcome, Result
from optimizer.score import score
from optimizer.solve import solve
from optimizer.stop import MaxRuntime
from optimizer.units import Units
from optimizer.validation import violations
from tests.optimizer.design.grids import every_choice, grid
from tests.optimizer.small_problems import alignment_to, problem_of

WORK = MaxRuntime(2.0)
DETERMINISTIC = SolveParams(deterministic=True, threads=1, wants_remedies=False)


def grid_problem(seed: int, *, unit: np.ndarray | None = None, **fields: Any) -> Problem:
    """Return accounts in the units of a 2 x 4 grid, one each unless told, and two reps at random places."""
    graph, place = grid(2, 4)
    rng = np.random.default_rng(seed)
    unit = np.arange(8, dtype=np.int32) if unit is None else unit.astype(np.int32)
    homes = rng.uniform(0, 3, (2, 2))
    travel = np.linalg.norm(place[unit][:, None] - homes, axis=2) * rng.uniform(0.2, 2.0, (len(unit), 1))
    once = graph.origin < graph.neighbor
    first, second = graph.origin[once].astype(np.int32), graph.neighbor[once].astype(np.int32)
    units = Units(num_units=8, unit=unit, first=first, second=second)
    return problem_of(rng.uniform(1, 2, len(unit)), num_reps=2, travel=travel, units=units, **fields)


def best_of_all(problem: Problem, criteria: Criteria, *, columns: int = 2) -> float:
    """Return the least objective of all alignments that keep everything; infinite without one."""
    choices = (Alignment(column - (columns > 2)) for column in every_choice(problem.num_accounts, columns))
    kept = (choice for choice in choices if not violations(problem, criteria, choice))
    return min((score(problem, criteria, choice).objective for choice in kept), default=np.inf)


def answered(problem: Problem, criteria: Criteria) -> Result:
    """Solve with limits in work, and audit."""
    result = solve(problem, criteria, WORK, params=DETERMINISTIC)
    assert result.outcome in (Outcome.FEASIBLE, Outcome.OPTIMAL)
    assert result.alignment is not None
    assert violations(problem, criteria, result.alignment) == ()
    return result


def rook(**more: Any) -> Criteria:
    """Return criteria with hard balance of workload within 20 %, travel and contiguity."""
    balance = (Balance(measure="workload", tolerance=0.2, hard=True),)
    return Criteria(balance=balance, travel_weight=50.0, contiguity=Contiguity.ROOK, families_together=False, **more)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_connected_alignment_is_found(seed: int) -> None:
    """On a 2 x 4 grid the answer is the best of all 256 choices, and its bound is valid."""
    problem = grid_problem(seed)
    best = best_of_all(problem, rook())
    result = answered(problem, rook())
    assert result.objective == pytest.approx(best)
    assert result.lower_bound is not None
    assert result.lower_bound <= best * (1 + 1e-9)


def test_all_other_criteria_still_hold() -> None:
    """Locks, a frozen rep's absence, budgets, a soft balance and accounts that share a unit hold beside contiguity."""
    unit = np.array([0, 0, 1, 2, 3, 4, 6, 7])  # unit 5 is empty, 0 has two accounts
    current = np.array([0, 0, 0, 1, 1, 0, 0, 1])
    problem = grid_problem(4, unit=unit, current=current)
    soft = (
        Balance(measure="accounts", tolerance=0.1, weight=20.0),
        Balance(measure="workload", tolerance=0.4, hard=True),
    )
    criteria = rook(locks=((3, 0),), disruption=Disruption(weight=30.0)).replace(balance=soft)
    result = answered(problem, criteria)
    assert result.alignment is not None
    assert result.alignment.rep[3] == 0
    assert result.objective == pytest.approx(best_of_all(problem, criteria))


def test_accounts_may_stay_unassigned() -> None:
    """Where accounts may stay unassigned, they need no connection."""
    problem = grid_problem(2, unit=np.arange(5))
    criteria = rook(unassigned=Unassigned(allowed=True, weight=10.0)).replace(
        balance=(Balance(measure="workload", tolerance=0.5, hard=True),)
    )
    result = answered(problem, criteria)
    assert result.objective == pytest.approx(best_of_all(problem, criteria, columns=3))


def test_a_disconnected_start_is_no_answer() -> None:
    """An initial alignment in pieces is never the answer, however cheap."""
    problem = grid_problem(0)
    apart = alignment_to([0, 1, 0, 1, 1, 0, 1, 0])
    result = solve(problem, rook(), WORK, params=DETERMINISTIC, initial=apart)
    assert result.alignment is not None
    assert violations(problem, rook(), result.alignment) == ()


def test_what_is_locked_is_linked() -> None:
    """The ends of a row that are locked to one territory are joined by a way around the other's lock."""
    graph, _ = grid(2, 4)
    price = np.ones((8, 2))
    price[[0, 3], 1] = np.inf
    price[1, 0] = np.inf
    column = connected_start(graph, np.array([0, 1, 1, 0, 1, 1, 1, 1]), price, np.ones(8, dtype=np.bool_))
    assert column[[0, 3, 1]].tolist() == [0, 0, 1]
    assert len(np.unique(graph.pieces(column))) == 2
