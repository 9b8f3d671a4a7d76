"""Teams of other sizes: who leaves, and what new seats are like."""

import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.scenarios.schemas import Criteria
from app.scenarios.team_sizes import must_stay, team_of

TRAVEL = Criteria.model_validate({"travel": {"weight": 1}})


def team(**more: object) -> DatasetTables:
    """Return accounts on a parallel at 0, 1, 2 and 10 degrees, and reps at 0, 1 and 10."""
    accounts = pa.table(
        {
            "id": ["a", "b", "c", "d"],
            "lat": [50.0] * 4,
            "lon": [0.0, 1.0, 2.0, 10.0],
            "current_rep_id": ["R0", "R1", "R1", "R10"],
            "locked": pa.array(more.get("locked", [False] * 4)),
            "requires": pa.array([[], [], [], ["medical"]], pa.list_(pa.string())),
        }
    )
    reps = pa.table(
        {
            "id": ["R0", "R1", "R10"],
            "name": ["Null", "Eins", "Zehn"],
            "lat": [50.0] * 3,
            "lon": [0.0, 1.0, 10.0],
            "fte": [1.0, 0.5, 1.0],
            "active": [True] * 3,
            "skills": pa.array([[], [], ["medical"]], pa.list_(pa.string())),
            "max:workload": pa.array([100.0, 300.0, 200.0]),
            "min:workload": pa.array([1.0, None, None], pa.float64()),
        }
    )
    return DatasetTables(accounts=accounts, reps=reps)


def staying(tables: DatasetTables) -> list[str]:
    """Return the ids of the active reps."""
    pairs = zip(tables.reps["id"].to_pylist(), tables.reps["active"].to_pylist(), strict=True)
    return [rep_id for rep_id, active in pairs if active]


def test_who_is_missed_least_leaves() -> None:
    """Of two neighbors the one with fewer accounts goes; the only one with a skill stays to the last."""
    assert staying(team_of(team(), TRAVEL, 2)) == ["R1", "R10"]
    assert staying(team_of(team(), TRAVEL, 1)) == ["R10"]


def test_who_has_locked_accounts_or_is_frozen_stays() -> None:
    """A lock at R0 keeps R0, so R1 leaves; frozen reps count as well."""
    locked = team(locked=[True, False, False, False])
    assert must_stay(locked, TRAVEL).tolist() == [True, False, False]
    assert staying(team_of(locked, TRAVEL, 2)) == ["R0", "R10"]
    frozen = Criteria.model_validate({"travel": {"weight": 1}, "frozen_reps": ["R1"]})
    assert must_stay(team(), frozen).tolist() == [False, True, False]


def test_new_seats_stand_behind_all_others_without_a_home() -> None:
    """Full time, with the skills that accounts ask for and the middle largest load, without a smallest one."""
    rows = team_of(team(), TRAVEL, 5).reps.to_pylist()
    assert [row["id"] for row in rows] == ["R0", "R1", "R10", "NEW-1", "NEW-2"]
    new = rows[-1]
    assert (new["lat"], new["fte"], new["active"], new["skills"]) == (None, 1.0, True, ["medical"])
    assert (new["max:workload"], new["min:workload"]) == (200.0, None)


def test_the_team_as_it_is_stays_as_it_is() -> None:
    """The same number of reps is the same dataset."""
    tables = team()
    assert team_of(tables, TRAVEL, 3) is tables
