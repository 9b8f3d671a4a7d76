"""Following one solver's process while it works: what it finds is stored, what the caller wishes is passed on.

Progress is stored at most twice a second, more seldom in long jobs; stop and cancel are looked for every quarter of a
second. A solver that does not obey, or never gets ready, is left to be killed: nothing here waits for it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from threading import Event
from typing import Any, Final

from sqlalchemy.orm import Session

from app.database import Sessions, snapshot, transaction
from app.jobs.leases import Claim, LeaseRules, hold
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.results import store_best, store_curve, store_times
from app.jobs.solver_child import SolverChild
from app.jobs.solver_files import SEARCH, SolverFiles
from app.jobs.states import JobState
from app.jobs.travel_asking import asking_limit_s
from app.storage_faults import may_pass
from app.traces import AttemptTrace

POLL_S: Final = 0.25
PROGRESS_S: Final = 0.5
PROGRESS_THINNING: Final = 1 / 600
"""Seconds between progress events grow to this share of the elapsed time, which bounds their number."""
READY_PATIENCE_S: Final = 900.0
"""Seconds for imports and compilation; a solver that takes longer hangs."""
STOP_GRACE_S: Final = 5.0
OVERTIME_S: Final = 60.0
OVERTIME_SHARE: Final = 2.0
OVERTIME_BY_WORK: Final = 50.0
"""Of a search that counts work: its answer must not feel the clock, which only ends a solver that hangs."""


class LostError(Exception):
    """The job has changed hands or has ended: this worker must let go of it."""


class WatchEnd(StrEnum):
    """Why a solver is not followed any longer; in all cases but the first it still runs."""

    ENDED = "ended"
    STOPPED = "stopped"
    TIME_LIMIT = "time_limit"
    NEVER_READY = "never_ready"
    HANDED_BACK = "handed_back"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a solver is waited for, in seconds.

    Parameters
    ----------
    ready_s
        Until it is ready to solve.
    stop_s
        Until it obeys a stop.
    """

    ready_s: float = READY_PATIENCE_S
    stop_s: float = STOP_GRACE_S


@dataclass(frozen=True)
class Attempt:
    """One solver process at work on a job.

    Parameters
    ----------
    held
        The claim.
    child, files
        The process and its folder.
    trace
        Told of each phase that the solver begins.
    """

    held: Claim
    child: SolverChild
    files: SolverFiles
    trace: AttemptTrace = field(default_factory=AttemptTrace)


class Watch:
    """Follows one solver process: its messages in, the caller's wishes out.

    Parameters
    ----------
    sessions
        The database, of the job's tenant.
    attempt
        What is followed.
    rules
        The lease.
    ending
        Set when this worker ends in order.
    patience
        How long the process is waited for.
    """

    def __init__(
        self, sessions: Sessions, attempt: Attempt, *, rules: LeaseRules, ending: Event, patience: Patience
    ) -> None:
        self._sessions = sessions
        self._rules = rules
        self._ending = ending
        self._held = attempt.held
        self._child = attempt.child
        self._files = attempt.files
        self._trace = attempt.trace
        self._patience = patience
        self._began = time.monotonic()
        self._started: float | None = None  # the clock starts when the solver is ready, compilation excluded
        self._progress: dict[str, Any] | None = None
        self._is_new = True  # that it starts: its kernels may have to be compiled first
        self._found: dict[str, str] = {}  # kind to name of what is not stored yet
        self._has_new_times = False
        self._stored_at = -1.0
        self._stop_asked_at: float | None = None
        self._longest_s = longest_s(attempt.files.read_json(SEARCH)) + asking_limit_s(attempt.files)

    def run(self) -> WatchEnd:
        """Return why it is over.

        Raises
        ------
        LostError
            When the job is not this worker's any more.
        """
        polled_at = -1.0
        while True:
            try:
                message = self._child.next_message(timeout_s=POLL_S)
            except TimeoutError:
                message = {}
            if message is None or message.get("type") == "result":
                return WatchEnd.ENDED  # what it has written is complete; its own tidying up is not waited for
            self._take(message)
            now = time.monotonic()
            if now - polled_at >= POLL_S:
                polled_at = now
                reason = self._poll(now)
                if reason is not None:
                    return reason

    def _take(self, message: dict[str, Any]) -> None:
        kind = message.pop("type", None)
        if kind in ("ready", "timed"):  # asking for travel times is no search
            self._started = time.monotonic()
            self._has_new_times = self._has_new_times or kind == "timed"
        elif kind == "progress":
            self._progress = message
            self._is_new = True
            self._trace.step(str(message.get("phase")))
        elif kind in ("alignment", "points"):
            self._found[kind] = message["name"]
            self._store_found()

    def _poll(self, now: float) -> WatchEnd | None:
        self._child.look_at_memory()
        if self._ending.is_set():
            return WatchEnd.HANDED_BACK
        self._look_for_wishes(now)
        self._store_found()
        reason = self._overdue(now)
        if reason is not None:
            return reason
        pause = max(PROGRESS_S, self._elapsed_s(now) * PROGRESS_THINNING)
        if self._is_new and now - self._stored_at >= pause:
            self._store_progress(now, self._body(now))
        elif now - self._stored_at >= self._rules.lease_s / 3:
            self._store_progress(now, None)
        return None

    def _overdue(self, now: float) -> WatchEnd | None:
        """Return what the solver did not do in time."""
        if self._stop_asked_at is not None and now - self._stop_asked_at > self._patience.stop_s:
            return WatchEnd.STOPPED
        if self._started is None and now - self._began > self._patience.ready_s:
            return WatchEnd.NEVER_READY
        return WatchEnd.TIME_LIMIT if self._elapsed_s(now) > self._longest_s else None

    def _look_for_wishes(self, now: float) -> None:
        try:
            with snapshot(self._sessions) as session:
                found = JobRepository(session).signals(self._held.job_id)
        except Exception as error:
            if may_pass(error):
                return  # the solver goes on; the lease decides whose job it is afterwards
            raise
        if found is None or found[0] != self._held.fence or found[1] != JobState.RUNNING:
            raise LostError
        if found[2] and self._stop_asked_at is None:
            self._stop_asked_at = now
            self._child.ask_to_stop()

    def _store_found(self) -> None:
        """Store what the solver found; what a database that is away does not take is tried again at the next look."""
        if self._has_new_times:
            self._has_new_times = not self._guarded(partial(store_times, held=self._held, files=self._files))
        for kind, name in list(self._found.items()):
            store = store_best if kind == "alignment" else store_curve
            if self._guarded(partial(store, held=self._held, files=self._files, name=name)):
                del self._found[kind]

    def _store_progress(self, now: float, body: dict[str, Any] | None) -> None:
        self._stored_at = now
        self._is_new = self._is_new and body is None
        self._guarded(lambda session: hold(session, self._held, rules=self._rules, progress=body))

    def _elapsed_s(self, now: float) -> float:
        return 0.0 if self._started is None else now - self._started

    def _body(self, now: float) -> dict[str, Any]:
        blank = dict.fromkeys(("objective", "lower_bound", "gap", "violations", "moved_accounts"))
        clock = {
            "elapsed_s": round(self._held.elapsed_s + self._elapsed_s(now), 3),
            "time_limit_s": self._held.time_limit_s,
        }
        return {"phase": "starting", **clock, **blank, **(self._progress or {})}

    def _guarded(self, work: Callable[[Session], Job | bool | None]) -> bool:
        """Write under the fence; False when the database did not take it now.

        Raises
        ------
        LostError
            When the fence has changed.
        """
        try:
            with transaction(self._sessions) as session:
                is_ours = work(session)
        except Exception as error:
            if may_pass(error):
                return False
            raise
        if not is_ours:
            raise LostError
        return True


def longest_s(search: Mapping[str, Any]) -> float:
    """Return the seconds after which a solver is ended that did not end by itself."""
    limit_s = float(search["time_limit_s"])
    share = OVERTIME_BY_WORK if search["deterministic"] else OVERTIME_SHARE
    return limit_s + max(OVERTIME_S, share * limit_s)
