"""Routes of scenarios on a real app: create, change, delete, and the meaning of what is left out."""

import json

import pytest
from fastapi.testclient import TestClient

from app.scenarios.schemas import Criteria, default_criteria
from app.validation import validate_model
from tests.app.conftest import tiny_dataset


@pytest.fixture
def dataset_id(client: TestClient) -> str:
    """Return the id of the stored tiny dataset."""
    answer = client.post("/v1/datasets", json=tiny_dataset())
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


def test_criteria_left_out_have_their_documented_meaning(client: TestClient, dataset_id: str) -> None:
    """No criteria are workload within 10 % soft, travel and disruption at 50; an empty object is all off."""
    left_out = client.post("/v1/scenarios", json={"dataset_id": dataset_id}).json()
    assert left_out["criteria"] == default_criteria().model_dump(mode="json")
    empty = client.post("/v1/scenarios", json={"dataset_id": dataset_id, "criteria": {}}).json()["criteria"]
    assert empty["balance"] == []
    assert [empty[name]["weight"] for name in ("travel", "compactness", "disruption")] == [0, 0, 0]
    assert (empty["families"], empty["eligibility"], empty["unassigned"]["allowed"]) == ("together", "hard", False)


def test_criteria_left_out_balance_nothing_where_there_is_no_workload(client: TestClient) -> None:
    """Accounts that have no more than a place are a question, too: nobody named a measure that is not there."""
    bare = tiny_dataset()
    for account in bare["accounts"]:
        del account["measures"]
    made = client.post("/v1/scenarios", json={"dataset_id": client.post("/v1/datasets", json=bare).json()["id"]})
    assert made.status_code == 201, made.text
    assert made.json()["criteria"] == default_criteria().model_dump(mode="json") | {"balance": []}
    assert client.post("/v1/jobs", json=bare).status_code == 202


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "9" * 5000])
@pytest.mark.parametrize("criteria", ['{"disruption": {"max_moved": {"accounts": %s}}}', '{"travel": {"weight": %s}}'])
def test_numbers_that_no_double_holds_are_refused(
    client: TestClient, dataset_id: str, criteria: str, number: str
) -> None:
    """A whole number of hundreds of digits is a fault with its place, wherever a number is asked for."""
    body = f'{{"dataset_id": "{dataset_id}", "criteria": {criteria % number}}}'
    answer = client.post("/v1/scenarios", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


def test_equal_criteria_have_equal_hashes(client: TestClient, dataset_id: str) -> None:
    """The hash is of the normalized criteria, whatever was left out or written as 50 or 50.0."""
    bodies = [{"travel": {"weight": 50}}, {"travel": {"weight": 50.0, "road_factor": 1}, "balance": []}]
    hashes = {
        client.post("/v1/scenarios", json={"dataset_id": dataset_id, "criteria": body}).json()["criteria_sha256"]
        for body in bodies
    }
    assert len(hashes) == 1


def test_a_scenario_based_on_another_takes_what_is_left_out(client: TestClient, dataset_id: str) -> None:
    """Dataset, criteria and name come from the base where they are not given."""
    base = client.post(
        "/v1/scenarios",
        json={"dataset_id": dataset_id, "name": "Base", "criteria": {"travel": {"weight": 9}}},
    ).json()
    made = client.post("/v1/scenarios", json={"based_on": base["id"], "search": {"time_limit_s": 5}}).json()
    assert made["based_on"] == base["id"]
    assert (made["dataset_id"], made["name"], made["criteria"]) == (dataset_id, "Base", base["criteria"])
    assert made["search"]["time_limit_s"] == 5


def test_a_stale_change_is_refused(client: TestClient, dataset_id: str) -> None:
    """PATCH with a current ETag changes, with a stale one answers 412; an unused scenario can be deleted."""
    created = client.post("/v1/scenarios", json={"dataset_id": dataset_id})
    path, etag = created.headers["Location"], created.headers["ETag"]
    assert client.get(path).headers["ETag"] == etag
    changed = client.patch(path, json={"criteria": {"travel": {"weight": 1}}}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["criteria"]["travel"]["weight"]) == (200, 1)
    assert client.patch(path, json={"name": "x"}, headers={"If-Match": etag}).status_code == 412
    assert client.get("/v1/scenarios", params={"dataset_id": dataset_id}).json()["total_size"] == 1
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_unknown_datasets_and_faulty_criteria_are_refused(client: TestClient, dataset_id: str) -> None:
    """Nothing is stored of a scenario that names what is not there."""
    assert client.post("/v1/scenarios", json={"dataset_id": "ds_x"}).json()["code"] == "UNKNOWN_REFERENCE"
    assert client.post("/v1/scenarios", json={"based_on": "sc_x"}).json()["code"] == "UNKNOWN_REFERENCE"
    assert client.post("/v1/scenarios", json={}).json()["code"] == "CONTRADICTORY_SETTING"
    body = {"dataset_id": dataset_id, "criteria": {"balance": [{"measure": "w", "tolerance": 1}]}}
    fault = client.post("/v1/scenarios", json=body).json()["errors"][0]
    assert (fault["code"], fault["pointer"]) == ("CONTRADICTORY_SETTING", "/criteria/balance/0/tolerance")
    assert client.get("/v1/scenarios").json()["total_size"] == 0


def test_the_example_of_the_contract_is_accepted() -> None:
    """The criteria that the API's documentation shows pass as they stand."""
    text = json.dumps(
        {
            "balance": [
                {"measure": "workload", "target": "fte", "tolerance": 0.05, "hard": True},
                {"measure": "potential", "target": "equal", "tolerance": 0.10, "hard": False, "weight": 40},
            ],
            "travel": {"weight": 30, "source": "great_circle", "road_factor": 1.3},
            "compactness": {"weight": 0},
            "disruption": {
                "weight": 30,
                "measure": "potential",
                "max_moved": {"accounts": 400, "share": {"potential": 0.10}},
                "max_in_per_rep": {"accounts": 25},
                "max_out_per_rep": {"accounts": 25},
            },
            "families": "together",
            "eligibility": "hard",
            "contiguity": "off",
            "locks": [{"account_id": "A-1", "rep_id": "R-1"}],
            "forbid": [],
            "frozen_reps": [],
            "unassigned": {"allowed": False},
        }
    )
    criteria = validate_model(Criteria, text.encode(), json.loads(text))
    assert criteria.disruption.max_moved.share == {"potential": 0.10}
