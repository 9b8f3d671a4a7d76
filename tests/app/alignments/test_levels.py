"""Alignments at the levels of a hierarchy.

West ─┬─ M (serves a3 itself) ── R1 (a1, a2)
└─ R2 (a4)                                 R3 has left, R4 is an open seat of East
"""

import numpy as np
import pytest
import shapely

from app.alignments.columns import AlignmentColumns
from app.alignments.levels import level_json, level_of, rolled_up, united
from app.alignments.scorecards import scorecard, scorecard_json
from app.alignments.territories import draw_territories
from app.datasets.managers import manager_paths
from app.errors import InvalidInput
from tests.app.alignments.conftest import Bench
from tests.app.alignments.line import account_rows, columns, rep_rows
from tests.app.conftest import tiny_dataset


def company() -> AlignmentColumns:
    """Return the drawing's alignment on land, with managers."""
    rows = [{**row, "lat": 50.5, "lon": 8.0 + row["lon"] / 2} for row in account_rows()]
    reps = rep_rows()
    for row, manager in zip(reps, ("M", "West", None, "East"), strict=True):
        row["manager_id"] = manager
    reps.append({**reps[0], "id": "M", "name": "Boss", "manager_id": "West"})
    return columns(["R1", "R1", "M", "R2"], accounts=rows, reps=reps)


def test_paths_lead_from_the_top() -> None:
    """A chain of managers is walked to its end, and a circle is cut."""
    assert manager_paths(["a", "b", "c"], ["b", "Top", None]) == [("Top", "b", "a"), ("Top", "b"), ("c",)]
    assert manager_paths(["a", "b"], ["b", "a"]) == [("b", "a"), ("a", "b")]


def test_levels_of_a_ragged_hierarchy() -> None:
    """Level 1 has the regions and the rep without a manager; a manager's own accounts stay in the manager's branch."""
    found = company()
    top, middle, bottom = (level_of(found, number) for number in (1, 2, 3))
    assert top.ids == ["West", "R3", "East"]
    assert middle.ids == ["M", "R2", "R3", "R4"]
    assert bottom.ids == ["R1", "R2", "R3", "R4", "M"]
    assert middle.parent_ids == ["West", "West", None, "East"]
    with pytest.raises(InvalidInput) as refused:
        level_of(found, 4)
    assert refused.value.faults[0].params["levels"] == 3


def test_numbers_add_up() -> None:
    """Loads, targets, travel and accounts of a manager are the sums of the reps below; the last level is the reps."""
    found = company()
    card = scorecard(found, None)
    middle = level_of(found, 2)
    lines = {line["rep_id"]: line for line in level_json(rolled_up(card, middle), middle)["reps"]}
    below = {line["rep_id"]: line for line in scorecard_json(card)["reps"]}
    assert lines["M"]["measures"]["workload"]["load"] == 60.0
    for key in ("load", "target"):
        expected = sum(below[rep]["measures"]["workload"][key] for rep in ("R1", "M"))
        assert lines["M"]["measures"]["workload"][key] == pytest.approx(expected)
    assert lines["M"]["travel_km"] == pytest.approx(below["R1"]["travel_km"] + below["M"]["travel_km"])
    assert (lines["M"]["accounts"], lines["M"]["reps"], lines["M"]["rep_name"]) == (3, 2, "Boss")
    bottom = level_of(found, 3)
    same = level_json(rolled_up(card, bottom), bottom)
    for line in same["reps"]:
        assert below[line["rep_id"]]["measures"] == line["measures"]
        assert below[line["rep_id"]]["radius_km"] == pytest.approx(line["radius_km"])
    assert same["team"]["disruption"] == scorecard_json(card)["team"]["disruption"]


def test_moves_within_a_branch_are_none() -> None:
    """a3 goes from R1 to its manager: a move for the reps, none for the branch; a4's rep has left."""
    found = company()
    card = rolled_up(scorecard(found, None), level_of(found, 2))
    assert scorecard(found, None).disruption.moved == 2
    assert (card.disruption.moved, card.disruption.accounts) == (1, 0)
    assert dict(zip(card.columns.rep_ids, card.moved_in.tolist(), strict=True)) == {"M": 0, "R2": 1, "R3": 0, "R4": 0}


def test_territories_are_nested_exactly() -> None:
    """A manager's land is the union of the land below, and neighbors share every vertex of their border."""
    found = company()
    shapes = draw_territories(found, found.owner)
    for number in (1, 2):
        level = level_of(found, number)
        above = united(shapes, level)
        assert shapely.coverage_is_valid(above.geometry)
        for node in range(level.num_nodes):
            parts = shapely.union_all(shapes.geometry[level.node == node])
            assert shapely.symmetric_difference(parts, above.geometry[node]).area == 0
        vertices = {tuple(point) for point in shapely.get_coordinates(shapes.geometry)}
        assert {tuple(point) for point in shapely.get_coordinates(above.geometry)} <= vertices
        assert np.unique(above.color).size >= 2


def test_levels_over_http(client_with_managers: Bench) -> None:
    """Scorecard, territories and map answer at a level; a level too deep is 422 with the levels there are."""
    bench = client_with_managers
    alignment = f"/v1/alignments/{bench.store(['R1', 'R1', 'R2', 'R2'])}"
    body = bench.get(f"{alignment}/scorecard", level=1)
    assert (body["level"], body["levels"]) == (1, 2)
    assert [(line["rep_id"], line["accounts"], line["reps"]) for line in body["reps"]] == [("Nord", 4, 2)]
    (feature,) = bench.get(f"{alignment}/territories", level=1)["features"]
    assert (feature["id"], feature["properties"]["accounts"]) == ("Nord", 4)
    accounts = bench.get(f"{alignment}/map", level=1)["features"]
    assert {item["properties"]["rep_id"] for item in accounts} == {"Nord"}
    assert bench.client.get(f"{alignment}/scorecard", params={"level": 3}).status_code == 422


@pytest.fixture
def client_with_managers(bench: Bench) -> Bench:
    """Return the service with the tiny dataset under one manager."""
    body = tiny_dataset()
    for rep in body["reps"]:
        rep["manager_id"] = "Nord"
    return Bench(bench.app, bench.client, body)


def test_circles_of_managers_are_refused(bench: Bench) -> None:
    """Managers who lead back to themselves are 422 with the circle, and so is a manager spelled almost like a rep."""
    body = tiny_dataset()
    body["reps"][0]["manager_id"], body["reps"][1]["manager_id"] = "R2", "R1"
    answer = bench.client.post("/v1/datasets", json=body)
    assert answer.status_code == 422
    assert [(error["code"], error["pointer"]) for error in answer.json()["errors"]] == [
        ("FAMILY_CYCLE", "/reps/0/manager_id")
    ]
    body["reps"][0]["manager_id"], body["reps"][1]["manager_id"] = None, "r1 "
    fault = bench.client.post("/v1/datasets", json=body).json()["errors"][-1]
    assert (fault["code"], fault["params"]["nearest"]) == ("UNKNOWN_REFERENCE", "R1")
