"""Write a dataset's tables as the flat CSV files that the import, and the checker, read."""

import csv
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

LIST_SEPARATOR = ";"
PREFIXES = {"measure:": "", "attribute:": "", "min:": "_min", "max:": "_max", "target:": "_target"}
"""How a column of a table is called in a file: ``max:workload`` is ``workload_max``."""

Columns = Mapping[str, Sequence[Any]]


def write_columns(path: Path, columns: Columns, *, keep: Collection[str] = ("id",)) -> None:
    """Write a table, one row each; columns without any value are left out unless they are to be kept.

    Nothing is guarded for spreadsheets: the file is read by programs, and every value stays as it is.
    """
    filled = {name: values for name, values in columns.items() if name in keep or any(_cell(value) for value in values)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([file_column(name) for name in filled])
        writer.writerows(zip(*([_cell(value) for value in values] for values in filled.values()), strict=True))


def file_column(table_column: str) -> str:
    """Return what a table's column is called in a file."""
    for prefix, suffix in PREFIXES.items():
        if table_column.startswith(prefix):
            return table_column.removeprefix(prefix) + suffix
    return table_column


def _cell(value: Any) -> str:
    """Return a value as text; nothing for what is missing, the shortest exact form for a number."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return LIST_SEPARATOR.join(map(str, value))
    number = float(value)
    if math.isnan(number):
        return ""
    return str(int(number)) if number.is_integer() else repr(number)
