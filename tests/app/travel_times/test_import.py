"""Travel times over HTTP: asked for at import, used by scenarios."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.database import transaction
from app.datasets.service import load_tables
from app.main import create_app
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria
from app.settings import Settings
from tests.app.conftest import tiny_dataset
from tests.app.travel_times.routing_service import Service, routing_service

MINUTES: dict[str, Any] = {"balance": [], "travel": {"weight": 30, "source": "minutes"}}


@pytest.fixture
def service() -> Iterator[Service]:
    """Return a running routing service."""
    with routing_service() as running:
        yield running


@pytest.fixture
def client(service: Service, tmp_path: Path) -> Iterator[TestClient]:
    """Return a client of a service that asks Valhalla."""
    settings = Settings(
        data_dir=tmp_path,
        log_level="error",
        travel_provider="valhalla",
        travel_provider_url=service.url,
        allow_private_providers=True,
    )
    with TestClient(create_app(settings)) as running:
        yield running


def test_a_dataset_with_minutes(client: TestClient) -> None:
    """A dataset imported with travel times has a pair of each account and rep; a scenario plans with their minutes."""
    body = client.post("/v1/datasets", json={**tiny_dataset(), "travel_times": True}).json()
    assert body["counts"]["pairs"] == 8
    scenario = {"dataset_id": body["id"], "name": "By road", "criteria": MINUTES}
    assert client.post("/v1/scenarios", json=scenario).status_code == 201
    with transaction(client.app.state.sessions) as session:  # type: ignore[attr-defined] # a FastAPI application
        tables = load_tables(session, body["id"])
    problem = plan(tables, Criteria.model_validate(MINUTES)).problem
    assert problem.travel is not None
    assert problem.travel.tolist() == [[0.5, 4.5], [1.5, 3.5], [3.5, 1.5], [4.5, 0.5]]


def test_a_form_may_ask_too(client: TestClient, service: Service) -> None:
    """The field of a form is read, a failing provider is 422 and stores nothing, and so is a word that is none."""
    files = {"accounts": b"id,lat,lon\na,10,1\n", "reps": b"id,lat,lon\nr,0,1\n"}

    def answer(**fields: str) -> Any:
        return client.post("/v1/datasets", files={name: (name, data) for name, data in files.items()}, data=fields)

    assert answer(travel_times="true").json()["counts"]["pairs"] == 1
    assert answer(travel_times="false").json()["counts"]["pairs"] == 0
    assert answer(travel_times="perhaps").status_code == 422
    service.fail_next = 3
    refused = answer(travel_times="true")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "TRAVEL_TIMES_UNAVAILABLE")
    assert client.get("/v1/datasets").json()["total_size"] == 2


def test_a_job_in_one_call_asks_itself(client: TestClient) -> None:
    """A whole question that counts minutes and sends no pairs gets those of the provider."""
    body = {**tiny_dataset(), "criteria": MINUTES, "search": {"time_limit_s": 1}}
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    dataset = client.get(f"/v1/datasets/{answer.json()['dataset_id']}").json()
    assert dataset["counts"]["pairs"] == 8


def test_minutes_need_pairs_or_a_provider(client: TestClient, tmp_path: Path) -> None:
    """A scenario that counts minutes on a dataset without any: its job asks; without a provider it is refused."""

    def answer(asked: TestClient) -> Any:
        body = asked.post("/v1/datasets", json=tiny_dataset()).json()
        return asked.post("/v1/scenarios", json={"dataset_id": body["id"], "name": "By road", "criteria": MINUTES})

    assert answer(client).status_code == 201
    with TestClient(create_app(Settings(data_dir=tmp_path / "plain", log_level="error"))) as plain:
        refused = answer(plain)
    assert refused.status_code == 422
    fault = refused.json()["errors"][0]
    assert (fault["code"], fault["pointer"]) == ("CONTRADICTORY_SETTING", "/criteria/travel/source")
    assert "travel_times" in fault["fix"]


def test_without_a_provider(tmp_path: Path) -> None:
    """A service without a provider says which setting names one."""
    with TestClient(create_app(Settings(data_dir=tmp_path, log_level="error"))) as plain:
        answer = plain.post("/v1/datasets", json={**tiny_dataset(), "travel_times": True})
    assert answer.status_code == 422
    assert "TERRITORY_TRAVEL_PROVIDER_URL" in answer.json()["errors"][0]["fix"]
