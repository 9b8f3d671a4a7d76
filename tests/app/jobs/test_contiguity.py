"""Connected territories over HTTP: a job with units, and edits that take a territory apart."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.jobs.test_relaxed_scenarios import executed

ROWS, COLUMNS = 4, 6


def square(row: int, column: int) -> dict[str, Any]:
    """Return a unit of one degree on each side."""
    west, south = 5.0 + column, 45.0 + row
    ring = [[west, south], [west + 1, south], [west + 1, south + 1], [west, south + 1], [west, south]]
    return {
        "type": "Feature",
        "id": f"u{row}{column}",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def grid_question(**criteria: Any) -> dict[str, Any]:
    """Return a grid of units with an account each, and three reps in a row."""
    cells = [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    return {
        "accounts": [
            {
                "id": f"a{row}{column}",
                "lat": 45.5 + row,
                "lon": 5.5 + column,
                "unit_id": f"u{row}{column}",
                "measures": {"workload": 1.0 + (row * 7 + column * 3) % 4},
            }
            for row, column in cells
        ],
        "reps": [{"id": f"r{rep}", "lat": 47.0, "lon": 6.0 + 2 * rep} for rep in range(3)],
        "units": {"type": "FeatureCollection", "features": [square(row, column) for row, column in cells]},
        "criteria": {
            "balance": [{"measure": "workload", "tolerance": 0.1, "hard": True}],
            "travel": {"weight": 50},
            "contiguity": "rook",
            **criteria,
        },
        "search": {"time_limit_s": 3, "deterministic": True},
    }


@pytest.fixture
def ended(app: FastAPI, client: TestClient, tmp_path: Path) -> dict[str, Any]:
    """Return the job of the grid once it has ended."""
    return executed(app, client, tmp_path / "job", grid_question())


def owners(client: TestClient, alignment_id: str) -> dict[tuple[int, int], str]:
    """Return the rep of every cell."""
    page = client.get(f"/v1/alignments/{alignment_id}/assignments?page_size=100").json()
    return {(int(item["account_id"][1]), int(item["account_id"][2])): item["rep_id"] for item in page["items"]}


def is_connected(cells: set[tuple[int, int]]) -> bool:
    """Return whether cells hang together by their sides."""
    waiting = [next(iter(cells))]
    reached = set(waiting)
    while waiting:
        row, column = waiting.pop()
        beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & cells
        waiting += beside - reached
        reached |= beside
    return reached == cells


def test_a_job_gives_connected_territories(client: TestClient, ended: dict[str, Any]) -> None:
    """Territories hang together by shared borders, in band, with a valid bound; an edit that parts one is named."""
    assert ended["state"] == "succeeded", ended["problem"]
    assert ended["outcome"] in ("feasible", "optimal")
    alignment = client.get(f"/v1/alignments/{ended['alignment_id']}").json()
    assert alignment["violations"] == []
    assert 0 < alignment["lower_bound"] <= alignment["objective"]
    owner = owners(client, ended["alignment_id"])
    for rep in ("r0", "r1", "r2"):
        assert is_connected({cell for cell, rep_id in owner.items() if rep_id == rep})

    mine = {cell for cell, rep in owner.items() if rep == owner[0, 0]}
    row, column = max(owner, key=lambda cell: min(abs(cell[0] - r) + abs(cell[1] - c) for r, c in mine))
    move = {"account_id": f"a{row}{column}", "rep_id": owner[0, 0]}
    edited = client.post(f"/v1/alignments/{ended['alignment_id']}/edits", json={"moves": [move]})
    assert edited.status_code == 201, edited.text
    assert "contiguity" in {violation["criterion"] for violation in edited.json()["violations"]}
    assert client.post(f"/v1/alignments/{edited.json()['id']}/publish").status_code == 409
    assert client.get(f"/v1/alignments/{ended['alignment_id']}/explanations/a00").status_code == 200
    assert client.get(f"/v1/alignments/{ended['alignment_id']}/certificate").status_code == 200


def test_contiguity_without_units_is_refused(client: TestClient) -> None:
    """Connected territories need units: a 422 points at the criterion."""
    question = grid_question()
    del question["units"]
    for account in question["accounts"]:
        del account["unit_id"]
    answer = client.post("/v1/jobs", json=question)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/criteria/contiguity"


def test_an_account_outside_all_units_is_refused(client: TestClient) -> None:
    """Connected territories need every account in a unit: a 422 names the row."""
    question = grid_question()
    question["accounts"][3] |= {"lat": 10.0, "unit_id": None}
    answer = client.post("/v1/jobs", json=question)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["code"], error["pointer"]) == ("OUTSIDE_ALL_UNITS", "/accounts/3/unit_id")
