"""A curve executed by a real worker: it survives the death of its solver, and a stop keeps what there is."""

import psutil
from fastapi.testclient import TestClient

from app.jobs.embedded import EmbeddedWorker
from tests.app.jobs.conftest import (
    eventually,
    living,
    random_question,
    read,
    wait_until_ended,
    worker,
)

__all__ = ["living", "worker"]

PATIENCE_S = 600.0
SHARES = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2]


def test_a_killed_solver_loses_no_point_and_doubles_none(living: TestClient, worker: EmbeddedWorker) -> None:
    """The next attempt keeps the points that were stored; after a stop the job's alignments are its points'."""
    question = random_question(accounts=150, reps=6)
    dataset = {"name": "Curve", "accounts": question["accounts"], "reps": question["reps"]}
    criteria = {"balance": [{"measure": "workload", "tolerance": 0.01}], "travel": {"weight": 50}}
    scenario = {
        "dataset_id": living.post("/v1/datasets", json=dataset).json()["id"],
        "criteria": criteria,
        "search": {"time_limit_s": 24, "gap": 0},
    }
    scenario_id = living.post("/v1/scenarios", json=scenario).json()["id"]
    answer = living.post(f"/v1/scenarios/{scenario_id}/curves", json={"kind": "disruption", "shares": SHARES})
    job_id = answer.json()["id"]

    def alignment_ids() -> list[str]:
        living.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=0.5"})
        return [point["alignment_id"] for point in living.get(f"/v1/jobs/{job_id}/curve").json()["points"]]

    eventually(lambda: len(alignment_ids()) >= 2, patience_s=PATIENCE_S)
    before = alignment_ids()
    for process in psutil.Process(worker.process_id).children():
        process.kill()
    eventually(lambda: read(living, job_id)["attempts"] == 2, patience_s=PATIENCE_S)
    eventually(lambda: len(alignment_ids()) > len(before), patience_s=PATIENCE_S)
    assert alignment_ids()[: len(before)] == before
    living.post(f"/v1/jobs/{job_id}/stop")
    ended = wait_until_ended(living, job_id)
    assert (ended["state"], ended["outcome"], ended["attempts"]) == ("succeeded", "feasible", 2)
    listed = living.get("/v1/alignments", params={"job_id": job_id, "page_size": 100}).json()
    assert {alignment["id"] for alignment in listed["items"]} == set(alignment_ids())
    assert ended["progress"]["points_planned"] == len(SHARES)
    assert len(before) < ended["progress"]["points_done"] == len(alignment_ids())
