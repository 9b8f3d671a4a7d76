"""Codes of limits, queues, disks and requests in flight: the status, the code, the number, nothing stored."""

import datetime
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.database import transaction, utc_now
from app.idempotency import IdempotencyRecord
from app.main import create_app
from app.problems import error_of_exception
from app.settings import Settings
from tests.app.conftest import tiny_dataset
from tests.contract.seeding import SeededIds, count_rows

PROBLEM = "application/problem+json"


@contextmanager
def limited(settings: Settings, **limits: Any) -> Iterator[tuple[FastAPI, TestClient]]:
    """Start a service with other limits on the same database."""
    app = create_app(settings.model_copy(update=limits))
    with TestClient(app) as client:
        yield app, client


def refusal(answer: Any) -> tuple[int, str]:
    """Return status and code of a problem document."""
    assert answer.headers["content-type"] == PROBLEM, answer.text
    return answer.status_code, answer.json()["code"]


def test_a_body_over_the_limit_names_the_limit(contract_settings: Settings) -> None:
    """413 says how many bytes there may be, on each path that takes JSON."""
    with limited(contract_settings, max_json_bytes=1024) as (app, client):
        before = count_rows(app)
        for path in ("/v1/datasets", "/v1/scenarios", "/v1/jobs", "/v1/datasets/ds_x/changes"):
            answer = client.post(path, json={"name": "x" * 2000})
            assert refusal(answer) == (413, "BODY_TOO_LARGE"), path
            assert answer.json()["params"]["limit_bytes"] == 1024
        assert count_rows(app) == before


def test_accounts_times_reps_have_a_limit(contract_settings: Settings) -> None:
    """Four accounts and two reps are eight pairs: one more than the limit, with both factors."""
    with limited(contract_settings, max_account_rep_pairs=7) as (app, client):
        before = count_rows(app)
        answer = client.post("/v1/jobs", json=tiny_dataset())
        assert refusal(answer) == (422, "PROBLEM_TOO_LARGE")
        assert {4, 2, 7} <= set(answer.json()["errors"][0]["params"].values())
        assert count_rows(app) == before


def test_more_rows_than_the_limit_are_refused_in_one_call_too(contract_settings: Settings) -> None:
    """TOO_MANY has the same code in a dataset and in a one-call job."""
    with limited(contract_settings, max_accounts=3) as (app, client):
        before = count_rows(app)
        for path in ("/v1/datasets", "/v1/jobs"):
            assert refusal(client.post(path, json=tiny_dataset())) == (422, "TOO_MANY"), path
        assert count_rows(app) == before


def test_a_full_queue_asks_to_wait(contract_settings: Settings, ids: SeededIds) -> None:
    """One job waits already: the next one is 503 with Retry-After, and leaves nothing behind."""
    with limited(contract_settings, max_queued_jobs=1) as (app, client):
        before = count_rows(app)
        for body in ({"scenario_id": ids.scenario}, tiny_dataset()):
            answer = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": "queue"})
            assert refusal(answer) == (503, "QUEUE_FULL")
            assert int(answer.headers["retry-after"]) > 0
        assert count_rows(app) == before


def test_a_full_disk_is_said_and_nothing_is_stored(contract_settings: Settings) -> None:
    """SQLite may not grow: a large dataset is 503 STORAGE_FULL, reading goes on, and room helps."""
    body = tiny_dataset()
    body["accounts"][0]["attributes"] = {f"note {number}": str(number) * 9000 for number in range(200)}
    with limited(contract_settings) as (app, client):
        before = count_rows(app)

        def stop_growth(connection: Any, _: Any) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

        app.state.engine.dispose()
        sa.event.listen(app.state.engine, "connect", stop_growth)
        assert refusal(client.post("/v1/datasets", json=body)) == (503, "STORAGE_FULL")
        assert count_rows(app) == before
        assert client.get("/v1/datasets").status_code == 200
        sa.event.remove(app.state.engine, "connect", stop_growth)
        app.state.engine.dispose()
        assert client.post("/v1/datasets", json=body).status_code == 201


def test_a_request_in_flight_keeps_its_key(contract_app: FastAPI, contract_client: TestClient, ids: SeededIds) -> None:
    """While the first request has no answer its repetition is 409; when it died long ago the work is done."""
    key, body = {"Idempotency-Key": "in flight"}, {"dataset_id": ids.dataset}
    assert contract_client.post("/v1/scenarios", json=body, headers=key).status_code == 201

    def forget_answer(age: datetime.timedelta) -> None:
        with transaction(contract_app.state.sessions) as session:
            record = session.scalars(sa.select(IdempotencyRecord).where(IdempotencyRecord.key.contains("in flight")))
            claimed = record.one()
            claimed.status, claimed.body, claimed.claimed_at = None, None, utc_now() - age

    forget_answer(datetime.timedelta(seconds=1))
    again = contract_client.post("/v1/scenarios", json=body, headers=key)
    assert refusal(again) == (409, "IDEMPOTENCY_IN_FLIGHT")
    assert again.headers["retry-after"] == "1"
    forget_answer(datetime.timedelta(hours=1))
    assert contract_client.post("/v1/scenarios", json=body, headers=key).status_code == 201


def test_a_column_that_is_not_used_is_said(contract_client: TestClient) -> None:
    """A column without a name is kept out, with a warning that names the file."""
    files = {
        "accounts": ("accounts.csv", b"id,lat,lon,\na,50,10,x\nb,50,11,y\n"),
        "reps": ("reps.csv", b"id,lat,lon\nr,50,10\n"),
    }
    checked = contract_client.post("/v1/datasets?check_only=true", files=files)
    assert checked.status_code == 200, checked.text
    warnings = [check for check in checked.json()["checks"] if check["code"] == "UNMAPPED_COLUMN"]
    assert [(warning["file"], warning["severity"]) for warning in warnings] == [("accounts", "warning")]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("SELECT 1", {}, Exception("connection refused")), "UNAVAILABLE"),
        (sa.exc.TimeoutError("no connection is free"), "UNAVAILABLE"),
        (OSError(errno.ENOSPC, "No space left on device"), "STORAGE_FULL"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "STORAGE_FULL"),
        (OSError(errno.EIO, "Input/output error"), "INTERNAL_ERROR"),
    ],
)
def test_what_the_machine_lacks_is_503(error: Exception, code: str) -> None:
    """A database that is away and a full disk are answered with Retry-After, never with 500."""
    problem = error_of_exception(error)
    assert problem.code == code
    assert ("Retry-After" in problem.headers) == (code != "INTERNAL_ERROR")
