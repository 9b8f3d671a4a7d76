"""A relaxed question's columns as stored tables again: what changed is made anew, what did not is the same object.

Imports neither the web nor the database: the solver's process writes these tables, its parent stores them.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from app.datasets.tables import DatasetTables
from app.jobs.relaxed_question import Columns


def changed_tables(
    tables: DatasetTables, *, before: Mapping[str, Columns], after: Mapping[str, Columns]
) -> dict[str, pa.Table]:
    """Return the tables that a relaxation changes, by name.

    Parameters
    ----------
    tables
        The dataset as stored.
    before
        Its columns by table, as they were given to the relaxation.
    after
        The columns after it; one that is the same object did not change, and a column that was not there is a number.
    """
    changed = {}
    for name, table in tables.named():
        old, new = before.get(name, {}), after.get(name, {})
        if any(new[column] is not old.get(column) for column in new):
            changed[name] = _with_columns(table, old, new)
    return changed


def _with_columns(table: pa.Table, old: Columns, new: Columns) -> pa.Table:
    if len(next(iter(new.values()))) != table.num_rows:
        kinds = {column: _kind(table, column) for column in new}
        return pa.table({column: pa.array(cells, kinds[column]) for column, cells in new.items()})
    for column, cells in new.items():
        if cells is old.get(column):
            continue
        made: Any = pa.array(cells, _kind(table, column))
        if column in table.column_names:
            table = table.set_column(table.column_names.index(column), column, made)
        else:
            table = table.append_column(column, made)
    return table


def _kind(table: pa.Table, column: str) -> pa.DataType:
    return table.schema.field(column).type if column in table.column_names else pa.float64()
