"""POST /v1/scenarios/{id}/curves and GET /v1/jobs/{id}/curve: what is taken, what is refused, what is shown."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.alignments.conftest import Bench
from tests.app.conftest import tiny_dataset


@pytest.fixture
def bench(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the four accounts on a line."""
    return Bench(app, client, tiny_dataset())


def submitted(bench: Bench, body: dict[str, Any], **headers: str) -> Any:
    """Post a curve for the bench's scenario."""
    return bench.client.post(f"/v1/scenarios/{bench.scenario_id}/curves", json=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"kind": "disruption"}, {"measure": "accounts", "shares": [0, 0.02, 0.05, 0.1, 0.2], "moves": None}),
        (
            {"kind": "disruption", "measure": "potential", "shares": [0.3, 0.1, 0.3]},
            {"measure": "potential", "shares": [0.1, 0.3], "moves": None},
        ),
        ({"kind": "disruption", "moves": [3, 1]}, {"measure": "accounts", "shares": None, "moves": [1, 3]}),
        ({"kind": "disruption", "moves": "auto"}, {"measure": "accounts", "shares": None, "moves": "auto"}),
        ({"kind": "pareto"}, {"measure": "accounts", "alignments": 9}),
        (
            {"kind": "size", "from": 1, "to": 5, "step": 2, "within_km": 80},
            {"from": 1, "to": 5, "step": 2, "sizes": [1, 3, 5], "within_km": 80.0},
        ),
        ({"kind": "pareto", "measure": "workload", "alignments": 7}, {"measure": "workload", "alignments": 7}),
    ],
)
def test_a_curve_is_a_job_that_says_so(bench: Bench, body: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The answer is the job, queued; its curve shows what was asked with every default, and no points yet."""
    answer = submitted(bench, body | {"name": "Curve", "tags": {"year": "2027"}, "priority": 2})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["name"], job["tags"]) == ("curve", "queued", "Curve", {"year": "2027"})
    curve = bench.get(job["links"]["curve"])
    assert (curve["kind"], curve["wanted"], curve["points"]) == (body["kind"], wanted, [])
    assert (curve["job_id"], curve["scenario_id"]) == (job["id"], bench.scenario_id)


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "MISSING_FIELD", "/kind"),
        ({"kind": "size"}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "size", "from": 3, "to": 2}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "size", "from": 1, "to": 100}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "size", "from": 0, "to": 2}, "INVALID_VALUE", "/from"),
        ({"kind": "size", "from": 1, "to": 2, "shares": [0.1]}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "pareto", "to": 2}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "price"}, "INVALID_VALUE", "/kind"),
        ({"kind": "pareto", "shares": [0.1]}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "pareto", "alignments": 6}, "INVALID_VALUE", "/alignments"),
        ({"kind": "disruption", "alignments": 9}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "disruption", "shares": [0.1], "moves": [1]}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "disruption", "shares": []}, "EMPTY_LIST", "/shares"),
        ({"kind": "disruption", "shares": [1.5]}, "CONTRADICTORY_SETTING", "/shares/0"),
        ({"kind": "disruption", "moves": [-1]}, "CONTRADICTORY_SETTING", "/moves/0"),
        ({"kind": "disruption", "moves": "all"}, "INVALID_VALUE", "/moves"),
        ({"kind": "disruption", "moves": [1], "measure": "potential"}, "CONTRADICTORY_SETTING", ""),
        ({"kind": "disruption", "measure": "potentail"}, "UNKNOWN_REFERENCE", "/measure"),
        ({"kind": "disruption", "share": [0.1]}, "UNKNOWN_FIELD", "/share"),
        ({"kind": "disruption", "webhook": {"url": "https://10.0.0.1"}}, "TARGET_FORBIDDEN", "/webhook/url"),
    ],
)
def test_what_does_not_fit_is_refused(bench: Bench, body: dict[str, Any], code: str, pointer: str) -> None:
    """A body that contradicts itself or the data gets 422 with the place, and no job is stored."""
    answer = submitted(bench, body)
    assert answer.status_code == 422, answer.text
    found = [(error["code"], error["pointer"]) for error in answer.json()["errors"]]
    assert (code, pointer) in found
    assert bench.get("/v1/jobs")["total_size"] == 0


def test_a_curve_needs_something_to_move_and_to_balance(app: FastAPI, client: TestClient) -> None:
    """Without current reps nothing can move; without balance there is no Pareto set, but a price of disruption."""
    criteria = {"travel": {"weight": 10}}
    bench = Bench(app, client, tiny_dataset(), criteria=criteria)
    refused = submitted(bench, {"kind": "pareto"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "CONTRADICTORY_SETTING")
    assert submitted(bench, {"kind": "disruption"}).status_code == 202
    body = tiny_dataset()
    for account in body["accounts"]:
        del account["current_rep_id"]
    nobody = submitted(Bench(app, client, body), {"kind": "disruption"})
    assert (nobody.status_code, "current rep" in nobody.text) == (422, True)


def test_a_pareto_set_needs_places(app: FastAPI, client: TestClient) -> None:
    """Travel is compared even where it has no weight: places for a rep without a home must be there."""
    body = tiny_dataset()
    body["reps"][1]["lat"] = body["reps"][1]["lon"] = None
    criteria = {"balance": [{"measure": "workload"}], "centers": {"candidates": "units"}}
    bench = Bench(app, client, body, criteria=criteria)
    answer = submitted(bench, {"kind": "pareto"})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/criteria/centers/candidates"]
    assert submitted(bench, {"kind": "disruption"}).status_code == 202


def test_a_team_keeps_those_who_must_stay(app: FastAPI, client: TestClient) -> None:
    """A rep with a locked account cannot leave: a team smaller than these is refused with their number."""
    body = tiny_dataset()
    account = body["accounts"][0]
    locks = [{"account_id": account["id"], "rep_id": rep["id"]} for rep in body["reps"][:2]]
    locks[1]["account_id"] = body["accounts"][1]["id"]
    bench = Bench(app, client, body, criteria={"travel": {"weight": 1}, "locks": locks})
    refused = submitted(bench, {"kind": "size", "from": 1, "to": 2})
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/from"]
    assert refused.json()["errors"][0]["params"] == {"staying": 2}


def test_the_same_key_and_body_is_one_job(bench: Bench) -> None:
    """A repeated request answers the first job, another body under the same key is refused."""
    key = {"Idempotency-Key": "curve-1"}
    first, again = submitted(bench, {"kind": "disruption"}, **key), submitted(bench, {"kind": "disruption"}, **key)
    assert first.json()["id"] == again.json()["id"]
    assert submitted(bench, {"kind": "pareto"}, **key).status_code == 422
    assert bench.get("/v1/jobs")["total_size"] == 1


def test_a_job_without_a_curve_says_so(bench: Bench) -> None:
    """404 for a job of one alignment, for a job that is not there, and for a scenario that is not there."""
    job = bench.client.post("/v1/jobs", json={"scenario_id": bench.scenario_id}).json()
    assert (job["kind"], "curve" in job["links"]) == ("alignment", False)
    missing = bench.client.get(f"/v1/jobs/{job['id']}/curve")
    assert (missing.status_code, "no curve" in missing.json()["detail"]) == (404, True)
    assert bench.client.get("/v1/jobs/job_0/curve").status_code == 404
    assert bench.client.post("/v1/scenarios/sc_0/curves", json={"kind": "disruption"}).status_code == 404
    curve = submitted(bench, {"kind": "disruption"}).json()
    alignment = bench.client.get(f"/v1/jobs/{curve['id']}/alignment")
    assert (alignment.status_code, "/curve" in alignment.json()["detail"]) == (404, True)
