"""Faults by count: whatever statement or file write fails, the state is the one before or the one after."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.audit.service import verify
from app.database import snapshot, transaction
from app.jobs.engine import Dispatch
from app.jobs.leases import Claim, LeaseRules, claim
from app.jobs.results import store_best, store_ending, write_question
from app.jobs.solver_files import SolverFiles
from app.main import create_app
from app.settings import Settings
from app.tenancy import of_all_tenants
from tests.app.conftest import tiny_dataset
from tests.app.faults.faulty import failing_statements, failing_writes

PROBLEM = "application/problem+json"
RULES = LeaseRules(lease_s=600, max_deaths=3)
MOST_STATEMENTS = 200
SUMMARY = {
    "outcome": "feasible",
    "objective": 0.41,
    "lower_bound": 0.4,
    "gap": 0.0244,
    "bound_source": None,
    "certified_gap": None,
    "terms": [],
    "violations": [],
    "software": {},
}
ANSWER: dict[str, Any] = {
    "outcome": "feasible",
    "stop_reason": "gap",
    "alignment": "alignment-1",
    "progress": {"phase": "done", "elapsed_s": 1.0, "gap": 0.0244},
    "conflicts": [],
    "relaxations": [],
    "problem": None,
}
NOT_STATE = frozenset({"idempotency_keys", "alembic_version", "alignment_files", "blobs", "blob_chunks"})
"""Remembered keys and files that are derived anew at will, with their bytes."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Render no traces of the many faults: that takes longer than everything else."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings of an empty database of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return Settings(data_dir=tmp_path / "data", database_url=url, log_level="error", log_format="console")


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application, not yet started."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Return a client of the started application, whose queue has its tables."""
    with TestClient(app) as client:
        job_id = client.post("/v1/jobs", json=tiny_dataset()).json()["id"]
        client.delete(f"/v1/jobs/{job_id}")
        yield client


def state_of(app: FastAPI) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, the queue's own too, but for what is no state."""
    engine: sa.Engine = app.state.engine
    rows = {}
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        schemas = [None, *(["dbos"] if "dbos" in inspector.get_schema_names() else [])]
        for schema in schemas:
            for name in inspector.get_table_names(schema):
                if name in NOT_STATE:
                    continue
                quoted = f'"{name}"' if schema is None else f'"{schema}"."{name}"'
                found = connection.exec_driver_sql(f"SELECT * FROM {quoted}").all()
                rows[name] = sorted((tuple(row) for row in found), key=repr)
    return rows


def try_each(app: FastAPI, act: Callable[[], None], *, is_whole: Callable[[], bool]) -> int:
    """Let statement after statement of an act fail, until it goes through; return how many there were.

    After each failure nothing has changed, or all of it has.
    """
    for number in range(1, MOST_STATEMENTS):
        before = state_of(app)
        with failing_statements(app.state.engine, number) as countdown:
            act()
        if not countdown.has_failed:
            return number - 1
        assert state_of(app) == before or is_whole(), f"statement {number}"
    raise AssertionError("the act has no end")


def held_job(app: FastAPI, client: TestClient) -> Claim:
    """Submit a job and claim it, as a worker does."""
    job_id = client.post("/v1/jobs", json=tiny_dataset()).json()["id"]
    with transaction(of_all_tenants(app.state.sessions)) as session:
        held = claim(session, Dispatch(job_id, 1), worker_id="w", rules=RULES)
    assert held is not None
    return held


def found_files(folder: Path) -> SolverFiles:
    """Return the folder of a solver that found an alignment."""
    files = SolverFiles(folder)
    table = pa.table({"account_id": ["a1", "a2", "a3", "a4"], "rep_id": ["R1", "R1", "R2", "R2"]})
    files.write_alignment("alignment-1", table, SUMMARY)
    return files


def test_submission(app: FastAPI, client: TestClient) -> None:
    """A submission that fails at any statement answers 503 and stores nothing; with the same key it goes through."""
    statuses: list[int] = []

    def submit() -> None:
        answer = client.post("/v1/jobs", json=tiny_dataset(), headers={"Idempotency-Key": "one"})
        statuses.append(answer.status_code)
        assert answer.status_code in (202, 503), answer.text
        assert answer.status_code == 202 or answer.headers["content-type"] == PROBLEM

    num_jobs = client.get("/v1/jobs").json()["total_size"]
    num_statements = try_each(app, submit, is_whole=lambda: statuses[-1] == 202)
    assert num_statements > 10
    assert client.get("/v1/jobs").json()["total_size"] == num_jobs + 1
    assert_audit_holds(app)


def test_a_checkpoint(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """An alignment that is found on the way is the job's best, or the job is as it was."""
    held, files = held_job(app, client), found_files(tmp_path)
    sessions = app.state.sessions
    stored: list[bool] = []

    def checkpoint() -> None:
        try:
            with transaction(sessions) as session:
                stored.append(store_best(session, held, files, name="alignment-1"))
        except OperationalError:
            stored.append(False)

    assert try_each(app, checkpoint, is_whole=lambda: False) > 5
    assert stored[-1]
    assert client.get(f"/v1/jobs/{held.job_id}/alignment").status_code == 200


def test_an_ending(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """A job ends with its alignment, its events, its audit and its tallies, or it runs on."""
    held, files = held_job(app, client), found_files(tmp_path)
    sessions = app.state.sessions

    def finish() -> None:
        try:
            with transaction(sessions) as session:
                store_ending(session, held, files, ANSWER)
        except OperationalError:
            return

    assert try_each(app, finish, is_whole=lambda: False) > 10
    job = client.get(f"/v1/jobs/{held.job_id}").json()
    assert (job["state"], job["outcome"]) == ("succeeded", "feasible")
    assert client.get(f"/v1/alignments/{job['alignment_id']}").json()["violations"] == []
    assert_audit_holds(app)


def ended_alignment(app: FastAPI, client: TestClient, folder: Path) -> str:
    """Return the id of the alignment of a job that has ended."""
    held, files = held_job(app, client), found_files(folder)
    with transaction(app.state.sessions) as session:
        store_ending(session, held, files, ANSWER)
    return str(client.get(f"/v1/jobs/{held.job_id}").json()["alignment_id"])


def test_publishing(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """An alignment is published with dataset, current alignment and audit, or not at all."""
    alignment_id = ended_alignment(app, client, tmp_path)
    num_datasets = client.get("/v1/datasets").json()["total_size"]

    def publish() -> None:
        answer = client.post(f"/v1/alignments/{alignment_id}/publish")
        assert answer.status_code in (201, 503), answer.text

    assert try_each(app, publish, is_whole=lambda: False) > 10
    assert client.get("/v1/datasets").json()["total_size"] == num_datasets + 1
    assert_audit_holds(app)


@pytest.mark.parametrize("what", ["exports/csv", "assignments"])
def test_an_export(app: FastAPI, client: TestClient, tmp_path: Path, what: str) -> None:
    """A file is answered whole or with 503; reading changes nothing."""
    alignment_id = ended_alignment(app, client, tmp_path)
    bodies: list[bytes] = []

    def export() -> None:
        answer = client.get(f"/v1/alignments/{alignment_id}/{what}")
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 200:
            bodies.append(answer.content)

    assert try_each(app, export, is_whole=lambda: True) > 2
    assert bodies


def test_files_of_a_solve(app: FastAPI, client: TestClient, tmp_path: Path) -> None:
    """A file between worker and solver is there whole or not at all, whichever write finds the disk full."""
    held = held_job(app, client)

    def write(folder: Path) -> None:
        with snapshot(of_all_tenants(app.state.sessions)) as session:
            write_question(session, held, SolverFiles(folder))
        found_files(folder)

    def whole(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".part"}

    reference = tmp_path / "reference"
    reference.mkdir()
    write(reference)
    for number in count(1):
        folder = tmp_path / f"solve-{number}"
        folder.mkdir()
        with failing_writes(folder, number) as countdown, suppress(OSError):
            write(folder)
        assert whole(folder).items() <= whole(reference).items()
        if not countdown.has_failed:
            break
        assert whole(folder) != whole(reference)
    assert number > 2 * len(whole(reference))


def assert_audit_holds(app: FastAPI) -> None:
    """Check the chain of the audit."""
    with snapshot(of_all_tenants(app.state.sessions)) as session:
        assert verify(session).broken is None
