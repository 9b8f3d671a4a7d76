"""Write an alignment as files: tables, map, report, and everything that an audit needs."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console

from app import blobs
from app.alignments.kept_files import kept_territories
from app.alignments.maps import territories_geojson
from app.alignments.scorecards import scorecard_json
from app.alignments.service import summary_json
from app.alignments.views import AlignmentView
from app.cli.scorecard import print_scorecard
from app.database import Sessions, snapshot
from app.exchange.dataset_files import Columns, write_columns
from app.exchange.report.page import report_html
from app.exchange.tables import csv_bytes
from app.scenarios.place_costs import with_center_costs
from app.scenarios.planning import dataset_detours
from app.scenarios.unit_graph import dataset_neighbors


def write_outputs(sessions: Sessions, alignment_id: str, out: Path, console: Console) -> None:
    """Write everything that is known of an alignment to a folder, and print its scorecard."""
    out.mkdir(parents=True, exist_ok=True)
    with snapshot(sessions) as session:
        view = AlignmentView(session, alignment_id)
        (out / "assignments.csv").write_bytes(csv_bytes(view.assignments))
        (out / "moves.csv").write_bytes(csv_bytes(view.moves))
        territories = territories_geojson(view.card, kept_territories(sessions, view))
        (out / "territories.geojson").write_text(json.dumps(territories, ensure_ascii=False), encoding="utf-8")
        (out / "report.html").write_text(report_html(view, sessions), encoding="utf-8")
        card = scorecard_json(view.card)
        (out / "scorecard.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        write_audit(view, out / "audit")
        print_scorecard(console, summary_json(view.row), card)
    console.print(
        f"Wrote assignments.csv, moves.csv, territories.geojson, scorecard.json and report.html to {out}/; "
        f"`territory verify {out / 'audit'}` checks them independently.",
        highlight=False,
        soft_wrap=True,
    )


def write_audit(view: AlignmentView, folder: Path) -> None:
    """Write the raw files that ``territory verify`` reads: every value as it is, nothing guarded for spreadsheets."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in with_center_costs(view.tables, view.summary.centers).named():
        if name != "units":
            write_columns(folder / f"{name}.csv", table.to_pydict())
    _write_geography(view, folder)
    assigned: pa.Table = view.assignments.select(["account_id", "rep_id"])
    write_columns(folder / "assignments.csv", assigned.to_pydict(), keep=("account_id", "rep_id"))
    criteria = json.dumps(view.criteria, ensure_ascii=False, indent=1)
    (folder / "criteria.json").write_text(criteria + "\n", encoding="utf-8")
    if view.row.certificate_sha256 is not None:
        (folder / "certificate.json").write_bytes(blobs.read(view.session, view.row.certificate_sha256))


def _write_geography(view: AlignmentView, folder: Path) -> None:
    """Write what the checker takes as given: neighbors of units, placed centers, detours around barriers."""
    criteria = view.criteria or {}
    neighbors = dataset_neighbors(view.tables, criteria.get("contiguity", "off"))
    if neighbors is not None:
        columns: Columns = {"unit_id": [one for one, _ in neighbors], "neighbor_id": [other for _, other in neighbors]}
        write_columns(folder / "adjacency.csv", columns, keep=("unit_id", "neighbor_id"))
    centers = view.summary.centers
    if centers:
        columns = {
            "rep_id": list(centers),
            "lat": [center.lat for center in centers.values()],
            "lon": [center.lon for center in centers.values()],
        }
        write_columns(folder / "centers.csv", columns)
    detour = dataset_detours(view.tables, criteria, centers)
    if detour is not None:
        account, rep = np.nonzero(detour)
        values = [None if np.isinf(value) else float(value) for value in detour[account, rep]]
        ids = view.tables.accounts["id"].to_pylist(), view.tables.reps["id"].to_pylist()
        columns = {
            "account_id": [ids[0][row] for row in account.tolist()],
            "rep_id": [ids[1][row] for row in rep.tolist()],
            "detour_km": values,
        }
        write_columns(folder / "detours.csv", columns, keep=("account_id", "rep_id", "detour_km"))
