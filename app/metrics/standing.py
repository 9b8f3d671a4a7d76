"""How things stand now: what waits, what runs, who works, what is not delivered. Read at each scrape, by indexes."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.audit.models import AuditHead
from app.blobs import Blob
from app.jobs.models import Job, Worker
from app.jobs.repository import alive_since
from app.jobs.states import JobState
from app.webhooks.models import WebhookDelivery
from app.webhooks.schemas import DeliveryState


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is read of one moment.

    Parameters
    ----------
    jobs
        Number of jobs that have not ended, by state.
    oldest_queued_s, oldest_undelivered_s
        Seconds that the oldest one waits beyond its time, 0 without one.
    expired_leases
        Running jobs whose worker is silent.
    workers
        Workers with a heartbeat.
    deliveries
        Webhooks by state.
    blob_bytes
        Size of all bulk data.
    audit_entries
        Number of the last entry.
    """

    jobs: Mapping[str, int]
    oldest_queued_s: float
    expired_leases: int
    workers: int
    deliveries: Mapping[str, int]
    oldest_undelivered_s: float
    blob_bytes: int
    audit_entries: int


def standing(session: Session, now: datetime.datetime, *, lease_s: float) -> Standing:
    """Read how things stand, of all tenants."""
    unended = (JobState.QUEUED, JobState.RUNNING)
    handed_over = Job.dispatch > 0  # of a job that is split, its parts wait and run
    jobs = _counts(session, Job.state, sa.and_(Job.state.in_(unended), handed_over))
    deliveries = _counts(session, WebhookDelivery.state, sa.true())
    waiting = WebhookDelivery.state == DeliveryState.WAITING
    return Standing(
        jobs={str(state): jobs.get(state, 0) for state in unended},
        oldest_queued_s=_age(
            session, sa.select(sa.func.min(Job.created_at)).where(Job.state == JobState.QUEUED, handed_over), now
        ),
        expired_leases=_number(
            session,
            sa.select(sa.func.count()).where(Job.state == JobState.RUNNING, Job.lease_expires_at < now),
        ),
        workers=_number(
            session, sa.select(sa.func.count()).where(Worker.heartbeat_at >= alive_since(now, lease_s=lease_s))
        ),
        deliveries={str(state): deliveries.get(state, 0) for state in DeliveryState},
        oldest_undelivered_s=_age(session, sa.select(sa.func.min(WebhookDelivery.next_attempt_at)).where(waiting), now),
        blob_bytes=_number(session, sa.select(sa.func.coalesce(sa.func.sum(Blob.size), 0))),
        audit_entries=_number(session, sa.select(AuditHead.number)),
    )


def _counts(session: Session, column: InstrumentedAttribute[str], condition: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = session.execute(sa.select(column, sa.func.count()).where(condition).group_by(column)).all()
    return {row[0]: row[1] for row in rows}


def _number(session: Session, query: sa.Select[int]) -> int:
    return int(session.scalar(query) or 0)


def _age(session: Session, query: sa.Select[Any], now: datetime.datetime) -> float:
    oldest: datetime.datetime | None = session.scalar(query)
    return 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
