"""Who is told that a job has ended, in the transaction that ends it."""

from typing import Any

from sqlalchemy.orm import Session

from app.jobs.models import Job
from app.metrics.tallies import count_ending
from app.webhooks.outbox import announce
from app.webhooks.schemas import WebhookEvent


def tell_ending(session: Session, job: Job) -> None:
    """Put the end of a job into the outbox of webhooks, and count it."""
    count_ending(session, job)
    announce(session, job.id, WebhookEvent(f"job.{job.state}"), ending_json(job))


def ending_json(job: Job) -> dict[str, Any]:
    """Return what is told of a job that has ended: what happened and where the rest is read, no data."""
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
        "tags": job.tags,
        "links": {"self": f"/v1/jobs/{job.id}"},
    }
