"""How jobs stand in the database: the job with its lease and fence, its tags, its events, and the workers."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utc_now
from app.jobs.states import TAG_NAME_CHARACTERS, JobKind
from app.tenancy import TenantOwned


class Job(TenantOwned, Base):
    """One execution of the optimizer on a scenario.

    ``initial_alignment_id`` is where the search begins; with ``open_reps`` everybody else keeps what they have there.
    ``fence`` changes whenever the job changes hands; a worker writes only while it carries the fence that the
    worker was given. ``dispatch`` counts how often the job was handed to the queue; older ones are void. A job that is
    split is never handed over itself: its parts are, jobs that name it as their ``whole_id`` (app/jobs/parts.py).
    """

    __tablename__ = "jobs"
    __table_args__ = (
        sa.Index("ix_jobs_state_lease_expires_at", "state", "lease_expires_at"),
        sa.Index("ix_jobs_tenant_id_created_at", "tenant_id", "created_at"),
        sa.Index("ix_jobs_tenant_id_state", "tenant_id", "state"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.String(16), default=JobKind.ALIGNMENT, server_default="alignment")
    state: Mapped[str] = mapped_column(sa.String(16))
    outcome: Mapped[str | None] = mapped_column(sa.String(16))
    stop_reason: Mapped[str | None] = mapped_column(sa.String(32))
    priority: Mapped[int] = mapped_column(default=0)
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    dataset_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("datasets.id"), index=True)
    scenario_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("scenarios.id"), index=True)
    alignment_id: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    initial_alignment_id: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    open_reps: Mapped[list[Any] | None] = mapped_column(sa.JSON())
    whole_id: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    part: Mapped[list[Any] | None] = mapped_column(sa.JSON())
    time_limit_s: Mapped[float]
    traceparent: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now, index=True)
    started_at: Mapped[datetime.datetime | None]
    ended_at: Mapped[datetime.datetime | None]

    attempts: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    dispatch: Mapped[int] = mapped_column(default=1)
    worker_id: Mapped[str | None] = mapped_column(sa.String(200))
    lease_expires_at: Mapped[datetime.datetime | None]
    stop_requested: Mapped[bool] = mapped_column(default=False)

    progress: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON())
    conflicts: Mapped[list[Any]] = mapped_column(default=list)
    relaxations: Mapped[list[Any]] = mapped_column(default=list)
    problem: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON())
    num_events: Mapped[int] = mapped_column(default=0)


class JobTag(TenantOwned, Base):
    """One tag of a job, as a row, so that jobs are found by it on every database."""

    __tablename__ = "job_tags"

    job_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(TAG_NAME_CHARACTERS), primary_key=True)
    value: Mapped[str] = mapped_column(sa.Text)


class JobEvent(TenantOwned, Base):
    """One event of a job, numbered from 1 without holes."""

    __tablename__ = "job_events"

    job_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now)


class Worker(Base):
    """One process that executes jobs, known by its heartbeat.

    ``knows_parts`` is false for one of a version before jobs were split, which may work on while others are upgraded.
    """

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(200))
    process_id: Mapped[int]
    knows_parts: Mapped[bool] = mapped_column(server_default=sa.false())
    started_at: Mapped[datetime.datetime] = mapped_column(default=utc_now)
    heartbeat_at: Mapped[datetime.datetime] = mapped_column(default=utc_now)
