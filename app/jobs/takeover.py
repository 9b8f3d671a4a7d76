"""Looking after the others' jobs: what dead workers left behind goes back to the queue.

Each worker beats in its own row and looks now and then for running jobs whose lease ran out, and for waiting jobs
that the engine lost. Several workers may find the same job; the job's row lets one of them act.

A worker that could not beat for a lease, because it was frozen or the database was away, judges nobody for another
one: the others could not renew their leases either, and have as long as that to do it now.
"""

import datetime
import math
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Final

import structlog

from app.database import Sessions, snapshot, transaction, utc_now
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import LeaseRules, hand_over_again, take_over
from app.jobs.models import Worker
from app.jobs.repository import JobRepository, alive_since
from app.jobs.running_jobs import RunningJobs
from app.retention.sweeping import sweep
from app.settings import Settings
from app.storage_faults import may_pass

FORGET_AFTER_S: Final = 7 * 86_400.0
CLEANING_S: Final = 86_400.0


class Steadiness:
    """Tells whether this worker has beaten without a break for long enough to judge the others.

    Parameters
    ----------
    lease_s
        The longest pause between beats, and how long it must have gone well, in seconds.
    """

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._since, self._last = math.inf, -math.inf

    def beat(self, now: float) -> None:
        """Note a beat that was stored."""
        if now - self._last > self._lease_s:
            self._since = now
        self._last = now

    def holds(self, now: float) -> bool:
        """Tell whether beats came in time for a whole lease."""
        return now - self._since >= self._lease_s


@dataclass
class Rounds:
    """What a caretaker remembers from one round to the next.

    Parameters
    ----------
    steadiness
        Whether it may judge the others.
    missed
        Dispatches that this worker should execute but did not, the last time.
    cleaned_at
        When it cleaned up, on the monotonic clock; None before the first time.
    """

    steadiness: Steadiness
    missed: set[Dispatch] = field(default_factory=set)
    cleaned_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Caretaker:
    """Beats for one worker, and takes over what dead ones left.

    Parameters
    ----------
    sessions, queue
        The database and the queue.
    worker_id, running
        This worker, and what it executes.
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
    running: RunningJobs
    rules: LeaseRules
    ending: threading.Event
    settings: Settings

    def run(self) -> None:
        """Beat and look around three times a lease, and clean up once a day, until ``ending`` is set."""
        log = structlog.get_logger("territory.jobs")
        here = {"host": socket.gethostname(), "process_id": os.getpid(), "started_at": utc_now()}
        worker = Worker(id=self.worker_id, knows_parts=True, **here)
        rounds = Rounds(Steadiness(self.rules.lease_s))
        while True:
            try:
                self._go_round(worker, rounds)
            except Exception as error:
                if may_pass(error):
                    log.warning("database away", error=str(error))
                else:
                    log.exception("round of the caretaker failed")
            if self.ending.wait(self.rules.lease_s / 3):
                return

    def _go_round(self, worker: Worker, rounds: Rounds) -> None:
        self.beat(worker)
        rounds.steadiness.beat(time.monotonic())
        if rounds.steadiness.holds(time.monotonic()):
            taken = self.look_around(rounds)
            if taken:
                structlog.get_logger("territory.jobs").warning("jobs taken over", job_ids=taken)
        if rounds.cleaned_at is None or time.monotonic() - rounds.cleaned_at > CLEANING_S:
            self.clean()
            rounds.cleaned_at = time.monotonic()

    def beat(self, worker: Worker) -> None:
        """Tell that this worker lives."""
        with transaction(self.sessions) as session:
            JobRepository(session).beat(worker)

    def look_around(self, rounds: Rounds) -> list[str]:
        """Give back to the queue what nobody works on; return those jobs' ids."""
        with snapshot(self.sessions) as session:
            jobs = JobRepository(session)
            now = jobs.now()
            expired, unclaimed = jobs.expired(now), jobs.unclaimed()
            living = jobs.living_workers(alive_since(now, lease_s=self.rules.lease_s)) - {self.worker_id}
        lost = self._lost([Dispatch(*found) for found in unclaimed], living, rounds)
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

    def _lost(self, unclaimed: list[Dispatch], living: set[str], rounds: Rounds) -> list[Dispatch]:
        """Return the dispatches that nobody executes or will execute.

        What the engine says this worker has, it may have lost, when the database went away at the wrong moment: that
        counts when it is not executed here in two rounds in a row.
        """
        of_others = set(self.queue.lost(unclaimed, living=living | {self.worker_id}))
        own = set(self.queue.lost(unclaimed, living=living)) - of_others - self.running.dispatches()
        lost = sorted(of_others | (own & rounds.missed))
        rounds.missed = own
        return lost

    def clean(self) -> None:
        """Forget the engine's records, the workers of long ago, and what the settings let go."""
        sweep(self.sessions, self.settings, now=utc_now())
        self.queue.forget_ended(older_than_s=FORGET_AFTER_S)
        with transaction(self.sessions) as session:
            JobRepository(session).forget_workers(utc_now() - datetime.timedelta(seconds=FORGET_AFTER_S))
