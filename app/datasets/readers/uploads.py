"""Uploaded files of a dataset: each read by what it is; units from GeoJSON, TopoJSON and GIS files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from app.datasets.faults import Origin
from app.datasets.fields import TABLES
from app.datasets.readers.csv_file import read_csv
from app.datasets.readers.flat import read_flat
from app.datasets.readers.flat_table import FlatTable, UnreadableError
from app.datasets.readers.json_rows import read_rows
from app.datasets.readers.parquet_file import read_parquet_file
from app.datasets.readers.reading import Reading, ReadLimits
from app.datasets.readers.units import read_unit_file, read_units, units_origin
from app.datasets.readers.xlsx_file import read_xlsx
from app.errors import Fault, ProblemError, TooLarge
from app.strict_json import decode_syntax, measure_structure
from geo_data.vector_files import is_vector_file

XLSX_MAGIC = b"PK\x03\x04"
PARQUET_MAGIC = b"PAR1"
GZIP_MAGIC = b"\x1f\x8b"
NEXT_OBJECT = re.compile(rb"\}[ \t]*\r?\n[ \t]*\{")
"""An object that follows another one without a comma, which no JSON has, in texts neither."""
SEARCHED_BYTES = 1024 * 1024
OLD_EXCEL_MAGIC = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class UploadedFile:
    """One uploaded file.

    Parameters
    ----------
    table
        `accounts`, `reps`, `pairs` or `units`.
    content
        The file's bytes.
    mapping
        The caller's own mapping of its columns.
    """

    table: str
    content: bytes
    mapping: Mapping[str, object]


def read_upload(upload: UploadedFile, reading: Reading, limits: ReadLimits) -> None:
    """Read one file into ``reading``; a file that cannot be read is a fault.

    Raises
    ------
    TooLarge
        When it unpacks to more than the limit.
    """
    try:
        _read(upload, reading, limits)
    except UnreadableError as error:
        if error.code == "DECOMPRESSION_LIMIT":
            raise TooLarge(error.code, f"{upload.table}: {error.detail}") from None
        for row, detail in ((error.row, error.detail), *error.more):
            reading.log.add(Fault(code=error.code, detail=detail, file=upload.table, row=row))
    except ProblemError as error:
        for fault in error.faults:
            pointer = (fault.pointer or "").removeprefix(f"/{upload.table}")
            reading.log.add(
                Fault(
                    code="UNREADABLE_FILE" if fault.code == "NOT_JSON" else fault.code,
                    detail=fault.detail,
                    file=upload.table,
                    pointer=pointer,
                    params=fault.params,
                )
            )


def _read(upload: UploadedFile, reading: Reading, limits: ReadLimits) -> None:
    content, table = upload.content, upload.table
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if table == "units":
        _read_units(upload, start, reading, limits)
        return
    if start in (b"{", b"["):
        _read_json(upload, reading, limits)
        return
    flat = _flat(content, limits, limits.max_rows[table])
    if len(flat.rows) > limits.max_rows[table]:
        detail = f"The file has {len(flat.rows):,} rows; the limit is {limits.max_rows[table]:,}."
        raise UnreadableError(detail, code="TOO_MANY")
    reading.add(*read_flat(flat, TABLES[table], table, reading.log, mapping=upload.mapping))


def _read_units(upload: UploadedFile, start: bytes, reading: Reading, limits: ReadLimits) -> None:
    if is_vector_file(upload.content):
        reading.add(*read_unit_file(upload.content, reading.log, limits, mapping=upload.mapping))
        return
    if start not in (b"{", b"["):
        raise UnreadableError("Units must be GeoJSON, TopoJSON, a zipped Shapefile, a GeoPackage or a FlatGeobuf.")
    content = upload.content.removeprefix(b"\xef\xbb\xbf")
    origin = units_origin(content, base="", file=upload.table)
    reading.add(read_units(content, origin, reading.log, limits, mapping=upload.mapping), origin)


def _flat(content: bytes, limits: ReadLimits, max_rows: int) -> FlatTable:
    if content.startswith(XLSX_MAGIC):
        return read_xlsx(content, limits)
    if content.startswith(PARQUET_MAGIC):
        return read_parquet_file(content, limits, max_rows=max_rows)
    if content.startswith((GZIP_MAGIC, OLD_EXCEL_MAGIC)):
        raise UnreadableError("The file is packed or an old Excel file; save it as CSV, XLSX or Parquet.")
    if b"\0" in content[:4000] and not content.startswith((b"\xff\xfe", b"\xfe\xff")) and content.count(b"\0") < 3:
        raise UnreadableError("The file has NUL bytes; expected CSV, XLSX, Parquet or JSON.")
    return read_csv(content, limits)


def _read_json(upload: UploadedFile, reading: Reading, limits: ReadLimits) -> None:
    """Read a JSON list of rows, or an object that holds it under the table's name."""
    content, table, base = upload.content, upload.table, ""
    if NEXT_OBJECT.search(content, 0, SEARCHED_BYTES):
        raise UnreadableError("One JSON object a line is not read here; put them into one list: [ {…}, {…} ].")
    measure_structure(content, max_depth=limits.max_json_depth)
    raw = msgspec.Raw(content)
    if content.lstrip().startswith(b"{"):
        parts: dict[str, msgspec.Raw] = decode_syntax(content, dict[str, msgspec.Raw])
        if set(parts) != {table}:
            raise UnreadableError(f'Expected a JSON list of rows, or {{"{table}": [rows]}}.')
        raw, base = parts[table], f"/{table}"
    origin = Origin(table, file=table, base=base)
    rows = read_rows(raw, TABLES[table], origin, reading.log)
    if rows.num_rows > limits.max_rows[table]:
        detail = f"The file has {rows.num_rows:,} rows; the limit is {limits.max_rows[table]:,}."
        raise UnreadableError(detail, code="TOO_MANY")
    reading.add(rows, origin)
