"""Accounts that only a postal code places, and those that nothing places."""

from typing import Any

from fastapi.testclient import TestClient

Body = dict[str, Any]

REPS = [{"id": "R-1", "lat": 40.7, "lon": -74.0}, {"id": "R-2", "lat": 61.2, "lon": -149.9}]


def _body(codes: list[str | None], **options: Any) -> Body:
    """Return a dataset whose accounts have a postal code each and no coordinates."""
    accounts = [{"id": f"A-{index}", "postal_code": code, "country": "US"} for index, code in enumerate(codes)]
    return {"accounts": accounts, "reps": REPS, **options}


def _accounts(client: TestClient, answer: Any) -> dict[str, Body]:
    assert answer.status_code == 201, answer.text
    return {item["id"]: item for item in client.get(answer.json()["links"]["accounts"]).json()["items"]}


def test_alaska_is_found(client: TestClient) -> None:
    """The towns of Alaska from Adak to Utqiagvik are located without a word."""
    answer = client.post("/v1/datasets", json=_body(["99546", "99547", "99692", "99723", "99762"]))
    found = _accounts(client, answer)
    assert found["A-3"]["lat"] > 71
    assert found["A-0"]["lon"] < -176
    assert "POSTAL_CODE_UNKNOWN" not in {check["code"] for check in answer.json()["checks"]}


def test_an_unlisted_code_is_placed_in_its_area_and_told(client: TestClient) -> None:
    """One unlisted code refuses nothing: it has a place, and a warning names row, area and how coarse that is."""
    answer = client.post("/v1/datasets", json=_body(["10001", "10292", "10002"]))
    found = _accounts(client, answer)
    assert found["A-1"]["located_by"] == "postal_code"
    assert abs(found["A-1"]["lat"] - 40.75) < 0.2
    [warning] = [check for check in answer.json()["checks"] if check["code"] == "POSTAL_CODE_UNKNOWN"]
    assert (warning["severity"], warning["pointer"]) == ("warning", "/accounts/1/postal_code")
    assert (warning["value"], warning["params"]["area"]) == ("10292", "102")
    assert 0 < warning["params"]["area_km"] < 30
    assert warning["fix"]


def test_a_code_without_a_country_stays_where_the_team_is(client: TestClient) -> None:
    """10115 is in New York and in Berlin: for a team in Germany it is unknown, and lies nowhere in America."""
    account = {"id": "A-1", "postal_code": "10115"}
    reps = [{"id": "R-1", "lat": 52.5, "lon": 13.4}]
    answer = client.post("/v1/datasets", json={"accounts": [account], "reps": reps})
    assert answer.status_code == 422
    assert [fault["code"] for fault in answer.json()["errors"]] == ["POSTAL_CODE_UNKNOWN"]
    known = {"id": "A-0", "lat": 50.9, "lon": 7.0, "country": "DE"}
    answer = client.post("/v1/datasets", json={"accounts": [known, account], "reps": [{"id": "R-1"}]})
    assert [fault["code"] for fault in answer.json()["errors"]] == ["POSTAL_CODE_UNKNOWN"]
    assert client.post("/v1/datasets", json={"accounts": [account], "reps": REPS}).status_code == 201


def test_one_without_a_place_refuses_all_by_default(client: TestClient) -> None:
    """A code of nowhere is an error with its row, and nothing is stored."""
    answer = client.post("/v1/datasets", json=_body(["10001", "00000", None]))
    assert answer.status_code == 422
    assert [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]] == [
        ("POSTAL_CODE_UNKNOWN", "/accounts/1/postal_code"),
        ("COORDINATE_MISSING", "/accounts/2/lat"),
    ]
    assert "leave_out" in answer.json()["errors"][0]["fix"]


def test_those_without_a_place_may_be_left_out(client: TestClient) -> None:
    """With `unlocated: leave_out` the others are taken in, and the warnings name every row that is not."""
    body = _body(["00000", "10001", None, "10002"], unlocated="leave_out")
    answer = client.post("/v1/datasets", json=body)
    assert sorted(_accounts(client, answer)) == ["A-1", "A-3"]
    first, *others = answer.json()["checks"]
    assert (first["code"], first["params"]["left_out"]) == ("COORDINATE_MISSING", 2)
    assert {(check["code"], check["pointer"]) for check in others} >= {
        ("POSTAL_CODE_UNKNOWN", "/accounts/0/postal_code"),
        ("COORDINATE_MISSING", "/accounts/2/lat"),
    }


def test_faults_behind_a_left_out_row_name_their_own_row(client: TestClient) -> None:
    """Errors elsewhere point at the row that the caller sent, in JSON and in files."""
    body = _body(["00000", "10001", "10002"], unlocated="leave_out")
    body["accounts"][2]["current_rep_id"] = "nobody"
    [fault] = client.post("/v1/datasets", json=body).json()["errors"]
    assert (fault["code"], fault["pointer"]) == ("UNKNOWN_REFERENCE", "/accounts/2/current_rep_id")
    files = {
        "accounts": ("accounts.csv", "id,zip,current_rep_id\nA,00000,R-1\nB,10001,R-1\nC,10002,nobody\n"),
        "reps": ("reps.csv", "id,lat,lon\nR-1,40.7,-74.0\n"),
    }
    [fault] = client.post("/v1/datasets", files=files, data={"unlocated": "leave_out"}).json()["errors"]
    assert (fault["code"], fault["row"]) == ("UNKNOWN_REFERENCE", 4)


def test_a_dataset_needs_somebody(client: TestClient) -> None:
    """Where nobody has a place, leaving out is refused."""
    answer = client.post("/v1/datasets", json=_body(["00000", None], unlocated="leave_out"))
    assert answer.status_code == 422
    assert "COORDINATE_MISSING" in {fault["code"] for fault in answer.json()["errors"]}
    assert client.post("/v1/datasets", json=_body(["10001"], unlocated="keep")).status_code == 422


def test_pairs_need_no_place(client: TestClient) -> None:
    """Where the caller's pairs say what an account costs, a code of nowhere is a warning and the account stays."""
    body = _body(["00000", "10001"], unlocated="leave_out")
    body["pairs"] = [{"account_id": "A-0", "rep_id": "R-1", "cost": 1.0}]
    answer = client.post("/v1/datasets", json=body)
    assert sorted(_accounts(client, answer)) == ["A-0", "A-1"]
    assert "POSTAL_CODE_UNKNOWN" in {check["code"] for check in answer.json()["checks"]}


def test_one_call_jobs_may_leave_out(client: TestClient) -> None:
    """A job with its data takes the same option."""
    body = _body(["00000", "10001"], unlocated="leave_out")
    for account in body["accounts"]:
        account["measures"] = {"workload": 1}
    assert client.post("/v1/jobs", json=body).status_code == 202
