"""Conventions that hold on every path: methods, pages, ETags, Idempotency-Key, unknown parameters, Prefer."""

import base64
import hashlib
import json
import time
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.conftest import tiny_dataset
from tests.contract.seeding import SeededIds, count_rows

PROBLEM = "application/problem+json"

GETS = (
    "/v1/datasets",
    "/v1/datasets/{dataset}",
    "/v1/datasets/{dataset}/accounts",
    "/v1/datasets/{dataset}/reps",
    "/v1/datasets/{dataset}/checks",
    "/v1/datasets/{dataset}/current",
    "/v1/scenarios",
    "/v1/scenarios/{scenario}",
    "/v1/jobs",
    "/v1/jobs/{ended_job}",
    "/v1/jobs/{ended_job}/events",
    "/v1/jobs/{ended_job}/alignment",
    "/v1/alignments",
    "/v1/alignments/{alignment}",
    "/v1/alignments/{alignment}/scorecard",
    "/v1/alignments/{alignment}/assignments",
    "/v1/alignments/{alignment}/moves",
    "/v1/alignments/{alignment}/territories",
    "/v1/alignments/{alignment}/map",
    "/v1/alignments/{alignment}/report",
    "/v1/alignments/{alignment}/exports/csv",
    "/v1/alignments/{alignment}/exports/xlsx",
    "/v1/limits",
    "/problems",
    "/problems/DUPLICATE_ID",
    "/health/live",
    "/health/ready",
)
LISTS = (
    "/v1/datasets",
    "/v1/datasets/{dataset}/accounts",
    "/v1/datasets/{dataset}/reps",
    "/v1/datasets/{dataset}/checks",
    "/v1/scenarios",
    "/v1/jobs",
    "/v1/alignments",
    "/v1/alignments/{alignment}/assignments",
    "/v1/alignments/{alignment}/moves",
)
IMMUTABLE = (
    "/v1/datasets/{dataset}",
    "/v1/datasets/{dataset}/current",
    *(path for path in GETS if path.startswith("/v1/alignments/")),
)


def at(path: str, ids: SeededIds) -> str:
    """Return a path with real ids."""
    return path.format(**vars(ids))


def token_of(position: object) -> str:
    """Return a page token as the service would write it."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def mark_of(path: str) -> str:
    """Return what a page token begins with: the list that it is of, here without filters."""
    return hashlib.sha256(json.dumps([path, []]).encode()).hexdigest()[:12]


def test_all_of_them_work(contract_client: TestClient, ids: SeededIds) -> None:
    """Each GET of this version answers 200 for things that are there."""
    answers = {path: contract_client.get(at(path, ids)).status_code for path in GETS}
    assert set(answers.values()) == {200}, answers


@pytest.mark.parametrize("path", GETS)
def test_head_is_get_without_a_body(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """HEAD has GET's status and type, and no content."""
    got, head = contract_client.get(at(path, ids)), contract_client.head(at(path, ids))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "etag", "content-length"):
        assert head.headers.get(name) == got.headers.get(name)


def test_head_of_a_missing_thing_is_404(contract_client: TestClient) -> None:
    """HEAD finds out whether something is there."""
    answer = contract_client.head("/v1/datasets/ds_none")
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.parametrize("path", GETS)
def test_options_names_the_methods(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """OPTIONS is answered with what the path can do; another method with 405 and the same list."""
    options = contract_client.options(at(path, ids))
    assert (options.status_code, options.content) == (204, b"")
    allowed = set(options.headers["allow"].split(", "))
    assert {"GET", "HEAD", "OPTIONS"} <= allowed
    refused = contract_client.put(at(path, ids))
    assert (refused.status_code, refused.headers["content-type"]) == (405, PROBLEM)
    assert set(refused.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", LISTS)
def test_pages(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """Following the tokens gives each item once, and the total is of the whole list."""
    whole = contract_client.get(at(path, ids), params={"page_size": 1000}).json()
    assert whole["next_page_token"] is None
    assert whole["total_size"] == len(whole["items"])
    items: list[Any] = []
    token: str | None = ""
    while token is not None:
        page = contract_client.get(at(path, ids), params={"page_size": 1, **({"page_token": token} if token else {})})
        assert page.json()["total_size"] == whole["total_size"]
        items += page.json()["items"]
        token = page.json()["next_page_token"]
    assert items == whole["items"]


BAD_TOKENS = (
    "x", "", "=", "AAAA", "💥", "a" * 3000, token_of({}), token_of([]), token_of("a"), token_of([1]),
    token_of(["0" * 12, 1]), base64.urlsafe_b64encode(b"[" * 100_000).decode()[:1999],
)  # fmt: skip
BAD_POSITIONS: tuple[list[Any], ...] = (
    [], [None], [-1], [2**63], [1.5], [True], ["a", "b", "c", "d", "e"], [[1]], ["9999-99-99", "ds_x"],
    ["2027-01-01T00:00:00", "ds_x"], [["a"], {"b": 1}],
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_bad_page_tokens_are_refused(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """What is no token of ours is 422, never a crash and never the first page."""
    positions = [token_of([mark_of(at(path, ids)), *position]) for position in BAD_POSITIONS]
    for token in (*BAD_TOKENS, *positions):
        answer = contract_client.get(at(path, ids), params={"page_token": token})
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), (token[:40], answer.text[:200])
        assert answer.json()["code"] in ("INVALID_PAGE_TOKEN", "BAD_TEXT"), token[:40]


def test_page_tokens_are_of_one_list(contract_client: TestClient, ids: SeededIds) -> None:
    """A token goes on in its own list with its own filters only, with pages of any size."""
    path = at("/v1/alignments/{alignment}/assignments", ids)
    token = contract_client.get(path, params={"page_size": 1, "moved": "false"}).json()["next_page_token"]
    rest = contract_client.get(path, params={"page_token": token, "moved": "false", "page_size": 2})
    assert rest.status_code == 200, rest.text
    for other, filters in ((path, {}), (path, {"moved": "true"}), (path.replace("assignments", "moves"), {})):
        answer = contract_client.get(other, params={"page_token": token, **filters})
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_PAGE_TOKEN")


def test_times_have_one_form(contract_client: TestClient) -> None:
    """What a POST answers says a time as the GET of the same thing does, in UTC with a Z."""
    made = contract_client.post("/v1/datasets", json=tiny_dataset())
    got, listed = contract_client.get(made.headers["Location"]), contract_client.get("/v1/datasets?page_size=1")
    assert made.json()["created_at"].endswith("Z")
    assert made.json()["created_at"] == got.json()["created_at"] == listed.json()["items"][0]["created_at"]


def test_a_refused_parameter_is_named(contract_client: TestClient) -> None:
    """The sentence has the parameter's name, also where it may be repeated, and codes are those of values."""
    for query in ("state=x", "created_after=yesterday", "page_size=0"):
        answer = contract_client.get(f"/v1/jobs?{query}").json()
        assert (answer["code"], answer["errors"][0]["params"]["parameter"]) == (
            "INVALID_VALUE",
            query.partition("=")[0],
        )


@pytest.mark.parametrize("path", [path for path in GETS if path.startswith("/v1/") and path != "/v1/limits"])
def test_unknown_parameters_are_refused(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """A misspelt filter is named; it never answers with everything."""
    answer = contract_client.get(at(path, ids), params={"page_sise": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_FIELD")
    assert answer.json()["errors"][0]["params"]["parameter"] == "page_sise"


def test_the_nearest_parameter_is_named(contract_client: TestClient) -> None:
    """`page_sise` might be `page_size`, and a parameter that stands twice is ambiguous."""
    detail = contract_client.get("/v1/jobs", params={"page_sise": 1}).json()["detail"]
    assert "'page_size'" in detail
    twice = contract_client.get("/v1/jobs?page_size=1&page_size=2")
    assert (twice.status_code, twice.json()["code"]) == (422, "INVALID_VALUE")
    assert contract_client.get("/v1/jobs?state=queued&state=running").status_code == 200


def test_a_misspelt_check_only_stores_nothing(contract_app: FastAPI, contract_client: TestClient) -> None:
    """What was only to be checked is not stored because of a typing error."""
    before = count_rows(contract_app)
    answer = contract_client.post("/v1/datasets?check_onyl=true", json=tiny_dataset())
    assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_FIELD")
    assert count_rows(contract_app) == before


@pytest.mark.parametrize("path", IMMUTABLE)
def test_etags_save_the_body(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """A known ETag is 304 without a body, weak or in a list too; another one is answered."""
    first = contract_client.get(at(path, ids))
    etag = first.headers["etag"]
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = contract_client.get(at(path, ids), headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag), sent
    assert contract_client.get(at(path, ids), headers={"If-None-Match": '"other"'}).content == first.content


@pytest.mark.parametrize("path", ["/v1/datasets/{dataset}", "/v1/scenarios/{scenario}", "/v1/alignments/{alignment}"])
def test_changes_take_if_match(contract_client: TestClient, ids: SeededIds, path: str) -> None:
    """A stale ETag is 412 with the current one, for PATCH and DELETE; the current one and * are taken."""
    etag = contract_client.get(at(path, ids)).headers["etag"]
    for method, body in (("PATCH", {"name": "Other"}), ("DELETE", None)):
        stale = contract_client.request(method, at(path, ids), json=body, headers={"If-Match": '"stale"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "CHANGED")
        assert stale.headers["etag"] == etag
    renamed = contract_client.patch(at(path, ids), json={"name": "Renamed"}, headers={"If-Match": etag})
    assert renamed.status_code == 200
    assert renamed.headers["etag"] != etag
    assert contract_client.patch(at(path, ids), json={"name": "Again"}, headers={"If-Match": "*"}).status_code == 200


def test_publishing_takes_if_match(contract_client: TestClient, ids: SeededIds) -> None:
    """An alignment that changed since it was read is not published."""
    path = at("/v1/alignments/{alignment}", ids)
    etag = contract_client.get(path).headers["etag"]
    stale = contract_client.post(f"{path}/publish", headers={"If-Match": '"stale"'})
    assert (stale.status_code, stale.json()["code"], stale.headers["etag"]) == (412, "CHANGED", etag)
    assert contract_client.post(f"{path}/publish", headers={"If-Match": etag}).status_code == 201


def test_every_post_is_done_once_per_key(contract_app: FastAPI, contract_client: TestClient, ids: SeededIds) -> None:
    """The same key and request answer the same bytes and store nothing; another body is 422."""
    posts: dict[str, tuple[Any, Any]] = {
        "/v1/datasets": (tiny_dataset(), {**tiny_dataset(), "name": "Other"}),
        f"/v1/datasets/{ids.dataset}/changes": ({"leave": ["R2"]}, {"leave": ["R1"]}),
        "/v1/scenarios": ({"dataset_id": ids.dataset}, {"dataset_id": ids.dataset, "name": "Other"}),
        "/v1/jobs": ({"scenario_id": ids.scenario}, {"scenario_id": ids.scenario, "name": "Other"}),
    }
    for path, (body, other) in posts.items():
        key = {"Idempotency-Key": f"key of {path}"}
        first = contract_client.post(path, json=body, headers=key)
        assert first.status_code in (201, 202), first.text
        assert "idempotent-replayed" not in first.headers
        before = count_rows(contract_app)
        again = contract_client.post(path, json=body, headers=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert (again.headers["idempotent-replayed"], again.headers["location"]) == ("true", first.headers["location"])
        reused = contract_client.post(path, json=other, headers=key)
        assert (reused.status_code, reused.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert count_rows(contract_app) == before


def test_posts_without_a_body_are_done_once_too(contract_client: TestClient, ids: SeededIds) -> None:
    """Publishing twice with one key makes one dataset; stopping twice with one key is no conflict."""
    job_id = contract_client.post("/v1/jobs", json={"scenario_id": ids.scenario}).json()["id"]
    for path in (f"/v1/alignments/{ids.alignment}/publish", f"/v1/jobs/{job_id}/stop"):
        first, again = (contract_client.post(path, headers={"Idempotency-Key": path}) for _ in range(2))
        assert first.status_code in (201, 202), first.text
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotent-replayed"] == "true"
    other = contract_client.post(f"/v1/jobs/{job_id}/stop", headers={"Idempotency-Key": "new"})
    assert (other.status_code, other.json()["code"]) == (409, "JOB_ENDED")


def test_one_key_is_of_one_path(contract_client: TestClient, ids: SeededIds) -> None:
    """A key that was used for another path is refused."""
    key = {"Idempotency-Key": "one key for two paths"}
    assert contract_client.post("/v1/scenarios", json={"dataset_id": ids.dataset}, headers=key).status_code == 201
    other = contract_client.post("/v1/jobs", json={"scenario_id": ids.scenario}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_ids_may_be_anything(contract_client: TestClient) -> None:
    """Ids with slashes, blanks, quotes and every script filter lists and come back byte for byte."""
    strange = ["acc/000005", "a b", 'quote"', "100%", "a&b=c", "a+b", "?", "#", "../..", "株式会社", "e\u0301", "{x}"]
    body = tiny_dataset()
    body["accounts"] = [
        {"id": name, "lat": 50.0, "lon": 10.0 + index / 10, "current_rep_id": "R/1", "measures": {"workload": 1}}
        for index, name in enumerate(strange)
    ]
    body["reps"][0]["id"] = "R/1"
    dataset_id = contract_client.post("/v1/datasets", json=body).json()["id"]
    listed = contract_client.get(f"/v1/datasets/{dataset_id}/accounts", params={"rep_id": "R/1"}).json()["items"]
    assert {item["id"] for item in listed} == set(strange)
    alignment_id = contract_client.get(f"/v1/datasets/{dataset_id}/current").json()["id"]
    for name in strange:
        page = contract_client.get(f"/v1/alignments/{alignment_id}/assignments", params={"account_id": name}).json()
        assert [item["account_id"] for item in page["items"]] == [name]


@pytest.mark.parametrize("kind", ["datasets", "scenarios", "jobs", "alignments"])
@pytest.mark.parametrize("name", ["none", "a%2Fb", "%2e%2e", "%F0%9F%92%A5", "x" * 5000, "%00", "%ff", "'--", "%20"])
def test_missing_things_are_404(contract_client: TestClient, kind: str, name: str) -> None:
    """Any id that is not there is a 404 as a problem, percent-encoded or endless."""
    answer = contract_client.get(f"/v1/{kind}/{name}")
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (404, PROBLEM, "NOT_FOUND")


def test_prefer_wait_answers_an_ended_job_at_once(contract_client: TestClient, ids: SeededIds) -> None:
    """A long poll waits only while there is something to wait for, and says what it applied."""
    begun = time.monotonic()
    ended = contract_client.get(f"/v1/jobs/{ids.ended_job}", headers={"Prefer": "respond-async, wait=20"})
    assert (ended.status_code, ended.headers["preference-applied"]) == (200, "wait=20")
    waiting = contract_client.get(f"/v1/jobs/{ids.waiting_job}", headers={"Prefer": "wait=1"})
    assert waiting.json()["state"] == "queued"
    assert 1 <= time.monotonic() - begun < 20


@pytest.mark.parametrize("prefer", ["wait", "wait=", "wait=-1", "wait=x", "wait=1.5", "", "return=minimal", "wait=²"])
def test_strange_preferences_are_ignored(contract_client: TestClient, ids: SeededIds, prefer: str) -> None:
    """RFC 7240: a preference that is not understood is as if it were not there."""
    sent = [(b"Prefer", prefer.encode("latin-1"))]
    answer = contract_client.get(f"/v1/jobs/{ids.waiting_job}", headers=sent)
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


def test_events_end_and_resume(contract_client: TestClient, ids: SeededIds) -> None:
    """The stream of an ended job ends after `done`, and begins behind Last-Event-ID."""
    path = f"/v1/jobs/{ids.ended_job}/events"
    whole = contract_client.get(path)
    assert whole.headers["content-type"].startswith("text/event-stream")
    kinds = [line.removeprefix("event: ") for line in whole.text.splitlines() if line.startswith("event: ")]
    assert kinds == ["state", "progress", "done"]
    later = contract_client.get(path, headers={"Last-Event-ID": "2"}).text
    assert [line for line in later.splitlines() if line.startswith("event: ")] == ["event: done"]
    for strange in ("x", "-1", "9" * 400, ""):
        assert contract_client.get(path, headers={"Last-Event-ID": strange}).status_code == 200


@pytest.mark.parametrize("accept", ["text/plain", "image/png", "application/json;q=0", "x" * 3000])
def test_forms_that_are_not_offered_are_406(contract_client: TestClient, ids: SeededIds, accept: str) -> None:
    """Where there are several forms, one that is not among them is refused with the list."""
    path = f"/v1/alignments/{ids.alignment}/assignments"
    answer = contract_client.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "NOT_ACCEPTABLE")
    assert "csv" in answer.json()["detail"]


def test_times_in_filters_are_rfc_3339(contract_client: TestClient) -> None:
    """Seconds since 1970 are no time here, a date with a zone is."""
    assert contract_client.get("/v1/jobs", params={"created_after": "2020-01-01T00:00:00+02:00"}).json()["total_size"]
    assert contract_client.get("/v1/jobs", params={"created_before": "2020-01-01T00:00:00Z"}).json()["total_size"] == 0
    for wrong in ("0", "1700000000", "0.5", "yesterday", "2027-13-01T00:00:00Z", "-1"):
        assert contract_client.get("/v1/jobs", params={"created_after": wrong}).status_code == 422, wrong


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_json_whatever_is_asked(contract_client: TestClient, path: str) -> None:
    """Load balancers send all kinds of Accept headers and parameters."""
    answer = contract_client.get(path, params={"probe": "1"}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.headers["content-type"] == "application/json"
