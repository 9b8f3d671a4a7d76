"""Barriers over HTTP: a river that a job, its explanations, edits and the independent audit all walk around."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.alignments.views import AlignmentView
from app.cli.outputs import write_audit
from app.database import snapshot
from checker.files import verify
from geo_data.distances import distances_km
from tests.app.jobs.test_relaxed_scenarios import executed

SOUTH, NORTH, WEST, EAST = 49.0, 51.0, 7.5, 7.52
RIVER = [[WEST, SOUTH], [EAST, SOUTH], [EAST, NORTH], [WEST, NORTH], [WEST, SOUTH]]
LAKE = [[9, 48], [11, 48], [11, 52], [9, 52], [9, 48]]
ISLE = [[9.8, 49.8], [9.8, 50.2], [10.2, 50.2], [10.2, 49.8], [9.8, 49.8]]


def barrier(*rings: Sequence[Sequence[float]], **more: Any) -> dict[str, Any]:
    """Return a barrier of one polygon."""
    return {"geometry": {"type": "Polygon", "coordinates": [list(ring) for ring in rings]}, **more}


def question(*barriers: dict[str, Any], **travel: Any) -> dict[str, Any]:
    """Return four accounts: two on R1's bank, w nearer to R1 but on the other bank, and e beside R2."""
    return {
        "accounts": [
            {"id": "a", "lat": 50.0, "lon": 7.3, "measures": {"workload": 1}, "visits_per_year": 2},
            {"id": "b", "lat": 50.2, "lon": 7.4, "measures": {"workload": 1}},
            {"id": "w", "lat": 50.0, "lon": 7.6, "measures": {"workload": 1}},
            {"id": "e", "lat": 50.0, "lon": 8.4, "measures": {"workload": 1}},
        ],
        "reps": [{"id": "R1", "lat": 50.0, "lon": 7.4}, {"id": "R2", "lat": 50.0, "lon": 8.3}],
        "criteria": {"travel": {"weight": 50, "road_factor": 1.2, "barriers": list(barriers), **travel}},
        "search": {"time_limit_s": 3, "deterministic": True},
    }


def owners(client: TestClient, alignment_id: str) -> dict[str, tuple[str, float | None]]:
    """Return the rep and the kilometers of every account."""
    page = client.get(f"/v1/alignments/{alignment_id}/assignments?page_size=100").json()
    return {item["account_id"]: (item["rep_id"], item["travel_km"]) for item in page["items"]}


def km(*places: tuple[float, float]) -> float:
    """Return the length of a way."""
    lat, lon = zip(*places, strict=True)
    return float(distances_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())


def test_an_account_beyond_a_river_goes_to_the_rep_on_its_bank(
    app: FastAPI, client: TestClient, tmp_path: Path
) -> None:
    """Straight, w is R1's; with a river in between it is R2's, and every part says the same kilometers."""
    straight = executed(app, client, tmp_path / "straight", question())
    assert owners(client, straight["alignment_id"])["w"][0] == "R1"
    job = executed(app, client, tmp_path / "river", question(barrier(RIVER, name="Rhine")))
    assert job["outcome"] == "optimal", job
    found = owners(client, job["alignment_id"])
    assert found["w"][0] == "R2"
    own_km = found["w"][1]
    assert own_km is not None
    assert own_km == pytest.approx(1.2 * km((50, 7.6), (50, 8.3)))
    around = 1.2 * km((50, 7.6), (NORTH, EAST), (NORTH, WEST), (50, 7.4))
    explained = client.get(f"/v1/alignments/{job['alignment_id']}/explanations/w").json()
    other = next(one for one in explained["alternatives"] if one["rep_id"] == "R1")
    travel = {term["name"]: term for term in explained["terms"]}["travel"]
    moved = {term["name"]: term for term in other["terms"]}["travel"]
    assert explained["sentence"]
    edited = client.post(
        f"/v1/alignments/{job['alignment_id']}/edits", json={"moves": [{"account_id": "w", "rep_id": "R1"}]}
    ).json()
    assert owners(client, edited["id"])["w"][1] == pytest.approx(around, abs=0.05)
    before, after = (
        {term["name"]: term["raw"] for term in client.get(f"/v1/alignments/{one}").json()["terms"]}["travel"]
        for one in (job["alignment_id"], edited["id"])
    )
    assert after - before == pytest.approx(around - own_km, abs=0.05)
    assert travel is not None
    assert moved is not None


def test_the_audit_from_files_knows_the_detours(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """The raw files of an alignment confirm it with their detours, and not with others."""
    job = executed(app, client, tmp_path / "job", question(barrier(RIVER)))
    folder = tmp_path / "audit"
    with snapshot(app.state.sessions) as session:
        write_audit(AlignmentView(session, job["alignment_id"]), folder)
    audit = verify(folder)
    assert audit.verdict is not None
    assert audit.is_confirmed
    text = (folder / "detours.csv").read_text()
    (folder / "detours.csv").write_text("account_id,rep_id,detour_km\n" + text.split("\n", 2)[2])
    changed = verify(folder)
    assert changed.verdict is not None
    assert not changed.verdict.is_valid


def test_nobody_but_its_own_rep_reaches_an_island(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """Where no way leads, the pair is forbidden: an island account goes to the island's rep, and an edit is told."""
    asked = question(barrier(LAKE, ISLE, name="Lake"))
    asked["accounts"].append({"id": "isle", "lat": 50.0, "lon": 10.0, "measures": {"workload": 1}})
    asked["reps"].append({"id": "R3", "lat": 50.1, "lon": 9.9})
    job = executed(app, client, tmp_path / "isle", asked)
    found = owners(client, job["alignment_id"])
    assert {account for account, (rep, _) in found.items() if rep == "R3"} == {"isle"}
    explained = client.get(f"/v1/alignments/{job['alignment_id']}/explanations/isle").json()
    assert {one["why_not_code"] for one in explained["alternatives"] if not one["eligible"]} == {"NO_WAY"}
    edited = client.post(
        f"/v1/alignments/{job['alignment_id']}/edits", json={"moves": [{"account_id": "isle", "rep_id": "R2"}]}
    ).json()
    assert [violation["criterion"] for violation in edited["violations"]] == ["forbid"]
    assert owners(client, edited["id"])["isle"] == ("R2", None)
    del asked["reps"][-1]
    nobody = executed(app, client, tmp_path / "nobody", asked)
    assert nobody["outcome"] == "infeasible"
    assert [conflict["code"] for conflict in nobody["conflicts"]] == ["NO_ELIGIBLE_REP"]


def test_a_ferry_is_taken_at_its_cost(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """Crossing at 5 km is shorter than R2 is far, so w is R1's, 5 km farther than straight."""
    job = executed(app, client, tmp_path / "ferry", question(barrier(RIVER, cost_km=5)))
    rep, kilometers = owners(client, job["alignment_id"])["w"]
    assert rep == "R1"
    assert kilometers == pytest.approx(1.2 * (km((50, 7.6), (50, 7.4)) + 5))


def test_a_polygon_that_is_none_is_refused_by_name(client: TestClient) -> None:
    """A bow tie and meters are refused at once, each with its pointer and name; nothing is stored."""
    bow_tie = barrier([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]], name="Wupper")
    meters = barrier([[0, 0], [500000, 0], [500000, 6000000], [0, 0]])
    answer = client.post("/v1/jobs", json=question(barrier(RIVER), bow_tie, meters))
    assert answer.status_code == 422
    errors = {error["pointer"]: error for error in answer.json()["errors"]}
    assert errors["/criteria/travel/barriers/1/geometry"]["code"] == "INVALID_GEOMETRY"
    assert "'Wupper'" in errors["/criteria/travel/barriers/1/geometry"]["detail"]
    assert errors["/criteria/travel/barriers/2/geometry"]["code"] == "WRONG_CRS"
    assert "barrier 3" in errors["/criteria/travel/barriers/2/geometry"]["detail"]
    assert client.get("/v1/jobs").json()["total_size"] == 0
    many = [[7 + (number % 2) / 10, 48 + number / 10000] for number in range(3001)]
    crowded = client.post("/v1/jobs", json=question(barrier(many))).json()
    assert [error["code"] for error in crowded["errors"]] == ["TOO_MANY"]
