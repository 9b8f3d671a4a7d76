"""What an ops manager pays for balance: a rep leaves, and the service shows what each further move would buy."""

import itertools
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.data import write_example
from tests.stories.waiting import finished

CRITERIA: dict[str, Any] = {
    "balance": [{"measure": "workload", "tolerance": 0.2, "hard": True}],
    "travel": {"weight": 50},
    "disruption": {"weight": 20},
}


@pytest.fixture(scope="module")
def scenario_id(service: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small organization after one of four reps has left, asked to be fair again."""
    folder: Path = tmp_path_factory.mktemp("example")
    write_example(folder, num_accounts=30, num_reps=4, seed=3)
    with service.client() as http:
        files = {name: (f"{name}.csv", (folder / f"{name}.csv").read_bytes()) for name in ("accounts", "reps")}
        dataset = http.post("/v1/datasets", files=files, data={"name": "Four reps"}).json()["id"]
        rep_id = http.get(f"/v1/datasets/{dataset}/reps").json()["items"][0]["id"]
        changed = http.post(f"/v1/datasets/{dataset}/changes", json={"leave": [rep_id]})
        assert changed.status_code == 201, changed.text
        body = {
            "dataset_id": changed.json()["id"],
            "name": "After one left",
            "criteria": CRITERIA,
            "search": {"time_limit_s": 240, "gap": 0.01},
        }
        return str(http.post("/v1/scenarios", json=body).json()["id"])


def curve_of(http: httpx.Client, scenario_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Submit a curve, wait for its job, and return it."""
    accepted = http.post(f"/v1/scenarios/{scenario_id}/curves", json=body)
    assert accepted.status_code == 202, accepted.text
    job = finished(http, accepted.json()["id"], patience=60)
    assert (job["state"], job["outcome"], job["kind"]) == ("succeeded", "feasible", "curve"), job
    assert job["progress"]["points_done"] == job["progress"]["points_planned"]
    curve: dict[str, Any] = http.get(job["links"]["curve"]).json()
    return curve


def test_each_further_move_buys_something(http: httpx.Client, scenario_id: str) -> None:
    """After a rep left only what is needed moves at the least; more moves never make it worse; the needed ones suffice.

    Every point's alignment is there, says which job it is of, and has exactly the moves that the point tells.
    """
    curve = curve_of(http, scenario_id, {"kind": "disruption", "moves": "auto", "name": "What moves buy"})
    points = curve["points"]
    objectives = [point["objective"] for point in points]
    assert objectives == sorted(objectives, reverse=True)
    assert (points[0]["moved"]["amount"], points[0]["is_least"]) == (curve["least"]["amount"], True)
    needed = next(point for point in points if point["is_needed"])
    assert (needed["num_violations"], needed["moved"]["amount"]) == (0, curve["needed"]["amount"])
    ids = {point["alignment_id"] for point in points}
    listed = http.get("/v1/alignments", params={"job_id": curve["job_id"], "page_size": 100}).json()["items"]
    assert {alignment["id"] for alignment in listed} == ids
    for point in points:
        alignment = http.get(f"/v1/alignments/{point['alignment_id']}").json()
        assert alignment["origin"] == {"kind": "job", "job_id": curve["job_id"], "parent_id": None}
        assert len(alignment["violations"]) == point["num_violations"]
        disruption = http.get(f"/v1/alignments/{point['alignment_id']}/scorecard").json()["team"]["disruption"]
        assert disruption["moved"] == point["moved"]["accounts"]
        assert disruption["accounts"] == point["moved"]["accounts"] - point["moved"]["of_left"]
    in_use = http.delete(f"/v1/alignments/{needed['alignment_id']}")
    assert (in_use.status_code, in_use.json()["code"]) == (409, "IN_USE")


def test_the_pareto_set_offers_seven_choices(http: httpx.Client, scenario_id: str) -> None:
    """At least seven alignments; recomputed from their scorecards, none is as good as another in everything."""
    curve = curve_of(http, scenario_id, {"kind": "pareto", "alignments": 7})
    found = []
    for point in curve["points"]:
        card = http.get(f"/v1/alignments/{point['alignment_id']}/scorecard").json()
        loads = [line["measures"]["workload"] for line in card["reps"] if line["measures"]["workload"]["target"]]
        away = [abs(load["load"] - load["target"]) / load["target"] for load in loads]
        values = (sum(away) / len(away), card["team"]["travel_km"], card["team"]["disruption"]["share"]["accounts"])
        assert values[0] == pytest.approx(point["values"]["balance"])
        assert values[2] == pytest.approx(point["values"]["disruption"])
        found.append((point["values"]["balance"], point["values"]["travel"], point["values"]["disruption"]))
    assert len(found) >= 7
    for one, other in itertools.permutations(found, 2):
        assert not all(a <= b for a, b in zip(one, other, strict=True))


def test_a_canceled_curve_takes_its_alignments_back(http: httpx.Client, scenario_id: str) -> None:
    """A cancel while points come leaves neither points nor alignments, and a job without a curve has none to show."""
    body = {"kind": "pareto", "alignments": 50}
    job = http.post(f"/v1/scenarios/{scenario_id}/curves", json=body).json()
    seen = 0
    for _ in range(600):
        http.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=1"})
        seen = len(http.get(f"/v1/jobs/{job['id']}/curve").json()["points"])
        if seen >= 2:
            break
    assert seen >= 2
    assert http.delete(f"/v1/jobs/{job['id']}").json()["state"] == "canceled"
    assert http.get(f"/v1/jobs/{job['id']}/curve").json()["points"] == []
    assert http.get("/v1/alignments", params={"job_id": job["id"]}).json()["total_size"] == 0
    assert http.get(f"/v1/jobs/{job['id']}/alignment").status_code == 404
