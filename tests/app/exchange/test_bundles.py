"""The downloads of a whole alignment."""

import csv
import io
import zipfile

import fastexcel

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
