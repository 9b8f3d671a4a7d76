"""Looking after the others' jobs: what dead workers left behind goes back to the queue.

Each worker beats in its own row and looks now and then for running jobs whose lease ran out, and for waiting jobs
that the engine lost. Several workers may find the same job; the job's row lets one of them act.
"""

import datetime
import os
import socket
import threading
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.exc import OperationalError

from app.database import Sessions, snapshot, transaction, utc_now
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import LeaseRules, hand_over_again, take_over
from app.jobs.models import Worker
from app.jobs.repository import JobRepository
from app.retention.sweeping import sweep
from app.settings import Settings

FORGET_AFTER_S: Final = 7 * 86_400.0
CLEANING_S: Final = 86_400.0
LEASES_TO_LIVE: Final = 2.0
"""A worker without a heartbeat for so many leases is dead."""


@dataclass(frozen=True, kw_only=True)
class Caretaker:
    """Beats for one worker, and takes over what dead ones left.

    Parameters
    ----------
    sessions, queue
        The database and the queue.
    worker_id
        This worker.
    rules
        The lease.
    ending
        Ends the loop.
    settings
        How long data are kept.
    """

    sessions: Sessions
    queue: JobQueue
    worker_id: str
    rules: LeaseRules
    ending: threading.Event
    settings: Settings

    def run(self) -> None:
        """Beat and look around three times a lease, and clean up once a day, until ``ending`` is set."""
        log = structlog.get_logger("territory.jobs")
        worker = Worker(id=self.worker_id, host=socket.gethostname(), process_id=os.getpid(), started_at=utc_now())
        cleaned_at: datetime.datetime | None = None
        while True:
            try:
                self.beat(worker)
                taken = self.look_around()
                if taken:
                    log.warning("jobs taken over", job_ids=taken)
                if cleaned_at is None or (utc_now() - cleaned_at).total_seconds() > CLEANING_S:
                    self.clean()
                    cleaned_at = utc_now()
            except OperationalError as error:
                log.warning("database away", error=str(error.orig))
            if self.ending.wait(self.rules.lease_s / 3):
                return

    def beat(self, worker: Worker) -> None:
        """Tell that this worker lives."""
        with transaction(self.sessions) as session:
            JobRepository(session).beat(worker)

    def look_around(self) -> list[str]:
        """Give back to the queue what nobody works on; return those jobs' ids."""
        now = utc_now()
        alive_since = now - datetime.timedelta(seconds=LEASES_TO_LIVE * self.rules.lease_s)
        with snapshot(self.sessions) as session:
            jobs = JobRepository(session)
            expired, unclaimed = jobs.expired(now), jobs.unclaimed()
            living = jobs.living_workers(alive_since) | {self.worker_id}
        lost = self.queue.lost([Dispatch(*found) for found in unclaimed], living=living)
        taken = []
        for job_id in expired:
            with transaction(self.sessions) as session:
                if take_over(session, job_id, self.queue, rules=self.rules):
                    taken.append(job_id)
        for dispatch in lost:
            with transaction(self.sessions) as session:
                if hand_over_again(session, dispatch, self.queue):
                    taken.append(dispatch.job_id)
        return taken

    def clean(self) -> None:
        """Forget the engine's records, the workers of long ago, and what the settings let go."""
        sweep(self.sessions, self.settings, now=utc_now())
        self.queue.forget_ended(older_than_s=FORGET_AFTER_S)
        with transaction(self.sessions) as session:
            JobRepository(session).forget_workers(utc_now() - datetime.timedelta(seconds=FORGET_AFTER_S))
