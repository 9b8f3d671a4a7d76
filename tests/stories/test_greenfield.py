"""Territory design from nothing: where ten new reps should live, two more hires, and how many are worth having."""

import csv
import io
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest

from tests.stories.waiting import finished

CRITERIA: dict[str, Any] = {
    "balance": [{"measure": "workload", "tolerance": 0.1, "hard": True}],
    "travel": {"weight": 50, "road_factor": 1.3},
}
SEARCH = {"time_limit_s": 400, "gap": 0.02}


def accounts(number: int) -> list[dict[str, Any]]:
    """Return accounts around eight towns of Poland."""
    random = np.random.default_rng(11)
    towns = random.uniform((50, 16), (54, 23), (8, 2))
    places = towns[random.integers(0, 8, number)] + random.normal(0, 0.3, (number, 2))
    work = random.lognormal(2, 0.4, number).round(2)
    return [
        {
            "id": f"A/{index}",
            "name": f"Łódź {index}",
            "lat": float(places[index, 0].round(5)),
            "lon": float(places[index, 1].round(5)),
            "measures": {"workload": float(work[index])},
        }
        for index in range(number)
    ]


@pytest.fixture(scope="module")
def greenfield(service: Any) -> dict[str, Any]:
    """Solve 500 accounts for ten reps of whom nobody has a home, in one call."""
    body = {
        "name": "Greenfield",
        "accounts": accounts(500),
        "reps": [{"id": f"R{index}", "name": f"Seat {index}"} for index in range(10)],
        "criteria": CRITERIA,
        "search": SEARCH,
    }
    with service.client() as http:
        accepted = http.post("/v1/jobs", json=body)
        assert accepted.status_code == 202, accepted.text
        return finished(http, accepted.json()["id"], patience=90)


def test_ten_reps_get_centers_and_everything_is_measured_from_them(
    http: httpx.Client, greenfield: dict[str, Any]
) -> None:
    """Ten different accounts are centers; scorecard, map, territories, files and report show the same ones."""
    assert (greenfield["state"], greenfield["outcome"]) == ("succeeded", "feasible"), greenfield
    url = greenfield["links"]["alignment"]
    alignment = http.get(url).json()
    centers = alignment["centers"]
    known = {account["id"]: account for account in accounts(500)}
    assert len({center["place_id"] for center in centers.values()}) == len(centers) == 10
    for center in centers.values():
        at = known[center["place_id"]]
        assert (center["lat"], center["lon"], center["name"]) == (at["lat"], at["lon"], at["name"])
    assert (alignment["violations"], alignment["lower_bound"], alignment["gap"]) == ([], None, None)
    assert http.get(f"/v1/alignments/{alignment['id']}/certificate").status_code == 404
    base = f"/v1/alignments/{alignment['id']}"
    card = http.get(f"{base}/scorecard").json()
    assert {row["rep_id"]: row["center"] for row in card["reps"]} == centers
    travel = next(term["raw"] for term in alignment["terms"] if term["name"] == "travel")
    assert card["team"]["travel_km"] == pytest.approx(travel)
    features = http.get(f"{base}/territories").json()["features"]
    assert {feature["id"]: feature["properties"]["center"] for feature in features} == centers
    points = [entry for entry in http.get(f"{base}/map").json()["features"] if entry["properties"]["kind"] == "rep"]
    assert {entry["id"]: (entry["properties"]["placed"], entry["properties"]["center"]) for entry in points} == {
        rep_id: (True, center) for rep_id, center in centers.items()
    }
    with zipfile.ZipFile(io.BytesIO(http.get(f"{base}/exports/csv").content)) as bundle:
        rows = list(csv.DictReader(io.TextIOWrapper(bundle.open("reps.csv"), "utf-8-sig")))
    assert {row["rep_id"]: row["center_place_id"] for row in rows} == {
        rep_id: center["place_id"] for rep_id, center in centers.items()
    }
    assert f"placed at <bdi>{next(iter(centers.values()))['name']}" in http.get(f"{base}/report").text


def test_explanations_and_edits_keep_the_centers(http: httpx.Client, greenfield: dict[str, Any]) -> None:
    """Moving an account changes travel by what its explanation says, from the centers that were placed."""
    base = f"/v1/alignments/{greenfield['alignment_id']}"
    alignment = http.get(base).json()
    why = http.get(f"{base}/explanations/A%2F7").json()
    other = why["alternatives"][0]
    edited = http.post(f"{base}/edits", json={"moves": [{"account_id": "A/7", "rep_id": other["rep_id"]}]})
    assert edited.status_code == 201, edited.text
    assert edited.json()["centers"] == alignment["centers"]
    raw = {term["name"]: term["raw"] for term in edited.json()["terms"]}
    before = {term["name"]: term["raw"] for term in alignment["terms"]}
    direct = next(term for term in other["terms"] if term["name"] == "travel")
    assert raw["travel"] - before["travel"] == pytest.approx(direct["raw"], rel=1e-6)


def test_published_centers_are_homes_and_two_more_are_hired(http: httpx.Client, greenfield: dict[str, Any]) -> None:
    """After publishing, ten reps live at their centers; of twelve only the two new ones are placed, elsewhere."""
    alignment = http.get(greenfield["links"]["alignment"]).json()
    published = http.post(f"/v1/alignments/{alignment['id']}/publish", json={})
    assert published.status_code == 201, published.text
    joined = http.post(
        f"/v1/datasets/{published.json()['id']}/changes", json={"join": [{"id": "N1"}, {"id": "N2", "name": "Nowa"}]}
    )
    assert joined.status_code == 201, joined.text
    scenario = http.post(
        "/v1/scenarios",
        json={"dataset_id": joined.json()["id"], "name": "Hire two", "criteria": CRITERIA, "search": SEARCH},
    ).json()
    job = finished(http, http.post("/v1/jobs", json={"scenario_id": scenario["id"]}).json()["id"], patience=90)
    assert (job["state"], job["outcome"]) == ("succeeded", "feasible"), job
    hired = http.get(job["links"]["alignment"]).json()
    assert sorted(hired["centers"]) == ["N1", "N2"]
    homes = {(center["lat"], center["lon"]) for center in alignment["centers"].values()}
    assert all((center["lat"], center["lon"]) not in homes for center in hired["centers"].values())
    before = next(term["raw"] for term in alignment["terms"] if term["name"] == "travel")
    assert next(term["raw"] for term in hired["terms"] if term["name"] == "travel") < before


def test_how_many_reps_are_worth_having(http: httpx.Client, greenfield: dict[str, Any]) -> None:
    """Eight, ten, twelve: travel falls, each team is an alignment on data with so many reps, the report draws it."""
    body = {"kind": "size", "from": 8, "to": 12, "step": 2, "within_km": 100}
    accepted = http.post(f"/v1/scenarios/{greenfield['scenario_id']}/curves", json=body)
    assert accepted.status_code == 202, accepted.text
    job = finished(http, accepted.json()["id"], patience=90)
    assert (job["state"], job["outcome"], job["progress"]["points_done"]) == ("succeeded", "feasible", 3), job
    curve = http.get(job["links"]["curve"]).json()
    points = curve["points"]
    assert [point["reps"] for point in points] == [8, 10, 12]
    assert all(0 < point["coverage"] <= 1 for point in points)
    travel = [point["travel"]["raw"] for point in points]
    assert travel == sorted(travel, reverse=True)
    for point in points:
        alignment = http.get(f"/v1/alignments/{point['alignment_id']}").json()
        card = http.get(f"/v1/alignments/{point['alignment_id']}/scorecard").json()
        assert (alignment["violations"], card["team"]["reps"]) == ([], point["reps"])
        assert len(alignment["centers"]) == point["reps"]
    report = http.get(f"/v1/alignments/{points[-1]['alignment_id']}/report").text
    assert "How many reps" in report
    assert curve["knee"] in (None, *(point["label"] for point in points))
