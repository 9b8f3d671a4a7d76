"""Whose turn it is: jobs of equal priority are executed in rounds, one job of each tenant a round.

A job's turn is fixed when it is submitted: one after the tenant's last waiting job, but not before the round that is
due. So a tenant with a thousand waiting jobs delays another one's first job by one job, not by a thousand.
"""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import hold_name
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import redispatch
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import JobState

SHORTEST_DELAY_S: Final = 2.0
LONGEST_DELAY_S: Final = 60.0
HANDED_OVER_PER_S: Final = 20
"""Jobs that wait for their tenant's other jobs are looked at about so often, all together."""

_JOBS: Final[Any] = Job.__table__
"""The bare table: a turn depends on all tenants' jobs."""


def next_turn(session: Session, *, tenant_id: str, priority: int) -> int:
    """Return the turn of a tenant's next job of a priority, counted from 0 whenever nobody waits."""
    waiting = sa.and_(_JOBS.c.state == JobState.QUEUED, _JOBS.c.priority == priority, _JOBS.c.dispatch > 0)
    due = session.scalar(sa.select(sa.func.min(_JOBS.c.turn)).where(waiting))
    last = session.scalar(sa.select(sa.func.max(_JOBS.c.turn)).where(waiting, _JOBS.c.tenant_id == tenant_id))
    return max(due or 0, 0 if last is None else last + 1)


def put_off(session: Session, dispatch: Dispatch, queue: JobQueue, *, most_running: int) -> bool:
    """Hand over a job later when its tenant has as many running as it may; False when it can be claimed now."""
    job = JobRepository(session).locked(dispatch.job_id)
    if job is None or job.dispatch != dispatch.number or job.state != JobState.QUEUED:
        return False
    hold_name(session, f"jobs of {job.tenant_id}")  # no other worker counts them meanwhile
    if _count(session, job.tenant_id, JobState.RUNNING) < most_running:
        return False
    delay_s = _count(session, job.tenant_id, JobState.QUEUED) / HANDED_OVER_PER_S
    redispatch(session, job, queue, delay_s=min(max(delay_s, SHORTEST_DELAY_S), LONGEST_DELAY_S))
    return True


def _count(session: Session, tenant_id: str, state: JobState) -> int:
    """Return how many jobs of a tenant are in a state; of a job that is split, its parts count."""
    query = sa.select(sa.func.count()).select_from(_JOBS)
    query = query.where(_JOBS.c.tenant_id == tenant_id, _JOBS.c.state == state, _JOBS.c.dispatch > 0)
    return int(session.scalar(query) or 0)
