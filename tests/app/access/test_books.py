"""Managers and reps read the lines of their branch or book, and nothing of others."""

import io
import zipfile
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.roles import Role
from tests.app.access.conftest import MakeKey, bearer
from tests.app.conftest import tiny_dataset


@pytest.fixture
def alignment_id(client: TestClient, make_key: MakeKey) -> str:
    """Import four accounts of two reps, whose managers M1 and M2 are below the rep T; return the current alignment."""
    body = tiny_dataset()
    body["reps"] += [{"id": name, "lat": 50.0, "lon": 12.0, "manager_id": "T"} for name in ("M1", "M2")]
    body["reps"].append({"id": "T", "lat": 50.0, "lon": 12.0})
    body["reps"][0]["manager_id"], body["reps"][1]["manager_id"] = "M1", "M2"
    ops = bearer(make_key())
    dataset_id = client.post("/v1/datasets", json=body, headers=ops).json()["id"]
    return str(client.get(f"/v1/datasets/{dataset_id}/current", headers=ops).json()["id"])


def read(client: TestClient, path: str, key: str) -> Any:
    """Return the JSON that a key gets."""
    answer = client.get(path, headers=bearer(key))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("role", "rep_id", "reps", "accounts"),
    [
        (Role.REP, "R2", {"R2"}, {"a3"}),
        (Role.REP, "nobody", set(), set()),
        (Role.MANAGER, "M1", {"M1", "R1"}, {"a1", "a2", "a4"}),
        (Role.MANAGER, "T", {"T", "M1", "M2", "R1", "R2"}, {"a1", "a2", "a3", "a4"}),
    ],
)
def test_what_a_branch_or_book_holds(
    client: TestClient,
    make_key: MakeKey,
    alignment_id: str,
    *,
    role: Role,
    rep_id: str,
    reps: set[str],
    accounts: set[str],
) -> None:
    """Scorecard, assignments in every form and territories name these reps and accounts and no others."""
    key = make_key(role=role, rep_id=rep_id)
    path = f"/v1/alignments/{alignment_id}"
    assert {line["rep_id"] for line in read(client, f"{path}/scorecard", key)["reps"]} == reps
    listed = read(client, f"{path}/assignments", key)
    assert {row["account_id"] for row in listed["items"]} == accounts
    assert listed["total_size"] == len(accounts)
    file = client.get(f"{path}/assignments", params={"format": "csv"}, headers=bearer(key)).text
    assert {line.split(",")[0].strip('"') for line in file.splitlines()[1:]} == accounts
    shown = read(client, f"{path}/territories", key)
    assert {feature["id"] for feature in shown["features"]} == reps
    assert set(shown["outside"]) <= accounts
    points = read(client, f"{path}/map", key)
    found: dict[str, set[str]] = {"account": set(), "rep": set()}
    for feature in points["features"]:
        found[feature["properties"]["kind"]].add(feature["id"])
    assert (found["account"], found["rep"]) == (accounts, reps)
    assert (points["counts"]["accounts"], points["counts"]["reps"]) == (len(accounts), len(reps))
    archive = client.get(f"{path}/exports/csv", headers=bearer(key))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        ids = {
            name: {line.split(",")[0].strip('"\ufeff') for line in files.read(name).decode().splitlines()[1:]}
            for name in files.namelist()
        }
    assert ids == {"assignments.csv": accounts, "reps.csv": reps}
    for account_id in ("a1", "a2", "a3", "a4"):
        answer = client.get(f"{path}/explanations/{account_id}", headers=bearer(key))
        assert answer.status_code == (200 if account_id in accounts else 404), answer.text
        if answer.is_success:
            assert {other["rep_id"] for other in answer.json()["alternatives"]} == reps - {answer.json()["rep_id"]}


def test_an_explanation_is_narrowed_with_its_book(client: TestClient, make_key: MakeKey, alignment_id: str) -> None:
    """A foreign account is answered as a missing one, other levels are refused, an unseen rep is an unknown one."""
    key = make_key(role=Role.REP, rep_id="R2")
    path = f"/v1/alignments/{alignment_id}/explanations"
    foreign = client.get(f"{path}/a1", headers=bearer(key))
    missing = client.get(f"{path}/a9", headers=bearer(key))
    assert foreign.json()["detail"].replace("a1", "a9") == missing.json()["detail"]
    assert client.get(f"{path}/a3?level=repaired", headers=bearer(key)).status_code == 403
    known, unknown = (client.get(f"{path}/a3?rep_id={rep}", headers=bearer(key)) for rep in ("R1", "R9"))
    assert known.status_code == unknown.status_code == 422
    assert (
        read(client, f"{path}/a3", key)["sentence"] == "R2 has it; what other reps would change is for planners to see."
    )


def test_a_filter_does_not_widen_a_book(client: TestClient, make_key: MakeKey, alignment_id: str) -> None:
    """Asking for another rep's accounts by name finds none, and levels, which add up others, are refused."""
    key = make_key(role=Role.REP, rep_id="R2")
    path = f"/v1/alignments/{alignment_id}"
    assert read(client, f"{path}/assignments?rep_id=R1", key)["total_size"] == 0
    assert read(client, f"{path}/assignments?account_id=a1", key)["total_size"] == 0
    for resource in ("scorecard", "territories"):
        assert client.get(f"{path}/{resource}?level=1", headers=bearer(key)).status_code == 403


def test_books_have_etags_of_their_own(app: FastAPI, client: TestClient, make_key: MakeKey, alignment_id: str) -> None:
    """What one caller has cached is not taken for what another one may see."""
    keys = [make_key(), make_key(role=Role.REP, rep_id="R1"), make_key(role=Role.MANAGER, rep_id="R1")]
    for resource in ("scorecard", "territories"):
        answers = [client.get(f"/v1/alignments/{alignment_id}/{resource}", headers=bearer(key)) for key in keys]
        assert len({answer.headers["ETag"] for answer in answers}) == len(keys)
    tags = {
        client.get(f"/v1/alignments/{alignment_id}/assignments", headers=bearer(k)).headers["ETag"] for k in keys[:2]
    }
    assert len(tags) == 2
