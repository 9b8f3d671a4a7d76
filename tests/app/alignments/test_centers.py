"""Alignments whose reps have placed centers: every view measures from them and shows them."""

import copy
import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import transaction
from app.datasets.service import load_tables
from app.scenarios.center import Center
from checker import CheckReport, check
from tests.app.alignments.conftest import Bench
from tests.app.conftest import tiny_dataset

REPS: list[str | None] = ["R1", "R1", "R2", "R2"]


@pytest.fixture
def placed(app: FastAPI, client: TestClient) -> tuple[Bench, str, dict[str, Any]]:
    """Return a service, an alignment whose R2 has no home but a center at its second account, and that center."""
    body = copy.deepcopy(tiny_dataset())
    home = body["reps"][1]
    del home["lat"], home["lon"]
    bench = Bench(app, client, body)
    at = body["accounts"][3]
    center = Center(at["lat"], at["lon"], at["id"], "Łódź Works")
    report = _checked(bench, REPS, (center.lat, center.lon))
    terms = [
        {name: getattr(term, name) for name in ("name", "raw", "unit", "weight", "reference", "weighted")}
        for term in report.terms
    ]
    summary = {"objective": report.objective, "terms": terms, "lower_bound": None, "gap": None}
    return bench, bench.store(REPS, summary=summary | {"centers": {"R2": center}}), center.to_json()


def _checked(bench: Bench, rep_ids: Sequence[str | None], at: tuple[float, float]) -> CheckReport:
    """Return what the checker says of an alignment with R2's center, from the stored tables."""
    with transaction(bench.app.state.sessions) as session:
        tables = load_tables(session, bench.dataset_id)
    normalized = bench.get(f"/v1/scenarios/{bench.scenario_id}")["criteria"]
    return check(tables.accounts.to_pydict(), tables.reps.to_pydict(), None, normalized, rep_ids, centers={"R2": at})


def test_every_view_shows_the_center(placed: tuple[Bench, str, dict[str, Any]]) -> None:
    """Alignment, scorecard, map, territories, file and report name the same place; others have none."""
    bench, alignment_id, center = placed
    base = f"/v1/alignments/{alignment_id}"
    assert bench.get(base)["centers"] == {"R2": center}
    rows = bench.get(f"{base}/scorecard")["reps"]
    assert {row["rep_id"]: row["center"] for row in rows} == {"R1": None, "R2": center}
    reps = [entry for entry in bench.get(f"{base}/map")["features"] if entry["properties"]["kind"] == "rep"]
    assert {entry["id"]: (entry["properties"]["placed"], entry["properties"]["center"]) for entry in reps} == {
        "R1": (False, None),
        "R2": (True, center),
    }
    assert reps[1]["geometry"]["coordinates"] == [pytest.approx(center["lon"]), pytest.approx(center["lat"])]
    features = bench.get(f"{base}/territories")["features"]
    assert {feature["id"]: feature["properties"]["center"] for feature in features} == {"R1": None, "R2": center}
    with zipfile.ZipFile(io.BytesIO(bench.client.get(f"{base}/exports/csv").content)) as bundle:
        lines = list(csv.DictReader(io.TextIOWrapper(bundle.open("reps.csv"), "utf-8-sig")))
    assert [line["center_place_id"] for line in lines] == ["", center["place_id"]]
    assert "placed at <bdi>Łódź Works" in bench.client.get(f"{base}/report").text


def test_travel_is_measured_from_the_center(placed: tuple[Bench, str, dict[str, Any]]) -> None:
    """The scorecard's travel is the checker's; the account at the center is 0 km away."""
    bench, alignment_id, center = placed
    base = f"/v1/alignments/{alignment_id}"
    raw = {term["name"]: term["raw"] for term in bench.get(base)["terms"]}
    assert bench.get(f"{base}/scorecard")["team"]["travel_km"] == pytest.approx(raw["travel"])
    rows = {row["account_id"]: row["travel_km"] for row in bench.get(f"{base}/assignments")["items"]}
    assert rows[center["place_id"]] == pytest.approx(0.0, abs=1e-6)
    assert None not in rows.values()


def test_explanations_and_edits_reckon_with_the_center(placed: tuple[Bench, str, dict[str, Any]]) -> None:
    """What an explanation says of travel is what an edit changes, and the edit keeps the center."""
    bench, alignment_id, center = placed
    base = f"/v1/alignments/{alignment_id}"
    account_id = bench.body["accounts"][2]["id"]
    other = bench.get(f"{base}/explanations/{account_id}")["alternatives"][0]
    edited = bench.created(f"{base}/edits", {"moves": [{"account_id": account_id, "rep_id": other["rep_id"]}]})
    assert edited["centers"] == {"R2": center}
    before = {term["name"]: term["raw"] for term in bench.get(base)["terms"]}
    after = {term["name"]: term["raw"] for term in edited["terms"]}
    told = next(term["raw"] for term in other["terms"] if term["name"] == "travel")
    assert after["travel"] - before["travel"] == pytest.approx(told)
    moved = ["R1", "R1", other["rep_id"], "R2"]
    report = _checked(bench, moved, (center["lat"], center["lon"]))
    assert after["travel"] == pytest.approx(next(term.raw for term in report.terms if term.name == "travel"))


def test_publishing_makes_the_center_a_home(placed: tuple[Bench, str, dict[str, Any]]) -> None:
    """The new dataset's R2 lives there, and R1 where it did."""
    bench, alignment_id, center = placed
    published = bench.created(f"/v1/alignments/{alignment_id}/publish", {})
    homes = {rep["id"]: (rep["lat"], rep["lon"]) for rep in bench.get(f"/v1/datasets/{published['id']}/reps")["items"]}
    first = bench.body["reps"][0]
    assert homes == {"R1": (first["lat"], first["lon"]), "R2": (center["lat"], center["lon"])}
