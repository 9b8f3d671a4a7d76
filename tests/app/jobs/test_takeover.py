"""What a caretaker gives back to the queue, and what it leaves alone, on both stores with the real queue."""

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import app.jobs.repository
from app.database import Sessions, create_engine, session_factory, transaction, utc_now
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.engine import Dispatch
from app.jobs.leases import Claim, LeaseRules, claim, hold, take_over
from app.jobs.models import Job
from app.jobs.running_jobs import RunningJobs
from app.jobs.takeover import Caretaker, Rounds, Steadiness
from app.migrations.upgrade import upgrade
from app.settings import Settings
from app.tenancy import of_all_tenants
from tests.app.jobs.questions import submit_tiny

RULES = LeaseRules(lease_s=10, max_deaths=3)


class Bench:
    """A database with its queue, one submitted job, and a caretaker of the worker ``w1``."""

    def __init__(self, settings: Settings) -> None:
        self.engine = create_engine(settings)
        upgrade(self.engine)
        dbos_engine.migrate(self.engine)
        self.sessions: Sessions = of_all_tenants(session_factory(self.engine))
        self.queue = DbosQueue(self.engine)
        self.running = RunningJobs()
        self.job_id = submit_tiny(session_factory(self.engine), self.queue, settings)
        self.caretaker = Caretaker(
            sessions=self.sessions,
            queue=self.queue,
            worker_id="w1",
            running=self.running,
            rules=RULES,
            ending=threading.Event(),
            settings=settings,
        )

    def rounds(self) -> Rounds:
        """Return what a caretaker remembers when it begins."""
        return Rounds(Steadiness(RULES.lease_s))

    def claim(self) -> Claim:
        """Claim the job for a worker."""
        with transaction(self.sessions) as session:
            held = claim(session, Dispatch(self.job_id, 1), worker_id="w1", rules=RULES)
        assert held is not None
        return held

    def expire(self) -> None:
        """Let the lease run out."""
        with transaction(self.sessions) as session:
            session.get_one(Job, self.job_id).lease_expires_at = utc_now() - datetime.timedelta(seconds=1)

    def take_over(self) -> bool:
        """Give the job back to the queue if its lease has run out."""
        with transaction(self.sessions) as session:
            return take_over(session, self.job_id, self.queue, rules=RULES)

    def mark(self, executor: str) -> None:
        """Let the engine say that an executor has the job's dispatch."""
        table = "dbos.workflow_status" if self.engine.dialect.name == "postgresql" else "workflow_status"
        with transaction(self.sessions) as session:
            session.execute(sa.text(f"UPDATE {table} SET status = 'PENDING', executor_id = :name"), {"name": executor})


@pytest.fixture(params=["sqlite", "postgres"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Return a database of each store with one submitted job."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    made = Bench(Settings(data_dir=tmp_path, database_url=url, log_level="error"))
    yield made
    made.engine.dispose()


on_postgres = pytest.mark.parametrize("bench", ["postgres"], indirect=True)


def test_a_worker_that_was_away_judges_nobody_for_a_lease() -> None:
    """After a start, a freeze or a database that was away, the others have a lease to renew theirs."""
    steadiness = Steadiness(lease_s=3)
    assert not steadiness.holds(0.0)
    for moment in (0.0, 1.0, 2.0, 3.0):
        steadiness.beat(moment)
    assert steadiness.holds(3.0)
    steadiness.beat(7.0)
    assert not steadiness.holds(7.0)
    assert not steadiness.holds(9.9)
    steadiness.beat(9.0)
    assert steadiness.holds(10.0)


def test_a_dispatch_that_its_own_worker_does_not_execute_is_handed_over_again(bench: Bench) -> None:
    """The engine says that this worker has the job, but it does not execute it in two rounds: it is dispatched anew."""
    bench.mark("w1")
    rounds = bench.rounds()
    assert bench.caretaker.look_around(rounds) == []
    assert bench.caretaker.look_around(rounds) == [bench.job_id]
    assert bench.caretaker.look_around(rounds) == []
    with transaction(bench.sessions) as session:
        assert claim(session, Dispatch(bench.job_id, 1), worker_id="w1", rules=RULES) is None
        assert claim(session, Dispatch(bench.job_id, 2), worker_id="w2", rules=RULES) is not None


def test_a_dispatch_that_is_about_to_be_claimed_is_left_alone(bench: Bench) -> None:
    """A worker that executes a dispatch but has not claimed the job yet keeps it."""
    bench.mark("w1")
    rounds = bench.rounds()
    found: list[list[str]] = []

    def look(_dispatch: Dispatch) -> None:
        found.extend(bench.caretaker.look_around(rounds) for _ in range(3))

    bench.running.counting(look)(Dispatch(bench.job_id, 1))
    assert found == [[], [], []]
    assert bench.running.dispatches() == frozenset()


@on_postgres
def test_a_job_that_a_frozen_transaction_holds_blocks_nobody(bench: Bench) -> None:
    """A caretaker passes over a job whose row is held, however long, and takes it over when it is free."""
    held = bench.claim()
    bench.expire()
    with bench.sessions() as frozen:
        assert hold(frozen, held, rules=RULES) is not None
        frozen.flush()
        assert not bench.take_over()
        frozen.rollback()
    assert bench.take_over()


@on_postgres
def test_leases_are_told_by_the_databases_clock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose own clock is an hour ahead neither takes over what is held nor gives too long leases."""
    held = bench.claim()
    monkeypatch.setattr(app.jobs.repository, "utc_now", lambda: utc_now() + datetime.timedelta(hours=1))
    assert bench.caretaker.look_around(bench.rounds()) == []
    with transaction(bench.sessions) as session:
        job = hold(session, held, rules=RULES)
        assert job is not None
        assert job.lease_expires_at is not None
        assert job.lease_expires_at < utc_now() + datetime.timedelta(minutes=1)
