import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.documentation import openapi_json
from app.main import create_app
from app.settings import Settings

PROBLEM = "application/problem+json"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_json(client: TestClient, path: str) -> None:
    """Both health answers are JSON and say ok."""
    assert client.get(path).json()["status"] == "ok"


def test_metrics_count_requests(client: TestClient) -> None:
    """Prometheus sees each answered request."""
    client.get("/health/live")
    assert 'territory_http_requests_total{method="GET"' in client.get("/metrics").text


def test_every_limit_is_served(client: TestClient, settings: Settings) -> None:
    """GET /v1/limits serves every limit that is a setting."""
    assert client.get("/v1/limits").json() == settings.limits()
    assert {"max_json_bytes", "max_accounts", "max_json_depth", "max_time_limit_s"} <= set(settings.limits())


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("DELETE", "/v1/limits", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v1/datasets/ds_none", 404, "NOT_FOUND"),
        ("GET", "/v1/datasets/%00", 404, "NOT_FOUND"),
        ("GET", "/v1/datasets/%ff%fe", 404, "NOT_FOUND"),
        ("GET", "/v1/datasets?q=%00", 422, "BAD_TEXT"),
        ("GET", "/v1/datasets?page_size=0", 422, "INVALID_VALUE"),
        ("GET", "/v1/datasets?page_size=10001", 422, "INVALID_VALUE"),
        ("GET", "/v1/datasets?page_size=x", 422, "WRONG_TYPE"),
        ("GET", "/v1/datasets?page_token=x", 422, "INVALID_PAGE_TOKEN"),
        ("GET", "/v1/datasets?archived=perhaps", 422, "WRONG_TYPE"),
    ],
)
def test_every_refusal_is_a_problem(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    """The framework's own refusals have the one body form too."""
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (status, PROBLEM, code)


def test_a_missing_and_a_foreign_id_answer_the_same_bytes(client: TestClient) -> None:
    """Nothing in a 404 depends on what was asked for."""
    assert client.get("/v1/datasets/ds_a").content == client.get("/v1/datasets/ds_b").content


def test_allow_names_every_method_of_a_path(client: TestClient) -> None:
    """405 says all that the path can do."""
    assert client.put("/v1/datasets/ds_x").headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


def test_request_ids_come_back(client: TestClient) -> None:
    """A plain request id is kept, a strange one replaced."""
    assert client.get("/health/live", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/health/live", headers={"X-Request-ID": "a" * 500}).headers["x-request-id"] != "a" * 500


def test_an_unforeseen_fault_is_a_problem_without_a_trace(app: FastAPI) -> None:
    """An exception that nobody expected answers 500 and says nothing of the code."""

    def broken() -> None:
        raise RuntimeError("secret")

    app.add_api_route("/broken", broken)
    with TestClient(app) as client:
        answer = client.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text


def test_docs_need_no_internet(client: TestClient) -> None:
    """The documentation page and what it loads come from this service."""
    page = client.get("/docs").text
    assert "http" not in page.replace("https://spec", "")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert name in page
        assert client.get(f"/static/swagger-ui/{name}").status_code == 200


def test_openapi_is_whole(app: FastAPI) -> None:
    """Every reference leads somewhere, and every operation has a summary or description and its problems."""
    document = json.loads(openapi_json(app))
    text = json.dumps(document)
    names = set(document["components"]["schemas"])
    used = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= names
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("description"), (method, path)
            assert "503" in operation["responses"], (method, path)


def test_strict_bodies_are_documented(app: FastAPI) -> None:
    """The import's JSON and multipart forms stand in the document."""
    content = json.loads(openapi_json(app))["paths"]["/v1/datasets"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}


def test_the_database_outlives_the_process(settings: Settings, tiny: dict[str, object]) -> None:
    """What one process stored the next one finds."""
    with TestClient(create_app(settings)) as first:
        made = first.post("/v1/datasets", json=tiny).json()
    with TestClient(create_app(settings)) as second:
        assert second.get(made["links"]["self"]).json() == made
