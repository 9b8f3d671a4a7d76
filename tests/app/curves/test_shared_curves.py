"""A curve over team sizes whose parts are executed by two real workers, on both stores."""

import datetime
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from app.database import Sessions, snapshot, utc_now
from app.jobs.embedded import EmbeddedWorker
from app.jobs.repository import JobRepository
from app.main import create_app
from app.settings import Settings
from tests.app.curves.conftest import small_question
from tests.app.jobs.conftest import eventually, random_question

PATIENCE_S = 500.0
CRITERIA = {"balance": [{"measure": "workload", "tolerance": 0.3, "hard": True}], "travel": {"weight": 50}}
VOLATILE = frozenset({"alignment_id"})


class House:
    """A running service and its workers."""

    def __init__(self, client: TestClient, settings: Settings, workers: ExitStack) -> None:
        self.client, self._settings, self._workers = client, settings, workers
        self.workers: list[EmbeddedWorker] = []
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
        """Submit a curve over teams and return its job's id."""
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

    def part_holders(self, job_id: str) -> dict[str, str]:
        """Return who works on which running part."""
        with snapshot(self.sessions) as session:
            return {part.id: part.worker_id for part in JobRepository(session).parts(job_id) if part.worker_id}

    def _num_living(self) -> int:
        with snapshot(self.sessions) as session:
            return len(JobRepository(session).living_workers(utc_now() - datetime.timedelta(hours=1)))


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Return a running service without workers, on each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    url = url or f"sqlite:///{tmp_path / 'territory.sqlite'}"
    settings = Settings(data_dir=tmp_path, database_url=url, log_level="error", lease_s=20, solver_cores=1)
    with (
        TestClient(create_app(settings)) as client,
        ExitStack() as workers,
    ):
        yield House(client, settings, workers)


def test_two_workers_share_a_curve_and_answer_as_one(house: House) -> None:
    """By work, the points of three parts on two workers are those that one worker finds, digit for digit."""
    search = {"time_limit_s": 60, "gap": 0.2, "deterministic": True}
    house.add_worker()
    alone = house.curve(small_question(), search, **{"from": 2, "to": 4})
    assert house.ended(alone)["outcome"] == "feasible"
    house.add_worker()
    shared = house.curve(small_question(), search, **{"from": 2, "to": 4})
    eventually(lambda: set(house.part_holders(shared).values()) == {"w0", "w1"}, patience_s=PATIENCE_S)
    ended = house.ended(shared)
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "feasible", 1)
    assert ended["progress"]["points_done"] == 3
    assert house.points(shared) == house.points(alone)
    curves = [house.client.get(f"/v1/jobs/{job_id}/curve").json() for job_id in (shared, alone)]
    assert curves[0]["knee"] == curves[1]["knee"]


def test_a_killed_worker_costs_its_part_alone(house: House) -> None:
    """After kill -9 of one of two workers its part is done again, nobody else's, and every point is there once."""
    body = random_question(accounts=150, reps=6)
    house.add_worker()
    house.add_worker()
    dataset = {"name": "Teams", "accounts": body["accounts"], "reps": body["reps"]}
    job_id = house.curve(dataset, {"time_limit_s": 40, "gap": 0}, **{"from": 5, "to": 6})
    holders = eventually(lambda: len(found := house.part_holders(job_id)) == 2 and found, patience_s=PATIENCE_S)
    victim = next(part for part, worker_id in holders.items() if worker_id == "w1")
    process = psutil.Process(house.workers[1].process_id)
    process.kill()
    ended = house.ended(job_id)
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "feasible", 2)
    with snapshot(house.sessions) as session:
        attempts = {part.id: part.attempts for part in JobRepository(session).parts(job_id)}
    assert attempts == {part: 2 if part == victim else 1 for part in holders}
    points = house.client.get(f"/v1/jobs/{job_id}/curve").json()["points"]
    assert [point["reps"] for point in points] == [5, 6]
    listed = house.client.get("/v1/alignments", params={"job_id": job_id}).json()["items"]
    assert {alignment["id"] for alignment in listed} == {point["alignment_id"] for point in points}


def test_the_jobs_of_a_batch_are_shared(house: House) -> None:
    """A batch is jobs already: two workers execute its variants at the same time."""
    house.add_worker()
    house.add_worker()
    question = random_question(accounts=150, reps=6, time_limit_s=3)
    dataset = {"accounts": question["accounts"], "reps": question["reps"], "name": "Seeds"}
    scenario = {
        "dataset_id": house.client.post("/v1/datasets", json=dataset).json()["id"],
        "criteria": question["criteria"],
        "search": question["search"],
    }
    base = house.client.post("/v1/scenarios", json=scenario).json()["id"]
    variants = [
        {"name": f"seed {seed}", "criteria": question["criteria"], "search": {**question["search"], "seed": seed}}
        for seed in range(4)
    ]
    answer = house.client.post("/v1/scenarios/batch", json={"base_id": base, "variants": variants})
    ids = [item["job"]["id"] for item in answer.json()["items"]]
    ended = [house.ended(job_id) for job_id in ids]
    assert {job["state"] for job in ended} == {"succeeded"}
    spans = sorted((job["started_at"], job["ended_at"]) for job in ended)
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))
