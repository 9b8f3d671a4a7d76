"""Curves whose parts are executed by two real workers, on both stores where the store has its part in it."""

import datetime
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.database import Sessions, snapshot, transaction, utc_now
from app.jobs.embedded import EmbeddedWorker
from app.jobs.engine import JobQueue
from app.jobs.leases import LeaseRules, take_over
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.main import create_app
from app.settings import Settings
from tests.app.curves.conftest import small_question
from tests.app.jobs.conftest import eventually, is_there, random_question

PATIENCE_S = 500.0
RULES = LeaseRules(lease_s=60, max_deaths=3)
CRITERIA = {"balance": [{"measure": "workload", "tolerance": 0.3, "hard": True}], "travel": {"weight": 50}}
VOLATILE = frozenset({"alignment_id"})


class House:
    """A running service and its workers, whose solvers can be frozen.

    Who takes what depends on the machine's load. A worker whose solver is frozen keeps what it has taken and takes
    nothing more, so that the others get their turn, however slow they are.
    """

    def __init__(self, client: TestClient, settings: Settings, workers: ExitStack) -> None:
        self.client, self._settings, self._workers = client, settings, workers
        self.workers: list[EmbeddedWorker] = []
        self._frozen: list[psutil.Process] = []
        self.sessions: Sessions = client.app.state.sessions  # type: ignore[attr-defined] # the app's own place

    def add_worker(self) -> None:
        """Start one more worker and wait until it lives."""
        number = len(self.workers)
        settings = self._settings.model_copy(
            update={"worker_id": f"w{number}", "data_dir": self._settings.data_dir / f"w{number}"}
        )
        self.workers.append(self._workers.enter_context(EmbeddedWorker(settings)))
        eventually(lambda: self._num_living() == number + 1, patience_s=PATIENCE_S)

    def curve(self, body: dict[str, Any], search: dict[str, Any], **asked: Any) -> str:
        """Submit a curve, over teams where nothing else is said, and return its job's id."""
        dataset = self.client.post("/v1/datasets", json=body).json()["id"]
        scenario = {"dataset_id": dataset, "criteria": CRITERIA, "search": search}
        scenario_id = self.client.post("/v1/scenarios", json=scenario).json()["id"]
        answer = self.client.post(f"/v1/scenarios/{scenario_id}/curves", json={"kind": "size", **asked})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def points(self, job_id: str) -> list[dict[str, Any]]:
        """Return the points of a job's curve with what its alignments assign."""
        found = []
        for point in self.client.get(f"/v1/jobs/{job_id}/curve").json()["points"]:
            path = f"/v1/alignments/{point['alignment_id']}/assignments"
            rows = self.client.get(path, params={"page_size": 1000}).json()["items"]
            shown = {name: value for name, value in point.items() if name not in VOLATILE}
            found.append(shown | {"assigned": [row["rep_id"] for row in rows]})
        return found

    def ended(self, job_id: str) -> dict[str, Any]:
        """Return a job once it has ended; the service is asked to wait for that."""

        def answer() -> dict[str, Any] | None:
            job: dict[str, Any] = self.client.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=30"}).json()
            return None if job["state"] in ("queued", "running") else job

        job: dict[str, Any] = eventually(answer, patience_s=PATIENCE_S)
        return job

    def parts(self, job_id: str) -> Sequence[Job]:
        """Return the parts of a job in their order."""
        with self.sessions() as session:
            return JobRepository(session).parts(job_id)

    def freeze(self) -> None:
        """Freeze the solver that each worker keeps ready, before anything is submitted."""
        eventually(lambda: self._freeze_solvers() >= len(self.workers), patience_s=PATIENCE_S)

    def holders(self, job_ids: Collection[str]) -> dict[str, str]:
        """Return who works on what, of some jobs or their parts, as soon as every worker does."""

        def answer() -> dict[str, str] | None:
            self._freeze_solvers()
            held = sa.select(Job.id, Job.worker_id).where(sa.or_(Job.id.in_(job_ids), Job.whole_id.in_(job_ids)))
            with snapshot(self.sessions) as session:
                found = {job_id: str(worker_id) for job_id, worker_id in session.execute(held) if worker_id}
            return found if len(set(found.values())) == len(self.workers) else None

        found: dict[str, str] = eventually(answer, patience_s=PATIENCE_S)
        return found

    def kill(self, number: int) -> None:
        """Kill a worker; what it held is given back at once, as another worker does when the lease has run out.

        What the worker has taken again after its restart stays with it.
        """
        process = psutil.Process(self.workers[number].process_id)
        process.kill()
        eventually(lambda: not is_there(process), patience_s=PATIENCE_S)
        queue: JobQueue = self.client.app.state.job_queue  # type: ignore[attr-defined] # the app's own place
        lost = sa.select(Job).where(Job.worker_id == f"w{number}", Job.state == "running", Job.attempts == 1)
        with transaction(self.sessions) as session:
            for job in session.scalars(lost.with_for_update()):
                job.lease_expires_at = utc_now() - datetime.timedelta(seconds=1)
                session.flush()
                assert take_over(session, job.id, queue, rules=RULES)

    def thaw(self) -> None:
        """Let all solvers work."""
        for process in self._frozen:
            with suppress(psutil.NoSuchProcess):
                process.resume()
        self._frozen.clear()

    def _freeze_solvers(self) -> int:
        """Freeze what solvers there are; return how many workers have a frozen one."""
        return sum(self._freeze_of(worker) for worker in self.workers)

    def _freeze_of(self, worker: EmbeddedWorker) -> bool:
        found = []
        with suppress(psutil.NoSuchProcess):
            found = [
                process
                for process in psutil.Process(worker.process_id).children()
                if "app.jobs.solver_process" in process.cmdline()
            ]
            for process in found:
                if process not in self._frozen:
                    process.suspend()
                    self._frozen.append(process)
        return bool(found)

    def _num_living(self) -> int:
        with snapshot(self.sessions) as session:
            return len(JobRepository(session).living_workers(utc_now() - datetime.timedelta(hours=1)))


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Return a running service without workers, on each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    url = url or f"sqlite:///{tmp_path / 'territory.sqlite'}"
    settings = Settings(data_dir=tmp_path, database_url=url, log_level="error", lease_s=RULES.lease_s, solver_cores=1)
    with TestClient(create_app(settings)) as client, ExitStack() as workers:
        found = House(client, settings, workers)
        workers.callback(lambda: found.thaw())
        yield found


on_postgres = pytest.mark.parametrize("house", ["postgres"], indirect=True)
"""Where workers write at the same time; SQLite has one writer, and sees less."""


def test_two_workers_share_a_curve_and_answer_as_one(house: House) -> None:
    """By work, the points of three parts on two workers are those that one worker finds, digit for digit."""
    search = {"time_limit_s": 60, "gap": 0.2, "deterministic": True}
    house.add_worker()
    alone = house.curve(small_question(), search, **{"from": 2, "to": 4})
    assert house.ended(alone)["outcome"] == "feasible"
    house.add_worker()
    house.freeze()
    shared = house.curve(small_question(), search, **{"from": 2, "to": 4})
    assert set(house.holders([shared]).values()) == {"w0", "w1"}
    house.thaw()
    ended = house.ended(shared)
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "feasible", 1)
    assert ended["progress"]["points_done"] == 3
    assert house.points(shared) == house.points(alone)
    curves = [house.client.get(f"/v1/jobs/{job_id}/curve").json() for job_id in (shared, alone)]
    assert curves[0]["knee"] == curves[1]["knee"]


def test_a_killed_worker_costs_its_part_alone(house: House) -> None:
    """After kill -9 of one of two workers its part is done again, nobody else's, and every point is there once."""
    house.add_worker()
    house.add_worker()
    house.freeze()
    job_id = house.curve(
        small_question(), {"time_limit_s": 40, "gap": 0.2, "deterministic": True}, **{"from": 2, "to": 3}
    )
    holders = house.holders([job_id])
    victim = next(part for part, worker_id in holders.items() if worker_id == "w1")
    house.kill(1)
    house.thaw()
    ended = house.ended(job_id)
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "feasible", 2)
    with snapshot(house.sessions) as session:
        attempts = {part.id: part.attempts for part in JobRepository(session).parts(job_id)}
    assert attempts == {part: 2 if part == victim else 1 for part in holders}
    points = house.client.get(f"/v1/jobs/{job_id}/curve").json()["points"]
    assert [point["reps"] for point in points] == [2, 3]
    listed = house.client.get("/v1/alignments", params={"job_id": job_id}).json()["items"]
    assert {alignment["id"] for alignment in listed} == {point["alignment_id"] for point in points}


@on_postgres
def test_a_worker_killed_between_the_rounds_costs_no_end(house: House) -> None:
    """After kill -9 of who found the ends of a Pareto set, the parts between them begin with these."""
    house.add_worker()
    house.add_worker()
    house.freeze()
    search = {"time_limit_s": 80, "gap": 0.2, "deterministic": True}
    job_id = house.curve(small_question(), search, kind="pareto", alignments=7)
    finder = eventually(lambda: house.parts(job_id)[0].worker_id, patience_s=PATIENCE_S)
    house.thaw()
    eventually(lambda: house.parts(job_id)[0].state == "succeeded", patience_s=PATIENCE_S)
    house.kill(int(finder[1:]))
    ended = house.ended(job_id)
    assert (ended["state"], ended["outcome"]) == ("succeeded", "feasible")
    parts = house.parts(job_id)
    assert {part.state for part in parts} == {"succeeded"}
    assert parts[0].attempts == 1
    points = house.client.get(f"/v1/jobs/{job_id}/curve").json()["points"]
    listed = house.client.get("/v1/alignments", params={"job_id": job_id}).json()["items"]
    assert {alignment["id"] for alignment in listed} == {point["alignment_id"] for point in points} != set()


@on_postgres
def test_the_jobs_of_a_batch_are_shared(house: House) -> None:
    """A batch is jobs already: two workers execute its variants at the same time."""
    house.add_worker()
    house.add_worker()
    house.freeze()
    question = random_question(accounts=150, reps=6, time_limit_s=2)
    dataset = {"accounts": question["accounts"], "reps": question["reps"], "name": "Seeds"}
    scenario = {
        "dataset_id": house.client.post("/v1/datasets", json=dataset).json()["id"],
        "criteria": question["criteria"],
        "search": question["search"],
    }
    base = house.client.post("/v1/scenarios", json=scenario).json()["id"]
    variants = [
        {"name": f"seed {seed}", "criteria": question["criteria"], "search": {**question["search"], "seed": seed}}
        for seed in range(2)
    ]
    answer = house.client.post("/v1/scenarios/batch", json={"base_id": base, "variants": variants})
    ids = [item["job"]["id"] for item in answer.json()["items"]]
    assert set(house.holders(ids).values()) == {"w0", "w1"}
    house.thaw()
    ended = [house.ended(job_id) for job_id in ids]
    assert {job["state"] for job in ended} == {"succeeded"}
    spans = sorted((job["started_at"], job["ended_at"]) for job in ended)
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))
