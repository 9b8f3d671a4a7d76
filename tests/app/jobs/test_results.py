"""What a solver found while others look at it: replaced, kept, or the end of a job that nobody holds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from app.alignments.models import Alignment
from app.alignments.service import store_alignment
from app.alignments.summaries import Origin, OriginKind
from app.database import create_engine, session_factory, transaction
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.engine import Dispatch
from app.jobs.leases import Claim, LeaseRules, claim, hand_back
from app.jobs.models import Job
from app.jobs.results import store_best
from app.jobs.service import JobService
from app.jobs.solver_files import SolverFiles
from app.migrations.upgrade import upgrade
from app.settings import Settings
from tests.app.jobs.conftest import eventually
from tests.app.jobs.questions import submit_tiny

RULES = LeaseRules(lease_s=600, max_deaths=3)
PATIENCE_S = 60.0
ACCOUNTS = ["a1", "a2", "a3", "a4"]


def summary(objective: float) -> dict[str, Any]:
    """Return what is known of an alignment."""
    blank = dict.fromkeys(("lower_bound", "gap", "bound_source", "certified_gap"))
    return {"outcome": "feasible", "objective": objective, "terms": [], "violations": [], "software": {}, **blank}


class Bench:
    """A database with its queue, one job that is held, and the folder of its solver, with two alignments."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.engine = create_engine(settings)
        upgrade(self.engine)
        dbos_engine.migrate(self.engine)
        self.sessions = session_factory(self.engine)
        self.queue = DbosQueue(self.engine)
        self.job_id = submit_tiny(self.sessions, self.queue, settings)
        self.held = self._claimed()
        self.files = SolverFiles(folder)
        for number, reps in enumerate((["R1", "R1", "R2", "R2"], ["R1", "R2", "R2", "R2"]), start=1):
            table = pa.table({"account_id": ACCOUNTS, "rep_id": reps})
            self.files.write_alignment(f"alignment-{number}", table, summary(1.0 / number))

    def _claimed(self) -> Claim:
        with transaction(self.sessions) as session:
            held = claim(session, Dispatch(self.job_id, 1), worker_id="w", rules=RULES)
        assert held is not None
        return held

    def store(self, number: int) -> str:
        """Store an alignment as the job's best and return its id."""
        with transaction(self.sessions) as session:
            assert store_best(session, self.held, self.files, name=f"alignment-{number}")
        return str(self.job().alignment_id)

    def job(self) -> Job:
        """Return the job's row."""
        with self.sessions() as session:
            return session.get_one(Job, self.job_id)

    def alignment_ids(self) -> set[str]:
        """Return the ids of all alignments that a job or an edit made."""
        with self.sessions() as session:
            return set(session.scalars(sa.select(Alignment.id).where(Alignment.origin_kind != "import")))


@pytest.fixture(params=["sqlite", "postgres"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Return a bench on an empty database of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    made = Bench(Settings(data_dir=tmp_path, database_url=url, log_level="error"), tmp_path)
    yield made
    made.engine.dispose()


def test_a_better_alignment_replaces_the_one_before(bench: Bench) -> None:
    """Of the alignments that are found on the way the last one stays."""
    first, second = bench.store(1), bench.store(2)
    assert first != second
    assert bench.alignment_ids() == {second}


@pytest.mark.parametrize("bench", ["postgres"], indirect=True)
def test_an_edit_of_the_best_so_far_keeps_it(bench: Bench) -> None:
    """While somebody stores a child of the best so far, a better one is stored too, and all three are there."""
    first = bench.store(1)
    with ThreadPoolExecutor(1) as thread:
        with bench.sessions() as editing:
            child = store_alignment(
                editing,
                dataset_id=bench.held.dataset_id,
                scenario_id=bench.held.scenario_id,
                origin=Origin(OriginKind.EDIT, parent_id=first),
                assignments=pa.table({"account_id": ACCOUNTS, "rep_id": ["R2", "R1", "R2", "R2"]}),
                summary=summary(2.0),
            ).id
            editing.flush()
            better = thread.submit(bench.store, 2)
            eventually(lambda: better.done() or is_waited_for(bench.engine), patience_s=PATIENCE_S)
            editing.commit()
        second = better.result(PATIENCE_S)
    assert bench.job().alignment_id == second
    assert bench.alignment_ids() == {first, child, second}


def test_a_stop_ends_a_job_between_two_workers(bench: Bench) -> None:
    """A job that waits for its next worker ends at once, with the best that is stored."""
    best = bench.store(1)
    with transaction(bench.sessions) as session:
        hand_back(session, bench.held, bench.queue)
    with transaction(bench.sessions) as session:
        JobService(session, bench.queue, bench.settings).stop(bench.job_id)
    job = bench.job()
    assert (job.state, job.outcome, job.stop_reason) == ("succeeded", "feasible", "stopped")
    assert job.alignment_id == best


def is_waited_for(engine: sa.Engine) -> bool:
    """Tell whether a transaction of this Postgres waits for another one."""
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
