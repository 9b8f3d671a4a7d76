"""Fixtures of the contract: one started service with one of everything in its SQLite file."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.contract.seeding import SeededIds, seed


@pytest.fixture(scope="module")
def contract_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return settings whose SQLite file lies in a folder of the test module."""
    return Settings(data_dir=tmp_path_factory.mktemp("contract"), log_format="console", log_level="error")


@pytest.fixture(scope="module")
def contract_app(contract_settings: Settings) -> FastAPI:
    """Return the application, not yet started."""
    return create_app(contract_settings)


@pytest.fixture(scope="module")
def contract_client(contract_app: FastAPI) -> Iterator[TestClient]:
    """Return a client of the started application."""
    with TestClient(contract_app) as client:
        yield client


@pytest.fixture(scope="module")
def ids(contract_app: FastAPI, contract_client: TestClient) -> SeededIds:
    """Store one of everything and return the ids."""
    return seed(contract_app, contract_client)
