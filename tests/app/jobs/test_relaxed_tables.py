"""A relaxed question as tables: what changed is made anew, what did not is not."""

import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.jobs.relaxed_question import AddedRep, Columns, relaxed_question
from app.jobs.relaxed_tables import changed_tables
from optimizer.problem import Problem
from optimizer.result import Change
from tests.app.alignments.line import tables as line_tables
from tests.optimizer.small_problems import line_of_four

ADDED = (AddedRep(rep_id="NEW-1", like="R1", name="New rep like Rep R1"),)


def columns(tables: DatasetTables) -> dict[str, Columns]:
    """Return tables as the checker reads them."""
    return {
        name: {column: table[column].to_pylist() for column in table.column_names} for name, table in tables.named()
    }


def changed(tables: DatasetTables, *changes: Change, added: tuple[AddedRep, ...] = ()) -> dict[str, pa.Table]:
    """Return the tables that changes touch."""
    problem: Problem = line_of_four()
    before = columns(tables)
    question = relaxed_question(before, {"locks": [], "forbid": []}, changes, problem=problem, added=added)
    return changed_tables(tables, before=before, after=question.tables)


def test_a_new_rep_is_a_copy_without_a_smallest_load() -> None:
    """Place, skills and largest load are those of the rep it is like; id, name and smallest load are not."""
    reps = pa.table(
        {
            "id": ["R1", "R2"],
            "name": ["Çelik", None],
            "skills": [["medical"], []],
            "max:workload": [20.0, None],
            "min:workload": [5.0, 1.0],
        }
    )
    tables = DatasetTables(accounts=line_tables().accounts, reps=reps)
    found = changed(tables, added=ADDED)
    assert list(found) == ["reps"]
    rows = found["reps"].to_pylist()
    assert rows[:2] == reps.to_pylist()
    assert found["reps"].schema == reps.schema
    assert rows[2] == {
        "id": "NEW-1",
        "name": "New rep like Rep R1",
        "skills": ["medical"],
        "max:workload": 20.0,
        "min:workload": None,
    }


def test_pairs_are_copied_with_their_rep() -> None:
    """Costs of the rep who is there stand for the new one, too."""
    pairs = pa.table({"account_id": ["a1", "a1"], "rep_id": ["R1", "R2"], "cost": [1.5, 2.0]})
    given = line_tables()
    found = changed(DatasetTables(given.accounts, given.reps, pairs), added=ADDED)
    assert sorted(found) == ["pairs", "reps"]
    assert found["pairs"].to_pylist()[2:] == [{"account_id": "a1", "rep_id": "NEW-1", "cost": 1.5}]


def test_only_what_changes_is_made_anew() -> None:
    """A raised maximum touches the reps, and is a new column where there was none; a released lock the accounts."""
    tables = line_tables()
    raised = Change(kind="capacity_max", rep=1, measure="workload", before=20.0, after=24.0)
    (reps,) = changed(tables, raised).values()
    assert reps["max:workload"].to_pylist() == [None, 24.0, None, None]
    assert reps.drop_columns(["max:workload"]) == tables.reps
    found = changed(tables, Change(kind="lock", account=2, rep=0))
    assert list(found) == ["accounts"]
    assert found["accounts"].schema == tables.accounts.schema
    assert changed(tables) == {}
