"""Who works on a job: claim, hold, hand back, take over. Lease and fence live in the job's row.

A worker claims a job with a lease and a fence. Each write carries the fence; when the job has changed hands or has
ended, the write is refused and the worker lets go. A lease alone lets a frozen worker finish a job a second time; a
fence alone leaves a dead worker's job lying.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.jobs.endings import Ending, end, tell_state
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.losses import WORKER_LOST, Loss
from app.jobs.models import Job
from app.jobs.parts import begin_part, tell_whole
from app.jobs.repository import JobRepository
from app.jobs.states import EventKind, JobState

GIVEN_BACK_S: Final = 3.0
"""Seconds that a job rests which an ending worker gives back: that worker, still at its queue, would take it again."""


@dataclass(frozen=True, kw_only=True)
class LeaseRules:
    """How long a claim holds without a heartbeat, and how many workers a job may lose.

    Parameters
    ----------
    lease_s
        Seconds.
    max_deaths
        The death that fails the job, ≥ 1.
    max_running
        Most jobs of one tenant that are executed at a time, ≥ 1; None for any number.
    """

    lease_s: float
    max_deaths: int
    max_running: int | None = None

    def until(self, now: datetime.datetime) -> datetime.datetime:
        """Return when a lease that begins now runs out."""
        return now + datetime.timedelta(seconds=self.lease_s)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a worker knows of the job that it holds.

    Parameters
    ----------
    tenant_id
        Whose job it is; everything that it makes is theirs.
    job_id, dataset_id, scenario_id
        The job and what it solves.
    fence
        Must stand in every write.
    attempt
        Counts from 1.
    alignment_id
        The best alignment of an earlier attempt, None without one.
    elapsed_s
        Seconds of search that earlier attempts have used.
    time_limit_s
        The search's time limit in seconds, over all attempts.
    traceparent
        The span of its submission; None where that was not traced.
    """

    tenant_id: str
    job_id: str
    dataset_id: str
    scenario_id: str
    fence: int
    attempt: int
    alignment_id: str | None
    elapsed_s: float
    time_limit_s: float
    traceparent: str | None = None


def claim(session: Session, dispatch: Dispatch, *, worker_id: str, rules: LeaseRules) -> Claim | None:
    """Take a job for a worker; None when the dispatch is void, somebody holds the job, or it is given up."""
    jobs = JobRepository(session)
    job = jobs.locked(dispatch.job_id)
    now = jobs.now()
    if job is None or JobState(job.state).has_ended or job.dispatch != dispatch.number:
        return None
    if job.worker_id is not None:
        is_held = job.lease_expires_at is not None and job.lease_expires_at > now
        if job.worker_id != worker_id and is_held:
            return None
        if _count_death(jobs, job, rules=rules, loss=WORKER_LOST):
            return None
    return _take(jobs, job, worker_id=worker_id, rules=rules)


def hold(session: Session, held: Claim, *, rules: LeaseRules, progress: Mapping[str, Any] | None = None) -> Job | None:
    """Renew the lease and store progress; None when the job is no longer this worker's."""
    jobs = JobRepository(session)
    job = jobs.held(held.job_id, held.fence)
    if job is None:
        return None
    job.lease_expires_at = rules.until(jobs.now())
    if progress is not None:
        job.progress = dict(progress)
        jobs.append_event(job, EventKind.PROGRESS, progress)
        tell_whole(jobs, job)
    return job


def finish(session: Session, held: Claim, ending: Ending) -> bool:
    """End a job; False when it is no longer this worker's."""
    jobs = JobRepository(session)
    job = jobs.held(held.job_id, held.fence)
    if job is None:
        return False
    end(jobs, job, ending)
    return True


def hand_back(session: Session, held: Claim, queue: JobQueue) -> None:
    """Give a job back to the queue, for a worker that ends in order; this is no death."""
    job = JobRepository(session).held(held.job_id, held.fence)
    if job is not None:
        redispatch(session, job, queue, delay_s=GIVEN_BACK_S)


def retry(session: Session, held: Claim, *, rules: LeaseRules, loss: Loss) -> Claim | None:
    """Count the death of the solver's process and begin the next attempt; None when the job is given up."""
    jobs = JobRepository(session)
    job = jobs.held(held.job_id, held.fence)
    if job is None or job.worker_id is None or _count_death(jobs, job, rules=rules, loss=loss):
        return None
    return _take(jobs, job, worker_id=job.worker_id, rules=rules)


def put_aside(session: Session, held: Claim, queue: JobQueue, *, rules: LeaseRules, loss: Loss, delay_s: float) -> None:
    """Count a loss that may pass and give the job back to the queue, for later; the last one fails the job."""
    jobs = JobRepository(session)
    job = jobs.held(held.job_id, held.fence)
    if job is not None and not _count_death(jobs, job, rules=rules, loss=loss):
        redispatch(session, job, queue, delay_s=delay_s)


def take_over(session: Session, job_id: str, queue: JobQueue, *, rules: LeaseRules) -> bool:
    """Give a job whose lease ran out back to the queue, or fail it; False when its worker lives after all.

    A job that a transaction holds is somebody's, who may be frozen: it is looked at another time.
    """
    jobs = JobRepository(session)
    job = jobs.locked(job_id, skip_held=True)
    now = jobs.now()
    if job is None or job.state != JobState.RUNNING or job.lease_expires_at is None or job.lease_expires_at >= now:
        return False
    if not _count_death(jobs, job, rules=rules, loss=WORKER_LOST):
        redispatch(session, job, queue)
    return True


def hand_over_again(session: Session, dispatch: Dispatch, queue: JobQueue, *, delay_s: float = 0.0) -> bool:
    """Enqueue a job whose dispatch was lost or left before anybody claimed it; False when that is not so any more."""
    job = JobRepository(session).locked(dispatch.job_id, skip_held=True)
    if job is None or JobState(job.state).has_ended or job.dispatch != dispatch.number:
        return False
    if job.worker_id is not None:
        return False
    redispatch(session, job, queue, delay_s=delay_s)
    return True


def redispatch(session: Session, job: Job, queue: JobQueue, *, delay_s: float = 0.0) -> None:
    """Void all claims and dispatches of a job and enqueue it anew, for now or for later."""
    job.fence += 1
    job.dispatch += 1
    job.worker_id = None
    job.lease_expires_at = None
    session.flush()
    queue.enqueue(session, Dispatch(job.id, job.dispatch), priority=job.priority, turn=job.turn, delay_s=delay_s)


def _take(jobs: JobRepository, job: Job, *, worker_id: str, rules: LeaseRules) -> Claim:
    now = jobs.now()
    job.state = JobState.RUNNING
    job.worker_id = worker_id
    job.lease_expires_at = rules.until(now)
    job.attempts += 1
    job.fence += 1
    job.started_at = job.started_at or now
    tell_state(jobs, job)
    begin_part(jobs, job)
    return Claim(
        tenant_id=job.tenant_id,
        job_id=job.id,
        dataset_id=job.dataset_id,
        scenario_id=job.scenario_id,
        fence=job.fence,
        attempt=job.attempts,
        alignment_id=job.alignment_id,
        elapsed_s=float((job.progress or {}).get("elapsed_s") or 0.0),
        time_limit_s=job.time_limit_s,
        traceparent=job.traceparent,
    )


def _count_death(jobs: JobRepository, job: Job, *, rules: LeaseRules, loss: Loss) -> bool:
    """Count one lost worker or solver; True when it was one too many and the job has failed."""
    job.deaths += 1
    if job.deaths < rules.max_deaths:
        return False
    end(jobs, job, Ending(state=JobState.FAILED, alignment_id=job.alignment_id, problem=loss.problem()))
    return True
