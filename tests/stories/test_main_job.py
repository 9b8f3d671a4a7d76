"""The main job, end to end, against a real service over HTTP: what an ops manager does in the first ten minutes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely
from shapely.geometry import shape

from app.cli.data import write_example
from tests.stories.waiting import finished


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small generated sales organization as files."""
    folder = tmp_path_factory.mktemp("example")
    write_example(folder, num_accounts=400, num_reps=8, seed=11)
    return folder


@pytest.fixture(scope="module")
def job(service: Any, example: Path) -> dict[str, Any]:
    """Import the files, ask one scenario, wait for the result."""
    with service.client() as http:
        files = {name: (f"{name}.csv", (example / f"{name}.csv").read_bytes()) for name in ("accounts", "reps")}
        imported = http.post("/v1/datasets", files=files, data={"name": "Story"})
        assert imported.status_code == 201, imported.text
        scenario = http.post(
            "/v1/scenarios",
            json={
                "dataset_id": imported.json()["id"],
                "name": "Balanced",
                "criteria": json.loads((example / "criteria.json").read_text()),
                "search": {"time_limit_s": 300, "gap": 0.02},
            },
        )
        assert scenario.status_code == 201, scenario.text
        accepted = http.post("/v1/jobs", json={"scenario_id": scenario.json()["id"]})
        assert accepted.status_code == 202, accepted.text
        assert accepted.headers["Location"].endswith(accepted.json()["id"])
        return finished(http, accepted.json()["id"])


def test_the_job_ends_with_a_proven_gap(http: httpx.Client, job: dict[str, Any]) -> None:
    """A realistic job is answered with an alignment that keeps every criterion and says how good it is."""
    assert job["state"] == "succeeded", job
    assert job["outcome"] in ("feasible", "optimal")
    alignment = http.get(f"/v1/alignments/{job['alignment_id']}").json()
    assert alignment["violations"] == []
    assert 0 <= alignment["gap"] < 0.05
    assert alignment["lower_bound"] <= alignment["objective"]
    assert alignment["objective"] == pytest.approx(sum(term["weighted"] for term in alignment["terms"]))


def test_the_scorecard_is_fairer_than_today(http: httpx.Client, job: dict[str, Any]) -> None:
    """Every rep's workload is within the ±10 % that was asked for, which was not so before."""
    team = http.get(f"/v1/alignments/{job['alignment_id']}/scorecard").json()["team"]
    workload = team["measures"]["workload"]
    assert workload["within_10"] == 1.0
    assert workload["before"]["within_10"] < 1.0
    assert workload["gini"] < workload["before"]["gini"]


def test_assignments_are_complete_in_every_format(http: httpx.Client, job: dict[str, Any]) -> None:
    """JSON pages and the CSV file hold the same account for account."""
    base = f"/v1/alignments/{job['alignment_id']}/assignments"
    page = http.get(base, params={"page_size": 1000}).json()
    rows = list(csv.DictReader(io.StringIO(http.get(base, params={"format": "csv"}).content.decode("utf-8-sig"))))
    assert page["total_size"] == len(page["items"]) == len(rows) == 400
    assert [item["account_id"] for item in page["items"]] == [row["account_id"] for row in rows]
    assert [item["rep_id"] for item in page["items"]] == [row["rep_id"] for row in rows]


def test_moves_have_reasons(http: httpx.Client, job: dict[str, Any]) -> None:
    """Every account that changes rep is listed with a sentence that says why."""
    alignment = http.get(f"/v1/alignments/{job['alignment_id']}").json()
    moves = http.get(f"/v1/alignments/{job['alignment_id']}/moves", params={"page_size": 1000}).json()
    assert moves["total_size"] == alignment["counts"]["moved"] > 0
    assert all(move["reason"] and move["from"] != move["to"] for move in moves["items"])


def test_territories_cover_their_accounts_without_overlap(http: httpx.Client, job: dict[str, Any]) -> None:
    """The map is valid GeoJSON: polygons do not overlap and hold the accounts of their own rep."""
    base = f"/v1/alignments/{job['alignment_id']}"
    answer = http.get(f"{base}/territories")
    assert answer.headers["content-type"].startswith("application/geo+json")
    polygons = {feature["id"]: shape(feature["geometry"]) for feature in answer.json()["features"]}
    drawn = [polygon for polygon in polygons.values() if not polygon.is_empty]
    assert all(polygon.is_valid for polygon in drawn)
    union = shapely.union_all(drawn)
    assert sum(polygon.area for polygon in drawn) == pytest.approx(union.area, rel=1e-9)
    points = [f for f in http.get(f"{base}/map").json()["features"] if f["properties"].get("kind") == "account"]
    assert len(points) == 400
    outside = [
        point["id"]
        for point in points
        if not polygons[point["properties"]["rep_id"]].intersects(shape(point["geometry"]))
    ]
    assert outside == []


def test_the_report_is_one_file(http: httpx.Client, job: dict[str, Any]) -> None:
    """The report needs nothing from elsewhere."""
    report = http.get(f"/v1/alignments/{job['alignment_id']}/report")
    assert report.status_code == 200
    assert report.headers["content-type"].startswith("text/html")
    assert "<svg" in report.text
    assert 'src="http' not in report.text
    assert "<script" not in report.text


def test_publishing_makes_it_the_current_alignment(http: httpx.Client, job: dict[str, Any]) -> None:
    """A published alignment is a new dataset whose accounts are where the alignment put them."""
    published = http.post(f"/v1/alignments/{job['alignment_id']}/publish", json={})
    assert published.status_code == 201, published.text
    current = http.get(f"/v1/datasets/{published.json()['id']}/current").json()
    assert current["counts"]["moved"] == 0


def test_events_tell_the_whole_story_again(http: httpx.Client, job: dict[str, Any]) -> None:
    """The stream of an ended job replays its states and ends after `done`."""
    lines = http.get(f"/v1/jobs/{job['id']}/events").text.splitlines()
    names = [line.removeprefix("event:").strip() for line in lines if line.startswith("event:")]
    assert names[-1] == "done"
    assert "state" in names


def test_an_impossible_wish_is_answered_with_arithmetic(http: httpx.Client) -> None:
    """Capacities below the total: the job succeeds, says infeasible, by how much, and what would help."""
    accounts = [
        {"id": f"A-{n}", "lat": 50 + n / 10, "lon": 10.0, "current_rep_id": "R-1", "measures": {"workload": 10.0}}
        for n in range(6)
    ]
    reps = [{"id": f"R-{n}", "lat": 50.0 + n / 5, "lon": 10.0, "capacity": {"workload": {"max": 20.0}}} for n in (1, 2)]
    accepted = http.post(
        "/v1/jobs",
        json={
            "accounts": accounts,
            "reps": reps,
            "criteria": {"travel": {"weight": 50}},
            "search": {"time_limit_s": 120},
        },
    )
    assert accepted.status_code == 202, accepted.text
    job = finished(http, accepted.json()["id"])
    assert (job["state"], job["outcome"]) == ("succeeded", "infeasible")
    conflict = next(item for item in job["conflicts"] if item["code"] == "CAPACITY_BELOW_TOTAL")
    assert conflict["arithmetic"] == {"demand": 60.0, "capacity": 40.0, "short": 20.0}
    assert "60" in conflict["sentence"]
    relaxation = job["relaxations"][0]
    assert relaxation["total"] == pytest.approx(20.0)
    assert http.get(f"/v1/alignments/{relaxation['alignment_id']}").status_code == 200


def test_the_bound_comes_with_a_verified_certificate(http: httpx.Client, job: dict[str, Any]) -> None:
    """The certificate's own bound is what the alignment shows as certified."""
    alignment = http.get(f"/v1/alignments/{job['alignment_id']}").json()
    certificate = http.get(f"/v1/alignments/{job['alignment_id']}/certificate").json()
    assert certificate["kind"] == "lagrangian"
    assert certificate["verified"] is True
    assert certificate["objective"] == pytest.approx(alignment["objective"], rel=1e-9)
    assert certificate["gap"] == pytest.approx(alignment["certified_gap"], abs=1e-12)
    assert certificate["lower_bound"] <= alignment["lower_bound"] <= alignment["objective"]
    assert all(isinstance(multiplier["value"], int) for multiplier in certificate["multipliers"])
