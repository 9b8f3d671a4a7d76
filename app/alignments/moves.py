"""The accounts that change rep: from, to, how much goes with them, and why.

Owns the rows of the list of moves, for JSON pages and files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.assignments import measure_titles, optional_floats, pick
from app.alignments.columns import AlignmentColumns, Integers
from app.alignments.reasons import MoveReasons
from app.alignments.scorecards import Scorecard
from app.alignments.travel import travel_km

_LEADING = ("account_id", "from", "to")
_TRAILING = (
    "reason",
    "reason_code",
    "account_name",
    "from_name",
    "to_name",
    "travel_km_before",
    "travel_km_after",
)
_RESERVED = (*_LEADING, *_TRAILING)
_NOBODY = "\x00"
"""No rep's id: ids have no control characters."""


@dataclass(frozen=True)
class MoveFilter:
    """Say which moves are asked for; None asks for all.

    Parameters
    ----------
    from_rep, to_rep
        Only moves away from, or toward, this rep.
    """

    from_rep: str | None = None
    to_rep: str | None = None


def moved_positions(card: Scorecard) -> Integers:
    """Return the positions of the moved accounts, by account id."""
    moved = np.flatnonzero(card.columns.is_moved)
    ids = card.columns.account_ids
    return np.array(sorted(moved.tolist(), key=lambda account: ids[account].encode()), dtype=np.int64)


def moves_table(card: Scorecard, criteria: Mapping[str, Any] | None, positions: Integers) -> pa.Table:
    """Return one row for each of the moved accounts.

    Columns: account_id, from, to, one for every measure (what moves, as the new rep has it), reason,
    reason_code, account_name, from_name, to_name, travel_km_before, travel_km_after.
    """
    columns = card.columns
    reasons = MoveReasons(card, criteria)
    found = [reasons.reason(account) for account in positions.tolist()]
    source, goal = columns.current[positions], columns.owner[positions]
    accounts = columns.tables.accounts.select(["id", "name"]).take(pa.array(positions))
    data: dict[str, Any] = {
        "account_id": accounts.column("id"),
        "from": pick(columns.rep_ids, source),
        "to": pick(columns.rep_ids, goal),
    }
    for measure, title in move_titles(columns).items():
        data[title] = pa.array(columns.amount_at(measure, columns.owner)[positions])
    data |= {
        "reason": pa.array([reason.sentence for reason in found], type=pa.string()),
        "reason_code": pa.array([reason.code for reason in found], type=pa.string()),
        "account_name": accounts.column("name"),
        "from_name": pick(columns.rep_names, source),
        "to_name": pick(columns.rep_names, goal),
        "travel_km_before": optional_floats(travel_km(columns, card.travel, columns.current)[positions]),
        "travel_km_after": optional_floats(travel_km(columns, card.travel, columns.owner)[positions]),
    }
    return pa.table(data)


def move_titles(columns: AlignmentColumns) -> dict[str, str]:
    """Return the column title of every measure but the count, apart from the table's own columns."""
    return measure_titles(columns, reserved=_RESERVED)


def chosen(card: Scorecard, positions: Integers, wanted: MoveFilter) -> Integers:
    """Return those of the moves that are asked for, in order."""
    columns = card.columns
    keep = np.ones(positions.size, dtype=np.bool_)
    for rep_id, owner in ((wanted.from_rep, columns.current), (wanted.to_rep, columns.owner)):
        if rep_id is not None:
            rep = columns.rep_ids.index(rep_id) if rep_id in columns.rep_ids else -2
            keep &= owner[positions] == rep
    return positions[keep]


def move_items(table: pa.Table, measures: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return rows of a moves table as the API's items, measures nested."""
    return [
        {
            **{name: row[name] for name in (*_LEADING, *_TRAILING)},
            "measures": {measure: row[title] for measure, title in measures.items()},
        }
        for row in table.to_pylist()
    ]


def moves_between(card: Scorecard) -> list[tuple[int, int, int]]:
    """Return (from, to, accounts) for each pair of reps with moves, most accounts first."""
    columns = card.columns
    moved = np.flatnonzero(columns.is_moved)
    key = columns.current[moved] * (columns.num_reps + 1) + columns.owner[moved] + 1
    pairs, count = np.unique(key, return_counts=True)
    listed = [
        (int(pair // (columns.num_reps + 1)), int(pair % (columns.num_reps + 1)) - 1, int(number))
        for pair, number in zip(pairs, count, strict=True)
    ]
    return sorted(listed, key=lambda item: (-item[2], item[0], item[1]))


def changes_table(assignments: pa.Table) -> pa.Table:
    """Return every account whose rep changes: account_id, from, to; also who had none before, which is no move."""
    before, after = assignments.column("current_rep_id"), assignments.column("rep_id")
    changed = assignments.filter(pc.not_equal(pc.fill_null(before, _NOBODY), pc.fill_null(after, _NOBODY)))
    return pa.table(
        {
            "account_id": changed.column("account_id"),
            "from": changed.column("current_rep_id"),
            "to": changed.column("rep_id"),
        }
    )


def rollback_table(table: pa.Table) -> pa.Table:
    """Return what undoes exactly these moves or changes: account_id, from, to."""
    return pa.table({"account_id": table.column("account_id"), "from": table.column("to"), "to": table.column("from")})


def delta_table(table: pa.Table) -> pa.Table:
    """Return only what changes: account_id and its new rep_id."""
    return pa.table({"account_id": table.column("account_id"), "rep_id": pc.fill_null(table.column("to"), "")})
