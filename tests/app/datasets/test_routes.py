from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.blobs import Blob
from app.database import snapshot
from app.datasets.fields import TABLES
from app.datasets.schemas import AccountBody, PairBody, RepBody


@pytest.fixture
def made(client: TestClient, tiny: dict[str, Any]) -> dict[str, Any]:
    """Return the stored tiny dataset."""
    body: dict[str, Any] = client.post("/v1/datasets", json=tiny).json()
    return body


def test_documented_fields_are_those_that_are_read() -> None:
    """The models of the OpenAPI document and the readers know the same fields."""
    for name, model in (("accounts", AccountBody), ("reps", RepBody), ("pairs", PairBody)):
        assert set(model.model_fields) == set(TABLES[name].known())


def test_says_where_it_is_and_what_it_holds(client: TestClient, tiny: dict[str, Any]) -> None:
    """201 has Location, ETag, counts, measures and hash, the same as GET."""
    answer = client.post("/v1/datasets", json=tiny)
    body = answer.json()
    assert answer.headers["location"] == f"/v1/datasets/{body['id']}"
    assert body["counts"] == {"accounts": 4, "reps": 2, "units": 0, "pairs": 0, "families": 0}
    assert body["measures"][0] == {"name": "workload", "total": 46.0, "unit": "hours per year"}
    again = client.get(answer.headers["location"])
    assert (again.json(), again.headers["etag"]) == (body, answer.headers["etag"])


def test_the_same_data_have_the_same_hash(client: TestClient, tiny: dict[str, Any], made: dict[str, Any]) -> None:
    """The hash is of the data, not of the name; one digit more changes it."""
    same = client.post("/v1/datasets", json={**tiny, "name": "Other"}).json()
    tiny["accounts"][0]["lat"] += 1e-9
    other = client.post("/v1/datasets", json=tiny).json()
    assert same["hashes"] == made["hashes"] != other["hashes"]


def test_a_check_stores_nothing(client: TestClient, tiny: dict[str, Any]) -> None:
    """check_only answers what would be, and there is no dataset afterwards."""
    answer = client.post("/v1/datasets?check_only=true", json=tiny)
    assert (answer.status_code, answer.json()["counts"]["accounts"], "id" in answer.json()) == (200, 4, False)
    assert client.get("/v1/datasets").json()["total_size"] == 0


def test_workload_comes_from_visits_where_it_is_absent(client: TestClient, tiny: dict[str, Any]) -> None:
    """measures.workload wins; else visits times hours; else 0."""
    for account in tiny["accounts"]:
        account["measures"] = {}
    tiny["accounts"][0].update(visits_per_year=12, hours_per_visit=1.5, measures={"workload": 7})
    tiny["accounts"][1].update(visits_per_year=12, hours_per_visit=1.5)
    made = client.post("/v1/datasets", json=tiny).json()
    items = client.get(made["links"]["accounts"]).json()["items"]
    assert [item["measures"]["workload"] for item in items] == [7, 18, 0, 0]


def test_pages_of_accounts_by_id(client: TestClient, made: dict[str, Any]) -> None:
    """Pages follow one another by id and end with null."""
    seen, token = [], ""
    for _ in range(4):
        page = client.get(f"{made['links']['accounts']}?page_size=1{token}").json()
        assert page["total_size"] == 4
        seen += [item["id"] for item in page["items"]]
        token = f"&page_token={page['next_page_token']}"
    assert (seen, page["next_page_token"]) == (["a1", "a2", "a3", "a4"], None)


@pytest.mark.parametrize(
    ("query", "ids"), [("rep_id=R1", ["a1", "a2", "a4"]), ("q=TEST", []), ("q=ünal", ["a3"]), ("q=A1", ["a1", "a4"])]
)
def test_accounts_can_be_filtered(client: TestClient, made: dict[str, Any], query: str, ids: list[str]) -> None:
    """By current rep, and by text in id or name in any case."""
    items = client.get(f"{made['links']['accounts']}?{query}").json()["items"]
    assert [item["id"] for item in items] == ids


def test_datasets_are_listed_newest_first(client: TestClient, tiny: dict[str, Any]) -> None:
    """Pages of datasets go back in time; names and archive marks filter."""
    ids = [client.post("/v1/datasets", json={**tiny, "name": f"D{i}"}).json()["id"] for i in range(3)]
    first = client.get("/v1/datasets?page_size=2").json()
    rest = client.get(f"/v1/datasets?page_size=2&page_token={first['next_page_token']}").json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids[::-1]
    assert client.get("/v1/datasets?q=d1").json()["total_size"] == 1
    client.patch(f"/v1/datasets/{ids[1]}", json={"name": "ÇELİK Łódź"})
    assert client.get("/v1/datasets?q=łÓDŹ").json()["total_size"] == 1
    client.patch(f"/v1/datasets/{ids[0]}", json={"archived": True})
    assert client.get("/v1/datasets?archived=false").json()["total_size"] == 2


def test_rename_with_the_right_etag_only(client: TestClient, made: dict[str, Any]) -> None:
    """A stale If-Match changes nothing; the current one does."""
    path = made["links"]["self"]
    etag = client.get(path).headers["etag"]
    renamed = client.patch(path, json={"name": "Neu"}, headers={"If-Match": etag})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Neu")
    stale = client.patch(path, json={"name": "Old"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "CHANGED")
    assert stale.headers["etag"] == renamed.headers["etag"]
    assert client.get(path, headers={"If-None-Match": stale.headers["etag"]}).status_code == 304


def test_the_current_alignment_came_with_the_data(client: TestClient, made: dict[str, Any]) -> None:
    """The reps that the accounts named are an alignment whose origin is the import."""
    current = client.get(made["links"]["current"]).json()
    assert current["origin"]["kind"] == "import"
    assert client.get(made["links"]["current"]).json()["id"] == current["id"]


def test_no_current_alignment_without_current_reps(client: TestClient, tiny: dict[str, Any]) -> None:
    """Where no account names a rep there is none."""
    for account in tiny["accounts"]:
        account["current_rep_id"] = None
    made = client.post("/v1/datasets", json=tiny).json()
    assert client.get(made["links"]["current"]).status_code == 404


def test_reps_leave_join_and_change(client: TestClient, tiny: dict[str, Any]) -> None:
    """A new dataset with parent_id; accounts keep their rep, locks to one who left are gone."""
    tiny["accounts"][0]["locked"] = True
    tiny["accounts"][2]["locked"] = True
    made = client.post("/v1/datasets", json=tiny).json()
    changes = {
        "leave": ["R1"],
        "join": [{"id": "R3", "name": "Açai", "skills": ["x"]}],
        "update": [{"rep_id": "R2", "fte": 0.5, "capacity": {"workload": {"max": 99}}}],
    }
    answer = client.post(f"{made['links']['self']}/changes", json=changes)
    assert answer.status_code == 201, answer.text
    assert answer.json()["parent_id"] == made["id"]
    reps = {rep["id"]: rep for rep in client.get(answer.json()["links"]["reps"]).json()["items"]}
    assert [reps[name]["active"] for name in ("R1", "R2", "R3")] == [False, True, True]
    assert (reps["R2"]["fte"], reps["R2"]["capacity"]) == (0.5, {"workload": {"min": None, "max": 99.0}})
    accounts = client.get(answer.json()["links"]["accounts"]).json()["items"]
    assert [account["locked"] for account in accounts] == [False, False, True, False]
    assert [account["current_rep_id"] for account in accounts] == ["R1", "R1", "R2", "R1"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"leave": ["R9"]}, "UNKNOWN_REFERENCE", "/leave/0"),
        ({"update": [{"rep_id": "R9", "fte": 1.0}]}, "UNKNOWN_REFERENCE", "/update/0/rep_id"),
        ({"join": [{"id": "R1"}]}, "DUPLICATE_ID", "/join/0/id"),
        ({"join": [{"id": "R3", "skils": []}]}, "UNKNOWN_FIELD", "/join/0/skils"),
        ({"update": [{"rep_id": "R1", "fte": "1"}]}, "WRONG_TYPE", "/update/0/fte"),
        ({"leaves": []}, "UNKNOWN_FIELD", "/leaves"),
        ({}, "CONTRADICTORY_SETTING", ""),
        ({"leave": [], "name": "Nobody"}, "CONTRADICTORY_SETTING", ""),
        ({"leave": ["R1"], "update": [{"rep_id": "R1", "fte": 0.5}]}, "CONTRADICTORY_SETTING", "/update/0/rep_id"),
    ],
)
def test_changes_that_fit_nothing_are_refused(
    client: TestClient, made: dict[str, Any], changes: dict[str, Any], code: str, pointer: str
) -> None:
    """Unknown reps, ids that are taken, misspelt fields and changes that contradict or say nothing are named."""
    errors = client.post(f"{made['links']['self']}/changes", json=changes).json()["errors"]
    assert (code, pointer) in {(fault["code"], fault["pointer"]) for fault in errors}
    assert client.get("/v1/datasets").json()["total_size"] == 1


def test_delete_leaves_nothing(client: TestClient, app: Any, tiny: dict[str, Any], made: dict[str, Any]) -> None:
    """A deleted dataset takes its blobs along, unless another one has the same data."""

    def num_blobs() -> int:
        with snapshot(app.state.sessions) as session:
            return int(session.scalar(sa.select(sa.func.count()).select_from(Blob)) or 0)

    client.get(made["links"]["current"])
    twin = client.post("/v1/datasets", json=tiny).json()
    assert client.delete(made["links"]["self"]).status_code == 204
    assert client.get(made["links"]["self"]).status_code == 404
    assert num_blobs() == 2
    assert client.get(twin["links"]["accounts"]).json()["total_size"] == 4
    assert client.delete(twin["links"]["self"]).status_code == 204
    assert num_blobs() == 0


def test_a_used_dataset_stays(client: TestClient, made: dict[str, Any]) -> None:
    """A dataset with a scenario cannot be deleted."""
    scenario = client.post("/v1/scenarios", json={"dataset_id": made["id"], "name": "S"})
    assert scenario.status_code == 201, scenario.text
    answer = client.delete(made["links"]["self"])
    assert (answer.status_code, answer.json()["code"]) == (409, "IN_USE")
    assert answer.json()["detail"].endswith(" is used by 1 scenario; delete it first, or archive the dataset.")
    assert client.post("/v1/scenarios", json={"dataset_id": made["id"], "name": "T"}).status_code == 201
    detail = client.delete(made["links"]["self"]).json()["detail"]
    assert detail.endswith(" is used by 2 scenarios; delete them first, or archive the dataset.")
