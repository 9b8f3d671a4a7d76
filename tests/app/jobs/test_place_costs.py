"""The caller's costs from places: reps without a home are placed by them, and everything after counts them.

Twelve accounts stand in a row; whoever lives at ``even`` reaches those of even number for 1 each and the others for 9,
at ``odd`` it is the other way round, and at ``far`` all of them cost 5. On the map nothing tells even from odd.
"""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.jobs.test_relaxed_scenarios import executed

COUNT = 12
PLACES = {"even": "a04", "odd": "a05", "far": "a11"}


def account_id(number: int) -> str:
    """Return the id of an account."""
    return f"a{number:02d}"


def cost(place: str, number: int) -> float:
    """Return what an account costs from a place."""
    if place == "far":
        return 5.0
    return 1.0 if (number % 2 == 0) == (place == "even") else 9.0


def question(**criteria: Any) -> dict[str, Any]:
    """Return the row of accounts with two open seats and costs from three places."""
    accounts = [
        {"id": account_id(number), "lat": 50.0, "lon": 8.0 + 0.1 * number, "measures": {"workload": 1.0}}
        for number in range(COUNT)
    ]
    pairs = [
        {"account_id": account_id(number), "place_id": place_id, "cost": cost(place, number)}
        for place, place_id in PLACES.items()
        for number in range(COUNT)
    ]
    return {
        "accounts": accounts,
        "reps": [{"id": "One"}, {"id": "Two"}],
        "pairs": pairs,
        "criteria": {
            "balance": [{"measure": "workload", "tolerance": 0.05, "hard": True}],
            "travel": {"weight": 50, "source": "pairs"},
            **criteria,
        },
        "search": {"time_limit_s": 3, "deterministic": True},
    }


@pytest.fixture
def ended(app: FastAPI, client: TestClient, tmp_path: Path) -> dict[str, Any]:
    """Return the job once it has ended."""
    return executed(app, client, tmp_path / "job", question())


def test_reps_are_placed_where_the_callers_costs_are_least(client: TestClient, ended: dict[str, Any]) -> None:
    """The seats get the two places that together cost least; the term is the caller's cost, and no bound is told."""
    assert (ended["state"], ended["outcome"]) == ("succeeded", "feasible"), ended["problem"]
    alignment = client.get(f"/v1/alignments/{ended['alignment_id']}").json()
    assert alignment["violations"] == []
    assert alignment["lower_bound"] is None
    assert {center["place_id"] for center in alignment["centers"].values()} == {"a04", "a05"}
    assert alignment["placement"].pop("weights") == {"travel": 1.0}
    assert alignment["placement"] == pytest.approx({"cost": 12.0, "lower_bound": 12.0, "gap": 0.0}, abs=1e-4)
    (travel,) = alignment["terms"]
    assert (travel["name"], travel["raw"], travel["unit"]) == ("travel", 12.0, "cost")
    items = client.get(f"/v1/alignments/{ended['alignment_id']}/assignments").json()["items"]
    where = {rep_id: center["place_id"] for rep_id, center in alignment["centers"].items()}
    for item in items:
        assert where[item["rep_id"]] == PLACES["even" if int(item["account_id"][1:]) % 2 == 0 else "odd"]


def test_what_comes_after_counts_the_same_costs(client: TestClient, ended: dict[str, Any]) -> None:
    """An explanation and an edit know that the other rep costs 8 more."""
    path = f"/v1/alignments/{ended['alignment_id']}"
    told = client.get(f"{path}/explanations/a00").json()
    (other,) = told["alternatives"]
    assert next(term["raw"] for term in other["terms"] if term["name"] == "travel") == pytest.approx(8.0)
    move = {"account_id": "a00", "rep_id": other["rep_id"]}
    edited = client.post(f"{path}/edits", json={"moves": [move]})
    assert edited.status_code == 201, edited.text
    assert edited.json()["terms"][0]["raw"] == pytest.approx(20.0)
    again = client.get(f"/v1/alignments/{edited.json()['id']}/explanations/a00").json()
    assert next(term["raw"] for term in again["alternatives"][0]["terms"]) == pytest.approx(-8.0)


def test_edits_are_told_by_the_same_proof(client: TestClient, ended: dict[str, Any]) -> None:
    """Two that change places cost 16 more than the bound; one that moves alone breaks the balance, and none is told."""
    path = f"/v1/alignments/{ended['alignment_id']}"
    rep = {item["account_id"]: item["rep_id"] for item in client.get(f"{path}/assignments").json()["items"]}
    moves = [{"account_id": "a00", "rep_id": rep["a01"]}, {"account_id": "a01", "rep_id": rep["a00"]}]
    swapped = client.post(f"{path}/edits", json={"moves": moves}).json()
    assert swapped["violations"] == []
    assert swapped["placement"].pop("weights") == {"travel": 1.0}
    assert swapped["placement"] == pytest.approx({"cost": 28.0, "lower_bound": 12.0, "gap": 16 / 28}, abs=1e-4)
    assert client.get(f"/v1/alignments/{swapped['id']}").json()["placement"]["cost"] == pytest.approx(28.0)
    back = client.post(
        f"/v1/alignments/{swapped['id']}/edits", json={"moves": [moves[0] | {"rep_id": rep["a00"]}]}
    ).json()
    assert back["violations"]
    assert back["placement"] is None


def test_publishing_keeps_the_costs_of_the_homes(
    app: FastAPI, client: TestClient, ended: dict[str, Any], tmp_path: Path
) -> None:
    """The published reps live there and have pairs of their own: the next job places nobody and proves the same."""
    published = client.post(f"/v1/alignments/{ended['alignment_id']}/publish").json()
    assert published["counts"]["pairs"] == 5 * COUNT
    reps = client.get(f"/v1/datasets/{published['id']}/reps").json()["items"]
    assert {rep["lon"] for rep in reps} == {8.4, 8.5}
    scenario = client.post(
        "/v1/scenarios",
        json={
            "dataset_id": published["id"],
            "name": "Again",
            "criteria": question()["criteria"],
            "search": {"time_limit_s": 3, "deterministic": True},
        },
    ).json()
    again = executed(app, client, tmp_path / "again", {"scenario_id": scenario["id"]})
    alignment = client.get(f"/v1/alignments/{again['alignment_id']}").json()
    assert (again["outcome"], alignment["centers"], alignment["terms"][0]["raw"]) == ("optimal", {}, 12.0)


def test_who_lives_somewhere_keeps_its_own_costs(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """A rep with a home costs what its pairs say; the free one goes where it serves the rest best."""
    asked = question()
    asked["reps"][0] |= {"lat": 50.0, "lon": 8.0}
    asked["pairs"] += [
        {"account_id": account_id(number), "rep_id": "One", "cost": cost("even", number)} for number in range(COUNT)
    ]
    job = executed(app, client, tmp_path / "job", asked)
    alignment = client.get(f"/v1/alignments/{job['alignment_id']}").json()
    assert {rep_id: center["place_id"] for rep_id, center in alignment["centers"].items()} == {"Two": "a05"}
    assert alignment["terms"][0]["raw"] == 12.0


def test_a_place_that_may_not_serve_is_not_chosen(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """Where even and odd may not have some accounts, one seat goes to the place that may have all."""
    asked = question(balance=[])
    for pair in asked["pairs"]:
        if pair["place_id"] == "a05" and pair["account_id"] == "a01":
            pair |= {"cost": None, "forbidden": True}
    asked["pairs"] = [pair for pair in asked["pairs"] if (pair["place_id"], pair["account_id"]) not in {("a04", "a01")}]
    job = executed(app, client, tmp_path / "job", asked)
    assert job["outcome"] == "feasible", job
    alignment = client.get(f"/v1/alignments/{job['alignment_id']}").json()
    assert "a11" in {center["place_id"] for center in alignment["centers"].values()}
    assert alignment["violations"] == []


def test_units_and_cities_are_places_by_their_ids(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """Costs from a unit or a known city place a rep there when the criteria choose among these."""
    square = [[8.0, 49.9], [9.2, 49.9], [9.2, 50.1], [8.0, 50.1], [8.0, 49.9]]
    geometry = {"type": "Polygon", "coordinates": [square]}
    unit = {"type": "Feature", "id": "Taunus", "properties": {"name": "Taunus"}, "geometry": geometry}
    for kind, place_id in (("units", "Taunus"), ("cities", "DE/Frankfurt am Main")):
        asked = question(centers={"candidates": kind}, balance=[])
        asked["reps"] = [{"id": "One"}]
        asked["units"] = {"type": "FeatureCollection", "features": [unit]}
        asked["pairs"] += [
            {"account_id": account_id(number), "place_id": place_id, "cost": 2.0} for number in range(COUNT)
        ]
        job = executed(app, client, tmp_path / kind, asked)
        alignment = client.get(f"/v1/alignments/{job['alignment_id']}").json()
        assert alignment["centers"]["One"]["place_id"] == place_id
        assert alignment["terms"][0]["raw"] == 24.0


def test_pairs_name_a_rep_or_a_place(client: TestClient) -> None:
    """A pair with both, with neither, with an unknown place, or twice is refused with its row."""
    asked = question()
    asked["pairs"] = [
        {"account_id": "a00", "place_id": "a04", "rep_id": "One", "cost": 1.0},
        {"account_id": "a00", "cost": 1.0},
        {"account_id": "a01", "place_id": "a99", "cost": 1.0},
        {"account_id": "a02", "place_id": "a04", "cost": 1.0},
        {"account_id": "a02", "place_id": "a04", "cost": 2.0},
    ]
    answer = client.post("/v1/jobs", json=asked)
    assert answer.status_code == 422
    assert {(error["code"], error["pointer"]) for error in answer.json()["errors"]} == {
        ("CONTRADICTORY_SETTING", "/pairs/0/place_id"),
        ("MISSING_FIELD", "/pairs/1/rep_id"),
        ("UNKNOWN_REFERENCE", "/pairs/2/place_id"),
        ("DUPLICATE_ID", "/pairs/4/account_id"),
    }


def test_candidates_without_a_cost_are_refused(client: TestClient) -> None:
    """Cities to choose from and costs from accounts only: a 422 names the criterion and both remedies."""
    answer = client.post("/v1/jobs", json=question(centers={"candidates": "cities"}))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["code"], error["pointer"]) == ("CONTRADICTORY_SETTING", "/criteria/centers/candidates")
    assert "place_id" in error["fix"]


def test_places_come_in_a_file(client: TestClient) -> None:
    """A CSV of pairs has the column place_id instead of rep_id."""
    accounts = "id,lat,lon,workload\na1,50,8,1\na2,50,8.1,1\n"
    files = {
        "accounts": ("accounts.csv", accounts),
        "reps": ("reps.csv", "id\nOne\n"),
        "pairs": ("pairs.csv", "account_id,place_id,cost\na1,a2,3\na2,a2,0\n"),
    }
    answer = client.post("/v1/datasets", files=files)
    assert answer.status_code == 201, answer.text
    assert answer.json()["counts"]["pairs"] == 2
