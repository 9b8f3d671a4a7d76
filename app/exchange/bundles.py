"""The download of a whole alignment: one workbook, or a zip of CSV files, with delta and rollback.

Owns which tables belong together and in which order. The same alignment gives the same bytes.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.assignments import AssignmentFilter, filtered
from app.alignments.columns import Floats
from app.alignments.moves import changes_table, delta_table, rollback_table
from app.alignments.scorecards import Scorecard
from app.alignments.views import AlignmentView
from app.exchange.archives import zip_bytes
from app.exchange.tables import csv_bytes, xlsx_bytes


def bundle_tables(view: AlignmentView, *, seen: frozenset[str] | None = None) -> dict[str, pa.Table]:
    """Return the tables of the bundle by name: assignments, moves, reps, delta and rollback.

    ``delta`` holds only what changes (account_id, rep_id), accounts that had no rep included; ``rollback`` undoes
    exactly that. Where only some reps may be seen, assignments and reps are theirs, and what tells of others is left
    out: moves and their reasons do.
    """
    if seen is not None:
        own = filtered(view.assignments, AssignmentFilter(seen_reps=seen))
        reps = reps_table(view.card)
        return {"assignments": own, "reps": reps.filter(pc.is_in(reps["rep_id"], pa.array(sorted(seen), pa.string())))}
    changes = changes_table(view.assignments)
    return {
        "assignments": view.assignments,
        "moves": view.moves,
        "reps": reps_table(view.card),
        "delta": delta_table(changes),
        "rollback": rollback_table(changes),
    }


def csv_bundle(view: AlignmentView, *, seen: frozenset[str] | None = None) -> bytes:
    """Return the bundle as a zip of CSV files."""
    return zip_bytes({f"{name}.csv": csv_bytes(table) for name, table in bundle_tables(view, seen=seen).items()})


def xlsx_bundle(view: AlignmentView, *, seen: frozenset[str] | None = None) -> bytes:
    """Return the bundle as a workbook, one sheet for each table."""
    return xlsx_bytes(bundle_tables(view, seen=seen))


def reps_table(card: Scorecard) -> pa.Table:
    """Return the scorecard flat, one row for each rep: loads, targets, indices, before beside after."""
    columns = card.columns
    data: dict[str, pa.Array] = {
        "rep_id": pa.array(columns.rep_ids, pa.string()),
        "rep_name": pa.array(columns.rep_names, pa.string()),
        "active": pa.array(columns.is_active),
        "accounts": pa.array(card.after.accounts),
    }
    for measure in columns.measures:
        data |= _measure_columns(card, measure)
    if card.after.travel_km is not None:
        data["travel_km"] = pa.array(card.after.travel_km)
    if card.before is not None and card.before.travel_km is not None:
        data["travel_km_before"] = pa.array(card.before.travel_km)
    data |= {"moved_in": pa.array(card.moved_in), "moved_out": pa.array(card.moved_out)}
    return pa.table(data | _center_columns(card))


def _center_columns(card: Scorecard) -> dict[str, pa.Array]:
    """Return where reps without a home were placed; no columns where nobody was."""
    placed = card.travel.centers or {}
    if not placed:
        return {}
    centers = [placed.get(rep_id) for rep_id in card.columns.rep_ids]
    return {
        "center_lat": pa.array([None if center is None else center.lat for center in centers], pa.float64()),
        "center_lon": pa.array([None if center is None else center.lon for center in centers], pa.float64()),
        "center_place_id": pa.array([None if center is None else center.place_id for center in centers], pa.string()),
        "center_name": pa.array([None if center is None else center.name for center in centers], pa.string()),
    }


def _measure_columns(card: Scorecard, measure: str) -> Mapping[str, pa.Array]:
    after = card.after.measures[measure]
    numbers: dict[str, Floats] = {
        f"{measure}_load": after.load,
        f"{measure}_target": after.target,
        f"{measure}_index": after.index,
        f"{measure}_min": card.capacity_min[measure],
        f"{measure}_max": card.capacity_max[measure],
    }
    if card.before is not None:
        before = card.before.measures[measure]
        numbers |= {f"{measure}_load_before": before.load, f"{measure}_index_before": before.index}
    return {name: pa.array(value, mask=value != value) for name, value in numbers.items()}
