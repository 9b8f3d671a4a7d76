"""Fixtures for tests of the service: settings on a temporary folder, the app, a client, tiny datasets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings whose SQLite file lies in the test's own folder."""
    return Settings(data_dir=tmp_path / "data", log_format="console", log_level="error")


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
def tiny() -> dict[str, Any]:
    """Return a dataset body: four accounts on a line, two reps at its ends, `a4` with the wrong rep.

    R1 . a1 . a2 . . . a3 . a4 . R2     (latitude 50, one degree of longitude apart)
    """
    return tiny_dataset()


def tiny_dataset() -> dict[str, Any]:
    """Return a fresh copy of the dataset that ``tiny`` draws."""
    accounts = [
        {"id": "a1", "name": "Łódź Works", "lat": 50.0, "lon": 10.0, "current_rep_id": "R1"},
        {"id": "a2", "name": "株式会社テスト", "lat": 50.0, "lon": 11.0, "current_rep_id": "R1"},
        {"id": "a3", "name": "Café Ünal", "lat": 50.0, "lon": 13.0, "current_rep_id": "R2"},
        {"id": "a4", "name": "=SUM(A1)", "lat": 50.0, "lon": 14.0, "current_rep_id": "R1"},
    ]
    for position, account in enumerate(accounts):
        account["measures"] = {"workload": 10.0 + position, "potential": 1000.0 * (position + 1)}
    reps = [
        {"id": "R1", "name": "Çelik", "lat": 50.0, "lon": 9.5},
        {"id": "R2", "name": "Nguyễn", "lat": 50.0, "lon": 14.5},
    ]
    return {"name": "Tiny", "accounts": accounts, "reps": reps}
