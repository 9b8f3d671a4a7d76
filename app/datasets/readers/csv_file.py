"""CSV in the dialects that spreadsheets write: `,` `;` tab or `|`, with or without a byte order mark."""

import codecs
import re

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from app.datasets.readers.code_pages import NAMES, code_page
from app.datasets.readers.flat_table import FlatTable, UnreadableError, records_that_say_something
from app.datasets.readers.reading import ReadLimits

DELIMITERS = (",", ";", "\t", "|")
MAX_ROW_BYTES = 8 * 1024 * 1024
ABOVE_HEADER = re.compile(rb"(?:[ \t]*\r?\n)*(?:sep=([,;\t|])[ \t]*\r?\n)?", re.IGNORECASE)
"""Empty lines, and the line by which spreadsheets are told the delimiter (the group)."""
SNIFFED_CHARACTERS = 64 * 1024


def read_csv(content: bytes, limits: ReadLimits) -> FlatTable:
    """Read a CSV file; all cells are text, empty ones null.

    Raises
    ------
    UnreadableError
        When it is not a CSV: its encoding, its header or a row is broken.
    """
    text, notes = _as_utf8(content)
    if not text.strip():
        raise UnreadableError("The file is empty; expected a header and rows.")
    if text.count(b'"') % 2:
        row = next(number for number, line in enumerate(text.splitlines(), start=1) if line.count(b'"') % 2)
        detail = f"A quoted cell is never closed; row {row} is the first with an odd number of quotation marks."
        raise UnreadableError(detail, row=row)
    said = ABOVE_HEADER.match(text)
    above, told = (said[0], said[1]) if said else (b"", None)
    text, skipped = text[len(above) :], above.count(b"\n")
    delimiter = told.decode() if told else _delimiter(text)
    table, rows = _parse(text, delimiter, limits, skipped=skipped)
    if table.num_columns > limits.max_columns:
        raise UnreadableError(f"The file has more than {limits.max_columns} columns.", code="TOO_MANY")
    columns = tuple(column.combine_chunks() for column in table.columns)
    names = tuple("" if (cell := column[0].as_py()) is None else cell.strip() for column in columns)
    columns = tuple(column[1:] for column in columns)
    keep = records_that_say_something(columns, table.num_rows - 1)
    if not keep.all():
        columns = tuple(column.filter(pa.array(keep)) for column in columns)
    return FlatTable(names, columns, rows[1:][keep], notes, delimiter)


def _as_utf8(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the file as UTF-8 without a byte order mark, and what had to be assumed."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding), ()
    head = content[:4000]
    if head.count(b"\0") > len(head) // 4:
        encoding = "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
        return _decoded(content, encoding), (f"The file was read as {encoding.upper()}.",)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        encoding = code_page(content)
        note = f"The file is not UTF-8; it was read as {NAMES[encoding]}. Check names with special letters."
        return _decoded(content, encoding), (note,)
    return content, ()


def _decoded(content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        row = content[:start].count(b"\n") + 1
        raise UnreadableError(
            f"The text is neither UTF-8 nor {NAMES.get(encoding, encoding)} (row {row}); save it as UTF-8.", row=row
        ) from None


def _delimiter(text: bytes) -> str:
    """Return the candidate that occurs most in the header, outside quotes."""
    head = text[:SNIFFED_CHARACTERS].decode("utf-8", "ignore")
    inside = False
    counts = dict.fromkeys(DELIMITERS, 0)
    for letter in head:
        if letter == '"':
            inside = not inside
        elif letter in "\r\n" and not inside:
            break
        elif letter in counts and not inside:
            counts[letter] += 1
    return max(DELIMITERS, key=lambda candidate: counts[candidate])


def _parse(
    text: bytes, delimiter: str, limits: ReadLimits, *, skipped: int
) -> tuple[pa.Table, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return all records, the header first, and the row of each, below ``skipped`` others."""
    odd = _OddRows()
    names = [f"f{index}" for index in range(limits.max_columns + 1)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(text),
            read_options=pa_csv.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=MAX_ROW_BYTES
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=b'"' in text,
                ignore_empty_lines=False,
                invalid_row_handler=odd.skip,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableError(f"The file is not a CSV: {str(error)[:200]}.") from None
    odd.refuse(delimiter, skipped=skipped)
    total = table.num_rows + len(odd.skipped)
    rows = np.setdiff1d(np.arange(1, total + 1), np.array(odd.skipped, dtype=np.int64))
    return table, rows + skipped


class _OddRows:
    """Rows that have not as many cells as the header: empty ones are passed over, others refuse the file."""

    def __init__(self) -> None:
        self.skipped: list[int] = []
        self._broken: list[tuple[int, int, int]] = []

    def skip(self, row: pa_csv.InvalidRow) -> str:
        number = int(row.number or 0)
        self.skipped.append(number)
        if row.text.strip():
            self._broken.append((number, row.actual_columns, row.expected_columns))
        return "skip"

    def refuse(self, delimiter: str, *, skipped: int) -> None:
        if not self._broken:
            return
        (row, detail), *more = (
            (row + skipped, _odd_sentence(row + skipped, actual, expected, delimiter))
            for row, actual, expected in self._broken
        )
        raise UnreadableError(detail, row=row, more=more)


def _odd_sentence(row: int, actual: int, expected: int, delimiter: str) -> str:
    sign = "tab" if delimiter == "\t" else f"'{delimiter}'"
    remedy = f"Quote cells that have a {sign}" if actual > expected else f"Empty cells, too, need their {sign}"
    if expected == 1:
        remedy = "Delete what stands above the header"
    return f"Row {row} has {actual:,} cell{'s' if actual > 1 else ''}, the header has {expected:,}. {remedy}."
