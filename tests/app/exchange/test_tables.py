"""Tables as CSV, XLSX and Parquet keep ids, and are guarded where a spreadsheet opens them."""

import csv
import io
import zipfile

import fastexcel
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.exchange.guarding import unguard
from app.exchange.tables import BYTE_ORDER_MARK, csv_bytes, parquet_bytes, xlsx_bytes

IDS = ["007", "=SUM(A1)", "'=x", "🙂", "حساب", "a,b", 'q"q', "line\nbreak", "-12", "acc/000005", "1e5"]


@pytest.fixture
def table() -> pa.Table:
    """Return ids that spreadsheets like to break, with negative numbers, nulls, flags and lists."""
    count = len(IDS)
    return pa.table(
        {
            "account_id": pa.array(IDS),
            "name": pa.array([None, *IDS[1:]]),
            "workload": pa.array([-1.5, *[2.0] * (count - 1)]),
            "travel_km": pa.array([None, float("nan"), *[1.25] * (count - 2)], type=pa.float64()),
            "moved": pa.array([True, *[False] * (count - 1)]),
            "skills": pa.array([["medical", "german"], *[[]] * (count - 1)], type=pa.list_(pa.string())),
        }
    )


def read_csv(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file as texts."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_ids_read_back(table: pa.Table) -> None:
    """Every id comes back from CSV once the guard is undone."""
    assert [unguard(row["account_id"]) for row in read_csv(csv_bytes(table))] == IDS


def test_csv_guards_text_and_never_numbers(table: pa.Table) -> None:
    """A formula is guarded, a negative number stays a number, empty is empty, lists are joined."""
    rows = read_csv(csv_bytes(table))
    assert rows[1]["account_id"] == "'=SUM(A1)"
    assert rows[0]["workload"] == "-1.5"
    assert (rows[0]["name"], rows[0]["travel_km"], rows[1]["travel_km"]) == ("", "", "")
    assert rows[0]["skills"] == "medical;german"
    assert (rows[0]["moved"], rows[1]["moved"]) == ("true", "false")


def test_csv_says_that_it_is_utf8(table: pa.Table) -> None:
    """The byte order mark stands first unless a script asks for none."""
    assert csv_bytes(table).startswith(BYTE_ORDER_MARK + b'"account_id"')
    assert csv_bytes(table, bom=False).startswith(b'"account_id"')


def test_xlsx_ids_read_back_unchanged(table: pa.Table) -> None:
    """A workbook holds each id exactly, as text, without a formula cell."""
    content = xlsx_bytes({"assignments": table})
    sheet = fastexcel.read_excel(content).load_sheet("assignments", dtypes={"account_id": "string"})
    read = pa.table(sheet.to_arrow())
    assert read.column("account_id").to_pylist() == IDS
    assert read.column("workload").to_pylist()[0] == -1.5
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml


def test_xlsx_marks_dangerous_cells_as_quoted(table: pa.Table) -> None:
    """The quote mark of the cell is set where a saved-on CSV would run the text."""
    styles = zipfile.ZipFile(io.BytesIO(xlsx_bytes({"a": table}))).read("xl/styles.xml").decode()
    assert 'quotePrefix="1"' in styles


def test_parquet_keeps_every_value(table: pa.Table) -> None:
    """Parquet gives the same table back, unguarded."""
    assert pq.read_table(io.BytesIO(parquet_bytes(table))).column("account_id").to_pylist() == IDS


def test_an_empty_table_has_its_header() -> None:
    """No rows still make a readable file."""
    empty = pa.table({"account_id": pa.array([], type=pa.string())})
    assert csv_bytes(empty) == BYTE_ORDER_MARK + b'"account_id"\n'
    assert fastexcel.read_excel(xlsx_bytes({"a": empty})).load_sheet(0).height == 0


def test_a_workbook_has_fixed_times() -> None:
    """The same table is the same bytes tomorrow, as its ETag promises."""
    content = xlsx_bytes({"sheet": pa.table({"a": [1]})})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
