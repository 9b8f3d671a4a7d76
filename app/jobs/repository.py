"""Every query on jobs, their tags and events, and the workers."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import utc_now
from app.errors import NotFound
from app.jobs.models import Job, JobEvent, JobTag, Worker
from app.jobs.states import TAG_NAME_CHARACTERS, EventKind, JobState
from app.scenarios.chronology import Position, older_than

LEASES_TO_LIVE: Final = 2.0
"""A worker without a heartbeat for so many leases is dead."""
WHOLE_HELD_AT_MOST_S: Final = 20
"""Postgres ends a transaction that holds the whole of a part and says nothing for so long: its process is frozen, and
the workers of the other parts wait for it."""


@dataclass(frozen=True, kw_only=True)
class JobFilter:
    """Which jobs are wanted; what is None does not filter.

    Parameters
    ----------
    states
        Any of these states; empty is all.
    tags
        `name:value`, or `name` for any value; both may have colons of their own. All must hold.
    created_after, created_before
        Bounds on the time of submission, the first included.
    scenario_id
        Jobs of one scenario.
    """

    states: Sequence[JobState] = ()
    tags: Sequence[str] = ()
    created_after: datetime.datetime | None = None
    created_before: datetime.datetime | None = None
    scenario_id: str | None = None


class JobRepository:
    """Read and write jobs within the caller's transaction.

    Attributes
    ----------
    session
        The caller's.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def now(self) -> datetime.datetime:
        """Return this moment by the database's clock, which is the same for all machines; leases are told by it.

        SQLite has no other clock than this machine's.
        """
        if self.session.get_bind().dialect.name != "postgresql":
            return utc_now()
        moment: datetime.datetime = self.session.scalars(sa.select(sa.func.clock_timestamp())).one()
        return moment.astimezone(datetime.UTC)

    def add(self, job: Job) -> None:
        """Store a new job and its tags."""
        self.session.add(job)
        self.session.flush()
        self.session.add_all(JobTag(job_id=job.id, name=name, value=value) for name, value in job.tags.items())

    def get(self, job_id: str) -> Job:
        """Return a job as callers know them: no part of another one.

        Raises
        ------
        NotFound
            When there is no such job.
        """
        job = self.session.get(Job, job_id)
        if job is None or job.whole_id is not None:
            raise NotFound("There is no such job.")
        return job

    def several(self, job_ids: Sequence[str]) -> Sequence[Job]:
        """Return those of the jobs that are there, as callers know them; see ``get``."""
        return self.session.scalars(sa.select(Job).where(Job.id.in_(job_ids), Job.whole_id.is_(None))).all()

    def locked(self, job_id: str, *, skip_held: bool = False) -> Job | None:
        """Return a job, None when there is none, and keep others from changing it until the commit.

        With ``skip_held`` nobody is waited for: None also when another transaction keeps it. SQLite has one writer
        anyway.
        """
        lock = {"skip_locked": True} if skip_held else True
        return self.session.get(Job, job_id, with_for_update=lock, populate_existing=True)

    def held(self, job_id: str, fence: int) -> Job | None:
        """Return a running job for its worker, None when the fence has changed or the job has ended."""
        job = self.locked(job_id)
        if job is None or job.fence != fence or job.state != JobState.RUNNING:
            return None
        return job

    def whole_of(self, part: Job, *, skip_held: bool = False) -> Job | None:
        """Return the job that a held part is of, None for a job that is no part, and lock it; see ``locked``."""
        self.session.flush()
        if part.whole_id is None:
            return None
        if self.session.get_bind().dialect.name == "postgresql":
            limit = f"SET LOCAL idle_in_transaction_session_timeout = '{WHOLE_HELD_AT_MOST_S}s'"
            self.session.connection().exec_driver_sql(limit)
        return self.locked(part.whole_id, skip_held=skip_held)

    def parts(self, whole_id: str, *, locked: bool = False) -> Sequence[Job]:
        """Return the parts of a job in their order; ``locked`` keeps others from changing them until the commit."""
        query = sa.select(Job).where(Job.whole_id == whole_id).order_by(Job.id)
        query = query.with_for_update() if locked else query
        return self.session.scalars(query, execution_options={"populate_existing": True}).all()

    def page(self, wanted: JobFilter, *, limit: int, after: Position | None) -> tuple[Sequence[Job], int]:
        """Return up to ``limit`` jobs that follow ``after``, newest first, and how many match in all."""
        conditions = _conditions(wanted)
        total = self.session.scalar(sa.select(sa.func.count()).select_from(Job).where(*conditions)) or 0
        query = sa.select(Job).where(*conditions, *older_than(Job, after))
        query = query.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
        return self.session.scalars(query).all(), total

    def count_queued(self) -> int:
        """Return how many jobs of all tenants wait."""
        jobs = Job.__table__  # the bare table: a tenant's session sees only its own
        query = sa.select(sa.func.count()).select_from(jobs)
        return self.session.scalar(query.where(jobs.c.state == JobState.QUEUED, jobs.c.whole_id.is_(None))) or 0

    def count_own_queued(self) -> int:
        """Return how many jobs of the session's tenant wait."""
        query = sa.select(sa.func.count()).select_from(Job)
        return self.session.scalar(query.where(Job.state == JobState.QUEUED, Job.whole_id.is_(None))) or 0

    def uses_scenario(self, scenario_id: str) -> bool:
        """Tell whether a job, ended or not, belongs to a scenario."""
        return self.session.scalar(sa.select(Job.id).where(Job.scenario_id == scenario_id).limit(1)) is not None

    def append_event(self, job: Job, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Add the job's next event; the caller holds the job."""
        job.num_events += 1
        event = JobEvent(tenant_id=job.tenant_id, job_id=job.id, number=job.num_events, kind=kind, data=dict(data))
        self.session.add(event)

    def events_after(self, job_id: str, number: int, *, limit: int = 500) -> Sequence[JobEvent]:
        """Return the job's events with larger numbers, in order."""
        return self.session.scalars(
            sa.select(JobEvent)
            .where(JobEvent.job_id == job_id, JobEvent.number > number)
            .order_by(JobEvent.number)
            .limit(limit)
        ).all()

    def signals(self, job_id: str) -> tuple[int, str, bool] | None:
        """Return fence, state and whether a stop is wanted, without loading the job."""
        row = self.session.execute(
            sa.select(Job.fence, Job.state, Job.stop_requested).where(Job.id == job_id)
        ).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def expired(self, now: datetime.datetime, *, limit: int = 100) -> Sequence[str]:
        """Return ids of running jobs whose worker let the lease run out."""
        return self.session.scalars(
            sa.select(Job.id)
            .where(Job.state == JobState.RUNNING, Job.lease_expires_at < now)
            .order_by(Job.lease_expires_at)
            .limit(limit)
        ).all()

    def unclaimed(self, *, limit: int = 500) -> Sequence[tuple[str, int]]:
        """Return id and dispatch of jobs that lie in the queue, oldest first."""
        rows = self.session.execute(
            sa.select(Job.id, Job.dispatch)
            .where(
                Job.dispatch > 0,
                sa.or_(
                    Job.state == JobState.QUEUED,
                    sa.and_(Job.state == JobState.RUNNING, Job.worker_id.is_(None)),
                ),
            )
            .order_by(Job.created_at)
            .limit(limit)
        ).all()
        return [(row[0], row[1]) for row in rows]

    def beat(self, worker: Worker) -> None:
        """Store that a worker lives."""
        worker.heartbeat_at = self.now()
        self.session.merge(worker)

    def living_workers(self, since: datetime.datetime) -> set[str]:
        """Return ids of workers whose last heartbeat is not before ``since``."""
        return set(self.session.scalars(sa.select(Worker.id).where(Worker.heartbeat_at >= since)).all())

    def num_sharing(self, since: datetime.datetime) -> int:
        """Return how many workers have beaten since then, 0 when one of them would not know what a part is."""
        living = self.session.scalars(sa.select(Worker.knows_parts).where(Worker.heartbeat_at >= since)).all()
        return len(living) if all(living) else 0

    def forget_workers(self, before: datetime.datetime) -> None:
        """Delete workers that have been silent since ``before``."""
        self.session.execute(sa.delete(Worker).where(Worker.heartbeat_at < before))


def alive_since(now: datetime.datetime, *, lease_s: float) -> datetime.datetime:
    """Return when a worker that lives now has beaten last, at the earliest."""
    return now - datetime.timedelta(seconds=LEASES_TO_LIVE * lease_s)


def _conditions(wanted: JobFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Job.whole_id.is_(None)]
    if wanted.states:
        conditions.append(Job.state.in_(list(wanted.states)))
    if wanted.scenario_id is not None:
        conditions.append(Job.scenario_id == wanted.scenario_id)
    if wanted.created_after is not None:
        conditions.append(Job.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        conditions.append(Job.created_at < wanted.created_before)
    for tag in wanted.tags:
        conditions.append(sa.exists(sa.select(JobTag.job_id).where(JobTag.job_id == Job.id, _says(tag))))
    return conditions


def _says(tag: str) -> sa.ColumnElement[bool]:
    """Match a tag that is called so, or is called as what stands before one of the colons and has the rest as value."""
    colons = [position for position, letter in enumerate(tag[: TAG_NAME_CHARACTERS + 1]) if letter == ":"]
    split = [sa.and_(JobTag.name == tag[:colon], JobTag.value == tag[colon + 1 :]) for colon in colons]
    return sa.or_(JobTag.name == tag, *split)
