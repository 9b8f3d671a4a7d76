"""Who is told that a job has ended, in the transaction that ends it."""

from typing import Any

from sqlalchemy.orm import Session

from app.alignments.models import ExplanationProof
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import JobState
from app.metrics.tallies import count_ending
from app.webhooks.outbox import announce, register
from app.webhooks.repository import WebhookRepository
from app.webhooks.schemas import WebhookEvent
from app.webhooks.targets import Target


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
