"""The gate: who is let in, and what the others are told."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.key_text import KeyText
from app.access.roles import Role, Verb
from app.access.service import KeyService, keys_of, recognized
from app.database import transaction
from app.errors import ProblemError
from app.main import create_app
from app.settings import Settings
from app.tenancy import of_all_tenants
from tests.app.access.conftest import MakeKey, bearer, make_key_of
from tests.app.conftest import tiny_dataset

UNKNOWN = "tk_000000000000_" + "0" * 52


def test_without_a_key_only_the_public_is_shown(client: TestClient) -> None:
    """Data, limits, metrics and paths that are not there ask for a key; health, errors and documents do not."""
    for path in ("/v1/datasets", "/v1/limits", "/v1/caller", "/metrics", "/v1/nothing", "/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED"), path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for path in ("/health/live", "/health/ready", "/problems", "/problems/FORBIDDEN", "/openapi.json", "/docs", "/"):
        assert client.get(path).status_code == 200, path


def test_a_key_opens_its_own_tenant(client: TestClient, make_key: MakeKey) -> None:
    """The caller is shown as the key says; what one tenant stores the other does not see."""
    acme, other = make_key(name="Łódź", tenant_id="acme"), make_key(tenant_id="other")
    shown = client.get("/v1/caller", headers=bearer(acme)).json()
    assert (shown["tenant_id"], shown["name"], shown["role"]) == ("acme", "Łódź", "ops")
    assert shown["verbs"] == ["delete", "read", "write"]
    stored = client.post("/v1/datasets", json=tiny_dataset(), headers=bearer(acme))
    assert stored.status_code == 201
    path = f"/v1/datasets/{stored.json()['id']}"
    assert client.get(path, headers=bearer(acme)).status_code == 200
    assert client.get("/v1/datasets", headers=bearer(acme)).json()["total_size"] == 1
    assert client.get("/v1/datasets", headers=bearer(other)).json()["total_size"] == 0
    foreign, missing = (client.get(at, headers=bearer(other)) for at in (path, "/v1/datasets/ds_0"))
    assert (foreign.status_code, foreign.content) == (404, missing.content)


@pytest.mark.parametrize("kind", [{"is_revoked": True}, {"is_expired": True}])
def test_a_key_that_is_no_longer_valid_is_told_so(client: TestClient, make_key: MakeKey, kind: dict[str, bool]) -> None:
    """A revoked or expired key gets 401 and the word for it."""
    answer = client.get("/v1/caller", headers=bearer(make_key(**kind)))
    assert answer.status_code == 401
    assert ("revoked" if "is_revoked" in kind else "expired") in answer.json()["detail"]


@pytest.mark.parametrize("sent", ["Basic dTpw", "Bearer", "Bearer nothing", "Bearer " + UNKNOWN, "tk_", "Bearer ü"])
def test_what_is_no_key_is_refused(client: TestClient, sent: str) -> None:
    """Another scheme, an empty or a made-up key gets 401, and never more."""
    answer = client.get("/v1/caller", headers={"Authorization": sent.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_a_browser_may_send_the_key_as_a_password(client: TestClient, make_key: MakeKey) -> None:
    """The challenge lets a browser ask; whatever the name, the password is the key; rubbish is refused."""
    key = make_key(name="Page")
    assert "Basic" in client.get("/v1/caller").headers["WWW-Authenticate"]
    for name in ("", "anybody", "Łódź"):
        assert client.get("/v1/caller", auth=(name.encode(), key.encode())).json()["name"] == "Page"
    for sent in ("Basic", "Basic é", "Basic dTpw", "Basic ====", "Basic " + "A" * 10_000):
        assert client.get("/v1/caller", headers={"Authorization": sent.encode()}).status_code == 401


def test_a_page_that_asks_by_itself_is_not_told_of_passwords(client: TestClient) -> None:
    """Requests of the page get a challenge that no browser answers with a window of its own."""
    for sent in ({}, bearer(UNKNOWN)):
        answer = client.get("/v1/caller", headers={**sent, "X-Requested-With": "page"})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="territory"')


def test_another_sites_form_changes_nothing(client: TestClient, make_key: MakeKey) -> None:
    """What a browser sends along by itself is not taken from a foreign page; from the own page it is."""
    password = (b"", make_key().encode())
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 201), ("none", 201)):
        headers = {"Sec-Fetch-Site": site}
        answer = client.post("/v1/datasets", json=tiny_dataset(), auth=password, headers=headers)
        assert answer.status_code == status, site


def test_a_wrong_secret_is_not_told_from_a_wrong_prefix(client: TestClient, make_key: MakeKey) -> None:
    """A guess that has a true prefix learns nothing from the answer."""
    guessed = make_key()[:-1] + "#"
    guessed = guessed.replace("#", "0" if guessed[-2] != "0" else "1")
    wrong = make_key()[:16] + "0" * 52
    answers = {client.get("/v1/caller", headers=bearer(key)).content for key in (wrong, UNKNOWN)}
    assert len(answers) == 1


def test_revoking_holds_at_once(app: FastAPI, client: TestClient, make_key: MakeKey) -> None:
    """The request after a revocation is refused."""
    key = make_key()
    assert client.get("/v1/caller", headers=bearer(key)).status_code == 200
    with transaction(of_all_tenants(app.state.sessions)) as session:
        KeyService(session, pepper="pepper").revoke(key)
    assert client.get("/v1/caller", headers=bearer(key)).status_code == 401


def test_another_pepper_voids_every_key(app: FastAPI, client: TestClient, make_key: MakeKey) -> None:
    """A stolen database is worth nothing without the pepper: the same row does not prove the key."""
    text = KeyText.read(make_key())
    assert text is not None
    stored = keys_of(app.state.sessions, [text.prefix])[text.prefix]
    assert recognized(text, stored, pepper=app.state.settings.key_pepper).key_id == stored.id
    with pytest.raises(ProblemError, match="not known"):
        recognized(text, stored, pepper="another")


def test_callers_who_come_at_once_are_told_apart(app: FastAPI, client: TestClient, make_key: MakeKey) -> None:
    """Keys that are looked up together open each its own tenant; a wrong one among them opens nothing."""
    keys = [make_key(tenant_id=f"tenant-{number}") for number in range(8)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda key: client.get("/v1/caller", headers=bearer(key)), [*keys, UNKNOWN] * 4))
    for number, answer in enumerate(answers):
        tenant = number % 9
        expected = (401, None) if tenant == 8 else (200, f"tenant-{tenant}")
        assert (answer.status_code, answer.json().get("tenant_id")) == expected


def test_roles_and_verbs_narrow_a_key(client: TestClient, make_key: MakeKey) -> None:
    """A viewer reads; a key with the verb read writes nothing; one without delete deletes nothing."""
    viewer = make_key(role=Role.VIEWER)
    reader = make_key(verbs=[Verb.READ])
    writer = make_key(verbs=[Verb.READ, Verb.WRITE])
    for key in (viewer, reader):
        assert client.get("/v1/datasets", headers=bearer(key)).status_code == 200
        refused = client.post("/v1/datasets", json=tiny_dataset(), headers=bearer(key))
        assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    stored = client.post("/v1/datasets", json=tiny_dataset(), headers=bearer(writer)).json()["id"]
    assert client.delete(f"/v1/datasets/{stored}", headers=bearer(writer)).status_code == 403


def test_managers_and_reps_see_no_one_elses_data(client: TestClient, make_key: MakeKey) -> None:
    """What is not cut down to their branch or book is refused."""
    for role in (Role.MANAGER, Role.REP):
        key = make_key(role=role, rep_id="R1")
        for path in ("/v1/datasets", "/v1/jobs", "/v1/alignments/al_1", "/v1/alignments/al_1/moves", "/metrics"):
            assert client.get(path, headers=bearer(key)).status_code == 403, path
        assert client.get("/v1/caller", headers=bearer(key)).json()["rep_id"] == "R1"
        assert client.get("/v1/alignments/al_1/scorecard", headers=bearer(key)).status_code == 404


def test_metrics_are_for_operators(client: TestClient, make_key: MakeKey) -> None:
    """Figures of all tenants are shown to the default tenant's ops and viewers."""
    assert client.get("/metrics", headers=bearer(make_key(role=Role.VIEWER))).status_code == 200
    assert client.get("/metrics", headers=bearer(make_key(tenant_id="acme"))).status_code == 403


def test_loopback_needs_no_key_until_there_is_one(tmp_path: Path) -> None:
    """The embedded service serves its user; the first key closes it, and revoking that key does not open it."""
    app = create_app(Settings(data_dir=tmp_path, log_level="error"))
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5)) as client:
        assert client.get("/v1/caller").json()["name"] == "local"
        assert client.get("/v1/caller", headers=bearer(UNKNOWN)).status_code == 401
        key = make_key_of(app, is_revoked=True)
        assert client.get("/v1/caller", headers=bearer(key)).status_code == 401
    with TestClient(create_app(app.state.settings), base_url="http://127.0.0.1:8000") as client:
        assert client.get("/v1/caller").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"Forwarded": "for=10.0.0.1"},
        {"Sec-Fetch-Site": "cross-site", "Host": "127.0.0.1:8000"},
    ],
)
def test_loopback_is_not_enough(tmp_path: Path, headers: dict[str, str]) -> None:
    """A name that was made to resolve to loopback, a proxy, and a form on a foreign page get 401."""
    app = create_app(Settings(data_dir=tmp_path, log_level="error"))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        assert client.post("/v1/datasets", json=tiny_dataset(), headers=headers).status_code == 401


def test_a_proxy_may_be_trusted_by_a_setting(tmp_path: Path) -> None:
    """With access open nobody is asked, but a key that is sent must be right."""
    app = create_app(Settings(data_dir=tmp_path, access="open", host="0.0.0.0", log_level="error"))
    with TestClient(app, base_url="https://territory.example", client=("10.1.2.3", 5)) as client:
        assert client.get("/v1/caller").status_code == 200
        assert client.get("/v1/caller", headers=bearer(UNKNOWN)).status_code == 401


def test_a_key_that_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    """Over the rate the answer is 429 with Retry-After, for this key alone."""
    app = create_app(
        Settings(data_dir=tmp_path, access="key", rate_limit_per_s=0.01, rate_limit_burst=2, log_level="error")
    )
    with TestClient(app) as client:
        key, other = make_key_of(app), make_key_of(app)
        codes = [client.get("/v1/caller", headers=bearer(key)).status_code for _ in range(3)]
        refused = client.get("/v1/caller", headers=bearer(key))
        assert codes == [200, 200, 429]
        assert refused.json()["code"] == "TOO_MANY_REQUESTS"
        assert 90 <= int(refused.headers["Retry-After"]) <= 100
        assert client.get("/v1/caller", headers=bearer(other)).status_code == 200
