import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import transaction, utc_now
from app.idempotency import IdempotencyRecord

KEY = {"Idempotency-Key": "key-1"}


def test_a_repeated_request_gets_the_first_answer(client: TestClient, tiny: dict[str, Any]) -> None:
    """The same key and body answers the same status, body and Location, and makes nothing."""
    first = client.post("/v1/datasets", json=tiny, headers=KEY)
    again = client.post("/v1/datasets", json=tiny, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert (again.headers["idempotent-replayed"], "idempotent-replayed" in first.headers) == ("true", False)
    assert client.get("/v1/datasets").json()["total_size"] == 1


def test_the_same_files_are_the_same_request(client: TestClient) -> None:
    """Multipart bodies are compared by their files, not by their random boundary."""
    files = {"accounts": ("a.csv", b"id,lat,lon\na,1,1\n"), "reps": ("r.csv", b"id\nR\n")}
    first = client.post("/v1/datasets", files=files, headers=KEY)
    assert client.post("/v1/datasets", files=files, headers=KEY).content == first.content


def test_another_body_is_refused(client: TestClient, tiny: dict[str, Any]) -> None:
    """A key serves one request only."""
    client.post("/v1/datasets", json=tiny, headers=KEY)
    other = client.post("/v1/datasets", json={**tiny, "name": "Other"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_refused_request_may_be_repeated(client: TestClient, tiny: dict[str, Any]) -> None:
    """A fault leaves the key free."""
    assert client.post("/v1/datasets", json={**tiny, "reps": []}, headers=KEY).status_code == 422
    assert client.post("/v1/datasets", json=tiny, headers=KEY).status_code == 201


def _claim(app: FastAPI, age_s: float) -> None:
    with transaction(app.state.sessions) as session:
        session.execute(
            sa.update(IdempotencyRecord).values(
                status=None, body=None, claimed_at=utc_now() - datetime.timedelta(seconds=age_s)
            )
        )


@pytest.mark.parametrize(("age_s", "status"), [(1, 409), (1000, 201)])
def test_a_request_in_flight_holds_its_key_for_a_while(
    app: FastAPI, client: TestClient, tiny: dict[str, Any], age_s: float, status: int
) -> None:
    """While the first request works its key is taken; one that died gives it up."""
    client.post("/v1/datasets", json=tiny, headers=KEY)
    _claim(app, age_s)
    assert client.post("/v1/datasets", json=tiny, headers=KEY).status_code == status


def test_a_key_is_forgotten_after_a_week(app: FastAPI, client: TestClient, tiny: dict[str, Any]) -> None:
    """After the time of the setting the key is free again."""
    client.post("/v1/datasets", json=tiny, headers=KEY)
    _claim(app, 8 * 86400)
    assert client.post("/v1/datasets", json={**tiny, "name": "Other"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_a_length(client: TestClient, tiny: dict[str, Any], key: str) -> None:
    """An empty or endless key is refused."""
    assert client.post("/v1/datasets", json=tiny, headers={"Idempotency-Key": key}).json()["code"] == "BAD_TEXT"
