"""A planned transition as the API shows it, and as files: moves and rollback of each wave, a list for each rep.

Owns the forms. In CSV files text that a spreadsheet could take for a formula is guarded, as in every export.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.alignments.columns import ACCOUNTS
from app.alignments.moves import rollback_table
from app.alignments.representations import json_bytes
from app.exchange.archives import zip_bytes
from app.exchange.tables import csv_bytes
from app.transitions.planning import Planned, measure_columns

SLACK: Final = 1e-9
"""A load so much above its ceiling, as a fraction, is no peak."""
LONGEST_NAME: Final = 60

Json = dict[str, Any]
Row = dict[str, Any]


def plan_json(planned: Planned, *, alignment_id: str, dataset_id: str, moves: pa.Table) -> Json:
    """Return the plan as the API shows it.

    Parameters
    ----------
    planned
        The plan.
    alignment_id, dataset_id
        What it belongs to.
    moves
        Its moves, as :meth:`Planned.moves` gives them.
    """
    waves, weeks = planned.lower_bound
    rows = moves.to_pylist()
    return {
        "alignment_id": alignment_id,
        "dataset_id": dataset_id,
        "name": planned.request.name,
        "max_per_rep_per_week": planned.request.max_per_rep_per_week,
        "start": planned.request.start,
        "families": planned.families,
        "counts": {
            "moves": len(rows),
            "waves": len(planned.weeks),
            "weeks": int(planned.weeks[-1]) + 1 if rows else 0,
            "urgent": int(planned.asked.is_urgent.sum()),
            "held": planned.num_held,
        },
        "lower_bound": {"waves": waves, "weeks": weeks},
        "waves": [_wave(planned, place, rows) for place in range(len(planned.weeks))],
        "peaks": list(_peaks(planned)),
    }


def plan_zip(planned: Planned, plan: Json, *, moves: pa.Table) -> bytes:
    """Return the plan as a zip: plan.json, moves and rollback of every wave, and what each rep gives and receives."""
    files = {"plan.json": json_bytes(plan)}
    width = max(2, len(str(len(planned.weeks))))
    for number in range(1, len(planned.weeks) + 1):
        of_wave = moves.filter(pc.equal(moves.column("wave"), number))
        files[f"wave-{number:0{width}}-moves.csv"] = csv_bytes(of_wave)
        files[f"wave-{number:0{width}}-rollback.csv"] = csv_bytes(rollback_table(of_wave))
    for number, (rep, table) in enumerate(_rep_tables(planned, moves), start=1):
        files[f"hand-overs/{number:03}-{file_name(planned.columns.rep_ids[rep])}.csv"] = csv_bytes(table)
    return zip_bytes(files)


def file_name(text: str) -> str:
    """Return a text as part of a file's name: letters and digits of every script, nothing that leads elsewhere."""
    kept = re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", text))
    return kept.strip(".")[:LONGEST_NAME] or "_"


def _wave(planned: Planned, place: int, rows: list[Row]) -> Json:
    week = int(planned.weeks[place])
    moving = np.flatnonzero(planned.week == week)
    between: dict[tuple[str | None, str | None], list[Row]] = {}
    for move in moving.tolist():
        between.setdefault((rows[move]["from"], rows[move]["to"]), []).append(rows[move])
    return {
        "number": place + 1,
        "week": week + 1,
        "date": planned.date(week),
        "moves": len(moving),
        "reps": _wave_reps(planned, place, moving.tolist()),
        "hand_overs": [_hand_over(planned, between[pair]) for pair in sorted(between, key=_rank)],
    }


def _wave_reps(planned: Planned, place: int, moving: list[int]) -> list[Json]:
    columns, asked = planned.columns, planned.asked
    gives, receives = (
        np.bincount(reps[reps >= 0], minlength=columns.num_reps) for reps in (asked.source[moving], asked.goal[moving])
    )
    concerned = sorted(np.flatnonzero(gives + receives).tolist(), key=lambda rep: columns.rep_ids[rep].encode())
    return [
        {
            "rep_id": columns.rep_ids[rep],
            "gives": int(gives[rep]),
            "receives": int(receives[rep]),
            "loads": dict(zip(columns.measures, planned.loads[place, rep].tolist(), strict=True)),
        }
        for rep in concerned
    ]


def _hand_over(planned: Planned, rows: list[Row]) -> Json:
    titles = measure_columns(planned.columns)
    totals: Json = {measure: sum(row[title] for row in rows) for measure, title in titles.items()}
    return {
        **{name: rows[0][name] for name in ("from", "from_name", "to", "to_name")},
        "measures": totals | {ACCOUNTS: float(len(rows))},
        "accounts": [
            {
                **{
                    name: row[name]
                    for name in ("account_id", "account_name", "reason", "reason_code", "urgent", "held_until")
                },
                "measures": {measure: row[title] for measure, title in titles.items()},
            }
            for row in rows
        ],
    }


def _peaks(planned: Planned) -> Iterator[Json]:
    """Yield the loads above both before and after, wave by wave."""
    ceiling = planned.asked.ceiling()
    over = planned.loads > ceiling * (1 + SLACK)
    for place, rep, measure in np.argwhere(over).tolist():
        load, limit = float(planned.loads[place, rep, measure]), float(ceiling[rep, measure])
        yield {
            "wave": place + 1,
            "rep_id": planned.columns.rep_ids[rep],
            "measure": planned.columns.measures[measure],
            "load": load,
            "ceiling": limit,
            "by": load - limit,
        }


def _rep_tables(planned: Planned, moves: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Yield each rep who gives or receives, by id, with its own list over all waves."""
    columns, asked = planned.columns, planned.asked
    dates = pa.array([planned.date(int(week)) for week in planned.weeks], pa.string())
    concerned = np.unique(np.r_[asked.source, asked.goal])
    for rep in sorted(concerned[concerned >= 0].tolist(), key=lambda rep: columns.rep_ids[rep].encode()):
        parts = []
        for direction, reps, other in (("gives", asked.source, "to"), ("receives", asked.goal, "from")):
            rows = moves.take(pa.array(np.flatnonzero(reps == rep)))
            wave = rows.column("wave")
            data = {
                "wave": wave,
                "date": dates.take(pc.subtract(wave, 1).combine_chunks()) if len(rows) else pa.array([], pa.string()),
                "direction": pa.array([direction] * rows.num_rows, pa.string()),
                "account_id": rows.column("account_id"),
                "account_name": rows.column("account_name"),
                "rep_id": rows.column(other),
                "rep_name": rows.column(f"{other}_name"),
            }
            for title in measure_columns(columns).values():
                data[title] = rows.column(title)
            data |= {name: rows.column(name) for name in ("reason", "urgent", "held_until")}
            parts.append(pa.table(data))
        yield rep, pa.concat_tables(parts).sort_by("wave")


def _rank(pair: tuple[str | None, str | None]) -> tuple[tuple[bool, bytes], ...]:
    return tuple((rep_id is None, (rep_id or "").encode()) for rep_id in pair)
