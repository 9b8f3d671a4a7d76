"""XLSX workbooks: the first sheet that has rows, every cell as the text that it shows, ids untouched."""

import io
import zipfile

import fastexcel
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.datasets.readers.flat_table import FlatTable, UnreadableError, records_that_say_something
from app.datasets.readers.reading import ReadLimits

CHUNK_BYTES = 1024 * 1024
MAX_MEMBERS = 2000
ROUNDED_NUMBER = r"^-?\d+\.\d{8,}$"


def read_xlsx(content: bytes, limits: ReadLimits) -> FlatTable:
    """Read the first sheet with rows; the first row is the header.

    Raises
    ------
    UnreadableError
        When it is not a workbook, or unpacks to more than the limit.
    """
    _check_unpacked(content, limits.max_unpacked_bytes)
    try:
        workbook = fastexcel.read_excel(content)
        for name in workbook.sheet_names:
            table = _read_sheet(workbook, name, limits)
            if table is not None:
                return table
    except fastexcel.FastExcelError as error:
        said = str(error).partition("\n")[0][:200]
        raise UnreadableError(f"The file is not an XLSX workbook: {said}.") from None
    raise UnreadableError("The workbook has no sheet with rows; expected a header and rows.")


def _read_sheet(workbook: fastexcel.ExcelReader, name: str, limits: ReadLimits) -> FlatTable | None:
    """Return the sheet's rows below its first filled row, which is the header; None for an empty sheet."""
    sheet = workbook.load_sheet(name, header_row=None, dtypes="string", skip_rows=0)
    if sheet.width > limits.max_columns:
        raise UnreadableError(f"The sheet has more than {limits.max_columns} columns.", code="TOO_MANY")
    batch = pa.record_batch(sheet.to_arrow())
    texts = tuple(_cells(column) for column in batch.columns)
    filled = np.flatnonzero(records_that_say_something(texts, batch.num_rows))
    if not filled.size:
        return None
    exact = _exact_numbers(workbook, name, texts)
    header, records = int(filled[0]), pa.array(filled[1:])
    names = tuple("" if (cell := column[header].as_py()) is None else cell.strip() for column in texts)
    columns = tuple(exact.get(index, column).take(records) for index, column in enumerate(texts))
    return FlatTable(names, columns, filled[1:].astype(np.int64) + 1)


def _exact_numbers(workbook: fastexcel.ExcelReader, name: str, texts: tuple[pa.Array, ...]) -> dict[int, pa.Array]:
    """Return columns whose numbers the reader rounded to nine decimals, with every digit, as text."""
    rounded = [
        index for index, column in enumerate(texts) if pc.any(pc.match_substring_regex(column, ROUNDED_NUMBER)).as_py()
    ]
    if not rounded:
        return {}
    sheet = workbook.load_sheet(name, header_row=None, dtypes="float", skip_rows=0, use_columns=rounded)
    exact = {}
    for index, numbers in zip(rounded, pa.record_batch(sheet.to_arrow()).columns, strict=True):
        was_rounded = pc.match_substring_regex(texts[index], ROUNDED_NUMBER)
        repaired = pc.and_(pc.fill_null(was_rounded, False), numbers.is_valid())
        exact[index] = pc.if_else(repaired, numbers.cast(pa.string()), texts[index])
    return exact


def _cells(column: pa.Array) -> pa.Array:
    texts = column.cast(pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _check_unpacked(content: bytes, limit: int) -> None:
    """Unpack every member without keeping it, so that a lying header cannot hide a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if not any(member.filename.startswith("xl/") or member.filename == "content.xml" for member in members):
                detail = "The file is a zip archive without a workbook in it; send the files that it holds one by one."
                raise UnreadableError(detail)
            if len(members) > MAX_MEMBERS:
                raise UnreadableError("The workbook has too many parts.", code="DECOMPRESSION_LIMIT")
            total = 0
            for member in members:
                with archive.open(member) as part:
                    while chunk := part.read(CHUNK_BYTES):
                        total += len(chunk)
                        if total > limit:
                            detail = f"The workbook unpacks to more than {limit:,} bytes."
                            raise UnreadableError(detail, code="DECOMPRESSION_LIMIT")
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise UnreadableError(f"The file is not an XLSX workbook: {str(error)[:200]}.") from None
