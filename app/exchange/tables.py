"""Tables as files: CSV, XLSX and Parquet, every id as text.

CSV is UTF-8 with a byte order mark. Without the mark, Excel reads UTF-8 as the machine's old code page
and breaks every name that is not plain English, and nobody sees it until the file has been loaded
somewhere; with it, Excel, LibreOffice, Google Sheets, pandas, Arrow and DuckDB all read it right. A
script that wants none asks for ``bom=False``.

Text that a spreadsheet could take for a formula is guarded in CSV (an apostrophe, see guarding) and in
XLSX (the cell's own quote mark, which changes no character). Numbers are never guarded. Parquet and JSON
keep every value as it is.
"""

import datetime
import io
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import xlsxwriter

from app.exchange.guarding import guarded_column, is_dangerous

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SHEET_TITLE = 31  # Excel's limits
_SHEET_ROWS = 1_048_575
_CELL_CHARACTERS = 32_767
_WIDEST_COLUMN = 48
_LIST_SEPARATOR = ";"


class FileFormat(StrEnum):
    """Name a form of a table."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


MEDIA_TYPES: Mapping[FileFormat, str] = {
    FileFormat.JSON: "application/json",
    FileFormat.CSV: "text/csv",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
}


def csv_bytes(table: pa.Table, *, bom: bool = True) -> bytes:
    """Return the table as CSV with a header; empty cells for nulls, lists joined by a semicolon."""
    plain = _flat(table)
    columns = [guarded_column(column) if _is_text(column) else column for column in plain.columns]
    names = [_guarded_title(name) for name in plain.column_names]
    sink = io.BytesIO()
    if bom:
        sink.write(BYTE_ORDER_MARK)
    pacsv.write_csv(pa.Table.from_arrays(columns, names=names), sink)
    return sink.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Return the table as Parquet, compressed by zstd."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


_EPOCH = datetime.datetime(1980, 1, 1)  # a workbook's times have no zone; a fixed one keeps its bytes fixed


def xlsx_bytes(sheets: Mapping[str, pa.Table]) -> bytes:
    """Return a workbook with one sheet for each table; text stays text, numbers stay numbers.

    Raises
    ------
    ValueError
        When a table has more rows than a sheet can hold.
    """
    sink = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as workbook:
        workbook.set_properties({"created": _EPOCH})
        formats = _Formats(workbook)
        for title, table in sheets.items():
            _write_sheet(workbook.add_worksheet(title[:_SHEET_TITLE]), _flat(table), formats)
    return sink.getvalue()


class _Formats:
    """Hold the cell formats of one workbook."""

    def __init__(self, workbook: Any) -> None:
        self.header = workbook.add_format({"bold": True, "bottom": 1})
        self.text = workbook.add_format({"num_format": "@"})
        self.quoted = workbook.add_format({"num_format": "@", "quote_prefix": True})


def _write_sheet(sheet: Any, table: pa.Table, formats: _Formats) -> None:
    if table.num_rows > _SHEET_ROWS:
        raise ValueError(f"a sheet holds {_SHEET_ROWS:,} rows, the table has {table.num_rows:,}; take CSV or Parquet")
    sheet.freeze_panes(1, 0)
    for position, name in enumerate(table.column_names):
        sheet.set_column(position, position, _width(name, table.column(position)))
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{table.num_rows + 1}"})
    for position, name in enumerate(table.column_names):
        sheet.write_string(0, position, name, formats.header)
    writers = [_cell_writer(sheet, column, formats) for column in table.columns]
    for row, values in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=1):
        for position, (write, value) in enumerate(zip(writers, values, strict=True)):
            if value is not None:
                write(row, position, value)
    if table.num_rows:
        sheet.autofilter(0, 0, table.num_rows, table.num_columns - 1)


def _cell_writer(sheet: Any, column: pa.ChunkedArray, formats: _Formats) -> Any:
    if pa.types.is_boolean(column.type):
        return sheet.write_boolean
    if not _is_text(column):
        return sheet.write_number

    def write_text(row: int, position: int, value: str) -> None:
        cell_format = formats.quoted if is_dangerous(value) else formats.text
        sheet.write_string(row, position, value[:_CELL_CHARACTERS], cell_format)

    return write_text


def _width(name: str, column: pa.ChunkedArray) -> float:
    longest = len(name) + 2
    if _is_text(column) and len(column) > column.null_count:
        longest = max(longest, pc.max(pc.utf8_length(column.slice(0, 1000))).as_py() or 0)
    return float(min(max(longest + 1, 8), _WIDEST_COLUMN))


def _flat(table: pa.Table) -> pa.Table:
    """Return the table with lists joined to texts, and numbers that no cell can hold left empty."""
    columns = []
    for column in table.columns:
        if pa.types.is_list(column.type):
            column = pc.binary_join(column.cast(pa.list_(pa.string())), _LIST_SEPARATOR)
        elif pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_finite(column), column, None)
        columns.append(column)
    return pa.Table.from_arrays(columns, names=table.column_names)


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _guarded_title(name: str) -> str:
    return f"'{name}" if is_dangerous(name) else name
