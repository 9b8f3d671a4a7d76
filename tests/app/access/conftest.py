"""Fixtures of access: a service that asks for keys, and keys of every kind."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.access.service import KeyService, KeyWish
from app.database import transaction, utc_now
from app.main import create_app
from app.settings import Settings
from app.tenancy import of_all_tenants

MakeKey = Callable[..., str]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings of a service that always asks for a key."""
    return Settings(data_dir=tmp_path, access="key", key_pepper="pepper", log_format="console", log_level="error")


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application, not yet started."""
    return create_app(settings)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Return a client of the started application."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def make_key(app: FastAPI, client: TestClient) -> MakeKey:
    """Return a maker of keys in the started service's database."""
    return lambda **wish: make_key_of(app, **wish)


def make_key_of(app: FastAPI, *, is_expired: bool = False, is_revoked: bool = False, **wish: Any) -> str:
    """Store a key and return its text."""
    with transaction(of_all_tenants(app.state.sessions)) as session:
        service = KeyService(session, pepper=app.state.settings.key_pepper)
        key, text = service.create(KeyWish(**{"name": "Key", **wish}))
        if is_expired:
            key.expires_at = utc_now() - datetime.timedelta(seconds=1)
        if is_revoked:
            service.revoke(key.id)
    return text


def bearer(key: str) -> dict[str, str]:
    """Return the header that a key is sent in."""
    return {"Authorization": f"Bearer {key}"}
