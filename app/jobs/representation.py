"""What the API shows of a job's row."""

from collections.abc import Mapping
from typing import Any

from app.error_codes import ERROR_CODES
from app.jobs.models import Job
from app.jobs.states import JobKind

_PROGRESS = (
    *("phase", "elapsed_s", "time_limit_s", "objective", "lower_bound", "gap", "violations", "moved_accounts"),
    *("points_done", "points_planned"),
)


def job_json(job: Job) -> dict[str, Any]:
    """Return the body of a job."""
    base = f"/v1/jobs/{job.id}"
    links = {"self": base, "events": f"{base}/events", "stop": f"{base}/stop", "alignment": f"{base}/alignment"}
    if job.kind == JobKind.CURVE:
        links["curve"] = f"{base}/curve"
    return {
        "id": job.id,
        "name": job.name,
        "kind": str(job.kind),
        "state": str(job.state),
        "outcome": job.outcome,
        "stop_reason": job.stop_reason,
        "attempts": job.attempts,
        "priority": job.priority,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "progress": None if job.progress is None else {name: job.progress.get(name) for name in _PROGRESS},
        "dataset_id": job.dataset_id,
        "scenario_id": job.scenario_id,
        "alignment_id": job.alignment_id,
        "initial_alignment_id": job.initial_alignment_id,
        "conflicts": job.conflicts,
        "relaxations": job.relaxations,
        "problem": None if job.problem is None else problem_document(job.problem),
        "tags": job.tags,
        "links": links,
    }


def problem_document(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return the problem document of a failed job, after RFC 9457."""
    entry = ERROR_CODES.get(str(problem["code"]), ERROR_CODES["SOLVER_CRASHED"])
    return {
        "type": f"/problems/{problem['code']}",
        "title": entry.title,
        "code": problem["code"],
        "detail": problem["detail"],
        "fix": entry.fix,
        "params": dict(problem.get("params") or {}),
        "errors": list(problem.get("errors") or ()),
    }
