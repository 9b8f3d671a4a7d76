"""A tiny dataset that is reckoned by hand.

    R1 a1 a2 . a3 a4 R2      latitude 0, one degree of longitude between neighbors
     0  1  2    4  5  6      R3 has left; R4 is an open seat without a home

Workload 10, 20, 30, 40; potential 100 each. Current: a1, a2 → R1; a3 → R1; a4 → R3.
The alignment: a1, a2 → R1; a3, a4 → R2.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from app.alignments.columns import AlignmentColumns, alignment_columns
from app.datasets.tables import ACCOUNT_FIELDS, REP_FIELDS, DatasetTables

DEGREE_KM = 111.19508023353
"""One degree of the equator on a sphere of 6371.0088 km."""

Rows = list[dict[str, Any]]


def table(rows: Rows, fields: pa.Schema) -> pa.Table:
    """Return rows as a stored table: the fields, then every further column as a number."""
    extra = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in fields.names]
    schema = pa.schema([*fields, *((name, pa.float64()) for name in extra)])
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema)


def account_rows() -> Rows:
    """Return the accounts of the drawing."""
    current = {"a1": "R1", "a2": "R1", "a3": "R1", "a4": "R3"}
    place = {"a1": 1.0, "a2": 2.0, "a3": 4.0, "a4": 5.0}
    return [
        {
            "id": account_id,
            "name": account_id.upper(),
            "lat": 0.0,
            "lon": place[account_id],
            "locked": False,
            "requires": [],
            "current_rep_id": current[account_id],
            "measure:workload": 10.0 * number,
            "measure:potential": 100.0,
        }
        for number, account_id in enumerate(current, start=1)
    ]


def rep_rows() -> Rows:
    """Return the reps of the drawing."""
    home = {"R1": 0.0, "R2": 6.0, "R3": 5.0, "R4": None}
    return [
        {
            "id": rep_id,
            "name": f"Rep {rep_id}",
            "lat": None if lon is None else 0.0,
            "lon": lon,
            "fte": 1.0,
            "active": rep_id != "R3",
            "skills": [],
        }
        for rep_id, lon in home.items()
    ]


def tables(accounts: Rows | None = None, reps: Rows | None = None) -> DatasetTables:
    """Return the stored tables of the drawing, or of changed rows."""
    return DatasetTables(
        accounts=table(account_rows() if accounts is None else accounts, ACCOUNT_FIELDS),
        reps=table(rep_rows() if reps is None else reps, REP_FIELDS),
    )


def columns(
    owner: Sequence[str | None] | None = None, *, accounts: Rows | None = None, reps: Rows | None = None
) -> AlignmentColumns:
    """Return the drawing's alignment, or another one, as arrays."""
    data = tables(accounts, reps)
    rep_ids = ["R1", "R1", "R2", "R2"] if owner is None else owner
    assignments = pa.table({"account_id": data.accounts.column("id"), "rep_id": pa.array(rep_ids, pa.string())})
    return alignment_columns(data, assignments)
