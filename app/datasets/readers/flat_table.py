"""A file as it was read: columns with the file's own names, before anything is known of their meaning."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FlatTable:
    """Columns of one file.

    Parameters
    ----------
    names
        Column names as the file has them, blanks trimmed.
    columns
        One array a name; texts for CSV and XLSX, any type for Parquet.
    rows
        1-based row of each record as a spreadsheet shows it. Shape ``(records,)``.
    notes
        What had to be assumed, one sentence each, such as an encoding.
    delimiter
        What separates the cells of a CSV; empty for other formats.
    """

    names: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    rows: NDArray[np.int64]
    notes: tuple[str, ...] = field(default=())
    delimiter: str = ""


class UnreadableError(Exception):
    """When a file is not what it says it is.

    Parameters
    ----------
    detail
        One sentence that says what was expected.
    code
        Error code.
    row
        Row where reading ended, where known.
    more
        Further rows that cannot be read, each with its sentence.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str = "UNREADABLE_FILE",
        row: int | None = None,
        more: Sequence[tuple[int, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.row = row
        self.more = tuple(more)


def records_that_say_something(columns: tuple[pa.Array, ...], num_records: int) -> NDArray[np.bool_]:
    """Tell which records have any cell that is not empty. Shape ``(records,)``."""
    filled = np.zeros(num_records, dtype=bool)
    for column in columns:
        filled |= column.is_valid().to_numpy(zero_copy_only=False)
    return filled
