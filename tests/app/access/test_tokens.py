"""Tokens of an issuer: which are believed, and what their claims make of a caller."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app.access.key_sets import KeySource
from app.access.roles import Role, Verb
from app.access.tokens import TokenReader
from app.errors import ProblemError
from app.settings import Settings

ISSUER = "https://login.example.com/realms/sales"
KEY = ECKey.generate_key("P-256", parameters={"kid": "one"})
OTHER = RSAKey.generate_key(2048, parameters={"kid": "two"})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings that trust one key in a file."""
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    return Settings(
        data_dir=tmp_path,
        oidc_issuer=ISSUER,
        oidc_jwks_file=file,
        oidc_role_claim="realm_access.roles",
        oidc_roles={"planners": "ops"},
    )


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a planner of acme; None leaves one out."""
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "aud": ["account", "territory"],
        "sub": "u-1",
        "name": "Łucja",
        "exp": now + 600,
        "iat": now,
        "tenant": "acme",
        "realm_access": {"roles": ["offline", "viewer", "planners"]},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def signed(body: dict[str, Any], key: Any = KEY, algorithm: str = "ES256") -> str:
    """Return a signed token."""
    return jwt.encode({"alg": algorithm, "kid": key.kid}, body, key, algorithms=[algorithm])


def encoded(content: bytes) -> str:
    """Return bytes as tokens write them."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_a_token_becomes_a_caller(settings: Settings) -> None:
    """Tenant, role and name come from the claims; of several roles the first of ours counts."""
    caller = TokenReader(settings, KeySource(settings)).caller(signed(claims()))
    assert (caller.tenant_id, caller.role, caller.name) == ("acme", Role.OPS, "Łucja")
    assert caller.key_id == "oidc:u-1"
    assert caller.may(Verb.DELETE)


def test_a_manager_is_bound_to_a_rep(settings: Settings) -> None:
    """A manager's token names the rep whose branch it is; without one it is refused."""
    reader = TokenReader(settings, KeySource(settings))
    body = claims(realm_access={"roles": ["manager"]})
    assert reader.caller(signed({**body, "rep_id": "M/1 ü"})).rep_id == "M/1 ü"
    with pytest.raises(ProblemError) as refused:
        reader.caller(signed(body))
    assert refused.value.code == "FORBIDDEN"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_a_token_for_others_is_not_believed(settings: Settings, changes: dict[str, Any]) -> None:
    """Another issuer or audience, expired, not yet valid, or without an end or subject: 401."""
    with pytest.raises(ProblemError) as refused:
        TokenReader(settings, KeySource(settings)).caller(signed(claims(**changes)))
    assert refused.value.code == "UNAUTHENTICATED"


@pytest.mark.parametrize("changes", [{"tenant": None}, {"tenant": "a b"}, {"tenant": 7}, {"realm_access": None}])
def test_a_token_without_tenant_or_role_is_refused(settings: Settings, changes: dict[str, Any]) -> None:
    """A true token that names none of our roles, or no tenant, is 403."""
    with pytest.raises(ProblemError) as refused:
        TokenReader(settings, KeySource(settings)).caller(signed(claims(**changes)))
    assert refused.value.code == "FORBIDDEN"


def test_no_signature_but_the_issuers_counts(settings: Settings) -> None:
    """A foreign key, a shared secret made of the public key, no signature, a changed body and rubbish: 401."""
    reader = TokenReader(settings, KeySource(settings))
    good = signed(claims())
    head, body, proof = good.split(".")
    plain, shared = (encoded(json.dumps({"alg": name, "kid": "one"}).encode()) for name in ("none", "HS256"))
    guessed = hmac.new(KEY.as_pem(private=False), f"{shared}.{body}".encode(), hashlib.sha256).digest()
    for token in (
        signed(claims(), key=RSAKey.import_key(OTHER.as_dict(private=True) | {"kid": "one"}), algorithm="RS256"),
        f"{shared}.{body}.{encoded(guessed)}",
        f"{plain}.{body}.",
        f"{head}.{signed(claims(tenant='other')).split('.')[1]}.{proof}",
        f"{head}.{body}.",
        "a.b.c",
        "{}",
        "." * 40,
        "é",
        good * 100,
    ):
        with pytest.raises(ProblemError) as refused:
            reader.caller(token)
        assert refused.value.code == "UNAUTHENTICATED", token[:80]


@pytest.fixture
def issuer() -> Iterator[tuple[str, dict[str, Any]]]:
    """Run an issuer whose keys can be changed: its address, and the keys that it shows."""
    shown: dict[str, Any] = {"keys": [KEY.as_dict(private=False)]}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined] # a TCP server has it
            body = shown if self.path == "/keys" else {"issuer": address, "jwks_uri": f"{address}/keys"}
            self.send_response(200 if "keys" in shown else 500)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", shown
    server.shutdown()


def test_keys_come_by_discovery_and_are_kept(issuer: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    """The discovery document leads to the keys; an issuer that is away then harms nobody for a while."""
    address, shown = issuer
    settings = Settings(data_dir=tmp_path, oidc_issuer=address, oidc_tenant="acme", oidc_role_claim="role")
    reader = TokenReader(settings, KeySource(settings))
    token = signed(claims(iss=address, role="viewer"))
    assert reader.caller(token).role == Role.VIEWER
    shown.clear()
    assert reader.caller(token).tenant_id == "acme"
    with pytest.raises(ProblemError) as refused:
        TokenReader(settings, KeySource(settings)).caller(token)
    assert refused.value.code == "UNAVAILABLE"
