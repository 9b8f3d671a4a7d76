"""The downloads of a whole alignment."""

import csv
import io
import zipfile
from urllib.parse import unquote

import fastexcel
import pyarrow as pa

from app.alignments.moves import changes_table, delta_table, rollback_table
from tests.app.alignments.conftest import Bench

NAMES = ["assignments", "moves", "reps", "delta", "rollback"]


def rows_of(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    """Return the rows of one CSV file of a zip."""
    text = archive.read(f"{name}.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_zip_has_all_tables(bench: Bench, alignment_id: str) -> None:
    """Assignments, moves, reps, delta and rollback; the delta holds only what changes, the rollback undoes it."""
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/exports/csv")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == [f"{name}.csv" for name in NAMES]
    assert len(rows_of(archive, "assignments")) == 4
    assert rows_of(archive, "delta") == [{"account_id": "a4", "rep_id": "R2"}]
    assert rows_of(archive, "rollback") == [{"account_id": "a4", "from": "R2", "to": "R1"}]
    reps = rows_of(archive, "reps")
    assert [(rep["rep_id"], rep["accounts"], rep["workload_load"]) for rep in reps] == [
        ("R1", "2", "21"),
        ("R2", "2", "25"),
    ]


def test_the_zip_has_the_same_bytes_again(bench: Bench, alignment_id: str) -> None:
    """Nothing in it depends on the clock."""
    path = f"/v1/alignments/{alignment_id}/exports/csv"
    assert bench.client.get(path).content == bench.client.get(path).content


def test_the_workbook_has_one_sheet_for_each_table(bench: Bench, alignment_id: str) -> None:
    """The same tables as sheets, names kept letter by letter."""
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/exports/xlsx")
    book = fastexcel.read_excel(answer.content)
    assert book.sheet_names == NAMES
    names = book.load_sheet("assignments", dtypes={"account_name": "string"}).to_arrow().column("account_name")
    assert names.to_pylist() == ["Łódź Works", "株式会社テスト", "Café Ünal", "=SUM(A1)"]


def test_who_had_no_rep_is_a_change_and_no_move() -> None:
    """An account that nobody had is in the delta with its new rep, and in the rollback with nobody."""
    assignments = pa.table(
        {
            "account_id": ["a1", "a2", "a3", "a4"],
            "rep_id": ["R1", "R1", None, None],
            "current_rep_id": pa.array([None, "R1", "R2", None], pa.string()),
        }
    )
    changes = changes_table(assignments)
    assert delta_table(changes).to_pylist() == [
        {"account_id": "a1", "rep_id": "R1"},
        {"account_id": "a3", "rep_id": ""},
    ]
    assert rollback_table(changes).to_pylist() == [
        {"account_id": "a1", "from": "R1", "to": None},
        {"account_id": "a3", "from": None, "to": "R2"},
    ]


def test_files_are_called_after_the_plan(bench: Bench, alignment_id: str) -> None:
    """A name in any letters goes along, with plain ones beside it; what no file name may have is left out."""
    path = f"/v1/alignments/{alignment_id}"
    assert bench.client.patch(path, json={"name": 'Łódź "A/B"'}).status_code == 200
    said = bench.client.get(f"{path}/exports/xlsx").headers["content-disposition"]
    name = unquote(said.split("filename*=UTF-8''")[1])
    assert name.startswith("Łódź _A_B_ - ")
    assert name.endswith(f" {alignment_id[-6:]}.xlsx")
    assert said.startswith('attachment; filename="odz _A_B_ - ')
