"""Raw files are audited as the tables they were written from."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from checker import CheckInputError, certify, check, dataset_sha256, examine, scenario_sha256, verify

ACCOUNTS: dict[str, list[Any]] = {
    "id": ["Łódź, 1", "B/2", "=C"],
    "name": ["x", "y", "z"],
    "lat": [0.0, 0.0, 0.0],
    "lon": [0.1, 1.0, 2.0],
    "current_rep_id": ["W", None, "E"],
    "locked": [True, False, False],
    "requires": [["a", "b"], [], []],
    "visits_per_year": [12.0, 7.0, None],
    "hours_per_visit": [1.1, 0.3, None],
    "workload": [20.0, None, 5.5],
    "segment": ["A", "B", "C"],
}
REPS: dict[str, list[Any]] = {
    "id": ["W", "E"],
    "lat": [0.0, 0.0],
    "lon": [0.0, 2.0],
    "skills": [["b", "a"], []],
    "fte": [1.0, None],
    "workload_max": [100.0, None],
}
CRITERIA = {"travel": {"weight": 30, "source": "great_circle", "road_factor": 1}, "disruption": {"weight": 10}}
STORED_ACCOUNTS = {
    **{name: column for name, column in ACCOUNTS.items() if name not in ("workload", "segment")},
    "measure:workload": [20.0, 7.0 * 0.3, 5.5],
    "attribute:segment": ["A", "B", "C"],
}
STORED_REPS = {**{n: c for n, c in REPS.items() if n != "workload_max"}, "max:workload": [100.0, None]}
ASSIGNMENT = ["W", "W", "E"]


def write_csv(path: Path, table: dict[str, list[Any]]) -> None:
    def text(cell: Any) -> str:
        if isinstance(cell, list):
            return ";".join(cell)
        return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*[[text(cell) for cell in column] for column in table.values()], strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "accounts.csv", ACCOUNTS)
    write_csv(tmp_path / "reps.csv", REPS)
    write_csv(tmp_path / "assignments.csv", {"account_id": ACCOUNTS["id"], "rep_id": ASSIGNMENT})
    (tmp_path / "criteria.json").write_text(json.dumps(CRITERIA), "utf-8")
    return tmp_path


def test_files_say_what_the_tables_say(folder: Path) -> None:
    """Measures, derived workload, limits and lists come out of CSV as they are stored."""
    stored = check(STORED_ACCOUNTS, STORED_REPS, None, CRITERIA, ASSIGNMENT)
    audit = verify(folder)
    assert audit.report.terms == stored.terms
    assert audit.report.loads["workload"].tolist() == stored.loads["workload"].tolist() == [20 + 7 * 0.3, 5.5]
    assert audit.is_confirmed
    assert audit.verdict is None


def test_a_certificate_beside_the_files_is_verified(folder: Path) -> None:
    """A certificate made from stored tables holds for the exported files, and not after a cell has changed."""
    examined = examine(STORED_ACCOUNTS, STORED_REPS, None, CRITERIA, ASSIGNMENT)
    row = {"kind": "load", "rep_id": "W", "measure": "workload"}
    certificate = certify(
        examined,
        [(row, "max", 0.001)],
        dataset_sha256=dataset_sha256(STORED_ACCOUNTS, STORED_REPS),
        scenario_sha256=scenario_sha256(CRITERIA),
    )
    (folder / "certificate.json").write_text(json.dumps(certificate), "utf-8")
    audit = verify(folder)
    assert audit.verdict is not None
    assert audit.verdict.faults == ()
    assert audit.is_confirmed
    write_csv(folder / "accounts.csv", {**ACCOUNTS, "lon": [0.1, 1.0, 2.0000001]})
    changed = verify(folder)
    assert changed.verdict is not None
    assert any("dataset_sha256" in fault for fault in changed.verdict.faults)


def test_criteria_numbers_hash_alike(folder: Path) -> None:
    """1 and 1.0 are the same criteria, and the order of keys does not matter."""
    assert folder.is_dir()
    assert scenario_sha256({"a": 1, "b": True}) == scenario_sha256({"b": True, "a": 1.0})
    assert scenario_sha256({"a": 1}) != scenario_sha256({"a": True})


def test_centers_and_neighbors_are_read(folder: Path) -> None:
    """Placed centers and adjacency have files of their own."""
    write_csv(folder / "reps.csv", {**REPS, "lat": [0.0, None], "lon": [0.0, None]})
    write_csv(folder / "accounts.csv", {**ACCOUNTS, "unit_id": ["1", "3", "2"]})
    write_csv(folder / "centers.csv", {"rep_id": ["E"], "lat": [0.0], "lon": [2.0]})
    write_csv(folder / "adjacency.csv", {"unit_id": ["1", "2"], "neighbor_id": ["2", "3"]})
    (folder / "criteria.json").write_text(json.dumps({**CRITERIA, "contiguity": "rook"}), "utf-8")
    audit = verify(folder)
    assert [violation.criterion for violation in audit.report.violations] == ["contiguity"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("criteria.json", '{"travel": {"weight": NaN}}'),
        ("criteria.json", '{"travel": {}, "travel": {}}'),
        ("criteria.json", "[]"),
        ("criteria.json", "{"),
        ("accounts.csv", "id,lat\nA,north\n"),
        ("accounts.csv", "id,lat\nA,1,2\n"),
        ("accounts.csv", "id,id\nA,A\n"),
        ("reps.csv", "id,active\nW,perhaps\n"),
        ("assignments.csv", "account_id,rep_id\nB/2,W\n"),
        ("assignments.csv", "account,rep\nB/2,W\n"),
    ],
)
def test_files_that_cannot_be_read_are_refused(folder: Path, name: str, text: str) -> None:
    """A file that is not what it must be is an error with its name, never half an audit."""
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(CheckInputError):
        verify(folder)
