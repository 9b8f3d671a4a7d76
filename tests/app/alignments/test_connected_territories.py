"""Connected territories in what-if questions: explanations, repairs and edits know what would fall apart.

Units ``u0`` … ``u5`` stand in a row, one account in each, with two reps at the ends::

    u0 u1 u2 | u3 u4 u5
    West       East
"""

from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.alignments.breaches import violations_json
from app.alignments.ground import ground_of
from app.alignments.situations import Situation
from app.datasets.service import load_tables
from app.datasets.tables import DatasetTables
from app.scenarios.schemas import Criteria
from app.scenarios.unit_graph import dataset_neighbors
from checker.check import check
from tests.app.alignments.conftest import Bench

NUM_UNITS = 6
APART: list[str | None] = ["West", "West", "West", "East", "East", "East"]
CRITERIA: dict[str, Any] = {
    "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.7, "hard": True}],
    "travel": {"weight": 50},
    "contiguity": "rook",
}


def row_of_units(**fields: Any) -> dict[str, Any]:
    """Return units side by side, an account in the middle of each, and a rep at each end."""
    features = []
    for number in range(NUM_UNITS):
        west = 5.0 + number
        ring = [[west, 45.0], [west + 1, 45.0], [west + 1, 46.0], [west, 46.0], [west, 45.0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "id": f"u{number}", "properties": {}, "geometry": geometry})
    accounts = [
        {"id": f"a{number}", "lat": 45.5, "lon": 5.5 + number, "unit_id": f"u{number}", "measures": {"workload": 1.0}}
        for number in range(NUM_UNITS)
    ]
    reps = [{"id": "West", "lat": 45.5, "lon": 5.5}, {"id": "East", "lat": 45.5, "lon": 10.5}]
    return {"accounts": accounts, "reps": reps, "units": {"type": "FeatureCollection", "features": features}, **fields}


@pytest.fixture
def row(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the row of units."""
    return Bench(app, client, row_of_units(), criteria=CRITERIA)


def explained(bench: Bench, alignment_id: str, account_id: str, **params: Any) -> dict[str, Any]:
    """Return an explanation."""
    answer: dict[str, Any] = bench.get(f"/v1/alignments/{alignment_id}/explanations/{account_id}", **params)
    return answer


def test_an_explanation_says_that_the_other_territory_would_not_be_connected(row: Bench) -> None:
    """The first account at East leaves West whole and gives East an island: eligible, with a violation that says so."""
    told = explained(row, row.store(APART), "a0")
    assert told["sentence"] == (
        "West is the nearest (0 km); the next best is East, but its territory would not be connected (2 pieces)."
    )
    (other,) = told["alternatives"]
    assert other["eligible"]
    (broken,) = [violation for violation in other["violations"] if violation["criterion"] == "contiguity"]
    assert (broken["rep_id"], broken["value"], broken["limit"], broken["by"]) == ("East", 2.0, 1.0, 1.0)
    assert broken["detail"] == "The territory of 'East' is in 2 pieces."


def test_an_explanation_says_that_the_territory_left_would_fall_apart(row: Bench) -> None:
    """West has all of the row and East is nearer to a4, but without it West would be in two pieces."""
    told = explained(row, row.store(["West"] * NUM_UNITS), "a4")
    assert told["sentence"].endswith("nearer but without it West's territory would fall into 2 pieces.")
    broken = {(violation["criterion"], violation["rep_id"]) for violation in told["alternatives"][0]["violations"]}
    assert ("contiguity", "West") in broken
    assert ("contiguity", "East") not in broken


def test_at_the_border_nothing_falls_apart(row: Bench) -> None:
    """The account at the border goes over without a violation of contiguity."""
    (other,) = explained(row, row.store(APART), "a2")["alternatives"]
    assert "contiguity" not in {violation["criterion"] for violation in other["violations"]}


def test_a_repair_brings_the_unit_between(row: Bench) -> None:
    """East gets the second account only with the third, which joins it to its territory; the repair breaks nothing."""
    told = explained(row, row.store(APART), "a1", level="repaired")
    direct, repaired = told["alternatives"]
    assert "contiguity" in {violation["criterion"] for violation in direct["violations"]}
    assert repaired["level"] == "repaired"
    assert repaired["violations"] == []
    assert [(move["account_id"], move["to"]) for move in repaired["follow_up"]] == [("a2", "East")]


def test_a_repair_takes_along_what_was_cut_off(row: Bench) -> None:
    """West has all of the row; with the fourth account East also gets the two behind it, which were one piece."""
    told = explained(row, row.store(["West"] * NUM_UNITS), "a3", level="repaired")
    direct, repaired = told["alternatives"]
    assert "contiguity" in {violation["criterion"] for violation in direct["violations"]}
    assert (repaired["level"], repaired["violations"]) == ("repaired", [])
    assert {(move["account_id"], move["to"]) for move in repaired["follow_up"]} == {("a4", "East"), ("a5", "East")}


def test_a_repair_bridges_a_gap_of_two_units(app: FastAPI, client: TestClient) -> None:
    """East gets the first account only with both units between, which no single one of them would join."""
    bench = Bench(app, client, row_of_units(), criteria={**CRITERIA, "balance": []})
    told = explained(bench, bench.store(APART), "a0", level="repaired")
    repaired = told["alternatives"][-1]
    assert (repaired["level"], repaired["violations"]) == ("repaired", [])
    assert {(move["account_id"], move["to"]) for move in repaired["follow_up"]} == {("a1", "East"), ("a2", "East")}


def test_accounts_of_a_unit_go_together(app: FastAPI, client: TestClient) -> None:
    """Two accounts in one unit are explained as one, held together by their unit."""
    body = row_of_units()
    body["accounts"][1] |= {"unit_id": "u0", "lon": 5.6}
    bench = Bench(app, client, body, criteria=CRITERIA)
    told = explained(bench, bench.store(APART), "a0")
    assert (told["family"], told["together_by"]) == (["a0", "a1"], "unit")
    assert told["sentence"].endswith(" Its unit of 2 accounts goes together.")


def test_an_edit_that_takes_a_territory_apart_says_so_at_once(row: Bench) -> None:
    """The answer to the edit names both territories that are in pieces and counts the new violations."""
    answer = row.client.post(
        f"/v1/alignments/{row.store(APART)}/edits", json={"moves": [{"account_id": "a1", "rep_id": "East"}]}
    )
    assert answer.status_code == 201
    told = {(violation["criterion"], violation["rep_id"]) for violation in answer.json()["violations"]}
    assert {("contiguity", "West"), ("contiguity", "East")} <= told
    assert answer.json()["scorecard_change"]["violations"] == len(answer.json()["violations"])


def test_an_edit_that_splits_a_unit_says_so_at_once(app: FastAPI, client: TestClient) -> None:
    """One of two accounts of a unit goes elsewhere: the unit is named by its account."""
    body = row_of_units()
    body["accounts"][3] |= {"unit_id": "u2", "lon": 7.6}
    bench = Bench(app, client, body, criteria=CRITERIA)
    path = f"/v1/alignments/{bench.store(['West', 'West', 'West', 'West', 'East', 'East'])}/edits"
    answer = client.post(path, json={"moves": [{"account_id": "a3", "rep_id": "East"}]}).json()
    assert "The unit of 'a2' is split 2 ways." in {violation["detail"] for violation in answer["violations"]}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_broken_is_what_the_checker_finds(row: Bench, seed: int) -> None:
    """For random choices, some of nobody, the service and the independent checker name the same criteria and places."""
    with row.app.state.sessions() as session:
        tables = load_tables(session, row.dataset_id)
    draw = np.random.default_rng(seed)
    owner = draw.integers(-1, 2, NUM_UNITS)
    criteria = Criteria.model_validate(CRITERIA | {"unassigned": {"allowed": True, "weight": 10}})
    situation = Situation(ground_of(tables), criteria, owner)
    report = check(
        plain(tables),
        tables.reps.to_pydict(),
        None,
        criteria.model_dump(mode="json"),
        [None if rep < 0 else ("West", "East")[rep] for rep in owner],
        units=dataset_neighbors(tables, "rook"),
    )
    expected = {(violation.criterion, violation.rep_id, violation.value) for violation in report.violations}
    assert {(v["criterion"], v["rep_id"], v["value"]) for v in violations_json(situation)} == expected


def plain(tables: DatasetTables) -> dict[str, Any]:
    """Return the accounts as plain columns."""
    columns: dict[str, Any] = tables.accounts.to_pydict()
    return columns
