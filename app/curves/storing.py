"""The points of a curve become rows and alignments, each time the solver tells of them. No HTTP, and no solving.

Owns the step from a solver's files to the database and back, for a worker that goes on where another one died. The
caller holds the job under its fence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app import blobs
from app.alignments.repository import AlignmentRepository
from app.alignments.service import discard_alignment, store_alignment
from app.alignments.summaries import AlignmentSummary, Origin, OriginKind
from app.curves.kinds import CurveKind
from app.curves.models import Curve, CurvePoint
from app.curves.repository import CurveRepository
from app.curves.rounds import in_order, is_known, is_own, undominated
from app.curves.size_points import joined
from app.jobs.models import Job
from app.jobs.relaxed_scenarios import relaxed_scenario
from app.jobs.repository import JobRepository
from app.jobs.solver_files import CURVE, SolverFiles
from app.scenarios.models import Scenario


def write_curve(session: Session, job: Job, files: SolverFiles) -> None:
    """Write what a curve, or a part of one, asks into the solver's folder, with the points that are stored."""
    curves = CurveRepository(session)
    curve = curves.get(job.whole_id or job.id)
    assert curve is not None, "a job of the kind curve has a curve"
    points = [point for point in curves.points(curve.job_id) if _is_given(job, curve, point.data)]
    alignments = AlignmentRepository(session)
    for name, alignment_id in {point.file: point.alignment_id for point in points}.items():
        row = None if alignment_id is None else alignments.get(alignment_id)
        if name is not None and row is not None:
            files.write_assignments(name, blobs.read(session, row.assignments_sha256))
            centers = AlignmentSummary.from_json(row.summary).centers
            if centers and curve.kind != CurveKind.SIZE:  # all points of the others stand on the same centers
                files.write_centers(centers)
    stored = [{"file": point.file, **point.data} for point in points]
    content = {
        "kind": curve.kind,
        "attempt": job.attempts if job.whole_id is None else f"{job.id}-{job.attempts}",
        "wanted": curve.wanted,
        "part": job.part,
        "summary": curve.summary,
        "points": stored,
    }
    files.write_json(CURVE, content)


def store_points(session: Session, job: Job, files: SolverFiles, *, name: str) -> None:
    """Store a curve as the solver knows it now; alignments that are no longer part of it are deleted.

    Parameters
    ----------
    session, job
        The caller's transaction, and the job that it holds; a part's points join those of the others.
    files
        Where the curve lies as the file ``name``, and its new alignments.
    """
    whole = job if job.whole_id is None else JobRepository(session).whole_of(job)
    curves = CurveRepository(session)
    curve = None if whole is None else curves.get(whole.id)
    if whole is None or curve is None:
        return
    stored = curves.points(whole.id)
    known = {point.file: point.alignment_id for point in stored}
    told = files.read_json(name)
    summary, entries = told["summary"], told["points"]
    if job.part is not None:
        others = [_entry(point) for point in stored if not _is_of(job, curve, point.data)]
        own = [entry for entry in entries if _is_of(job, curve, entry)]
        if curve.kind == CurveKind.SIZE:
            summary, entries = joined(curve.wanted, [*others, *own])
        else:
            entries = in_order([*others, *own])
    for entry in entries:
        entry["alignment_id"] = _alignment_id(session, whole, files, entry, known=known)
    curve.summary = summary
    _replace(session, whole.id, entries)


def end_points(session: Session, whole: Job) -> list[dict[str, Any]]:
    """Settle which points a job has whose parts have all ended, and return them.

    Until then each part has its own; of a Pareto set, those that another part's point covers go now.
    """
    curves = CurveRepository(session)
    curve, stored = curves.get(whole.id), curves.points(whole.id)
    entries = [_entry(point) for point in stored]
    if curve is not None and curve.kind == CurveKind.PARETO:
        kept = undominated(entries)
        if len(kept) < len(entries):
            _replace(session, whole.id, kept)
        entries = kept
    return entries


def _entry(point: CurvePoint) -> dict[str, Any]:
    return {"file": point.file, "alignment_id": point.alignment_id, **point.data}


def _replace(session: Session, job_id: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Let a job's curve have these points, in this order, and delete the alignments of those that it had before."""
    curves = CurveRepository(session)
    before = {point.alignment_id for point in curves.points(job_id)}
    points = [
        CurvePoint(
            job_id=job_id,
            position=position,
            file=entry["file"],
            alignment_id=entry["alignment_id"],
            data={key: value for key, value in entry.items() if key not in ("file", "alignment_id")},
        )
        for position, entry in enumerate(entries)
    ]
    curves.replace_points(job_id, points)
    _discard(session, before - {point.alignment_id for point in points})


def _is_of(job: Job, curve: Curve, point: Mapping[str, Any]) -> bool:
    """Tell whether a point is one that the job, or this part of one, computes."""
    if curve.kind == CurveKind.SIZE:
        return job.part is None or point["reps"] in job.part
    return is_own(job.part, point)


def _is_given(job: Job, curve: Curve, point: Mapping[str, Any]) -> bool:
    """Tell whether a job, or this part of one, goes on from a stored point."""
    return _is_of(job, curve, point) if curve.kind == CurveKind.SIZE else is_known(job.part, point)


def discard_points(session: Session, job_id: str) -> None:
    """Take a canceled job's points back, with their alignments."""
    curves = CurveRepository(session)
    if curves.get(job_id) is None:
        return
    _replace(session, job_id, [])


def has_alignment(session: Session, job_id: str) -> bool:
    """Tell whether a point of the job's curve has an alignment."""
    return any(point.alignment_id is not None for point in CurveRepository(session).points(job_id))


def _alignment_id(
    session: Session, job: Job, files: SolverFiles, entry: dict[str, Any], *, known: dict[str | None, str | None]
) -> str | None:
    file = entry["file"]
    if file is None:
        return None
    if file not in known:
        assignments, summary = files.read_alignment(file)
        scenario = _scenario(session, job, files, entry)
        known[file] = store_alignment(
            session,
            dataset_id=scenario.dataset_id,
            scenario_id=scenario.id,
            origin=Origin(OriginKind.JOB, job_id=job.id),
            assignments=assignments,
            summary=summary,
            name=f"{job.name}: {entry['label']}",
        ).id
    return known[file]


def _scenario(session: Session, job: Job, files: SolverFiles, entry: dict[str, Any]) -> Scenario:
    """Return the job's scenario, or for a team of another size one on data with so many reps."""
    scenario = session.get_one(Scenario, job.scenario_id)
    if "reps" not in entry:
        return scenario
    tables, criteria = files.read_relaxed(entry["file"])
    if not tables:
        return scenario
    return relaxed_scenario(session, scenario, tables=tables, criteria=criteria, called=entry["label"])


def _discard(session: Session, alignment_ids: Iterable[str | None]) -> None:
    for alignment_id in alignment_ids:
        discard_alignment(session, alignment_id)
