"""The process that executes jobs: ``territory worker``, and the child that ``territory serve`` embeds.

As many as wanted share one database, on one machine or many. A worker that ends in order gives its jobs back to the
queue; one that dies is taken over by the others when its leases run out, or gets its jobs back when it restarts.
"""

import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import sqlalchemy as sa
import structlog

from app.database import create_engine, session_factory
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosConsumer, DbosQueue
from app.jobs.identity import worker_identity
from app.jobs.kernel_cache import FOLDER, kernel_environment, remove_outdated
from app.jobs.leases import LeaseRules
from app.jobs.running_jobs import RunningJobs
from app.jobs.solver_child import SpareSolvers, core_environment
from app.jobs.solver_memory import memory_environment
from app.jobs.supervision import Supervisor
from app.jobs.takeover import Caretaker
from app.logs import configure_logs
from app.migrations.upgrade import upgrade
from app.settings import Settings
from app.tenancy import of_all_tenants
from app.traces import sending_traces
from app.travel_times.pairs import travel_source
from app.webhooks.delivering import Sender

PARENT_OPTION = "--end-with-parent"
ENDING_PATIENCE_S = 15.0


def run_worker(settings: Settings, *, ending: threading.Event | None = None) -> None:
    """Execute jobs until SIGTERM or SIGINT, or until ``ending`` is set.

    Raises
    ------
    WorkerIdTakenError
        When another process has this worker's name.
    """
    ending = ending or threading.Event()
    _obey_signals(ending)
    engine = create_engine(settings)
    upgrade(engine)
    dbos_engine.migrate(engine)
    try:
        with (
            worker_identity(settings.data_dir, settings.worker_id) as worker_id,
            sending_traces("territory-worker"),
        ):
            _work(settings, engine, worker_id=worker_id, ending=ending)
    finally:
        engine.dispose()


def _work(settings: Settings, engine: sa.Engine, *, worker_id: str, ending: threading.Event) -> None:
    """Take jobs until ``ending`` is set; then give back what runs."""
    sessions = of_all_tenants(session_factory(engine, actor=f"worker {settings.worker_id or socket.gethostname()}"))
    rules = LeaseRules(
        lease_s=settings.lease_s,
        max_deaths=settings.max_attempts,
        max_running=settings.max_running_jobs_per_tenant,
    )
    queue = DbosQueue(engine)
    consumer = DbosConsumer(engine, worker_id=worker_id, slots=settings.worker_slots)
    running = RunningJobs()
    folder = _empty_folder(settings.data_dir / "solves" / worker_id)
    remove_outdated(settings.data_dir / FOLDER)
    solvers = SpareSolvers(folder, environment=_solver_environment(settings))
    solvers.prepare()
    supervisor = Supervisor(
        sessions=sessions,
        queue=queue,
        worker_id=worker_id,
        rules=rules,
        folder=folder,
        solvers=solvers,
        ending=ending,
        travel=travel_source(settings),
    )
    caretaker = Caretaker(
        sessions=sessions,
        queue=queue,
        worker_id=worker_id,
        running=running,
        rules=rules,
        ending=ending,
        settings=settings,
    )
    sender = Sender(sessions=sessions, settings=settings, ending=ending)
    consumer.start(running.counting(supervisor))
    with _at_work({"caretaker": caretaker.run, "webhooks": sender.run}):
        structlog.get_logger("territory.jobs").info("worker ready", worker_id=worker_id)
        ending.wait()
        running.wait_until_none(timeout_s=ENDING_PATIENCE_S)
        solvers.close()
        consumer.stop()


@contextmanager
def _at_work(duties: Mapping[str, Callable[[], None]]) -> Iterator[None]:
    """Do what must go on meanwhile in threads of these names, and wait for their end."""
    threads = [threading.Thread(target=duty, name=name, daemon=True) for name, duty in duties.items()]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(timeout=ENDING_PATIENCE_S)


def end_with_parent(ending: threading.Event) -> None:
    """Set ``ending`` when standard input closes, which is when the parent is gone."""

    def watch() -> None:
        while os.read(0, 1):  # not sys.stdin, whose lock would be held when this process ends
            continue
        ending.set()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _obey_signals(ending: threading.Event) -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _solver_environment(settings: Settings) -> dict[str, str]:
    return (
        core_environment(settings.solver_cores)
        | memory_environment(settings.solver_memory_bytes)
        | kernel_environment(settings.data_dir / FOLDER)
    )


def _empty_folder(folder: Path) -> Path:
    """Return an empty folder; what a dead worker of this name left is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.absolute()


def main() -> None:
    """Run a worker with the settings of the environment, as the embedded child of a service."""
    settings = Settings()
    configure_logs(settings)
    ending = threading.Event()
    if PARENT_OPTION in sys.argv[1:]:
        end_with_parent(ending)
    run_worker(settings, ending=ending)


if __name__ == "__main__":
    main()
