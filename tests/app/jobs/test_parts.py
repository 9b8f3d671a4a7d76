"""Jobs that are split: parts are held and counted like jobs, and their whole is the sum of them, on both stores."""

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.database import Sessions, snapshot, transaction, utc_now
from app.jobs.endings import Ending
from app.jobs.engine import Dispatch
from app.jobs.leases import Claim, LeaseRules, claim, finish, hold, retry, take_over
from app.jobs.losses import WORKER_LOST
from app.jobs.models import Job, Worker
from app.jobs.repository import JobRepository
from app.jobs.results import write_question
from app.jobs.solver_files import CURVE, SEARCH, SolverFiles
from app.jobs.splitting import split
from app.jobs.states import JobState
from app.main import create_app
from app.retention.sweeping import sweep
from app.settings import Settings
from tests.app.curves.conftest import CRITERIA, small_question
from tests.app.jobs.conftest import eventually

RULES = LeaseRules(lease_s=60, max_deaths=3)
DONE = Ending(state=JobState.SUCCEEDED, outcome="unknown", stop_reason="proved")


class Bench:
    """A started service without solvers, in which two workers seem to live, and a curve that is split into three."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.sessions: Sessions = client.app.state.sessions  # type: ignore[attr-defined] # the app's own place
        dataset = client.post("/v1/datasets", json=small_question()).json()["id"]
        scenario = {"dataset_id": dataset, "criteria": CRITERIA, "search": {"time_limit_s": 60}}
        self.scenario_id = client.post("/v1/scenarios", json=scenario).json()["id"]
        self.let_live(2)
        self.whole = self.curve()

    def let_live(self, num_workers: int) -> None:
        """Let so many workers beat."""
        with transaction(self.sessions) as session:
            for number in range(num_workers):
                here = {"host": "here", "process_id": 1, "started_at": utc_now()}
                JobRepository(session).beat(Worker(id=f"w{number}", knows_parts=True, **here))

    def curve(self) -> str:
        """Submit a curve over teams of 2, 3 and 4 and return its job's id."""
        asked = {"kind": "size", "from": 2, "to": 4, "name": "Teams"}
        answer = self.client.post(f"/v1/scenarios/{self.scenario_id}/curves", json=asked)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def parts(self) -> list[Job]:
        """Return the parts, the smallest team first."""
        with self.sessions() as session:
            return sorted(JobRepository(session).parts(self.whole), key=lambda part: list(part.part or ()))

    def take(self, number: int) -> Claim:
        """Let a worker claim a part."""
        part = self.parts()[number]
        with transaction(self.sessions) as session:
            held = claim(session, Dispatch(part.id, part.dispatch), worker_id="w0", rules=RULES)
        assert held is not None
        return held

    def end(self, held: Claim, ending: Ending = DONE) -> None:
        """End a part."""
        with transaction(self.sessions) as session:
            assert finish(session, held, ending)

    def job(self) -> dict[str, Any]:
        """Return the whole as the API shows it."""
        body: dict[str, Any] = self.client.get(f"/v1/jobs/{self.whole}").json()
        return body


@pytest.fixture(params=["sqlite", "postgres"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Return a curve that is split, on each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    settings = Settings(
        data_dir=tmp_path, database_url=url, log_level="error", lease_s=600, max_running_jobs_per_tenant=1
    )
    with TestClient(create_app(settings)) as client:
        yield Bench(client)


def test_what_is_too_short_or_has_one_worker_is_not_split() -> None:
    """Each part has 20 s at least and every size is in one; with one worker, one size or little time there are none."""
    assert split([2, 3, 4], time_limit_s=60, num_workers=2) == [[2], [3], [4]]
    assert split([2, 3, 4, 5, 6], time_limit_s=50, num_workers=9) == [[2, 3], [4, 5, 6]]
    for wanted, time_limit_s, num_workers in (([2, 3], 60, 1), ([2], 60, 2), ([2, 3], 39, 2)):
        assert split(wanted, time_limit_s=time_limit_s, num_workers=num_workers) == []


def test_callers_see_one_job(bench: Bench) -> None:
    """Parts are in no list, have no address, no entry in the audit, and are one job for metrics and limits."""
    first = bench.parts()[0]
    assert [job["id"] for job in bench.client.get("/v1/jobs").json()["items"]] == [bench.whole]
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/stop"), ("DELETE", "")):
        assert bench.client.request(method, f"/v1/jobs/{first.id}{path}").status_code == 404, path
    entries = bench.client.get("/v1/audit", params={"page_size": 1000}).json()["items"]
    assert bench.whole in {entry["resource_id"] for entry in entries}
    assert not {entry["resource_id"] for entry in entries} & {part.id for part in bench.parts()}
    with snapshot(bench.sessions) as session:
        assert JobRepository(session).count_queued() == JobRepository(session).count_own_queued() == 1
        unclaimed = {job_id for job_id, _ in JobRepository(session).unclaimed()}
    assert unclaimed == {part.id for part in bench.parts()}


def test_parts_share_the_time_of_the_whole(bench: Bench, tmp_path: Path) -> None:
    """Each gets its share when it begins; what an ended one left over falls to those that follow."""
    first, second = bench.take(0), bench.take(1)
    assert (first.time_limit_s, second.time_limit_s) == (20.0, 20.0)
    files = SolverFiles(tmp_path)
    with snapshot(bench.sessions) as session:
        write_question(session, first, files)
    assert files.read_json(SEARCH)["time_limit_s"] == 20.0
    assert files.read_json(CURVE)["part"] == [2]
    bench.end(first, Ending(state=JobState.SUCCEEDED, stop_reason="proved", progress={"elapsed_s": 5.0}))
    assert bench.take(2).time_limit_s == 35.0


def test_the_whole_is_the_sum_of_its_parts(bench: Bench) -> None:
    """It runs with the first part, adds up progress and repeated attempts, and ends once, with the last part."""
    assert (bench.job()["state"], bench.job()["started_at"]) == ("queued", None)
    held = [bench.take(number) for number in range(3)]
    assert (bench.job()["state"], bench.job()["attempts"]) == ("running", 1)
    for number, (claimed, elapsed_s) in enumerate(zip(held, (3.0, 4.0, 5.0), strict=True)):
        told = {"phase": f"{2 + number} reps", "elapsed_s": elapsed_s, "points_done": number % 2}
        with transaction(bench.sessions) as session:
            assert hold(session, claimed, rules=RULES, progress=told)
    progress = bench.job()["progress"]
    assert progress["phase"] == "2 reps, 3 reps, 4 reps"
    assert (progress["elapsed_s"], progress["points_done"], progress["points_planned"]) == (12.0, 1, 3)
    with transaction(bench.sessions) as session:
        again = retry(session, held[1], rules=RULES, loss=WORKER_LOST)
    assert again is not None
    assert bench.job()["attempts"] == 2
    for claimed in (held[0], again, held[2]):
        assert bench.job()["state"] == "running"
        bench.end(claimed)
    ended = bench.job()
    assert (ended["state"], ended["outcome"], ended["progress"]["phase"]) == ("succeeded", "unknown", "done")
    events = bench.client.get(f"/v1/jobs/{bench.whole}/events").text
    assert events.count("event: done") == 1
    metrics = bench.client.get("/metrics").text
    assert 'territory_jobs_ended_total{kind="curve",outcome="unknown",state="succeeded"} 1.0' in metrics


def test_a_dead_workers_part_alone_is_taken_over(bench: Bench) -> None:
    """A lease that ran out gives back that part; the others keep their claims and the whole goes on."""
    lost, kept = bench.take(0), bench.take(1)
    with transaction(bench.sessions) as session:
        session.get_one(Job, lost.job_id).lease_expires_at = utc_now() - (RULES.until(utc_now()) - utc_now())
    with transaction(bench.sessions) as session:
        assert list(JobRepository(session).expired(utc_now())) == [lost.job_id]
    queue = bench.client.app.state.job_queue  # type: ignore[attr-defined] # the app's own place
    with transaction(bench.sessions) as session:
        assert take_over(session, lost.job_id, queue, rules=RULES)
    assert [part.fence for part in bench.parts()[:2]] == [lost.fence + 1, kept.fence]
    assert bench.take(0).time_limit_s == lost.time_limit_s
    assert bench.job()["state"] == "running"


def test_a_stop_reaches_running_parts_and_ends_waiting_ones(bench: Bench) -> None:
    """The running part is asked for its best, the others are canceled, and the whole ends as stopped with it."""
    held = bench.take(0)
    assert bench.client.post(f"/v1/jobs/{bench.whole}/stop").status_code == 202
    assert [(part.state, part.stop_requested) for part in bench.parts()] == [
        ("running", True),
        ("canceled", False),
        ("canceled", False),
    ]
    bench.end(held)
    assert (bench.job()["state"], bench.job()["stop_reason"]) == ("succeeded", "stopped")


def test_a_cancel_takes_every_part_from_its_worker(bench: Bench) -> None:
    """Whole and parts are canceled at once, and a worker's next write is refused; so with a stop before it began."""
    held = bench.take(0)
    assert bench.client.delete(f"/v1/jobs/{bench.whole}").status_code == 202
    assert {part.state for part in bench.parts()} == {"canceled"}
    assert bench.job()["state"] == "canceled"
    with transaction(bench.sessions) as session:
        assert hold(session, held, rules=RULES) is None
    bench.whole = bench.curve()
    assert bench.client.post(f"/v1/jobs/{bench.whole}/stop").json()["state"] == "canceled"
    assert {part.state for part in bench.parts()} == {"canceled"}


def test_a_part_that_fails_fails_the_whole_when_all_have_ended(bench: Bench) -> None:
    """The others go on to their end; then the job has failed with that part's problem."""
    held = [bench.take(number) for number in range(3)]
    problem = {"code": "SOLVER_CRASHED", "detail": "The solver ended unexpectedly."}
    bench.end(held[1], Ending(state=JobState.FAILED, problem=problem))
    assert bench.job()["state"] == "running"
    bench.end(held[0])
    bench.end(held[2])
    assert (bench.job()["state"], bench.job()["problem"]["code"]) == ("failed", "SOLVER_CRASHED")


def test_a_deleted_job_leaves_no_part(bench: Bench) -> None:
    """The sweep lets parts go with their whole, and not before."""
    settings, later = Settings(keep_jobs_days=1), utc_now() + datetime.timedelta(days=2)
    for number in range(2):
        bench.end(bench.take(number))
    sweep(bench.sessions, settings, now=later)
    assert len(bench.parts()) == 3
    bench.end(bench.take(2))
    sweep(bench.sessions, settings, now=later)
    with snapshot(bench.sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_the_sweep_locks_parts_before_their_whole(bench: Bench) -> None:
    """While somebody holds a part, the sweep waits for it without holding the whole: nobody waits in a circle."""
    for number in range(3):
        bench.end(bench.take(number))
    if bench.sessions().get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    settings, later = Settings(keep_jobs_days=1), utc_now() + datetime.timedelta(days=2)
    thread = threading.Thread(target=sweep, args=(bench.sessions, settings), kwargs={"now": later})
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%jobs%'"
    )

    def count_waiting() -> int:
        with snapshot(bench.sessions) as fresh:  # a transaction sees the activity of its first look only
            return int(fresh.scalar(waiting) or 0)

    with transaction(bench.sessions) as session:
        assert JobRepository(session).locked(bench.parts()[0].id) is not None
        thread.start()
        eventually(count_waiting, patience_s=60)
        whole = sa.select(Job).where(Job.id == bench.whole)
        assert session.scalars(whole.with_for_update(nowait=True)).one() is not None
    thread.join(timeout=60)
    assert bench.client.get(f"/v1/jobs/{bench.whole}").status_code == 404


def test_nothing_is_split_while_a_worker_lives_that_knows_no_parts(bench: Bench) -> None:
    """A worker of an earlier version, whose row says nothing of parts, could be given one: the job stays whole."""
    workers = Worker.__table__
    with transaction(bench.sessions) as session:
        now = utc_now()
        old = {"id": "old", "host": "here", "process_id": 1, "started_at": now, "heartbeat_at": now}
        session.connection().execute(sa.insert(workers).values(**old))  # type: ignore[arg-type] # a table it is
    bench.whole = bench.curve()
    assert bench.parts() == []


def test_progress_waits_for_nobody(bench: Bench) -> None:
    """While somebody holds the whole, a part renews its lease and tells its own progress; the sum follows later."""
    held = bench.take(0)
    told = {"phase": "2 reps", "elapsed_s": 3.0, "points_done": 1}
    if bench.sessions().get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    with transaction(bench.sessions) as other:
        assert JobRepository(other).locked(bench.whole) is not None
        with transaction(bench.sessions) as session:
            assert hold(session, held, rules=RULES, progress=told)
    assert bench.parts()[0].progress == told
    assert bench.job()["progress"] is None
    with transaction(bench.sessions) as session:
        assert hold(session, held, rules=RULES, progress=told)
    assert bench.job()["progress"]["elapsed_s"] == 3.0
