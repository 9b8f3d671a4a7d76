"""Check a stored alignment again from the raw data: what can be reproduced of a search that the clock limited."""

import json
from dataclasses import dataclass
from typing import Any

from app.replays.bundles import Bundle, Json
from app.scenarios.center import Center, read_centers
from app.scenarios.place_costs import with_center_costs
from app.scenarios.planning import dataset_detours
from app.scenarios.unit_graph import dataset_neighbors
from checker import (
    CheckInputError,
    CheckReport,
    Examined,
    Verdict,
    dataset_sha256,
    examine,
    scenario_sha256,
    verify_certificate,
)
from checker.tolerances import is_same_claim


def centers_of(step: Json) -> dict[str, Center]:
    """Return the placed centers of a step's alignment, none in bundles of before there were any."""
    return read_centers(step["summary"].get("centers") or {})


@dataclass(frozen=True)
class Audit:
    """What the independent checker says of a stored alignment.

    Parameters
    ----------
    faults
        One sentence each; none where all of it is confirmed.
    sentence
        What was checked, and what came out.
    """

    faults: tuple[str, ...]
    sentence: str


def audited(bundle: Bundle, step: Json) -> Audit | None:
    """Recompute objective, violations and the proven bound of a step's alignment; None without criteria."""
    if step["criteria"] is None:
        return None
    dataset = with_center_costs(bundle.tables_of(step), centers_of(step))
    raw = _RawTables(
        rows={
            name: {column: table.column(column).to_pylist() for column in table.column_names}
            for name, table in dataset.named()
            if name != "units"
        },
        neighbors=dataset_neighbors(dataset, step["criteria"].get("contiguity", "off")),
    )
    try:
        examined = examine(
            raw.rows["accounts"],
            raw.rows["reps"],
            raw.rows.get("pairs"),
            step["criteria"],
            bundle.assignments_of(step).column("rep_id").to_pylist(),
            units=raw.neighbors,
            centers={rep_id: (at.lat, at.lon) for rep_id, at in centers_of(step).items()},
            detour=dataset_detours(dataset, step["criteria"], centers_of(step)),
        )
    except CheckInputError as error:
        return Audit((), f"the checker cannot judge it: {error}")
    report = examined.report
    faults, proof = _otherwise_stored(step["summary"], report), "there is no certificate"
    if step["certificate"] is not None and not report.violations:
        verdict = _verdict(bundle, step, raw, examined)
        faults += verdict.faults
        proof = "the certificate holds" if verdict.is_valid else "the certificate does not hold"
    kept = "all criteria are kept" if report.is_kept else f"{len(report.violations)} criteria are broken, as stored"
    return Audit(tuple(faults), f"{kept}, the objective {report.objective:.6g} re-adds, {proof}")


@dataclass(frozen=True)
class _RawTables:
    """A dataset as the checker reads it: columns by table, and the units that touch each other."""

    rows: dict[str, dict[str, list[Any]]]
    neighbors: list[tuple[str, str]] | None


def _otherwise_stored(stored: Json, report: CheckReport) -> list[str]:
    """Say where the stored numbers are not those of the report."""
    faults = []
    if stored["objective"] is not None and not is_same_claim(stored["objective"], report.objective):
        faults.append(f"the objective is {report.objective!r}, not {stored['objective']!r}")
    if stored["violations"] != len(report.violations):
        faults.append(f"{len(report.violations)} criteria are broken, not {stored['violations']}")
    return faults


def _verdict(bundle: Bundle, step: Json, raw: _RawTables, examined: Examined) -> Verdict:
    """Check the stored certificate against the data, the criteria and the alignment."""
    rows = raw.rows
    return verify_certificate(
        examined,
        json.loads(bundle.blobs[step["certificate"]]),
        dataset_sha256=dataset_sha256(
            rows["accounts"], rows["reps"], rows.get("pairs"), raw.neighbors, detour=examined.data.detour
        ),
        scenario_sha256=scenario_sha256(step["criteria"]),
    )
