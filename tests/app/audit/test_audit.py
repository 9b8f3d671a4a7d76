"""The audit: who did what when, before and after, in a chain that shows every change of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app import blobs
from app.audit.chain import ChainVerdict, StoredEntry, verify_chain
from app.audit.repository import AuditRepository
from app.audit.service import verify
from app.audit.watched import WATCHED
from app.cli.main import cli
from app.database import Sessions, create_engine, session_factory, snapshot, transaction
from app.datasets.models import Dataset
from app.migrations.models import metadata
from app.migrations.upgrade import upgrade
from app.settings import Settings
from app.tenancy import of_all_tenants
from tests.app.conftest import tiny_dataset


@pytest.fixture(params=["sqlite", "postgres"])
def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sessions]:
    """Return sessions of a migrated database on each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    engine = create_engine(Settings(data_dir=tmp_path, database_url=url))
    upgrade(engine)
    yield session_factory(engine, actor="tester")
    engine.dispose()


def checked(sessions: Sessions) -> ChainVerdict:
    """Check the chain."""
    with snapshot(of_all_tenants(sessions)) as session:
        return verify(session)


def entries(sessions: Sessions) -> list[StoredEntry]:
    """Return every entry."""
    with snapshot(of_all_tenants(sessions)) as session:
        return list(AuditRepository(session).entries())


def written(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    """Return what GET /v1/audit lists, oldest first."""
    answer = client.get("/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


def test_every_change_of_a_noun_is_written_with_before_and_after(client: TestClient) -> None:
    """Import, rename, delete: three entries with the request's id, the actor, and what it was and became."""
    dataset_id = client.post("/v1/datasets", json=tiny_dataset()).json()["id"]
    patched = client.patch(f"/v1/datasets/{dataset_id}", json={"name": "新"}, headers={"X-Request-Id": "req-7"})
    assert client.delete(f"/v1/datasets/{dataset_id}").status_code == 204
    made, renamed, deleted = written(client, resource_id=dataset_id)
    assert [made["action"], renamed["action"], deleted["action"]] == [
        "dataset.created",
        "dataset.changed",
        "dataset.deleted",
    ]
    assert (made["before"], made["after"]["num_accounts"], made["actor"]) == (None, 4, "local")
    assert (renamed["before"], renamed["after"]) == ({"name": "Tiny"}, {"name": "新"})
    assert renamed["request_id"] == "req-7" == patched.headers["x-request-id"]
    assert (deleted["before"]["name"], deleted["after"]) == ("新", None)


def test_a_job_is_followed_from_submission_to_its_end(client: TestClient) -> None:
    """One call makes dataset, scenario, webhook and job; its cancel follows; no secret and no progress is written."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = {**tiny_dataset(), "webhook": {"url": "https://203.0.113.9/?token=abc", "secret": secret}}
    refused = client.post("/v1/jobs", json=body)
    assert refused.status_code == 422
    assert written(client) == []
    body["webhook"]["url"] = "https://8.8.8.8/?token=abc"
    job_id = client.post("/v1/jobs", json=body).json()["id"]
    client.delete(f"/v1/jobs/{job_id}")
    found = written(client)
    assert sorted(entry["action"] for entry in found[:-1]) == [
        "dataset.created",
        "job.created",
        "scenario.created",
        "webhook.created",
    ]
    assert len({entry["request_id"] for entry in found[:-1]}) == 1
    assert (found[-1]["before"], found[-1]["after"]) == ({"state": "queued"}, {"state": "canceled"})
    assert secret not in str(found)
    assert "token" not in str(found)


def test_what_is_refused_leaves_no_entry(client: TestClient) -> None:
    """A delete that is refused, a patch of nothing new and a read write nothing."""
    dataset_id = client.post("/v1/datasets", json=tiny_dataset()).json()["id"]
    client.post("/v1/scenarios", json={"dataset_id": dataset_id})
    before = len(written(client))
    assert client.delete(f"/v1/datasets/{dataset_id}").status_code == 409
    assert client.patch(f"/v1/datasets/{dataset_id}", json={"name": "Tiny"}).status_code == 200
    client.get("/v1/datasets")
    assert len(written(client)) == before


def test_lists_are_filtered_and_paged(client: TestClient) -> None:
    """Filters narrow the list; pages of one item walk through all of it, newest first."""
    ids = [client.post("/v1/datasets", json={**tiny_dataset(), "name": f"N{n}"}).json()["id"] for n in range(3)]
    assert len(written(client, action="dataset.created", noun="dataset", actor="local")) == 3
    assert written(client, actor="somebody") == []
    assert written(client, created_before="2020-01-01T00:00:00Z") == []
    seen: list[str] = []
    token: str | None = ""
    while token is not None:
        page = client.get("/v1/audit", params={"page_size": 1, **({"page_token": token} if token else {})}).json()
        assert page["total_size"] == 3
        seen += [item["resource_id"] for item in page["items"]]
        token = page["next_page_token"]
    assert seen == ids[::-1]


def test_a_long_value_is_named_by_its_hash(client: TestClient) -> None:
    """Criteria with a thousand locks do not swell the log."""
    data = tiny_dataset()
    data["accounts"] = [{**data["accounts"][0], "id": f"a{n}", "lon": 10 + n / 1000} for n in range(400)]
    dataset_id = client.post("/v1/datasets", json=data).json()["id"]
    locks = [{"account_id": f"a{n}", "rep_id": "R1"} for n in range(400)]
    answer = client.post("/v1/scenarios", json={"dataset_id": dataset_id, "criteria": {"locks": locks}})
    assert answer.status_code == 201, answer.text
    [entry] = written(client, noun="scenario")
    assert set(entry["after"]["criteria"]) == {"sha256", "bytes"}


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_the_database_refuses_changes(sessions: Sessions, change: str) -> None:
    """Triggers keep entries as they are, whoever asks."""
    with transaction(sessions) as session:
        _put(session, "ds_1")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), transaction(sessions) as session:
        session.execute(sa.text(change))
    assert checked(sessions).num_entries == 1


def test_parallel_writers_make_one_chain(sessions: Sessions) -> None:
    """Eight writers at a time: every change has its entry, numbered without a hole, and the chain holds."""

    def write(number: int) -> None:
        with transaction(sessions) as session:
            _put(session, f"ds_{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    found = entries(sessions)
    assert [entry.number for entry in found] == list(range(1, 41))
    assert {entry.columns["resource_id"] for entry in found} == {f"ds_{number}" for number in range(40)}
    assert {entry.columns["actor"] for entry in found} == {"tester"}
    assert checked(sessions).broken is None


def test_what_is_rolled_back_was_no_change(sessions: Sessions) -> None:
    """A savepoint and a transaction that are rolled back leave no entry; what is around them does."""
    with transaction(sessions) as session:
        _put(session, "ds_1")
        savepoint = session.begin_nested()
        _put(session, "ds_2")
        savepoint.rollback()
        with session.begin_nested():
            _put(session, "ds_3")
    with sessions() as session:
        _put(session, "ds_4")
        session.rollback()
    assert [entry.columns["resource_id"] for entry in entries(sessions)] == ["ds_1", "ds_3"]


TAMPERING = {
    "an actor": ("UPDATE audit_entries SET actor = 'nobody' WHERE number = 3", 3, "columns"),
    "a content": ("UPDATE audit_entries SET content = replace(content, 'ds_4', 'ds_9') WHERE number = 4", 4, "hash"),
    "an entry gone": ("DELETE FROM audit_entries WHERE number = 2", 2, "missing"),
    "the last gone": ("DELETE FROM audit_entries WHERE number = 5", 5, "end"),
    "the first gone": ("DELETE FROM audit_entries WHERE number = 1", 1, "missing"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_at_its_row(settings: Settings, name: str) -> None:
    """Whatever is changed behind the triggers' back, the command names the first row that does not hold."""
    change, row, reason = TAMPERING[name]
    engine = create_engine(settings)
    upgrade(engine)
    sessions = session_factory(engine)
    for number in range(1, 6):
        with transaction(sessions) as session:
            _put(session, f"ds_{number}")
    good = CliRunner().invoke(cli, ["audit", "verify", "--data", str(settings.data_dir)])
    assert good.exit_code == 0, good.output
    assert "5 entries hold" in good.output
    head = good.output.split()[-1]
    known = ["audit", "verify", "--data", str(settings.data_dir), "--expect"]
    assert CliRunner().invoke(cli, [*known, head]).exit_code == 0
    assert CliRunner().invoke(cli, [*known, "f" * 64]).exception is not None
    with engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(sa.text(f"DROP TRIGGER audit_entries_stay_{verb}"))
        connection.execute(sa.text(change))
    engine.dispose()
    bad = CliRunner().invoke(cli, ["audit", "verify", "--data", str(settings.data_dir)])
    assert bad.exit_code == 1
    assert f"row {row}" in str(bad.exception)
    assert reason in str(bad.exception)


def test_an_empty_chain_holds() -> None:
    """A service that has done nothing has an audit that holds."""
    assert verify_chain([], head_number=0, head_hash="0" * 64).broken is None


def test_watched_columns_exist_and_are_no_secrets(app: FastAPI) -> None:
    """Every watched column is one of its table, and none is named after a secret."""
    del app
    for table, watched in WATCHED.items():
        assert set(watched.columns) <= set(metadata.tables[table].columns.keys())
        assert not {"secret", "url", "hash", "key"} & set(watched.columns)


def _put(session: Session, identifier: str) -> None:
    """Store a dataset's row; nobody looks at its tables."""
    numbers = dict.fromkeys(("num_accounts", "num_reps", "num_units", "num_pairs", "num_families"), 1)
    content = blobs.put(session, b"x")
    hashes = {"accounts_sha256": content, "reps_sha256": content}
    session.add(Dataset(id=identifier, name="Näme", sha256="0" * 64, **numbers, **hashes))
    session.flush()
