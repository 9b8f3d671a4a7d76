"""One attempt at a job after another: start the solver, follow it, store its answer, survive its crash.

The worker's side of a solve. Holds the lease while the solver runs; lets go as soon as a write is refused.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.orm import Session

from app.database import Sessions, snapshot, transaction
from app.jobs.asking_turns import put_off_while_asked
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import GIVEN_BACK_S, Claim, LeaseRules, claim, hand_back, hand_over_again, put_aside, retry
from app.jobs.losses import NEVER_READY, NO_ROOM, Loss, loss_of_exit
from app.jobs.parts import begin_next_round
from app.jobs.results import store_ending, store_failure, store_interrupted, write_question
from app.jobs.solver_child import SpareSolvers
from app.jobs.solver_files import RESULT, SolverFiles
from app.jobs.solver_watch import Attempt, LostError, Patience, Watch, WatchEnd
from app.jobs.turns import put_off
from app.storage_faults import is_full, may_pass
from app.tenancy import of_tenant
from app.traces import AttemptTrace, attempt_trace
from app.travel_times.pairs import TravelSource

DATABASE_PATIENCE_S: Final = 600.0
ENDING_PATIENCE_S: Final = 10.0
"""Seconds that a worker which ends waits for the database: the lease lets another one go on."""
DATABASE_PAUSE_S: Final = 0.5
NO_ROOM_PAUSE_S: Final = 30.0
"""Seconds before a job is tried again that found no room on a worker's disk."""

Value = TypeVar("Value")


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
    patience
        How long a solver is waited for.
    travel
        Whom solvers ask for travel times that a dataset lacks; None where there is nobody.
    """

    sessions: Sessions
    queue: JobQueue
    worker_id: str
    rules: LeaseRules
    folder: Path
    solvers: SpareSolvers
    ending: Event
    patience: Patience = field(default_factory=Patience)
    travel: TravelSource | None = None

    def __call__(self, dispatch: Dispatch) -> None:
        """Claim the job and bring it to its end, in its own tenant's sessions; nothing when the dispatch is void."""
        held = self._patiently(lambda session: self._claim(session, dispatch))
        while held is not None:
            log = structlog.get_logger("territory.jobs").bind(job_id=held.job_id, attempt=held.attempt)
            log.info("job claimed", worker_id=self.worker_id)
            held = self._of_tenant(held)._attempt(held, log)

    def _claim(self, session: Session, dispatch: Dispatch) -> Claim | None:
        if self.ending.is_set():
            hand_over_again(session, dispatch, self.queue, delay_s=GIVEN_BACK_S)
            return None
        most = self.rules.max_running
        if most is not None and put_off(session, dispatch, self.queue, most_running=most):
            return None
        if self.travel is not None and put_off_while_asked(session, dispatch, self.queue):
            return None
        return claim(session, dispatch, worker_id=self.worker_id, rules=self.rules)

    def _of_tenant(self, held: Claim) -> "Supervisor":
        return replace(self, sessions=of_tenant(self.sessions, held.tenant_id))

    def _attempt(self, held: Claim, log: Any) -> Claim | None:
        """Run one solver process; return the next claim when the process died and may be tried again."""
        try:
            with (
                TemporaryDirectory(prefix=f"{held.job_id}-", dir=self.folder, ignore_cleanup_errors=True) as name,
                attempt_trace(held.job_id, attempt=held.attempt, traceparent=held.traceparent) as trace,
            ):
                trace.say(worker_id=self.worker_id)
                return self._solve(held, SolverFiles(Path(name)), trace, log)
        except OSError as error:
            if not is_full(error):
                raise
            log.error("disk full", error=str(error))
            return self._lose(held, NO_ROOM)

    def _solve(self, held: Claim, files: SolverFiles, trace: AttemptTrace, log: Any) -> Claim | None:
        trace.step("write question")
        self._patiently(lambda session: write_question(session, held, files, travel=self.travel), reads_only=True)
        trace.step("start solver")
        child = self.solvers.take()
        attempt = Attempt(held, child, files, trace)
        try:
            child.solve(files.folder)
            end = Watch(self.sessions, attempt, rules=self.rules, ending=self.ending, patience=self.patience).run()
        except LostError:
            log.info("job let go")
            trace.say(ended="let_go")
            return None
        finally:
            child.kill()
            if not self.ending.is_set():
                self.solvers.prepare()
        log.info("solver ended", reason=str(end), exit_code=child.wait())
        trace.say(ended=str(end))
        trace.step("store answer")
        return self._conclude(attempt, end, log)

    def _conclude(self, attempt: Attempt, end: WatchEnd, log: Any) -> Claim | None:
        """Store what is to be told of a solver that is gone; return the next claim when the job is tried again."""
        held, files = attempt.held, attempt.files
        if end is WatchEnd.HANDED_BACK:
            self._patiently(lambda session: hand_back(session, held, self.queue))
            return None
        if files.path(RESULT).exists():
            answer = files.read_json(RESULT)
            if answer.get("problem") is not None:
                attempt.trace.fail(answer["problem"]["code"])
            self._end(held, partial(store_ending, held=held, files=files, answer=answer))
            return None
        if end in (WatchEnd.STOPPED, WatchEnd.TIME_LIMIT):
            self._end(held, partial(store_interrupted, held=held, stop_reason=str(end)))
            return None
        code, said = attempt.child.wait(), attempt.child.log_tail()
        log.error("solver crashed", exit_code=code, log=said)
        loss = NEVER_READY if end is WatchEnd.NEVER_READY else loss_of_exit(code, said, attempt.child.memory)
        attempt.trace.fail(loss.code)
        return self._lose(held, loss, code=code)

    def _end(self, held: Claim, store: Callable[[Session], bool]) -> None:
        """Store how a job ended, and begin what waited for it, in one transaction."""

        def work(session: Session) -> None:
            if store(session):
                begin_next_round(session, held.job_id, self.queue)

        self._patiently(work)

    def _lose(self, held: Claim, loss: Loss, *, code: int = 0) -> Claim | None:
        """Do what a loss asks for: fail the job, try it again at once, or give it back for later."""
        if loss is NO_ROOM:
            later = partial(put_aside, held=held, queue=self.queue, rules=self.rules, loss=loss)
            self._patiently(partial(later, delay_s=NO_ROOM_PAUSE_S))
            return None
        if code < 0:
            return self._patiently(lambda session: retry(session, held, rules=self.rules, loss=loss))
        self._patiently(lambda session: store_failure(session, held, loss.problem()))
        return None

    def _patiently(self, work: Callable[[Session], Value], *, reads_only: bool = False) -> Value:
        """Do work in a transaction, again and again while the database does not take it."""
        began = time.monotonic()
        while True:
            try:
                with (snapshot if reads_only else transaction)(self.sessions) as session:
                    return work(session)
            except Exception as error:
                patience_s = ENDING_PATIENCE_S if self.ending.is_set() else DATABASE_PATIENCE_S
                if not may_pass(error) or isinstance(error, OSError) or time.monotonic() - began > patience_s:
                    raise
                structlog.get_logger("territory.jobs").warning("database away", error=str(error))
            time.sleep(DATABASE_PAUSE_S)
