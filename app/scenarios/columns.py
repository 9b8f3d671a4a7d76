"""Read columns of the stored tables as arrays: measures by prefix, numbers with NaN, positions of ids.

Owns how a stored column becomes an array. Refuses to judge what stands in it.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]


def numbers(table: pa.Table, name: str, *, missing: float = np.nan) -> Float64:
    """Return a numeric column, ``missing`` where the cell is null or the column is not there. Shape ``(rows,)``."""
    if name not in table.column_names:
        return np.full(table.num_rows, missing, dtype=np.float64)
    values = table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
    array = np.array(values, dtype=np.float64)
    array[np.isnan(array)] = missing
    return array


def flags(table: pa.Table, name: str, *, missing: bool) -> Bool:
    """Return a column of truth values, ``missing`` where null or not there. Shape ``(rows,)``."""
    if name not in table.column_names:
        return np.full(table.num_rows, missing, dtype=np.bool_)
    return np.array([missing if value is None else value for value in table.column(name).to_pylist()], dtype=np.bool_)


def texts(table: pa.Table, name: str) -> list[str | None]:
    """Return a text column, None where null or not there."""
    if name not in table.column_names:
        return [None] * table.num_rows
    values: list[str | None] = table.column(name).to_pylist()
    return values


def ids(table: pa.Table, name: str = "id") -> list[str]:
    """Return a column of ids, none of which may be null."""
    values: list[str] = table.column(name).to_pylist()
    return values


def word_lists(table: pa.Table, name: str) -> list[tuple[str, ...]]:
    """Return a column of word lists, sorted and without repeats; empty where null or not there."""
    if name not in table.column_names:
        return [()] * table.num_rows
    return [tuple(sorted(set(words or ()))) for words in table.column(name).to_pylist()]


def positions(values: list[str | None], index: Mapping[str, int]) -> Int32:
    """Return each id's position in ``index``, −1 for None and for what is not there. Shape ``(values,)``."""
    lookup = index.get
    return np.fromiter(
        (-1 if value is None else lookup(value, -1) for value in values), dtype=np.int32, count=len(values)
    )
