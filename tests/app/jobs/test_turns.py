"""Turns: jobs of equal priority are executed in rounds, one of each tenant a round, within the tenants' quotas."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.database import Sessions, create_engine, session_factory, transaction, utc_now
from app.datasets.importing import read_json_dataset
from app.datasets.service import create_dataset
from app.errors import Unavailable
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules, claim
from app.jobs.models import Job
from app.jobs.service import JobService, Submission
from app.jobs.states import JobState
from app.jobs.turns import put_off
from app.migrations.upgrade import upgrade
from app.scenarios.schemas import Search, default_criteria
from app.scenarios.service import ScenarioService
from app.settings import Settings
from app.tenancy import of_all_tenants, of_tenant
from tests.app.conftest import tiny_dataset

IN_ORDER = sa.text("SELECT workflow_uuid FROM workflow_status WHERE status = 'ENQUEUED' ORDER BY priority, created_at")


class Bench:
    """A database with its queue, and a scenario for each tenant."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = create_engine(settings)
        upgrade(self.engine)
        dbos_engine.migrate(self.engine)
        self.sessions: Sessions = session_factory(self.engine)
        self.queue = DbosQueue(self.engine)
        self.tables, _, _ = read_json_dataset(json.dumps(tiny_dataset()).encode(), settings)
        self.names: dict[str, str] = {}

    def submit(self, name: str, *, priority: int = 0) -> str:
        """Submit a job of the tenant that its name begins with, and return its id."""
        with transaction(of_tenant(self.sessions, name[0])) as session:
            dataset = create_dataset(session, self.tables, name=name, checks=[])
            scenario = ScenarioService(session, self.settings).store(
                dataset_id=dataset.id, name=name, criteria=default_criteria(), search=Search()
            )
            jobs = JobService(session, self.queue, self.settings)
            job_id = jobs.submit(scenario, Submission(priority=priority)).id
        self.names[job_id] = name
        return job_id

    def order(self) -> str:
        """Return the names of the jobs in the queue's order."""
        with self.engine.connect() as connection:
            return " ".join(self.names[Dispatch.from_id(row[0]).job_id] for row in connection.execute(IN_ORDER))

    def take(self, job_id: str, rules: LeaseRules) -> bool:
        """Let a worker take a job, or see it put off."""
        with transaction(of_all_tenants(self.sessions)) as session:
            dispatch = Dispatch(job_id, session.get_one(Job, job_id).dispatch)
            most = rules.max_running
            if most is not None and put_off(session, dispatch, self.queue, most_running=most):
                return False
            return claim(session, dispatch, worker_id="w", rules=rules) is not None


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A database without jobs; a tenant may have five waiting."""
    bench = Bench(Settings(data_dir=tmp_path, log_level="error", max_queued_jobs_per_tenant=5, max_queued_jobs=8))
    yield bench
    bench.engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A database without jobs, of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    bench = Bench(Settings(data_dir=tmp_path, database_url=url, log_level="error"))
    yield bench
    bench.engine.dispose()


def test_tenants_take_turns(bench: Bench) -> None:
    """A tenant's first job comes after one job of another tenant's long queue, not after all of it."""
    for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
        bench.submit(name)
    assert bench.order() == "a1 b1 c1 a2 b2 a3"


def test_a_newcomer_joins_the_round_that_is_due(bench: Bench) -> None:
    """Turns that are over are not made up for: who was away is served next, not three times in a row."""
    first = [bench.submit(name) for name in ("a1", "a2", "a3", "a4")]
    rules = LeaseRules(lease_s=10, max_deaths=3)
    assert all(bench.take(job_id, rules) for job_id in first[:2])
    bench.submit("b1")
    bench.submit("b2")
    waiting = bench.order().split()
    assert waiting.index("a3") < waiting.index("b1") < waiting.index("a4") < waiting.index("b2")


def test_priority_comes_before_turns(bench: Bench) -> None:
    """Higher priority is executed sooner, whoever asked; within it tenants take turns."""
    bench.submit("a1")
    bench.submit("b1", priority=-1)
    bench.submit("a2", priority=5)
    bench.submit("a3", priority=5)
    bench.submit("b2", priority=5)
    assert bench.order() == "a2 b2 a3 a1 b1"


def test_a_full_tenant_does_not_fill_the_queue(bench: Bench) -> None:
    """At its quota a tenant is told to wait; another one goes on until the whole queue is full."""
    for number in range(5):
        bench.submit(f"a{number}")
    with pytest.raises(Unavailable) as refused:
        bench.submit("a5")
    assert (refused.value.code, refused.value.headers["Retry-After"]) == ("QUEUE_FULL", "60")
    for number in range(3):
        bench.submit(f"b{number}")
    with pytest.raises(Unavailable):
        bench.submit("b3")


def test_running_jobs_of_a_tenant_are_limited(either: Bench) -> None:
    """A job beyond the quota is put off and stays queued; when a place is free it is taken."""
    rules = LeaseRules(lease_s=10, max_deaths=3, max_running=1)
    one, two, other = either.submit("a1"), either.submit("a2"), either.submit("b1")
    assert either.take(one, rules)
    assert not either.take(two, rules)
    assert either.take(other, rules)
    with transaction(of_all_tenants(either.sessions)) as session:
        assert session.get_one(Job, two).state == JobState.QUEUED
        ended = session.get_one(Job, one)
        ended.state, ended.ended_at = JobState.SUCCEEDED, utc_now() - datetime.timedelta(seconds=1)
    assert either.take(two, rules)
