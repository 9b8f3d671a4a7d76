"""Variants of a scenario in one call, and a diagnosis without a solve."""

import copy
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.alignments.ground import ground_of
from app.jobs.diagnosis import diagnosis_json, question_without_travel
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria
from optimizer import conflicts
from tests.app.alignments.conftest import CRITERIA, Bench
from tests.app.alignments.judged import judged_problem, tables_of
from tests.app.conftest import tiny_dataset


@pytest.fixture
def bench(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the four accounts on a line."""
    return Bench(app, client, tiny_dataset())


def test_every_variant_gets_a_scenario_and_a_job(bench: Bench) -> None:
    """Variants take the base's dataset and search, are based on it, and are queued in their order."""
    tight = copy.deepcopy(CRITERIA)
    tight["balance"][0]["tolerance"] = 0.1
    body = {
        "base_id": bench.scenario_id,
        "variants": [{"name": "A", "criteria": CRITERIA}, {"name": "B", "criteria": tight}],
    }
    answer = bench.client.post("/v1/scenarios/batch", json=body)
    assert answer.status_code == 202, answer.text
    items = answer.json()["items"]
    assert [item["job"]["name"] for item in items] == ["A", "B"]
    assert [item["scenario"]["criteria"]["balance"][0]["tolerance"] for item in items] == [0.2, 0.1]
    assert {item["scenario"]["based_on"] for item in items} == {bench.scenario_id}
    assert [item["job"]["scenario_id"] for item in items] == [item["scenario"]["id"] for item in items]
    assert bench.get("/v1/jobs")["total_size"] == 2


def test_one_wrong_variant_stores_none(bench: Bench) -> None:
    """A fault names its variant, and neither scenarios nor jobs are left behind."""
    wrong = {"locks": [{"account_id": "nobody", "rep_id": "R1"}]}
    body = {"base_id": bench.scenario_id, "variants": [{"name": "A", "criteria": {}}, {"name": "B", "criteria": wrong}]}
    answer = bench.client.post("/v1/scenarios/batch", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/variants/1/criteria/locks/0/account_id"
    assert bench.get("/v1/scenarios")["total_size"] == 1
    unknown = bench.client.post("/v1/scenarios/batch", json={**body, "base_id": "sc_0"})
    assert unknown.json()["errors"][0]["pointer"] == "/base_id"


def test_a_diagnosis_adds_up_and_offers_what_helps(app: FastAPI, client: TestClient) -> None:
    """46 hours and capacities of 20 and 22 hours are 4 short; raising capacities is offered; nothing is queued."""
    body: dict[str, Any] = tiny_dataset()
    body["reps"][0]["capacity"] = {"workload": {"max": 20.0}}
    body["reps"][1]["capacity"] = {"workload": {"max": 22.0}}
    bench = Bench(app, client, body, criteria={"travel": {"weight": 30}})
    answer = client.post(f"/v1/scenarios/{bench.scenario_id}/diagnosis")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["outcome"] == "infeasible"
    total = next(conflict for conflict in told["conflicts"] if conflict["code"] == "CAPACITY_BELOW_TOTAL")
    assert total["arithmetic"] == {"demand": 46.0, "capacity": 42.0, "short": 4.0}
    assert "capacity_max" in [relaxation["kind"] for relaxation in told["relaxations"]]
    assert told["sentence"].startswith("No alignment keeps all criteria: 1 conflict is proved; ")
    assert bench.get("/v1/jobs")["total_size"] == 0


def test_nothing_proved_is_unknown(bench: Bench) -> None:
    """A scenario without a proved conflict is never called infeasible."""
    told = bench.client.post(f"/v1/scenarios/{bench.scenario_id}/diagnosis").json()
    assert (told["outcome"], told["conflicts"], told["relaxations"]) == ("unknown", [], [])
    assert told["sentence"].startswith("Adding up proves no conflict. That is no promise")
    assert bench.client.post("/v1/scenarios/sc_0/diagnosis").status_code == 404


@pytest.mark.parametrize("seed", range(60))
def test_the_proofs_are_those_of_the_planned_problem(seed: int) -> None:
    """Without travel the problem has the same permissions, and the same conflicts are proved."""
    raw, _, _ = judged_problem(seed)
    tables, criteria = tables_of(raw), Criteria.model_validate(raw.criteria, strict=False)
    planned = plan(tables, criteria)
    problem, wanted = question_without_travel(ground_of(tables), criteria)
    expected = conflicts(planned.problem, planned.criteria)
    assert {conflict.code for conflict in conflicts(problem, wanted)} == {conflict.code for conflict in expected}
    shape = (planned.problem.num_accounts, planned.problem.num_reps)
    everything = np.ones(shape, dtype=np.bool_)
    one, two = (everything if p.possible is None else p.possible for p in (problem, planned.problem))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("seed", range(12))
def test_infeasible_means_a_proved_conflict(seed: int) -> None:
    """Only a proved conflict makes it infeasible, and every relaxation that is offered changes something."""
    raw, _, _ = judged_problem(seed)
    told = diagnosis_json(tables_of(raw), Criteria.model_validate(raw.criteria, strict=False))
    assert (told["outcome"] == "infeasible") == bool(told["conflicts"])
    assert all(relaxation["changes"] for relaxation in told["relaxations"])
