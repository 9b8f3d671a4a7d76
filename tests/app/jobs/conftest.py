"""Fixtures for tests of jobs: a running app with a real worker process, and questions of several sizes."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.jobs.embedded import EmbeddedWorker
from app.main import create_app
from app.settings import Settings

PATIENCE_S = 600.0  # a busy machine is slow, not wrong; the first solve compiles its kernels
LOOK_S = 0.02
LEASE_S = 10  # longer than a busy machine holds up a heartbeat: attempts are counted


def eventually(condition: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> Any:
    """Return what ``condition`` returns once that is true; fail when it never is."""
    give_up = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < give_up, "the awaited condition never held"
        time.sleep(LOOK_S)


def random_question(*, accounts: int = 1200, reps: int = 16, time_limit_s: float = 3600.0) -> dict[str, Any]:
    """Return a one-call job whose search goes on for its whole time limit, unless it is stopped.

    The limit is far longer than a busy machine takes to find a first plan.
    """
    random = np.random.default_rng(7)
    places = random.uniform((45, 5), (52, 15), (accounts, 2)).round(5)
    homes = random.uniform((45, 5), (52, 15), (reps, 2)).round(5)
    amounts = random.uniform(1, 20, (accounts, 2)).round(3)
    return {
        "name": "Never proven",
        "accounts": [
            {
                "id": f"a{index}",
                "lat": float(places[index, 0]),
                "lon": float(places[index, 1]),
                "current_rep_id": f"r{index % reps}",
                "measures": {"workload": float(amounts[index, 0]), "potential": float(amounts[index, 1])},
            }
            for index in range(accounts)
        ],
        "reps": [{"id": f"r{index}", "lat": float(home[0]), "lon": float(home[1])} for index, home in enumerate(homes)],
        "criteria": {
            "balance": [
                {"measure": "workload", "tolerance": 0.02, "hard": True},
                {"measure": "potential", "tolerance": 0.04, "hard": True},
            ],
            "travel": {"weight": 50},
            "disruption": {"weight": 10},
        },
        "search": {"time_limit_s": time_limit_s, "gap": 0},
    }


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return a client of a running app, with a worker process beside it."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), log_level="warning", lease_s=LEASE_S)
    with TestClient(create_app(settings)) as client, EmbeddedWorker(settings) as worker:
        client.app.state.worker = worker  # type: ignore[attr-defined] # the app's own place for such things
        yield client


@pytest.fixture
def worker(living: TestClient) -> EmbeddedWorker:
    """Return the worker beside the running app."""
    app = living.app
    assert isinstance(app, FastAPI)
    found: EmbeddedWorker = app.state.worker
    return found


def read(client: TestClient, job_id: str) -> dict[str, Any]:
    """Return a job's body."""
    answer = client.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def submit(client: TestClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Submit a job and return its body."""
    answer = client.post("/v1/jobs", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def wait_until_found(client: TestClient, job_id: str) -> str:
    """Return the id of the first alignment of a running job."""

    def found() -> str | None:
        job = read(client, job_id)
        assert job["state"] in ("queued", "running"), job
        alignment_id: str | None = job["alignment_id"]
        return alignment_id

    first: str = eventually(found)
    return first


def wait_until_ended(client: TestClient, job_id: str) -> dict[str, Any]:
    """Return the body of a job once it has ended."""
    ended: dict[str, Any] = eventually(
        lambda: (job := read(client, job_id))["state"] not in ("queued", "running") and job
    )
    return ended


def is_there(process: psutil.Process) -> bool:
    """Tell whether a process lives; one that only waits to be collected does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
