"""Travel times that a job asks for because its dataset has none."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import transaction
from app.jobs.asking_turns import put_off_while_asked
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules, claim
from app.jobs.results import store_best, store_ending, store_times, write_question
from app.jobs.solver_files import SolverFiles
from app.jobs.solver_process import answer
from app.jobs.travel_asking import ask_for_travel_times
from app.main import create_app
from app.settings import Settings
from app.travel_times.pairs import travel_source
from tests.app.conftest import tiny_dataset
from tests.app.travel_times.routing_service import Service, routing_service

RULES = LeaseRules(lease_s=600, max_deaths=3)
MINUTES: dict[str, Any] = {"balance": [], "travel": {"weight": 30, "source": "minutes"}}
SEARCH = {"time_limit_s": 60, "deterministic": True}


@pytest.fixture
def service() -> Iterator[Service]:
    """Return a running routing service."""
    with routing_service() as running:
        yield running


@pytest.fixture
def app(service: Service, tmp_path: Path) -> FastAPI:
    """Return a service that asks OSRM."""
    settings = Settings(
        data_dir=tmp_path / "data", log_level="error", travel_provider_url=service.url, allow_private_providers=True
    )
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Return its client."""
    with TestClient(app) as running:
        yield running


def submitted(client: TestClient, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a job on a stored scenario that counts minutes which its dataset does not have."""
    dataset = client.post("/v1/datasets", json=data or tiny_dataset()).json()
    scenario = client.post(
        "/v1/scenarios", json={"dataset_id": dataset["id"], "name": "By road", "criteria": MINUTES, "search": SEARCH}
    )
    assert scenario.status_code == 201, scenario.text
    job: dict[str, Any] = client.post("/v1/jobs", json={"scenario_id": scenario.json()["id"]}).json()
    return job


def executed(
    app: FastAPI, client: TestClient, folder: Path, job_id: str, *, has_provider: bool = True, number: int = 1
) -> dict[str, Any]:
    """Execute a job in this process as a worker and its solver do."""
    folder.mkdir()
    files = SolverFiles(folder)
    with transaction(app.state.sessions) as session:
        held = claim(session, Dispatch(job_id, number), worker_id="w", rules=RULES)
        assert held is not None
        write_question(session, held, files, travel=travel_source(app.state.settings) if has_provider else None)

    def tell(kind: str, **content: Any) -> None:
        if kind == "alignment":
            with transaction(app.state.sessions) as session:
                assert store_best(session, held, files, name=content["name"])

    result = answer(files, tell=tell, stop=threading.Event())
    with transaction(app.state.sessions) as session:
        assert store_ending(session, held, files, result)
    ended: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
    return ended


def test_a_job_asks_and_keeps_the_answers(app: FastAPI, client: TestClient, service: Service, tmp_path: Path) -> None:
    """The alignment belongs to a child dataset with the minutes, once; the next job on it asks nobody."""
    asked = submitted(client)
    ended = executed(app, client, tmp_path / "first", asked["id"])
    assert (ended["state"], ended["outcome"]) == ("succeeded", "optimal"), ended["problem"]
    assert ended["scenario_id"] != asked["scenario_id"]
    timed = client.get(f"/v1/datasets/{ended['dataset_id']}").json()
    assert (timed["parent_id"], timed["counts"]["pairs"]) == (asked["dataset_id"], 8)
    assert client.get("/v1/datasets").json()["total_size"] == 2
    alignment = client.get(f"/v1/alignments/{ended['alignment_id']}").json()
    assert (alignment["dataset_id"], alignment["scenario_id"]) == (timed["id"], ended["scenario_id"])
    travel = next(term for term in alignment["terms"] if term["name"] == "travel")
    assert (travel["raw"], travel["unit"]) == (pytest.approx(4.0), "min")
    before = len(service.asked)
    again = client.post("/v1/jobs", json={"scenario_id": ended["scenario_id"]}).json()
    assert executed(app, client, tmp_path / "second", again["id"])["outcome"] == "optimal"
    assert len(service.asked) == before


def test_variants_of_a_batch_ask_once(app: FastAPI, client: TestClient, service: Service, tmp_path: Path) -> None:
    """The second variant takes the times that the first one kept, on the same child; the provider is gone."""
    dataset = client.post("/v1/datasets", json=tiny_dataset()).json()
    base = {"dataset_id": dataset["id"], "name": "By road", "criteria": MINUTES, "search": SEARCH}
    scenario = client.post("/v1/scenarios", json=base).json()
    variants = [{"name": "One", "criteria": MINUTES}, {"name": "Two", "criteria": MINUTES | {"families": "off"}}]
    batch = client.post("/v1/scenarios/batch", json={"base_id": scenario["id"], "variants": variants}).json()
    first, second = (item["job"]["id"] for item in batch["items"])
    one = executed(app, client, tmp_path / "first", first)
    asked, service.fail_next = len(service.asked), 3
    two = executed(app, client, tmp_path / "second", second)
    assert [(job["state"], job["outcome"]) for job in (one, two)] == [("succeeded", "optimal")] * 2, two["problem"]
    assert len(service.asked) == asked
    assert two["dataset_id"] == one["dataset_id"] != dataset["id"]
    assert two["scenario_id"] != one["scenario_id"]
    assert client.get(f"/v1/scenarios/{two['scenario_id']}").json()["criteria"]["families"] == "off"
    assert client.get("/v1/datasets").json()["total_size"] == 2


def test_jobs_that_begin_at_once_ask_once(app: FastAPI, client: TestClient, service: Service, tmp_path: Path) -> None:
    """While one asks the other waits in the queue; with the times kept it goes on, before any alignment."""
    asked = submitted(client)
    other = client.post("/v1/jobs", json={"scenario_id": asked["scenario_id"]}).json()
    first, second = Dispatch(asked["id"], 1), Dispatch(other["id"], 1)
    files = SolverFiles(tmp_path)
    with transaction(app.state.sessions) as session:
        assert not put_off_while_asked(session, first, app.state.job_queue)
        held = claim(session, first, worker_id="w", rules=RULES)
        assert held is not None
        write_question(session, held, files, travel=travel_source(app.state.settings))
    with transaction(app.state.sessions) as session:
        assert put_off_while_asked(session, second, app.state.job_queue)
        assert claim(session, second, worker_id="v", rules=RULES) is None
    ask_for_travel_times(files, tell=lambda _kind, **_content: None)
    num_asked = len(service.asked)
    with transaction(app.state.sessions) as session:
        assert store_times(session, held, files)
        assert not put_off_while_asked(session, Dispatch(other["id"], 2), app.state.job_queue)
    ended = executed(app, client, tmp_path / "second", other["id"], number=2)
    assert (ended["state"], ended["outcome"]) == ("succeeded", "optimal"), ended["problem"]
    assert len(service.asked) == num_asked
    assert client.get("/v1/datasets").json()["total_size"] == 2


def test_who_waits_asks_where_the_other_ended_without(
    app: FastAPI, client: TestClient, service: Service, tmp_path: Path
) -> None:
    """A job whose asking failed holds nobody up."""
    service.fail_next = 3
    asked = submitted(client)
    other = client.post("/v1/jobs", json={"scenario_id": asked["scenario_id"]}).json()
    assert executed(app, client, tmp_path / "first", asked["id"])["state"] == "failed"
    with transaction(app.state.sessions) as session:
        assert not put_off_while_asked(session, Dispatch(other["id"], 1), app.state.job_queue)
    assert executed(app, client, tmp_path / "second", other["id"])["outcome"] == "optimal"


def test_archived_times_are_asked_for_again(app: FastAPI, client: TestClient, service: Service, tmp_path: Path) -> None:
    """Who puts the child with the times away gets new ones."""
    asked = submitted(client)
    one = executed(app, client, tmp_path / "first", asked["id"])
    assert client.patch(f"/v1/datasets/{one['dataset_id']}", json={"archived": True}).status_code == 200
    before = len(service.asked)
    again = client.post("/v1/jobs", json={"scenario_id": asked["scenario_id"]}).json()
    assert executed(app, client, tmp_path / "second", again["id"])["outcome"] == "optimal"
    assert len(service.asked) > before


def test_pairs_without_a_way_are_told(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """An account off all roads is nobody's: the answer says so, and the dataset with the times names it."""
    data = tiny_dataset()
    data["accounts"][0]["lat"] = 85.0
    ended = executed(app, client, tmp_path / "first", submitted(client, data)["id"])
    assert (ended["state"], ended["outcome"]) == ("succeeded", "infeasible"), ended["problem"]
    checks = client.get(f"/v1/datasets/{ended['dataset_id']}/checks").json()["items"]
    assert [(one["code"], one["severity"]) for one in checks] == [("NO_WAY", "warning")]
    assert "'a1'" in checks[0]["detail"]


def test_a_provider_that_fails_fails_the_job(
    app: FastAPI, client: TestClient, service: Service, tmp_path: Path
) -> None:
    """The job's problem says what failed, nothing new is stored, and submitted again it succeeds."""
    service.fail_next = 3
    asked = submitted(client)
    failed = executed(app, client, tmp_path / "first", asked["id"])
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "TRAVEL_TIMES_UNAVAILABLE")
    assert "503" in failed["problem"]["detail"]
    assert client.get("/v1/datasets").json()["total_size"] == 1
    again = client.post("/v1/jobs", json={"scenario_id": asked["scenario_id"]}).json()
    assert executed(app, client, tmp_path / "second", again["id"])["outcome"] == "optimal"


def test_a_worker_without_a_provider_fails_the_job(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """Times that nobody can be asked for are not taken for pairs that are forbidden."""
    asked = submitted(client)
    failed = executed(app, client, tmp_path / "first", asked["id"], has_provider=False)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "TRAVEL_TIMES_UNAVAILABLE")
    assert "TERRITORY_TRAVEL_PROVIDER_URL" in failed["problem"]["detail"]
    assert client.get("/v1/datasets").json()["total_size"] == 1


def test_a_diagnosis_waits_for_the_times(client: TestClient) -> None:
    """Before a job has asked, no missing pair is taken for a forbidden one."""
    asked = submitted(client)
    diagnosis = client.post(f"/v1/scenarios/{asked['scenario_id']}/diagnosis").json()
    assert (diagnosis["outcome"], diagnosis["conflicts"]) == ("unknown", [])


def test_what_cannot_be_asked_is_refused_at_once(client: TestClient) -> None:
    """A rep without a place, whom no routing service finds, is named when the scenario is made."""
    data = tiny_dataset()
    data["reps"].append({"id": "nowhere"})
    dataset = client.post("/v1/datasets", json=data).json()
    refused = client.post("/v1/scenarios", json={"dataset_id": dataset["id"], "name": "x", "criteria": MINUTES})
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["code"], error["pointer"]) == ("COORDINATE_MISSING", "/reps/2/lat")
    assert "pairs" in error["fix"]
