"""Points of a curve in the database: stored under the fence, taken over by the next attempt, taken back by a cancel."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import Sessions, transaction
from app.jobs.engine import Dispatch
from app.jobs.leases import Claim, LeaseRules, claim
from app.jobs.results import store_curve, store_ending, write_question
from app.jobs.solver_files import CURVE, SolverFiles
from tests.app.curves.conftest import CRITERIA, SHARES, Asked, small_question

RULES = LeaseRules(lease_s=60, max_deaths=3)


class Bench:
    """A started service with a curve's job, and a solver's folder in which it was answered."""

    def __init__(self, app: FastAPI, client: TestClient, answered: Asked) -> None:
        self.client, self.folder = client, answered.folder
        self.sessions: Sessions = app.state.sessions
        body = small_question()
        dataset = client.post("/v1/datasets", json=body).json()["id"]
        scenario = {"dataset_id": dataset, "name": "Fair", "criteria": CRITERIA}
        self.scenario_id = client.post("/v1/scenarios", json=scenario).json()["id"]
        asked = {"kind": "disruption", "shares": SHARES, "name": "What moves buy"}
        self.job = client.post(f"/v1/scenarios/{self.scenario_id}/curves", json=asked).json()
        self.result, self.told = answered.result, answered.told
        self.files = SolverFiles(answered.folder)

    def claimed(self, worker_id: str) -> Claim:
        """Claim the job for a worker, as of another attempt when somebody holds it."""
        with transaction(self.sessions) as session:
            held = claim(session, Dispatch(self.job["id"], 1), worker_id=worker_id, rules=RULES)
        assert held is not None
        return held

    def store(self, held: Claim, name: str) -> bool:
        """Store the curve as a file tells it."""
        with transaction(self.sessions) as session:
            return store_curve(session, held, self.files, name=name)

    def points(self) -> list[dict[str, Any]]:
        """Return the curve's points as the API shows them."""
        points: list[dict[str, Any]] = self.client.get(f"/v1/jobs/{self.job['id']}/curve").json()["points"]
        return points

    def alignment_ids(self) -> set[str]:
        """Return the alignments of the job."""
        listed = self.client.get("/v1/alignments", params={"job_id": self.job["id"]}).json()
        return {alignment["id"] for alignment in listed["items"]}


@pytest.fixture
def bench(app: FastAPI, client: TestClient, asked: Asked) -> Bench:
    """Return a curve's job and its answer, not stored yet."""
    return Bench(app, client, asked)


def test_points_are_stored_as_they_come_and_never_twice(bench: Bench) -> None:
    """Each telling adds what is new and keeps the rest; the alignments of the job are exactly those of its points."""
    held = bench.claimed("w1")
    seen: set[str] = set()
    for name in [*bench.told.names(), bench.told.names()[-1]]:
        assert bench.store(held, name)
        ids = {point["alignment_id"] for point in bench.points()}
        assert seen <= ids == bench.alignment_ids()
        seen = ids
    with transaction(bench.sessions) as session:
        assert store_ending(session, held, bench.files, bench.result)
    job = bench.client.get(f"/v1/jobs/{bench.job['id']}").json()
    assert (job["state"], job["outcome"], job["alignment_id"]) == ("succeeded", "feasible", None)
    assert {point["alignment_id"] for point in bench.points()} == seen
    named = bench.client.get(f"/v1/alignments/{bench.points()[0]['alignment_id']}").json()["name"]
    assert named == "What moves buy: 0 %"


def test_points_that_are_no_longer_told_take_their_alignments_along(bench: Bench) -> None:
    """Going back to the first telling leaves its points alone, and their alignments."""
    held = bench.claimed("w1")
    first, last = bench.told.names()[0], bench.told.names()[-1]
    bench.store(held, last)
    bench.store(held, first)
    assert (
        len(bench.points()) == len(bench.files.read_json(first)["points"]) < len(bench.files.read_json(last)["points"])
    )
    assert {point["alignment_id"] for point in bench.points()} == bench.alignment_ids()


def test_a_worker_that_lost_the_job_stores_nothing(bench: Bench, tmp_path: Path) -> None:
    """After a second claim the first worker is refused, and the second one's folder holds what the first stored."""
    first = bench.claimed("w1")
    assert bench.store(first, bench.told.names()[0])
    stored = bench.points()
    second = bench.claimed("w1")
    assert not bench.store(first, bench.told.names()[-1])
    assert bench.points() == stored
    with transaction(bench.sessions) as session:
        write_question(session, second, SolverFiles(tmp_path))
    asked = SolverFiles(tmp_path).read_json(CURVE)
    assert asked["attempt"] == 2
    assert [point["label"] for point in asked["points"]] == [point["label"] for point in stored]
    for point in asked["points"]:
        ours, theirs = tmp_path / f"{point['file']}.parquet", bench.folder / f"{point['file']}.parquet"
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_cancel_takes_points_and_alignments_back(bench: Bench) -> None:
    """Nothing is left but an alignment that somebody has edited meanwhile."""
    bench.store(bench.claimed("w1"), bench.told.names()[-1])
    edited = bench.points()[0]["alignment_id"]
    moved = bench.client.get(f"/v1/alignments/{edited}/assignments").json()["items"][0]
    edit = {"moves": [{"account_id": moved["account_id"], "rep_id": "r1" if moved["rep_id"] == "r0" else "r0"}]}
    assert bench.client.post(f"/v1/alignments/{edited}/edits", json=edit).status_code == 201
    assert bench.client.delete(f"/v1/jobs/{bench.job['id']}").status_code == 202
    assert bench.points() == []
    assert bench.alignment_ids() == {edited}


def test_a_points_alignment_is_not_deleted(bench: Bench) -> None:
    """A caller who deletes a point's alignment is told that a job uses it."""
    bench.store(bench.claimed("w1"), bench.told.names()[-1])
    answer = bench.client.delete(f"/v1/alignments/{bench.points()[0]['alignment_id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "IN_USE")
