"""Gather what a replay needs from the database: the chain of steps from the root, with every stored file.

Owns the way back: an edit comes from its parent, a job that began with an alignment from that one. A search that the
clock limited is where the way ends: nothing before it decides what it found.
"""

from typing import Any

from sqlalchemy.orm import Session

from app import blobs
from app.alignments.edit_records import kept_request
from app.alignments.models import Alignment
from app.alignments.repository import AlignmentRepository
from app.alignments.service import get_alignment
from app.alignments.summaries import OriginKind
from app.datasets.models import Dataset
from app.datasets.service import get_dataset
from app.jobs.models import Job
from app.replays.bundles import Bundle, Json
from app.scenarios.models import Scenario

TABLES = ("accounts", "reps", "pairs", "units")
LAST_PHASE = "done"
"""The phase of a job whose solver gave its whole answer, and was not ended from outside."""


def gather(session: Session, alignment_id: str) -> Bundle:
    """Return the bundle of an alignment.

    Raises
    ------
    NotFound
        When there is no such alignment.
    """
    row: Alignment | None = get_alignment(session, alignment_id)
    steps: list[Json] = []
    while row is not None:
        steps.append(_step(session, row))
        before_id = _before(steps[-1])
        row = None if before_id is None else AlignmentRepository(session).get(before_id)
    steps.reverse()
    named = {sha256 for step in steps for sha256 in _files(step)}
    return Bundle(alignment_id, tuple(steps), {sha256: blobs.read(session, sha256) for sha256 in sorted(named)})


def _before(step: Json) -> str | None:
    """Return the alignment that a step began with, None for a root."""
    if step["kind"] == OriginKind.EDIT:
        return str(step["parent_id"]) if step["parent_id"] is not None else None
    job = step.get("job")
    if job is None or not job["search"]["deterministic"]:
        return None
    initial: str | None = job["initial_alignment_id"]
    return initial


def _step(session: Session, row: Alignment) -> Json:
    dataset = get_dataset(session, row.dataset_id)
    scenario = None if row.scenario_id is None else session.get(Scenario, row.scenario_id)
    step: Json = {
        "alignment_id": row.id,
        "kind": row.origin_kind,
        "parent_id": row.parent_id,
        "dataset": _stored_tables(dataset),
        "dataset_sha256": dataset.sha256,
        "assignments": row.assignments_sha256,
        "certificate": row.certificate_sha256,
        "criteria": None if scenario is None else scenario.criteria,
        "software": row.summary["software"],
        "summary": {name: row.summary.get(name) for name in ("objective", "terms", "lower_bound")}
        | {"violations": len(row.summary["violations"]), "centers": row.summary.get("centers") or {}},
    }
    if row.origin_kind == OriginKind.JOB:
        step["job"] = _job(session, row)
    if row.origin_kind == OriginKind.EDIT:
        request = kept_request(session, row.id)
        step["request"] = None if request is None else request.decode()
    return step


def _stored_tables(dataset: Dataset) -> dict[str, str]:
    hashes = {name: getattr(dataset, f"{name}_sha256") for name in TABLES}
    return {name: sha256 for name, sha256 in hashes.items() if sha256 is not None}


def _job(session: Session, row: Alignment) -> Json | None:
    job = None if row.job_id is None else session.get(Job, row.job_id)
    if job is None:
        return None
    scenario = session.get_one(Scenario, job.scenario_id)
    return {
        "id": job.id,
        "dataset": _stored_tables(get_dataset(session, job.dataset_id)),
        "criteria": scenario.criteria,
        "search": scenario.search,
        "kind": str(job.kind),
        "state": str(job.state),
        "stop_reason": job.stop_reason,
        "is_whole": (job.progress or {}).get("phase") == LAST_PHASE,
        "initial_alignment_id": job.initial_alignment_id,
        "open_reps": job.open_reps,
        "answer": _answer(job, row.id),
    }


def _answer(job: Job, alignment_id: str) -> Any:
    """Say which of a job's alignments it is: ``alignment``, the number of a relaxation, or None for any other."""
    if job.alignment_id == alignment_id:
        return "alignment"
    for number, relaxation in enumerate(job.relaxations):
        if relaxation.get("alignment_id") == alignment_id:
            return number
    return None


def _files(step: Json) -> set[str]:
    asked = (step.get("job") or {}).get("dataset", {})
    return {*step["dataset"].values(), *asked.values(), step["assignments"]} | ({step["certificate"]} - {None})
