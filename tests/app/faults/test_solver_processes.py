"""Real solver processes that freeze, want too much memory, or find no room: the job says so, and the next one runs."""

import resource
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.database import create_engine, session_factory, transaction
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules
from app.jobs.losses import loss_of_exit
from app.jobs.models import Job
from app.jobs.service import JobService
from app.jobs.solver_child import SpareSolvers, core_environment
from app.jobs.solver_memory import memory_environment
from app.jobs.solver_watch import Patience
from app.jobs.supervision import Supervisor
from app.migrations.upgrade import upgrade
from app.retention.examination import examine_database
from app.settings import Settings
from app.tenancy import of_all_tenants
from tests.app.conftest import tiny_dataset
from tests.app.faults.faulty import failing_writes
from tests.app.jobs.conftest import eventually
from tests.app.jobs.questions import submit_question

MEBIBYTE = 2**20


def told(job: Job) -> dict[str, Any]:
    """Return why a job failed."""
    assert job.problem is not None
    return job.problem


class Bench:
    """A database with its queue, and a supervisor in this process, whose solvers are processes of their own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.settings = Settings(data_dir=folder, log_level="error")
        self.engine = create_engine(self.settings)
        upgrade(self.engine)
        dbos_engine.migrate(self.engine)
        self.sessions = session_factory(self.engine)
        self.queue = DbosQueue(self.engine)
        self.folder = folder / "solves"
        self.folder.mkdir()
        self.solvers = SpareSolvers(self.folder, environment={**core_environment(1), **environment})
        self.ending = threading.Event()

    def submit(self, question: dict[str, Any] | None = None) -> str:
        """Submit a job and return its id."""
        return submit_question(self.sessions, self.queue, self.settings, question or tiny_dataset())

    def supervise(self, job_id: str, *, number: int = 1, max_deaths: int = 1, patience: Patience | None = None) -> Job:
        """Execute a dispatch of a job here and return the job's row."""
        Supervisor(
            sessions=of_all_tenants(self.sessions),
            queue=self.queue,
            worker_id="w",
            rules=LeaseRules(lease_s=600, max_deaths=max_deaths),
            folder=self.folder,
            solvers=self.solvers,
            ending=self.ending,
            patience=patience or Patience(),
        )(Dispatch(job_id, number))
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        """Return a job's row."""
        with self.sessions() as session:
            return session.get_one(Job, job_id)

    def assert_goes_on(self) -> None:
        """Execute another job, and examine every stored byte, reference and entry of the audit."""
        job = self.supervise(self.submit())
        assert (job.state, job.outcome, job.problem) == ("succeeded", "optimal", None)
        assert examine_database(self.sessions).faults == ()


@pytest.fixture
def environment() -> dict[str, str]:
    """Return what solver processes are told; some tests say more."""
    return {}


@pytest.fixture
def bench(tmp_path: Path, environment: dict[str, str]) -> Iterator[Bench]:
    """Return a bench whose solvers have ended when the test is over."""
    made = Bench(tmp_path, environment)
    yield made
    made.solvers.close()
    made.engine.dispose()


def next_solver(bench: Bench) -> psutil.Process:
    """Return the process that the next job gets."""
    bench.solvers.prepare()
    (found,) = [child for child in psutil.Process().children() if "app.jobs.solver_process" in child.cmdline()]
    return found


def frozen(bench: Bench) -> psutil.Process:
    """Freeze the process that the next job gets, as a machine does that swaps, and return it."""
    process = next_solver(bench)
    process.suspend()
    eventually(lambda: process.status() == psutil.STATUS_STOPPED)
    return process


def test_a_worker_that_ends_leaves_what_its_queue_still_gives(bench: Bench) -> None:
    """No attempt is begun or counted; the job is handed over anew, for when that worker is gone."""
    bench.ending.set()
    job = bench.supervise(bench.submit())
    assert (job.state, job.attempts, job.dispatch, job.worker_id) == ("queued", 0, 2, None)
    bench.ending.clear()
    assert bench.supervise(job.id, number=2).outcome == "optimal"


@pytest.mark.parametrize(("act", "state"), [("stop", "succeeded"), ("cancel", "canceled")])
def test_a_frozen_solver_is_killed_when_the_job_must_end(bench: Bench, act: str, state: str) -> None:
    """A solver that says and hears nothing is starting, and ends all the same: by a cancel, or a grace after a stop."""
    job_id, process = bench.submit(), frozen(bench)
    thread = threading.Thread(target=bench.supervise, args=(job_id,), kwargs={"patience": Patience(stop_s=0.5)})
    thread.start()
    eventually(lambda: (bench.job(job_id).progress or {}).get("phase") == "starting")
    with transaction(bench.sessions) as session:
        getattr(JobService(session, bench.queue, bench.settings), act)(job_id)
    thread.join(timeout=120)
    assert not thread.is_alive()
    assert not process.is_running()
    assert bench.job(job_id).state == state
    bench.assert_goes_on()


def test_a_solver_that_never_gets_ready_is_given_up(bench: Bench) -> None:
    """A process that freezes before it can solve does not hold its job for ever."""
    job_id, process = bench.submit(), frozen(bench)
    job = bench.supervise(job_id, patience=Patience(ready_s=0.5))
    assert (job.state, told(job)["code"]) == ("failed", "SOLVER_CRASHED")
    assert "did not get ready" in told(job)["detail"]
    assert not process.is_running()


@pytest.mark.parametrize("environment", [memory_environment(576 * MEBIBYTE)])
def test_a_solve_that_needs_more_memory_than_it_may_fails_alone(bench: Bench) -> None:
    """Under a limit a large problem fails with one sentence, a small one is solved."""
    job = bench.supervise(bench.submit(large_question()))
    assert (job.state, told(job)["code"]) == ("failed", "OUT_OF_MEMORY")
    assert "memory" in told(job)["detail"]
    bench.assert_goes_on()


@pytest.mark.parametrize("environment", [memory_environment(64 * MEBIBYTE)])
def test_a_limit_that_no_solver_can_live_with_fails_the_job_too(bench: Bench) -> None:
    """A process that cannot even start for want of memory says so, by the same code."""
    job = bench.supervise(bench.submit())
    assert (job.state, told(job)["code"]) == ("failed", "OUT_OF_MEMORY")


@pytest.mark.parametrize("environment", [memory_environment(700 * MEBIBYTE)])
def test_a_crash_under_a_limit_tells_of_the_limit(bench: Bench) -> None:
    """A solver that crashes where it may take so much memory only is told with its signal, that limit and its share."""
    process, child = next_solver(bench), bench.solvers.take()
    resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
    child.look_at_memory()
    process.send_signal(signal.SIGSEGV)
    loss = loss_of_exit(child.wait(), child.log_tail(), child.memory)
    assert loss.params["signal"] == signal.SIGSEGV
    assert loss.params["memory_limit_bytes"] == 700 * MEBIBYTE
    assert 0 < loss.params["memory_bytes"] <= 700 * MEBIBYTE
    child.look_at_memory()
    assert child.memory.seen == loss.params["memory_bytes"]


def test_no_room_for_the_question_is_tried_later_and_then_told(bench: Bench) -> None:
    """A worker whose disk is full gives the job back for later; when it stays full the job says so."""
    job_id = bench.submit()
    bench.solvers.prepare()
    with failing_writes(bench.folder, 1, lasting=True):
        waiting = bench.supervise(job_id, max_deaths=2)
        assert (waiting.state, waiting.worker_id, waiting.dispatch) == ("running", None, 2)
        failed = bench.supervise(job_id, number=2, max_deaths=2)
    assert (failed.state, told(failed)["code"]) == ("failed", "STORAGE_FULL")
    bench.assert_goes_on()


def test_no_room_for_the_answer_is_told(bench: Bench) -> None:
    """A solver that cannot write what it found, nor why, fails the job with one sentence."""
    job_id, process = bench.submit(), next_solver(bench)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (16, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    job = bench.supervise(job_id)
    assert (job.state, told(job)["code"]) == ("failed", "STORAGE_FULL")
    bench.assert_goes_on()


def large_question() -> dict[str, Any]:
    """Return a question whose account-rep matrices need some hundred megabytes."""
    accounts = [
        {"id": f"a{n}", "lat": 45 + n % 70 / 10, "lon": 5 + n / 1000, "measures": {"workload": 1.0}}
        for n in range(4000)
    ]
    reps = [{"id": f"r{n}", "lat": 45 + n % 70 / 10, "lon": 5 + n / 1000} for n in range(4000)]
    return {"name": "Large", "accounts": accounts, "reps": reps}
