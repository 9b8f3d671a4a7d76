"""Routes of jobs without any worker: what is stored, listed, refused and canceled."""

import inspect
from functools import partial
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from app.jobs.routes import get_job, router
from app.parameters import NoUnknownParameters
from tests.app.conftest import tiny_dataset


@pytest.fixture
def question() -> dict[str, Any]:
    """Return a small one-call job."""
    return {**tiny_dataset(), "tags": {"year": "2027"}}


def test_a_repeated_key_answers_the_first_job_again(client: TestClient, question: dict[str, Any]) -> None:
    """The same Idempotency-Key and body make one job; another body with it is refused."""
    headers = {"Idempotency-Key": "k1"}
    first = client.post("/v1/jobs", json=question, headers=headers)
    again = client.post("/v1/jobs", json=question, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["Location"] == f"/v1/jobs/{first.json()['id']}"
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert client.get("/v1/jobs").json()["total_size"] == 1
    other = client.post("/v1/jobs", json={**question, "name": "Other"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_waiting_job_is_canceled_at_once(client: TestClient, question: dict[str, Any]) -> None:
    """Stop and DELETE of a job that waits make it canceled; afterwards both answer 409."""
    for method, path in (("POST", "/v1/jobs/{}/stop"), ("DELETE", "/v1/jobs/{}")):
        job_id = client.post("/v1/jobs", json=question).json()["id"]
        end = partial(client.request, method, path.format(job_id))
        assert (end().status_code, client.get(f"/v1/jobs/{job_id}").json()["state"]) == (202, "canceled")
        assert (end().status_code, end().json()["code"]) == (409, "JOB_ENDED")
        assert "event: done" in client.get(f"/v1/jobs/{job_id}/events").text


def test_lists_are_filtered_and_paged_newest_first(client: TestClient, question: dict[str, Any]) -> None:
    """States, tags and times filter; pages follow each other without holes."""
    jobs = [client.post("/v1/jobs", json={**question, "name": f"J{number}"}).json() for number in range(3)]
    client.post("/v1/jobs", json=tiny_dataset())
    assert client.get("/v1/jobs?tag=year:2027&state=queued").json()["total_size"] == 3
    assert client.get("/v1/jobs?tag=year").json()["total_size"] == 3
    assert client.get("/v1/jobs?tag=year:2028").json()["total_size"] == 0
    assert client.get("/v1/jobs?tag=year:2028&tag=year:2027").json()["total_size"] == 0
    assert client.get("/v1/jobs?state=failed&state=running").json()["total_size"] == 0
    moment = jobs[1]["created_at"].replace("+00:00", "Z")
    assert client.get("/v1/jobs", params={"created_after": moment, "tag": "year"}).json()["total_size"] == 2
    assert client.get("/v1/jobs", params={"created_before": moment}).json()["total_size"] == 1
    first = client.get("/v1/jobs?page_size=2&tag=year").json()
    second = client.get(f"/v1/jobs?page_size=2&tag=year&page_token={first['next_page_token']}").json()
    names = [job["name"] for job in first["items"] + second["items"]]
    assert names == ["J2", "J1", "J0"]
    assert second["next_page_token"] is None


def test_a_stored_scenario_is_executed_and_fixed(client: TestClient, question: dict[str, Any]) -> None:
    """A job of a scenario fixes its criteria; the scenario and dataset cannot be deleted any more."""
    job = client.post("/v1/jobs", json=question).json()
    again = client.post("/v1/jobs", json={"scenario_id": job["scenario_id"], "priority": 7})
    assert (again.status_code, again.json()["priority"]) == (202, 7)
    scenario = f"/v1/scenarios/{job['scenario_id']}"
    assert client.get(scenario).json()["used"] is True
    assert client.patch(scenario, json={"criteria": {}}).json()["code"] == "IN_USE"
    assert client.patch(scenario, json={"name": "New"}).json()["name"] == "New"
    assert client.delete(scenario).status_code == 409


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"scenario_id": "sc_1"}, "CONTRADICTORY_SETTING", "/scenario_id"),
        ({"webhook": {"url": "https://10.0.0.1"}}, "TARGET_FORBIDDEN", "/webhook/url"),
        ({"priority": 5000}, "INVALID_VALUE", "/priority"),
        ({"priority": True}, "WRONG_TYPE", "/priority"),
        ({"tagz": {}}, "UNKNOWN_FIELD", "/tagz"),
        ({"search": {"time_limit_s": 1e6}}, "INVALID_VALUE", "/search/time_limit_s"),
        ({"criteria": {"travel": {"source": "minutes"}}}, "CONTRADICTORY_SETTING", "/criteria/travel/source"),
        ({"criteria": {"travel": {"source": "pairs"}}}, "CONTRADICTORY_SETTING", "/criteria/travel/source"),
        ({"criteria": {"frozen_reps": ["R3"]}}, "UNKNOWN_REFERENCE", "/criteria/frozen_reps/0"),
        ({"reps": []}, "EMPTY_LIST", "/reps"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_stored(
    client: TestClient, question: dict[str, Any], change: dict[str, Any], code: str, pointer: str
) -> None:
    """Each fault is named with its code and place, and no dataset, scenario or job remains."""
    answer = client.post("/v1/jobs", json={**question, **change})
    assert answer.status_code == 422
    assert (code, pointer) in {(fault["code"], fault.get("pointer")) for fault in answer.json()["errors"]}
    for noun in ("jobs", "scenarios", "datasets"):
        assert client.get(f"/v1/{noun}").json()["total_size"] == 0


def test_a_missing_job_is_not_found(client: TestClient) -> None:
    """Every route of a job that is not there answers 404."""
    for path in ("", "/events", "/alignment"):
        assert client.get(f"/v1/jobs/job_none{path}").status_code == 404
    assert client.post("/v1/jobs/job_none/stop").status_code == 404
    assert client.delete("/v1/jobs/job_none").status_code == 404


def test_a_long_poll_ends_in_time(client: TestClient, question: dict[str, Any]) -> None:
    """Prefer: wait answers a job that does not end after the wait, with Preference-Applied."""
    job_id = client.post("/v1/jobs", json=question).json()["id"]
    answer = client.get(f"/v1/jobs/{job_id}", headers={"Prefer": "respond-async, wait=1"})
    assert (answer.json()["state"], answer.headers["Preference-Applied"]) == ("queued", "wait=1")


def test_a_status_read_is_sent_through_the_thread_pool_once() -> None:
    """Pollers ask for it all the time: what it depends on neither waits nor computes, so all of it is coroutines."""
    (route,) = [route for route in router.routes if isinstance(route, APIRoute) and route.endpoint is get_job]
    waiting = [NoUnknownParameters.dependency, *(needed.call for needed in route.dependant.dependencies)]
    assert len(waiting) >= 2
    assert all(inspect.iscoroutinefunction(call) for call in waiting)


def test_tags_with_colons_are_found(client: TestClient, question: dict[str, Any]) -> None:
    """A filter finds a tag whose name or value has colons, and no more filters are taken than a job has tags."""
    client.post("/v1/jobs", json={**question, "tags": {"crm:id": "a:b", "link": "http://x/y"}})
    for tag in ("crm:id:a:b", "crm:id", "link:http://x/y"):
        assert client.get("/v1/jobs", params={"tag": tag}).json()["total_size"] == 1, tag
    for tag in ("crm", "crm:id:a", "link:http"):
        assert client.get("/v1/jobs", params={"tag": tag}).json()["total_size"] == 0, tag
    assert client.get("/v1/jobs", params={"tag": ["x"] * 2000}).status_code == 422
