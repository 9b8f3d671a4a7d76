"""One attempt at a job: start the solver, store what it finds, pass on stop and cancel, survive its crash.

The worker's side of a solve. Holds the lease while the solver runs; lets go as soon as a write is refused. Progress
is stored at most twice a second, more seldom in long jobs; stop and cancel are looked for every quarter of a second.
"""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.database import Sessions, snapshot, transaction
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import Claim, LeaseRules, Loss, claim, finish, hand_back, hold, retry
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.results import failure, store_best, store_curve, store_ending, store_interrupted, write_question
from app.jobs.solver_child import SolverChild, SpareSolvers
from app.jobs.solver_files import RESULT, SEARCH, SolverFiles
from app.jobs.states import JobState
from app.jobs.turns import put_off
from app.tenancy import of_tenant

POLL_S: Final = 0.25
PROGRESS_S: Final = 0.5
PROGRESS_THINNING: Final = 1 / 600
"""Seconds between progress events grow to this share of the elapsed time, which bounds their number."""
STOP_GRACE_S: Final = 5.0
OVERTIME_S: Final = 60.0
OVERTIME_SHARE: Final = 2.0
OVERTIME_BY_WORK: Final = 50.0
"""Of a search that counts work: its answer must not feel the clock, which only ends a solver that hangs."""
DATABASE_PATIENCE_S: Final = 600.0
DATABASE_PAUSE_S: Final = 0.5

CRASHED: Final = Loss("SOLVER_CRASHED", "The solver ended unexpectedly; report the job's id.")
OUT_OF_MEMORY: Final = Loss("OUT_OF_MEMORY", "The solver ran out of memory; split the problem by region or add memory.")

Value = TypeVar("Value")


class LostError(Exception):
    """The job has changed hands or has ended: this worker must let go of it."""


@dataclass(frozen=True, kw_only=True)
class Supervisor:
    """Executes dispatches of jobs.

    Parameters
    ----------
    sessions, queue
        The database of all tenants, and where a job goes back to when this worker ends.
    worker_id
        This worker.
    rules
        Lease and patience with deaths.
    folder
        Where solvers' folders are made.
    solvers
        Where solver processes come from.
    ending
        Set when this worker ends in order.
    """

    sessions: Sessions
    queue: JobQueue
    worker_id: str
    rules: LeaseRules
    folder: Path
    solvers: SpareSolvers
    ending: Event

    def __call__(self, dispatch: Dispatch) -> None:
        """Claim the job and bring it to its end, in its own tenant's sessions; nothing when the dispatch is void."""
        held = self._patiently(lambda session: self._claim(session, dispatch))
        while held is not None:
            log = structlog.get_logger("territory.jobs").bind(job_id=held.job_id, attempt=held.attempt)
            log.info("job claimed", worker_id=self.worker_id)
            try:
                held = self._of_tenant(held)._attempt(held, log)
            except LostError:
                log.info("job let go")
                return

    def _claim(self, session: Session, dispatch: Dispatch) -> Claim | None:
        most = self.rules.max_running
        if most is not None and put_off(session, dispatch, self.queue, most_running=most):
            return None
        return claim(session, dispatch, worker_id=self.worker_id, rules=self.rules)

    def _of_tenant(self, held: Claim) -> "Supervisor":
        return replace(self, sessions=of_tenant(self.sessions, held.tenant_id))

    def _attempt(self, held: Claim, log: Any) -> Claim | None:
        """Run one solver process; return the next claim when the process died and may be tried again."""
        with TemporaryDirectory(prefix=f"{held.job_id}-", dir=self.folder) as name:
            files = SolverFiles(Path(name))
            with snapshot(self.sessions) as session:
                write_question(session, held, files)
            child = self.solvers.take()
            try:
                child.solve(files.folder)
                watch = Watch(self, held, child, files=files)
                reason = watch.run()
            finally:
                child.kill()
                if not self.ending.is_set():
                    self.solvers.prepare()
            log.info("solver ended", reason=reason, exit_code=child.wait())
            return self._conclude(held, child, files, reason=reason, log=log)

    def _conclude(self, held: Claim, child: SolverChild, files: SolverFiles, *, reason: str, log: Any) -> Claim | None:
        if reason == "handed_back":
            self._patiently(lambda session: hand_back(session, held, self.queue))
            return None
        if files.path(RESULT).exists():
            answer = files.read_json(RESULT)
            self._patiently(lambda session: store_ending(session, held, files, answer))
            return None
        if reason in ("stopped", "time_limit"):
            self._patiently(lambda session: store_interrupted(session, held, stop_reason=reason))
            return None
        code, said = child.wait(), child.log_tail()
        log.error("solver crashed", exit_code=code, log=said)
        if code < 0:
            return self._patiently(lambda session: retry(session, held, rules=self.rules, loss=_loss(-code, said)))
        problem = OUT_OF_MEMORY if _wanted_memory(said) else CRASHED
        self._patiently(lambda session: finish(session, held, failure(problem.problem())))
        return None

    def _patiently(self, work: Callable[[Session], Value]) -> Value:
        """Do work in a transaction, again and again while the database is away."""
        give_up = time.monotonic() + DATABASE_PATIENCE_S
        while True:
            try:
                with transaction(self.sessions) as session:
                    return work(session)
            except OperationalError as error:
                if time.monotonic() > give_up:
                    raise
                structlog.get_logger("territory.jobs").warning("database away", error=str(error.orig))
                self.ending.wait(DATABASE_PAUSE_S)


class Watch:
    """Follows one solver process: its messages in, the caller's wishes out.

    Parameters
    ----------
    supervisor
        Gives sessions and rules.
    held, child, files
        The claim, the process and its folder.
    """

    def __init__(self, supervisor: Supervisor, held: Claim, child: SolverChild, *, files: SolverFiles) -> None:
        self._supervisor = supervisor
        self._held = held
        self._child = child
        self._files = files
        self._started: float | None = None  # the clock starts when the solver is ready, compilation excluded
        self._progress: dict[str, Any] | None = None
        self._is_new = False
        self._stored_at = -1.0
        self._stop_asked_at: float | None = None
        self._longest_s = longest_s(files.read_json(SEARCH))

    def run(self) -> str:
        """Return why it is over: ``ended``, ``stopped`` or ``time_limit`` (both killed), or ``handed_back``.

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
                return "ended"  # what the process has written is complete; its own tidying up is not waited for
            self._take(message)
            now = time.monotonic()
            if now - polled_at >= POLL_S:
                polled_at = now
                reason = self._poll(now)
                if reason is not None:
                    return reason

    def _take(self, message: dict[str, Any]) -> None:
        kind = message.pop("type", None)
        if kind == "ready":
            self._started = time.monotonic()
        elif kind == "progress":
            self._progress = message
            self._is_new = True
        elif kind == "alignment":
            self._guarded(lambda session: store_best(session, self._held, self._files, name=message["name"]))
        elif kind == "points":
            self._guarded(lambda session: store_curve(session, self._held, self._files, name=message["name"]))

    def _poll(self, now: float) -> str | None:
        if self._supervisor.ending.is_set():
            return "handed_back"
        self._look_for_wishes(now)
        if self._stop_asked_at is not None and now - self._stop_asked_at > STOP_GRACE_S:
            return "stopped"
        elapsed_s = self._elapsed_s(now)
        if elapsed_s > self._longest_s:
            return "time_limit"
        pause = max(PROGRESS_S, elapsed_s * PROGRESS_THINNING)
        if self._is_new and now - self._stored_at >= pause:
            self._store(now, self._body(now))
        elif now - self._stored_at >= self._supervisor.rules.lease_s / 3:
            self._store(now, None)
        return None

    def _look_for_wishes(self, now: float) -> None:
        try:
            with snapshot(self._supervisor.sessions) as session:
                found = JobRepository(session).signals(self._held.job_id)
        except OperationalError:
            return  # the database is away; the solver goes on, the lease decides whose job it is afterwards
        if found is None or found[0] != self._held.fence or found[1] != JobState.RUNNING:
            raise LostError
        if found[2] and self._stop_asked_at is None:
            self._stop_asked_at = now
            self._child.ask_to_stop()

    def _store(self, now: float, body: dict[str, Any] | None) -> None:
        self._stored_at = now
        self._is_new = self._is_new and body is None
        self._guarded(lambda session: hold(session, self._held, rules=self._supervisor.rules, progress=body))

    def _elapsed_s(self, now: float) -> float:
        return 0.0 if self._started is None else now - self._started

    def _body(self, now: float) -> dict[str, Any]:
        blank = dict.fromkeys(("objective", "lower_bound", "gap", "violations", "moved_accounts"))
        clock = {
            "elapsed_s": round(self._held.elapsed_s + self._elapsed_s(now), 3),
            "time_limit_s": self._held.time_limit_s,
        }
        return {"phase": "starting", **clock, **blank, **(self._progress or {})}

    def _guarded(self, work: Callable[[Session], Job | bool | None]) -> None:
        """Write under the fence; a database that is away is tried again with the next write."""
        try:
            with transaction(self._supervisor.sessions) as session:
                is_ours = work(session)
        except OperationalError:
            return
        if not is_ours:
            raise LostError


def longest_s(search: Mapping[str, Any]) -> float:
    """Return the seconds after which a solver is ended that did not end by itself."""
    limit_s = float(search["time_limit_s"])
    share = OVERTIME_BY_WORK if search["deterministic"] else OVERTIME_SHARE
    return limit_s + max(OVERTIME_S, share * limit_s)


def _loss(number: int, said: str) -> Loss:
    """Return why a solver died: by which signal, and with which last words."""
    if number == signal.SIGKILL:
        return Loss(
            "OUT_OF_MEMORY",
            "The operating system killed the solver each time, most likely for want of memory; split the problem "
            "by region or add memory.",
        )
    if _wanted_memory(said):
        return OUT_OF_MEMORY
    return Loss("SOLVER_CRASHED", "The solver crashed each time; report the job's id.", {"signal": number})


def _wanted_memory(said: str) -> bool:
    """Tell by its last words whether a solver ended for want of memory."""
    return any(words in said for words in ("MemoryError", "bad_alloc", "Cannot allocate memory", "out of memory"))
