"""How a job ends, and who is told, all in one transaction.

The last of a job's parts to end also ends the whole, with what all of them found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.alignments.models import ExplanationProof
from app.curves.gathering import gathered
from app.database import utc_now
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import EventKind, JobState
from app.metrics.tallies import count_ending
from app.webhooks.outbox import announce, register
from app.webhooks.repository import WebhookRepository
from app.webhooks.schemas import WebhookEvent
from app.webhooks.targets import Target


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ends."""

    state: JobState
    outcome: str | None = None
    stop_reason: str | None = None
    alignment_id: str | None = None
    conflicts: Sequence[Mapping[str, Any]] = ()
    relaxations: Sequence[Mapping[str, Any]] = ()
    problem: Mapping[str, Any] | None = None
    progress: Mapping[str, Any] | None = None


def end(jobs: JobRepository, job: Job, ending: Ending) -> None:
    """Bring a job into its last state, with the events that say so; the caller holds it."""
    job.state = ending.state
    job.outcome = ending.outcome
    job.stop_reason = ending.stop_reason
    job.alignment_id = ending.alignment_id
    job.conflicts = [dict(conflict) for conflict in ending.conflicts]
    job.relaxations = [dict(relaxation) for relaxation in ending.relaxations]
    job.problem = None if ending.problem is None else dict(ending.problem)
    job.progress = job.progress if ending.progress is None else dict(ending.progress)
    job.ended_at = utc_now()
    job.fence += 1
    job.worker_id = None
    job.lease_expires_at = None
    tell_state(jobs, job)
    jobs.append_event(job, EventKind.DONE, state_json(job) | {"problem": job.problem})
    if job.whole_id is None:
        tell_ending(jobs.session, job)
    else:
        _end_whole(jobs, job)


def is_waiting_for_others(part: Job) -> bool:
    """Tell whether a part has not been handed over: it waits for other parts to end."""
    return part.dispatch == 0 and not JobState(part.state).has_ended


def tell_state(jobs: JobRepository, job: Job) -> None:
    """Add the event of a changed state."""
    jobs.append_event(job, EventKind.STATE, state_json(job))


def state_json(job: Job) -> dict[str, Any]:
    """Return what a state event says."""
    return {
        "state": str(job.state),
        "outcome": job.outcome,
        "stop_reason": job.stop_reason,
        "attempts": job.attempts,
        "alignment_id": job.alignment_id,
    }


def tell_ending(session: Session, job: Job) -> None:
    """Put the end of a job into the outbox of webhooks, and count it."""
    count_ending(session, job)
    announce(session, job.id, WebhookEvent(f"job.{job.state}"), ending_json(session, job))


def tell_too(session: Session, job: Job, target: Target | None) -> None:
    """Tell a target of a job that has none yet: of its end when it comes, or at once when it has come."""
    if target is None or WebhookRepository(session).of_job(job.id) is not None:
        return
    current = JobRepository(session).locked(job.id)
    if current is None:
        return
    register(session, current.id, target)
    if JobState(current.state).has_ended:
        announce(session, current.id, WebhookEvent(f"job.{current.state}"), ending_json(session, current))


def ending_json(session: Session, job: Job) -> dict[str, Any]:
    """Return what is told of a job that has ended: what happened and where the rest is read, no data."""
    proof = session.get(ExplanationProof, job.id)
    explanation = {name: getattr(proof, name) for name in ("alignment_id", "account_id", "rep_id")} if proof else None
    return {
        "job_id": job.id,
        "name": job.name,
        "kind": str(job.kind),
        "state": str(job.state),
        "outcome": job.outcome,
        "stop_reason": job.stop_reason,
        "dataset_id": job.dataset_id,
        "scenario_id": job.scenario_id,
        "alignment_id": job.alignment_id,
        "problem": None if job.problem is None else {name: job.problem[name] for name in ("code", "detail")},
        "explanation": explanation,
        "tags": job.tags,
        "links": {"self": f"/v1/jobs/{job.id}"},
    }


def _end_whole(jobs: JobRepository, part: Job) -> None:
    """End the job of which this was the last part to end; parts are locked before their whole, everywhere."""
    whole = jobs.whole_of(part)
    if whole is None or JobState(whole.state).has_ended:
        return
    parts = jobs.parts(whole.id)
    for other in parts:
        if part.state == JobState.FAILED and is_waiting_for_others(other):  # what it waits for will not come
            end(jobs, other, Ending(state=JobState.CANCELED))
    if not JobState(whole.state).has_ended and all(JobState(part.state).has_ended for part in parts):
        end(jobs, whole, Ending(**gathered(jobs.session, whole, parts)))
