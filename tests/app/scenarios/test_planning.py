"""The bridge from stored tables to the optimizer's arrays, on tables that are worked out by hand."""

import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from app.datasets.tables import DatasetTables
from app.errors import InvalidInput
from app.scenarios.center import Center
from app.scenarios.families import family_numbers
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria, default_criteria
from geo_data.distances import distance_matrix_km
from optimizer.criteria import BudgetScope
from optimizer.score import score


def tables(**more: Any) -> DatasetTables:
    """Four accounts on a parallel, R1 in the west, R2 in the east; `ü4` is R2's, all others are R1's."""
    accounts = pa.table(
        {
            "id": ["a1", "a2", "a/3", "ü4"],
            "lat": [50.0] * 4,
            "lon": [10.0, 11.0, 13.0, 14.0],
            "current_rep_id": ["R1", "R1", "R1", "R2"],
            "parent_id": pa.array([None, "a1", None, None], pa.string()),
            "visits_per_year": pa.array([None, 2.0, 4.0, None], pa.float64()),
            "requires": pa.array([[], ["medical"], [], []], pa.list_(pa.string())),
            "measure:workload": [10.0, 20.0, 30.0, 40.0],
        }
    )
    reps = pa.table(
        {
            "id": ["R1", "R2"],
            "lat": pa.array([50.0, more.get("lat", 50.0)], pa.float64()),
            "lon": [9.0, 15.0],
            "skills": pa.array([["medical"], []], pa.list_(pa.string())),
            "max_distance_km": pa.array([None, 200.0], pa.float64()),
            "max:workload": pa.array([80.0, None], pa.float64()),
        }
    )
    return DatasetTables(accounts=accounts, reps=reps, pairs=more.get("pairs"))


def test_arrays_say_what_the_tables_say() -> None:
    """Travel is road factor times distance times visits; radius, skills, families and limits stand by position."""
    planned = plan(tables(), Criteria.model_validate({"travel": {"weight": 50, "road_factor": 1.3}}))
    problem = planned.problem
    distance = distance_matrix_km([50.0] * 4, [10.0, 11.0, 13.0, 14.0], [50.0] * 2, [9.0, 15.0])
    visits = np.array([1, 2, 4, 1])
    assert problem.travel is not None
    np.testing.assert_allclose(problem.travel, 1.3 * distance * visits[:, None])
    assert problem.measures == ("accounts", "workload")
    np.testing.assert_array_equal(problem.amount, [[1, 10], [1, 20], [1, 30], [1, 40]])
    np.testing.assert_array_equal(problem.current, [0, 0, 0, 1])
    assert problem.family[0] == problem.family[1] != problem.family[2]
    assert problem.mismatch is not None
    np.testing.assert_array_equal(problem.mismatch, [[0, 0], [0, 1], [0, 0], [0, 0]])
    assert problem.possible is not None
    np.testing.assert_array_equal(problem.possible, [[1, 0], [1, 0], [1, 1], [1, 1]])
    np.testing.assert_array_equal(problem.capacity_max, [[np.inf, 80], [np.inf, np.inf]])


def test_criteria_become_positions_and_amounts() -> None:
    """Shares become amounts of the measure's total; ids become positions."""
    wanted = {
        "disruption": {"weight": 5, "max_moved": {"accounts": 2, "share": {"workload": 0.1}}},
        "locks": [{"account_id": "ü4", "rep_id": "R2"}],
        "forbid": [{"account_id": "a/3", "rep_id": "R2"}],
        "frozen_reps": ["R2"],
        "eligibility": {"soft": 7},
    }
    criteria = plan(tables(), Criteria.model_validate(wanted)).criteria
    budgets = [(budget.scope, budget.measure, budget.limit) for budget in criteria.disruption.budgets]
    assert budgets == [(BudgetScope.TOTAL, "accounts", 2.0), (BudgetScope.TOTAL, "workload", 10.0)]
    assert (criteria.locks, criteria.forbid, criteria.frozen_reps) == (((3, 1),), ((2, 1),), (1,))
    assert (criteria.eligibility.hard, criteria.eligibility.weight) == (False, 7)
    assert criteria.travel_weight == 0


def test_missing_pairs_are_forbidden_where_travel_is_the_callers_cost() -> None:
    """With source pairs the cost stands as sent, a missing pair is impossible, and overrides are kept."""
    pairs = pa.table(
        {
            "account_id": ["a1", "a2", "a/3", "ü4", "ü4"],
            "rep_id": ["R1", "R1", "R1", "R1", "R2"],
            "cost": [1.0, 2.0, 3.0, 4.0, 5.0],
            "forbidden": [False, False, False, True, False],
            "measure:workload": pa.array([None, None, None, None, 44.0], pa.float64()),
        }
    )
    planned = plan(tables(pairs=pairs), Criteria.model_validate({"travel": {"weight": 1, "source": "pairs"}}))
    problem = planned.problem
    assert problem.possible is not None
    assert problem.travel is not None
    np.testing.assert_array_equal(problem.possible, [[1, 0], [1, 0], [1, 0], [0, 1]])
    np.testing.assert_array_equal(problem.travel[problem.possible], [1, 2, 3, 5])
    assert problem.travel_unit == "cost"
    assert problem.pair_amounts is not None
    np.testing.assert_array_equal(problem.pair_amounts.amount, [[np.nan, 44.0]])
    assert planned.travel_km(planned.alignment(["R1"] * 4)) is None


def test_an_alignment_goes_to_positions_and_back() -> None:
    """Ids of any text survive the way there and back; travel of an account is one way, once, in road km."""
    planned = plan(tables(), Criteria.model_validate({"travel": {"weight": 50, "road_factor": 2}}))
    alignment = planned.alignment(["R1", "R1", None, "R2"])
    assert planned.assignments(alignment).to_pydict() == {
        "account_id": ["a1", "a2", "a/3", "ü4"],
        "rep_id": ["R1", "R1", None, "R2"],
    }
    travel_km = planned.travel_km(alignment)
    assert travel_km is not None
    np.testing.assert_allclose(travel_km[[0, 3]], travel_km[0])
    assert travel_km[1] == pytest.approx(2 * travel_km[0], rel=1e-3)
    assert np.isnan(travel_km[2])


def test_placed_centers_fill_in_missing_homes() -> None:
    """A rep without a home is refused, unless its placed center is handed in."""
    with pytest.raises(InvalidInput) as refused:
        plan(tables(lat=None), default_criteria())
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("COORDINATE_MISSING", "/reps/1/lat")]
    placed = plan(tables(lat=None), default_criteria(), centers={"R2": Center(50.0, 15.0)})
    assert placed.problem.travel is not None


def test_the_plan_can_be_scored() -> None:
    """The optimizer's own score accepts what the bridge builds from the default criteria."""
    planned = plan(tables(), default_criteria())
    card = score(planned.problem, planned.criteria, planned.alignment(["R1", "R1", "R2", "R2"]))
    assert {term.name for term in card.terms} >= {"travel", "disruption", "balance:workload"}


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ([None, None, None, None], [0, 1, 2, 3]),
        ([None, "a", "b", None], [0, 0, 0, 1]),
        (["HQ", None, None, "HQ"], [0, 1, 2, 0]),
        (["d", "HQ", "HQ", "c"], [0, 1, 1, 1]),
    ],
)
def test_families_are_whole_trees(parents: list[str | None], expected: list[int]) -> None:
    """A family is the tree under parent_id; a parent outside the data joins those that share it."""
    numbers = family_numbers(["a", "b", "c", "d"], parents).tolist()
    if expected == [0, 1, 1, 1]:
        assert len(set(numbers)) == 1
    else:
        assert numbers == expected


def test_the_solver_process_imports_no_web_stack() -> None:
    """What the child process imports neither knows the web nor the database."""
    code = (
        "import sys, app.jobs.solver_process; "
        "print([name for name in ('fastapi', 'starlette', 'sqlalchemy', 'dbos', 'uvicorn') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
