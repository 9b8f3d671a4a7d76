"""Every operation of the OpenAPI document, tried without a key, with bad keys, by readers and by another tenant."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.public import PUBLIC
from app.access.roles import Role
from app.main import create_app
from app.settings import Settings
from tests.app.access.conftest import bearer, make_key_of
from tests.contract.seeding import count_rows, seed

ID = re.compile(r"\b[a-z]+_[0-9a-z]{26}\b")
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/scenarios": {"dataset_id": "@dataset", "name": "Taken"},
    "POST /v1/scenarios/batch": {"base_id": "@scenario", "variants": [{"name": "Taken"}]},
    "POST /v1/scenarios/{scenario_id}/curves": {"kind": "disruption"},
    "POST /v1/jobs": {"scenario_id": "@scenario"},
    "POST /v1/alignments/{alignment_id}/edits": {"moves": [{"account_id": "a2", "rep_id": "R2"}]},
    "POST /v1/alignments/{alignment_id}/explanations": {"rep_id": "R2"},
    "POST /v1/alignments/{alignment_id}/explanations/{account_id}": {"rep_id": "R2"},
    "POST /v1/datasets/{dataset_id}/changes": {"leave": ["R2"]},
    "PATCH /v1/datasets/{dataset_id}": {"name": "Taken"},
    "PATCH /v1/scenarios/{scenario_id}": {"name": "Taken"},
    "PATCH /v1/alignments/{alignment_id}": {"name": "Taken"},
}
"""Bodies that name what is there, so that nothing but the tenant stands in the way; others are empty."""

QUERIES: dict[str, dict[str, str]] = {
    "account_id": {"account_id": "a2"},
    "rep_id": {"rep_id": "R1"},
    "with": {"with": "@current_alignment"},
    "alignments": {"alignments": "@alignment,@current_alignment"},
}
NOTHING_THERE = ("/certificate", "/curve", "/v1/webhooks/deliveries/{delivery_id}", "/tiles/{z}/{x}/{y}")
"""What the seeded service has none of: its owner gets 404 too, or 204."""


OWN = (
    *("scorecard", "assignments", "territories", "map", "exports/csv", "exports/xlsx"),
    *("explanations", "explanations/{account_id}"),
)
"""What managers and reps may read of an alignment."""

NAMES_FOREIGN_TO_R1 = re.compile(r"(?<!\w)(R2|Nguyễn|a3|a4|Café Ünal)(?!\w)")
"""What the seeded alignment has of others than R1; as whole words, because identifiers are random letters."""


@dataclass(frozen=True)
class Operation:
    """One operation of the document, with the request that is sent."""

    name: str
    path: str
    method: str
    query: dict[str, str]
    body: dict[str, Any] | None

    def send(self, client: TestClient, ids: dict[str, str], key: str | None) -> httpx.Response:
        """Send the request, with these ids and this key."""
        known = {f"@{name}": value for name, value in ids.items()}
        names = {"dataset_id": "dataset", "scenario_id": "scenario", "job_id": "ended_job", "alignment_id": "alignment"}
        path = self.path
        for name in re.findall(r"{(\w+)}", self.path):
            path = path.replace(f"{{{name}}}", ids.get(names.get(name, name.removesuffix("_id")), "1"))
        answer: httpx.Response = client.request(
            self.method,
            path,
            params={name: _filled(value, known) for name, value in self.query.items()},
            json=None if self.body is None else {name: _filled(value, known) for name, value in self.body.items()},
            headers={} if key is None else bearer(key),
        )
        return answer


@dataclass(frozen=True)
class Bench:
    """A service that asks for keys, with one of everything in the default tenant."""

    app: FastAPI
    client: TestClient
    ids: dict[str, str]
    operations: list[Operation]

    def key(self, **wish: Any) -> str:
        """Return a new key."""
        return make_key_of(self.app, **wish)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Seed a service that is open on loopback, then start one on the same data that asks for keys."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("access"), log_level="error", rate_limit_per_s=0)
    open_app = create_app(settings)
    with TestClient(open_app) as client:
        ids = {**asdict(seed(open_app, client)), "rep": "R1"}
    app = create_app(settings.model_copy(update={"access": "key"}))
    with TestClient(app) as client:
        yield Bench(app, client, ids, list(_operations(app.openapi())))


def test_the_document_says_what_needs_a_key(bench: Bench) -> None:
    """Each operation is public and says so, or names the scheme, that loopback may do without, and 401, 403, 429."""
    for path, item in bench.app.openapi()["paths"].items():
        for method, operation in item.items():
            is_public = PUBLIC.fullmatch(path) is not None
            assert operation["security"] == ([] if is_public else [{"key": []}, {}]), (method, path)
            assert is_public or {"401", "403", "429"} <= operation["responses"].keys(), (method, path)


def test_without_a_valid_key_nothing_is_said(bench: Bench) -> None:
    """No key, a made-up, a revoked and an expired key get 401 from every operation, and nothing is stored."""
    keys = {
        "no key": None,
        "made up": "tk_000000000000_" + "0" * 52,
        "revoked": bench.key(is_revoked=True),
        "expired": bench.key(is_expired=True),
    }
    before = count_rows(bench.app)
    for operation in bench.operations:
        for kind, key in keys.items():
            answer = operation.send(bench.client, bench.ids, key)
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED"), (operation.name, kind)
            assert not ID.search(answer.text), operation.name
    assert count_rows(bench.app) == before


def test_readers_change_nothing(bench: Bench) -> None:
    """A viewer and a key that only reads get 403 from everything but GET."""
    keys = [bench.key(role=Role.VIEWER), bench.key(verbs=["read"])]
    before = count_rows(bench.app)
    for operation in bench.operations:
        if operation.method != "GET":
            for key in keys:
                answer = operation.send(bench.client, bench.ids, key)
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN"), operation.name
    assert count_rows(bench.app) == before


def test_managers_and_reps_read_what_is_theirs(bench: Bench) -> None:
    """Of all operations only these answer managers and reps, and no answer names a rep or account of others."""
    keys = [bench.key(role=Role.MANAGER, rep_id="R1"), bench.key(role=Role.REP, rep_id="R1")]
    # borders are drawn for everyone alike and kept by whoever reads them first
    territories = bench.client.get(f"/v1/alignments/{bench.ids['alignment']}/territories", headers=bearer(bench.key()))
    assert territories.status_code == 200
    assert NAMES_FOREIGN_TO_R1.search(territories.text)
    before = count_rows(bench.app)
    readable: set[str] = set()
    for operation in bench.operations:
        for key in keys:
            answer = operation.send(bench.client, bench.ids, key)
            if answer.status_code == 403:
                assert answer.json()["code"] == "FORBIDDEN", operation.name
                continue
            assert answer.status_code == 200, (operation.name, answer.text)
            readable.add(operation.name)
            named = NAMES_FOREIGN_TO_R1.search(unpacked(answer).decode(errors="replace"))
            assert named is None, (operation.name, named)
    assert readable == {"GET /v1/caller", "GET /v1/limits", *(f"GET /v1/alignments/{{alignment_id}}/{r}" for r in OWN)}
    assert count_rows(bench.app) == before


def unpacked(answer: httpx.Response) -> bytes:
    """Return the bytes of an answer, or of all files in it where it is a zip or a workbook, without names of cells."""
    if not answer.content.startswith(b"PK"):
        return bytes(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = b"".join(archive.read(name) for name in archive.namelist())
    return re.sub(rb'\br(?:ef)?="[^"]*"', b"", files)


def test_another_tenants_ids_are_ids_that_are_not_there(bench: Bench) -> None:
    """Whatever another tenant's key asks for by real ids, the answer is that for ids that do not exist."""
    key = bench.key(tenant_id="other")
    missing = {name: re.sub(r"_[0-9a-z]{26}$", "_" + "0" * 26, value) for name, value in bench.ids.items()}
    before = count_rows(bench.app)
    for operation in bench.operations:
        if "@" not in str(operation.body) + str(operation.query) and "{" not in operation.path:
            continue
        foreign = operation.send(bench.client, bench.ids, key)
        absent = operation.send(bench.client, missing, key)
        assert foreign.status_code == absent.status_code >= 400, (operation.name, foreign.text)
        assert _without_ids(foreign.text) == _without_ids(absent.text), operation.name
    assert count_rows(bench.app) == before


def test_another_tenants_lists_are_empty(bench: Bench) -> None:
    """Every list of another tenant has no items and counts none; its audit tells of its own key alone."""
    key = bench.key(tenant_id="another")
    theirs = [value for value in bench.ids.values() if ID.fullmatch(value)]
    for operation in bench.operations:
        if operation.method == "GET" and "{" not in operation.path and not operation.query:
            answer = operation.send(bench.client, bench.ids, key)
            assert not any(found in answer.text for found in theirs), operation.name
            body = answer.json()
            if "total_size" in body:
                expected = 1 if operation.path == "/v1/audit" else 0
                assert (len(body["items"]), body["total_size"]) == (expected, expected), operation.name


def test_the_owner_sees_what_the_other_does_not(bench: Bench) -> None:
    """The same requests with the owner's key find something, so the refusals above say something."""
    key = bench.key()
    for operation in bench.operations:
        if operation.method == "GET" and not operation.path.endswith(NOTHING_THERE):
            assert operation.send(bench.client, bench.ids, key).status_code != 404, operation.name


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        if PUBLIC.fullmatch(path):
            continue
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            needed = [part["name"] for part in operation.get("parameters", ()) if _is_needed(part)]
            query = {key: value for one in needed for key, value in QUERIES.get(one, {one: "1"}).items()}
            body = BODIES.get(name, {}) if "requestBody" in operation else None
            yield Operation(name, path, method.upper(), query, body)


def _is_needed(parameter: dict[str, Any]) -> bool:
    return parameter["in"] == "query" and bool(parameter.get("required"))


def _filled(value: Any, known: dict[str, str]) -> Any:
    """Put real ids in the place of their names."""
    if not isinstance(value, str):
        return value
    return re.sub(r"@\w+", lambda found: known[found[0]], value)


def _without_ids(text: str) -> str:
    return ID.sub("<id>", text)
