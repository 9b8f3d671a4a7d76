"""The rows of an alignment: one account each, with its rep, its former rep and what it weighs.

Owns the columns and their order, for JSON pages and files alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.columns import ACCOUNTS, AlignmentColumns, Flags, Floats, Integers
from app.alignments.travel import TravelRule, travel_km

_LEADING = ("account_id", "rep_id", "current_rep_id", "moved", "locked", "travel_km")
_TRAILING = ("account_name", "rep_name")
_RESERVED = (*_LEADING, *_TRAILING)


@dataclass(frozen=True, eq=False)
class AssignmentFilter:
    """Say which assignments are asked for; None asks for all.

    Parameters
    ----------
    rep_id
        Only this rep's accounts, as the alignment has them.
    moved
        Only accounts that moved, or only those that stayed.
    account_id
        Only this account.
    seen_reps
        Only these reps' accounts, whatever else is asked for.
    """

    rep_id: str | None = None
    moved: bool | None = None
    account_id: str | None = None
    seen_reps: frozenset[str] | None = None


def assignments_table(columns: AlignmentColumns, travel: TravelRule, locked: Flags) -> pa.Table:
    """Return all assignments, sorted by account id.

    Columns: account_id, rep_id, current_rep_id, moved, locked, travel_km, one for every measure, then
    account_name and rep_name. Amounts are what the account needs from its rep. `locked` is given, shape
    ``(accounts,)``.
    """
    kilometers = travel_km(columns, travel, columns.owner)
    accounts = columns.tables.accounts
    data: dict[str, Any] = {
        "account_id": accounts.column("id"),
        "rep_id": pick(columns.rep_ids, columns.owner),
        "current_rep_id": pick(columns.rep_ids, columns.current),
        "moved": pa.array(columns.is_moved),
        "locked": pa.array(locked),
        "travel_km": optional_floats(kilometers),
    }
    for measure, title in measure_titles(columns).items():
        data[title] = pa.array(columns.amount_at(measure, columns.owner))
    data["account_name"] = accounts.column("name")
    data["rep_name"] = pick(columns.rep_names, columns.owner)
    return pa.table(data).sort_by("account_id")


def measure_titles(columns: AlignmentColumns, *, reserved: Sequence[str] = _RESERVED) -> dict[str, str]:
    """Return the column title of every measure but the count; a table's own column names get a prefix."""
    return {
        measure: f"measure:{measure}" if measure in reserved else measure
        for measure in columns.measures
        if measure != ACCOUNTS
    }


def filtered(table: pa.Table, wanted: AssignmentFilter) -> pa.Table:
    """Return the asked rows of an assignments table, in order."""
    if wanted.seen_reps is not None:
        table = table.filter(pc.is_in(table.column("rep_id"), pa.array(sorted(wanted.seen_reps), pa.string())))
    if wanted.rep_id is not None:
        table = table.filter(pc.equal(table.column("rep_id"), wanted.rep_id))
    if wanted.moved is not None:
        table = table.filter(pc.equal(table.column("moved"), wanted.moved))
    if wanted.account_id is not None:
        table = table.filter(pc.equal(table.column("account_id"), wanted.account_id))
    return table


def assignment_items(table: pa.Table, measures: dict[str, str]) -> list[dict[str, Any]]:
    """Return rows of an assignments table as the API's items, measures nested."""
    return [
        {
            **{name: row[name] for name in (*_LEADING, *_TRAILING)},
            "measures": {measure: row[title] for measure, title in measures.items()},
        }
        for row in table.to_pylist()
    ]


def pick(names: Sequence[str], position: Integers) -> pa.Array:
    """Return the name at each position, null at -1."""
    index = pa.array(position, mask=position < 0)
    return pa.array(names, type=pa.string()).take(index)


def optional_floats(value: Floats) -> pa.Array:
    """Return numbers as an Arrow column, null where they are not finite."""
    return pa.array(value, mask=~np.isfinite(value))
