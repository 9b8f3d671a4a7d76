"""Whole exports of Salesforce and HubSpot: what each column is taken for, and how owners find their reps."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.ui.crm_exports import (
    hubspot_companies,
    hubspot_users,
    salesforce_accounts,
    salesforce_id,
    salesforce_users,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return one client for all exports."""
    with TestClient(create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), log_level="error"))) as client:
        yield client


def imported(client: TestClient, accounts: str, reps: str, **options: str) -> dict[str, list[dict[str, Any]]]:
    """Import two exports; return measures, accounts and reps."""
    files = {"accounts": ("accounts.csv", accounts.encode()), "reps": ("users.csv", reps.encode())}
    made = client.post("/v1/datasets", files=files, data=options)
    assert made.status_code == 201, made.text
    body = made.json()
    return {
        "measures": body["measures"],
        "accounts": client.get(body["links"]["accounts"]).json()["items"],
        "reps": client.get(body["links"]["reps"]).json()["items"],
    }


def test_a_whole_salesforce_export_needs_no_mapping(shared: TestClient) -> None:
    """Amounts become measures, labels and second addresses do not; users are found by 15 characters, and named."""
    data = imported(shared, salesforce_accounts(), salesforce_users())
    assert [measure["name"] for measure in data["measures"]] == ["potential", "NumberOfEmployees"]
    first, second = data["accounts"][:2]
    assert (first["id"], first["located_by"]) == (salesforce_id("001", 0), "coordinates")
    assert second["parent_id"] == first["id"]
    assert [account["current_rep_id"] for account in data["accounts"][:2]] == [rep["id"] for rep in data["reps"]]
    assert [rep["name"] for rep in data["reps"]] == ["Ana Silva", "Nguyễn An"]


def test_a_whole_hubspot_export_needs_no_mapping(shared: TestClient) -> None:
    """Owners by name, email or both find their user, no owner is nobody, and places come by postal code."""
    data = imported(shared, hubspot_companies(), hubspot_users())
    assert [measure["name"] for measure in data["measures"]] == ["potential", "Number of Employees"]
    owners = [account["current_rep_id"] for account in data["accounts"]]
    assert owners == ["50001", "50002", "50001", "50002", None, "50001"]
    assert {account["located_by"] for account in data["accounts"]} == {"postal_code"}
    assert data["reps"][0]["attributes"]["Email"] == "ana@acme.example"


def test_a_name_that_two_reps_have_names_neither(shared: TestClient) -> None:
    """Which of two is meant is not guessed: the reference is refused with its row."""
    reps = "id,name\nR-1,Ana Silva\nR-2,Ana Silva\n"
    accounts = "id,lat,lon,owner\nA-1,50,10,Ana Silva\n"
    files = {"accounts": ("a.csv", accounts.encode()), "reps": ("r.csv", reps.encode())}
    answer = shared.post("/v1/datasets", files=files).json()
    assert [(fault["code"], fault["row"], fault["column"]) for fault in answer["errors"]] == [
        ("UNKNOWN_REFERENCE", 2, "owner")
    ]


@pytest.mark.parametrize("header", ["Account Owner,Account Owner ID", "Account Owner ID,Account Owner"])
def test_an_owners_id_goes_before_the_owners_name(shared: TestClient, header: str) -> None:
    """Of two columns for the current rep the id is taken, wherever it stands."""
    cells = dict(zip(("Account Owner", "Account Owner ID"), ("Somebody Else", "R-1"), strict=True))
    row = ",".join(cells[name] for name in header.split(","))
    accounts = f"Account ID,{header},Billing Latitude,Billing Longitude\nA-1,{row},50,10\n"
    data = imported(shared, accounts, "id,name\nR-1,Ana\n")
    assert data["accounts"][0]["current_rep_id"] == "R-1"


def test_a_caller_who_names_the_owners_column_decides(shared: TestClient) -> None:
    """A mapping that was sent goes before every guess."""
    accounts = "id,lat,lon,Owner ID,Account Manager\nA-1,50,10,R-9,Ana\n"
    wanted = json.dumps({"accounts": {"Account Manager": "current_rep_id"}})
    data = imported(shared, accounts, "id,name\nR-1,Ana\n", mapping=wanted)
    assert data["accounts"][0]["current_rep_id"] == "R-1"
