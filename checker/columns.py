"""Turn one plain column, a list or an array with gaps, into what arithmetic needs; refuse what is no such thing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.exceptions import CheckInputError

Columns = Mapping[str, Any]
"""A table: column name to a list or one-dimensional array; all of one length."""


def length(table: Columns) -> int:
    """Return the number of rows of a table.

    Raises
    ------
    CheckInputError
        When the columns differ in length.
    """
    lengths = {len(column) for column in table.values()}
    if len(lengths) > 1:
        raise CheckInputError(f"The columns differ in length: {sorted(lengths)}.")
    return lengths.pop() if lengths else 0


def numbers(table: Columns, name: str, *, default: float = np.nan) -> NDArray[np.float64]:
    """Read a column of numbers, with gaps filled.

    Raises
    ------
    CheckInputError
        When a cell is neither a finite number nor empty.
    """
    if table.get(name) is None:
        return np.full(length(table), default)
    try:
        column = np.array(_plain(table[name]), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CheckInputError(f"Column '{name}' holds something that is no number.") from error
    if column.ndim != 1 or np.isinf(column).any():
        raise CheckInputError(f"Column '{name}' holds something that is no finite number.")
    return np.where(np.isnan(column), default, column)


def flags(table: Columns, name: str, *, default: bool) -> NDArray[np.bool_]:
    """Read a column of booleans, with gaps filled."""
    if table.get(name) is None:
        return np.full(length(table), default)
    cells = [default if cell is None else cell for cell in _plain(table[name])]
    if not all(isinstance(cell, bool) for cell in cells):
        raise CheckInputError(f"Column '{name}' holds something that is neither true nor false.")
    return np.array(cells, dtype=np.bool_)


def texts(table: Columns, name: str) -> list[str | None]:
    """Read a column of text, None where empty."""
    if table.get(name) is None:
        return [None] * length(table)
    cells = [None if cell is None or cell != cell else cell for cell in _plain(table[name])]
    if not all(cell is None or isinstance(cell, str) for cell in cells):
        raise CheckInputError(f"Column '{name}' holds something that is no text.")
    return cells


def ids(table: Columns, name: str) -> tuple[str, ...]:
    """Read a column of ids that must be there.

    Raises
    ------
    CheckInputError
        When one is missing.
    """
    cells = texts(table, name)
    present = tuple(cell for cell in cells if cell is not None)
    if len(present) != len(cells):
        raise CheckInputError(f"Column '{name}' misses {len(cells) - len(present)} ids.")
    return present


def unique_ids(table: Columns, name: str) -> tuple[str, ...]:
    """Read a column of ids that must be there and differ.

    Raises
    ------
    CheckInputError
        When one is missing or occurs twice.
    """
    present = ids(table, name)
    if len(set(present)) != len(present):
        raise CheckInputError(f"Column '{name}' holds the same id twice.")
    return present


def word_sets(table: Columns, name: str) -> list[frozenset[str]]:
    """Read a column of lists of words."""
    if table.get(name) is None:
        return [frozenset()] * length(table)
    return [frozenset() if cell is None else frozenset(str(word) for word in cell) for cell in table[name]]


def prefixed(table: Columns, prefix: str, *, default: float) -> dict[str, NDArray[np.float64]]:
    """Read the number columns whose names begin with a prefix, by the rest of the name."""
    return {
        name.removeprefix(prefix): numbers(table, name, default=default)
        for name in sorted(table)
        if name.startswith(prefix)
    }


def _plain(column: Sequence[Any] | NDArray[Any]) -> list[Any]:
    """Return a column as a list of Python objects."""
    return column.tolist() if isinstance(column, np.ndarray) else list(column)
