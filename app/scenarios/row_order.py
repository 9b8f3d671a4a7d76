"""An order of rows that depends on what they say: what is found for it is found whatever order they came in.

Imports neither the web nor the database.
"""

import pyarrow as pa

from app.datasets.tables import DatasetTables


def ordered(tables: DatasetTables) -> DatasetTables:
    """Return tables with accounts, reps and units sorted by their numbers, then by id; pairs name both by id."""
    return DatasetTables(
        accounts=_sorted(tables.accounts),
        reps=_sorted(tables.reps),
        pairs=tables.pairs,
        units=None if tables.units is None else _sorted(tables.units),
    )


def _sorted(table: pa.Table) -> pa.Table:
    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    return table.sort_by([(name, "ascending") for name in [*numbers, "id"]]).combine_chunks()
