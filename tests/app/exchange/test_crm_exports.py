"""Exports for CRMs: only what changes, its exact rollback, ids as they are, and what cannot be loaded refused."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.datasets.salesforce_ids import case_suffix, is_record_id, same_record
from tests.app.conftest import tiny_dataset

BEN, EVE = "005D0000001benA", "005D0000001eveA"
NORTH, SOUTH = "0MID00000000Nth", "0MID00000000Sth"
ACME, BOLT, CORE = "001D000000IRFma", "001D000000IRFmb", "001D000000IRFmc"
ACCOUNTS = (
    "Id,Name,OwnerId,BillingLatitude,BillingLongitude,Industry,AnnualRevenue\n"
    f"{ACME},Łódź Works,{BEN},51.77,19.46,Energy,1000\n"
    f'{BOLT},"Bolt, Inc.",{BEN},52.40,16.92,Energy,2000\n'
    f"{CORE},Çore,{EVE},50.06,19.94,Energy,3000\n"
)
REPS = (
    "Id,Name,IsActive,Latitude,Longitude,Territory2Id,DeveloperName\n"
    f"{BEN},Ben,true,52.2,21.0,{NORTH},North\n"
    f"{EVE},Eve,true,50.0,20.0,{SOUTH},South\n"
)
COMPANIES = (
    "Record ID,Company name,Company owner,Latitude,Longitude\n"
    '8101,"Acme, Inc.",Ana Silva,50.1,10.1\n'
    "8102,Bolt,Ana Silva,51.1,11.1\n"
    "8103,株式会社テスト,Zoë Ünal,51.2,11.2\n"
)
USERS = "id,name,lat,lon\nAna Silva,Ana Silva,50,10\nZoë Ünal,Zoë Ünal,51,11\n"


def imported(client: TestClient, accounts: str, reps: str) -> str:
    """Import two files and return the dataset's id."""
    files = {"accounts": ("accounts.csv", accounts.encode()), "reps": ("reps.csv", reps.encode())}
    answer = client.post("/v1/datasets", files=files)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def current(client: TestClient, dataset_id: str) -> str:
    """Return the id of a dataset's current alignment."""
    return str(client.get(f"/v1/datasets/{dataset_id}/current").json()["id"])


def moved(client: TestClient, alignment_id: str, goals: dict[str, str | None]) -> str:
    """Give accounts to reps by hand and return the child's id."""
    moves = [{"account_id": account, "rep_id": rep} for account, rep in goals.items()]
    answer = client.post(f"/v1/alignments/{alignment_id}/edits", json={"moves": moves})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def archive(client: TestClient, alignment_id: str, crm: str) -> dict[str, str]:
    """Return the files of an export."""
    answer = client.get(f"/v1/alignments/{alignment_id}/exports/{crm}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        return {name: files.read(name).decode() for name in files.namelist()}


def applied(export: str, update: str, *, key: str, field: str) -> str:
    """Return a CRM's export after an update of one field was loaded, as the CRM would write it again."""
    goal = dict(list(csv.reader(io.StringIO(update)))[1:])
    header, *rows = csv.reader(io.StringIO(export))
    at, place = header.index(key), header.index(field)
    changed = [[*row[:place], goal.get(row[at], row[place]), *row[place + 1 :]] for row in rows]
    sink = io.StringIO(newline="")
    csv.writer(sink, lineterminator="\n").writerows([header, *changed])
    return sink.getvalue()


def refused(client: TestClient, alignment_id: str, crm: str) -> list[dict[str, Any]]:
    """Return the faults of an export that must be refused."""
    answer = client.get(f"/v1/alignments/{alignment_id}/exports/{crm}")
    assert answer.status_code == 422, answer.text
    found: list[dict[str, Any]] = answer.json()["errors"]
    return found


def test_a_checksum_tells_the_case_of_an_id() -> None:
    """The last three of 18 characters are reckoned from the first 15; both forms are one record, harmed ones none."""
    assert case_suffix("001D000000IRFma") == "IAH"
    assert is_record_id("001D000000IRFmaIAH")
    assert same_record("001D000000IRFmaIAH") == same_record("001D000000IRFma") == "001D000000IRFma"
    assert not is_record_id("001d000000irfmaIAH")
    assert not is_record_id("001D000000IRFm")
    assert not is_record_id("001D000000ÏRFma")
    assert same_record("ACME") == "ACME"


def test_salesforce_files_hold_only_what_changes(client: TestClient) -> None:
    """A moved account has its owner updated, its territory deleted and inserted; the rollback is the reverse."""
    start = current(client, imported(client, ACCOUNTS, REPS))
    files = archive(client, moved(client, start, {BOLT: EVE}), "salesforce")
    assert files["owners.csv"] == f"Id,OwnerId\n{BOLT},{EVE}\n"
    assert files["rollback/owners.csv"] == f"Id,OwnerId\n{BOLT},{BEN}\n"
    name = "object_territory2_association"
    inserted = "ObjectId,Territory2Id,AssociationCause\n"
    assert files[f"{name}_delete.csv"] == f"ObjectId,Territory2Id\n{BOLT},{NORTH}\n"
    assert files[f"{name}_insert.csv"] == f"{inserted}{BOLT},{SOUTH},Territory2Manual\n"
    assert files[f"rollback/{name}_delete.csv"] == f"ObjectId,Territory2Id\n{BOLT},{SOUTH}\n"
    assert files[f"rollback/{name}_insert.csv"] == f"{inserted}{BOLT},{NORTH},Territory2Manual\n"
    assert files["user_territory2_association_insert.csv"] == "UserId,Territory2Id\n"
    assert files["territories.csv"] == f"DeveloperName,Territory2Id\nNorth,{NORTH}\nSouth,{SOUTH}\n"
    assert "1. owners.csv" in files["README.txt"]
    assert "1 account changes rep" in files["README.txt"]


def test_users_enter_and_leave_territories_with_their_accounts(client: TestClient) -> None:
    """A rep who ends without accounts leaves the territory, and the rollback brings the user back."""
    start = current(client, imported(client, ACCOUNTS, REPS))
    files = archive(client, moved(client, start, {CORE: BEN}), "salesforce")
    header = "UserId,Territory2Id\n"
    assert files["user_territory2_association_delete.csv"] == f"{header}{EVE},{SOUTH}\n"
    assert files["user_territory2_association_insert.csv"] == header
    assert files["rollback/user_territory2_association_insert.csv"] == f"{header}{EVE},{SOUTH}\n"


@pytest.mark.parametrize(
    ("crm", "accounts", "reps", "goals", "update", "fields"),
    [
        ("salesforce", ACCOUNTS, REPS, {ACME: EVE, CORE: BEN}, "owners.csv", ("Id", "OwnerId")),
        (
            "hubspot",
            COMPANIES,
            USERS,
            {"8103": "Ana Silva", "8101": "Zoë Ünal"},
            "companies.csv",
            ("Record ID", "Company owner"),
        ),
    ],
)
def test_the_way_round_and_back(
    client: TestClient,
    crm: str,
    accounts: str,
    reps: str,
    goals: dict[str, str | None],
    update: str,
    fields: tuple[str, str],
) -> None:
    """Export, load, import and export again: the same empty delta, byte for byte; the rollback restores the start."""
    start = current(client, imported(client, accounts, reps))
    nothing = client.get(f"/v1/alignments/{start}/exports/{crm}").content
    child = moved(client, start, goals)
    files = archive(client, child, crm)
    loaded = applied(accounts, files[update], key=fields[0], field=fields[1])
    assert loaded != accounts
    again = current(client, imported(client, loaded, reps))
    rows = [client.get(f"/v1/alignments/{one}/assignments").json()["items"] for one in (child, again)]
    assert [row["rep_id"] for row in rows[0]] == [row["rep_id"] for row in rows[1]]
    assert client.get(f"/v1/alignments/{again}/exports/{crm}").content == nothing
    undone = applied(loaded, files[f"rollback/{update}"], key=fields[0], field=fields[1])
    assert undone == accounts
    back = current(client, imported(client, undone, reps))
    assert client.get(f"/v1/alignments/{back}/exports/{crm}").content == nothing


def test_reps_may_be_territories_or_have_columns_of_their_own(client: TestClient) -> None:
    """With territory ids as reps, users come from a column; two reps of one user change no owner."""
    reps = f"id,lat,lon,User_Id\n{NORTH},52.2,21,{BEN}\n{SOUTH},50,20,{BEN}{case_suffix(BEN)}\n"
    accounts = ACCOUNTS.replace(BEN, NORTH).replace(EVE, SOUTH)
    mapping = {"reps": {"User_Id": "attribute:UserId"}}
    files = {"accounts": ("a.csv", accounts.encode()), "reps": ("r.csv", reps.encode())}
    made = client.post("/v1/datasets", files=files, data={"mapping": json.dumps(mapping)})
    assert made.status_code == 201, made.text
    start = current(client, made.json()["id"])
    found = archive(client, moved(client, start, {BOLT: SOUTH}), "salesforce")
    assert found["owners.csv"] == "Id,OwnerId\n"
    assert f"{BOLT},{SOUTH},Territory2Manual" in found["object_territory2_association_insert.csv"]
    assert "territories.csv" not in found


def test_the_ids_of_associations_are_there_where_the_data_have_them(client: TestClient) -> None:
    """With the association's own id as a column, the delete file can be loaded as it is."""
    lines = ACCOUNTS.splitlines()
    accounts = "\n".join(
        f"{line},{'ObjectTerritory2AssociationId' if not n else f'0Uj{n}'}" for n, line in enumerate(lines)
    )
    start = current(client, imported(client, accounts, REPS))
    files = archive(client, moved(client, start, {BOLT: EVE}), "salesforce")
    assert files["object_territory2_association_delete.csv"] == f"Id,ObjectId,Territory2Id\n0Uj2,{BOLT},{NORTH}\n"


def test_without_territories_or_users_their_files_are_left_out(client: TestClient) -> None:
    """Owners alone need no territories, and the README names the column that would bring the others."""
    plain = REPS.replace("Territory2Id", "Remark")
    files = archive(client, current(client, imported(client, ACCOUNTS, plain)), "salesforce")
    assert set(files) == {"README.txt", "owners.csv", "rollback/owners.csv"}
    assert "Add the column Territory2Id" in files["README.txt"]


def test_a_rep_without_a_user_is_refused_with_the_column_to_add(client: TestClient) -> None:
    """Every rep who gives or takes an account and is not known to the CRM is named, with its row and the column."""
    reps = f"id,lat,lon,UserId\nR1,52.2,21,{BEN}\nR2,50,20,\nR3,50,20,\n"
    accounts = ACCOUNTS.replace(BEN, "R1").replace(EVE, "R2")
    start = current(client, imported(client, accounts, reps))
    (fault,) = refused(client, moved(client, start, {BOLT: "R2"}), "salesforce")
    assert (fault["code"], fault["file"], fault["row"], fault["value"]) == ("CRM_COLUMN_MISSING", "reps", 3, "R2")
    assert "Add the column UserId to the reps and fill it for R2." in fault["fix"]
    nobody = REPS.replace(BEN, "R1").replace(EVE, "R2").replace("Territory2Id", "Remark")
    start = current(client, imported(client, accounts, nobody))
    assert refused(client, start, "salesforce")[0]["code"] == "CRM_COLUMN_MISSING"


@pytest.mark.parametrize("wrong", ["=cmd", "+1", "-1", "@x"])
@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_ids_that_begin_like_formulas_are_refused(client: TestClient, crm: str, wrong: str) -> None:
    """An id is refused with its row, not changed; an account that does not change stands in no file and is no fault."""
    accounts = ACCOUNTS.replace(ACME, wrong)
    start = current(client, imported(client, accounts, REPS))
    assert archive(client, start, crm)
    (fault,) = refused(client, moved(client, start, {wrong: EVE}), crm)
    assert (fault["code"], fault["file"], fault["row"], fault["value"]) == ("CRM_ID_REFUSED", "accounts", 2, wrong)


def test_foreign_harmed_and_repeated_ids_are_refused(client: TestClient) -> None:
    """Neither a number of one's own, nor an id whose case was changed, nor one record in two forms can be loaded."""
    harmed = ACME.lower() + case_suffix(ACME)
    accounts = ACCOUNTS.replace(ACME, "K-17").replace(CORE, harmed)
    accounts += f"{BOLT}{case_suffix(BOLT)},Bolt again,{BEN},50.06,19.94,Energy,3000\n"
    start = current(client, imported(client, accounts, REPS))
    goals: dict[str, str | None] = {"K-17": EVE, harmed: BEN, BOLT: EVE}
    faults = refused(client, moved(client, start, goals), "salesforce")
    assert {fault["value"]: fault["code"] for fault in faults} == {
        "K-17": "CRM_ID_REFUSED",
        harmed: "CRM_ID_REFUSED",
        BOLT: "DUPLICATE_ID",
    }


def test_hubspot_owners_are_emails_or_names(client: TestClient) -> None:
    """An email is taken where the id is none, else the name; reps whom neither tells apart are refused."""
    body = tiny_dataset()
    body["reps"][0]["attributes"] = {"E-mail": "celik@example.com"}
    dataset_id = client.post("/v1/datasets", json=body).json()["id"]
    child = moved(client, current(client, dataset_id), {"a4": "R2", "a3": "R1"})
    files = archive(client, child, "hubspot")
    assert files["companies.csv"] == "Record ID,Company owner\na3,celik@example.com\na4,Nguyễn\n"
    body["reps"][0] = {**body["reps"][0], "name": "Nguyễn", "attributes": {}}
    dataset_id = client.post("/v1/datasets", json=body).json()["id"]
    faults = refused(client, moved(client, current(client, dataset_id), {"a4": "R2"}), "hubspot")
    assert [fault["code"] for fault in faults] == ["CRM_COLUMN_MISSING", "CRM_COLUMN_MISSING"]
    assert "Email" in faults[0]["fix"]


def test_the_emails_of_hubspots_users_are_kept(client: TestClient) -> None:
    """A list of users by User ID keeps its emails, and owners are told by them."""
    accounts = COMPANIES.replace("Ana Silva", "71").replace("Zoë Ünal", "72")
    users = "User ID,Email,Name,lat,lon\n71,ana@example.com,Ana Silva,50,10\n72,zoe@example.com,Zoë Ünal,51,11\n"
    start = current(client, imported(client, accounts, users))
    files = archive(client, moved(client, start, {"8101": "72"}), "hubspot")
    assert files["companies.csv"] == "Record ID,Company owner\n8101,zoe@example.com\n"


def test_accounts_without_a_rep_are_said_not_invented(client: TestClient) -> None:
    """An account that ends without a rep leaves its territory but keeps its owner, and the README says so."""
    start = current(client, imported(client, ACCOUNTS, REPS))
    files = archive(client, moved(client, start, {BOLT: None}), "salesforce")
    assert files["owners.csv"] == files["rollback/owners.csv"].splitlines()[0] + "\n"
    assert f"{BOLT},{NORTH}" in files["object_territory2_association_delete.csv"]
    assert "1 account ends without a rep" in files["README.txt"]
