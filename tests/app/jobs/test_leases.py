"""Claims, leases and fences on a real SQLite file with the real queue."""

import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import Sessions, create_engine, session_factory, transaction, utc_now
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.endings import Ending
from app.jobs.engine import Dispatch
from app.jobs.leases import (
    Claim,
    LeaseRules,
    claim,
    finish,
    hand_back,
    hand_over_again,
    hold,
    retry,
    take_over,
)
from app.jobs.losses import Loss
from app.jobs.models import Job
from app.jobs.service import JobService, Submission
from app.jobs.states import JobState
from app.migrations.upgrade import upgrade
from app.settings import Settings
from tests.app.jobs.questions import submit_tiny

RULES = LeaseRules(lease_s=10, max_deaths=3)


class Bench:
    """A database with its queue, and one submitted job."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        engine = create_engine(settings)
        upgrade(engine)
        dbos_engine.migrate(engine)
        self.sessions: Sessions = session_factory(engine)
        self.queue = DbosQueue(engine)
        self.job_id = self.submit()

    def submit(self, priority: int = 0) -> str:
        """Submit one more job and return its id."""
        return submit_tiny(self.sessions, self.queue, self.settings, priority=priority)

    def job(self) -> Job:
        """Return the job's row."""
        with self.sessions() as session:
            return session.get_one(Job, self.job_id)

    def expire(self) -> None:
        """Let the lease run out."""
        with transaction(self.sessions) as session:
            session.get_one(Job, self.job_id).lease_expires_at = utc_now() - datetime.timedelta(seconds=1)

    def code(self) -> str:
        """Return the code of why the job failed."""
        problem = self.job().problem
        assert problem is not None
        return str(problem["code"])

    def workflows(self, session: Session) -> list[str]:
        """Return the ids of everything in the engine's queue."""
        return list(session.scalars(sa.text("SELECT workflow_uuid FROM workflow_status")))


@pytest.fixture
def bench(settings: Settings) -> Bench:
    """Return a database with one submitted job."""
    return Bench(settings)


def asked(bench: Bench, worker: str, number: int = 1) -> Claim | None:
    """Return what a worker gets that asks for the job of a dispatch."""
    with transaction(bench.sessions) as session:
        return claim(session, Dispatch(bench.job_id, number), worker_id=worker, rules=RULES)


def claimed(bench: Bench, worker: str, number: int = 1) -> Claim:
    """Return the claim of a worker that must get the job."""
    found = asked(bench, worker, number)
    assert found is not None
    return found


def test_a_held_job_is_not_claimed_by_another_worker(bench: Bench) -> None:
    """While a lease holds, only the same worker, restarted, gets the job again; the death counts."""
    assert claimed(bench, "w1").attempt == 1
    assert asked(bench, "w2") is None
    assert claimed(bench, "w1").attempt == 2
    assert bench.job().deaths == 1


def test_writes_with_an_old_fence_are_refused(bench: Bench) -> None:
    """After a take-over the frozen worker's progress and result are refused, the new one's count."""
    frozen = claimed(bench, "w1")
    bench.expire()
    with transaction(bench.sessions) as session:
        assert take_over(session, bench.job_id, bench.queue, rules=RULES)
        assert not take_over(session, bench.job_id, bench.queue, rules=RULES)
    fresh = claimed(bench, "w2", number=2)
    ending = Ending(state=JobState.SUCCEEDED, outcome="unknown")
    with transaction(bench.sessions) as session:
        assert hold(session, frozen, rules=RULES, progress={"phase": "exact"}) is None
        assert not finish(session, frozen, ending)
        assert hold(session, fresh, rules=RULES) is not None
        assert finish(session, fresh, ending)
        assert not finish(session, fresh, ending)
    assert (bench.job().state, bench.job().attempts) == ("succeeded", 2)


def test_the_third_death_fails_the_job(bench: Bench) -> None:
    """Two lost workers are replaced, the third loss ends the job as WORKER_LOST."""
    for number in (1, 2, 3):
        assert asked(bench, f"w{number}", number=number) is not None
        bench.expire()
        with transaction(bench.sessions) as session:
            take_over(session, bench.job_id, bench.queue, rules=RULES)
    job = bench.job()
    assert (job.state, bench.code(), job.attempts) == ("failed", "WORKER_LOST", 3)


def test_a_solver_that_dies_each_time_fails_the_job_with_its_own_reason(bench: Bench) -> None:
    """Deaths of the solver count like those of workers, and the last one names the code."""
    first = claimed(bench, "w1")
    loss = Loss("OUT_OF_MEMORY", "No memory.")
    with transaction(bench.sessions) as session:
        second = retry(session, first, rules=RULES, loss=loss)
        assert second is not None
        third = retry(session, second, rules=RULES, loss=loss)
        assert third is not None
        assert retry(session, third, rules=RULES, loss=loss) is None
    assert bench.code() == "OUT_OF_MEMORY"


def test_handing_back_is_no_death_and_voids_the_old_dispatch(bench: Bench) -> None:
    """A worker that ends in order gives the job back: the next dispatch is claimed, the old one is void."""
    held = claimed(bench, "w1")
    with transaction(bench.sessions) as session:
        hand_back(session, held, bench.queue)
    assert asked(bench, "w2", number=1) is None
    assert claimed(bench, "w2", number=2).attempt == 2
    assert bench.job().deaths == 0


def test_a_dispatch_that_the_engine_lost_is_handed_over_again(bench: Bench) -> None:
    """A waiting job whose place in the queue is gone gets a new one; a job in the queue is not touched."""
    first = Dispatch(bench.job_id, 1)
    assert bench.queue.lost([first], living=()) == []
    with transaction(bench.sessions) as session:
        session.execute(sa.text("UPDATE workflow_status SET status = 'PENDING', executor_id = 'dead'"))
    assert bench.queue.lost([first], living=["alive"]) == [first]
    assert bench.queue.lost([first], living=["dead"]) == []
    with transaction(bench.sessions) as session:
        assert hand_over_again(session, first, bench.queue)
        assert not hand_over_again(session, first, bench.queue)
    assert asked(bench, "w2", number=2) is not None


def test_a_job_and_its_place_in_the_queue_exist_together_or_not_at_all(bench: Bench) -> None:
    """A transaction that fails after the enqueue leaves neither the job nor a workflow."""
    with transaction(bench.sessions) as session:
        before = bench.workflows(session)
    with pytest.raises(RuntimeError), transaction(bench.sessions) as session:  # noqa: PT012 - the block is the transaction
        scenario_id = session.get_one(Job, bench.job_id).scenario_id
        service = JobService(session, bench.queue, bench.settings)
        service.submit(service.scenario(scenario_id), Submission())
        raise RuntimeError
    with transaction(bench.sessions) as session:
        assert bench.workflows(session) == before
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


def test_higher_priority_stands_first_in_the_queue(bench: Bench) -> None:
    """The queue orders by priority, then by time of submission."""
    urgent, later = bench.submit(priority=5), bench.submit(priority=-5)
    with transaction(bench.sessions) as session:
        query = "SELECT workflow_uuid FROM workflow_status ORDER BY priority, created_at"
        order = [Dispatch.from_id(found).job_id for found in session.scalars(sa.text(query))]
    assert order == [urgent, bench.job_id, later]
