"""Each row of the bad-input table: the stated answer with its place, and nothing stored."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings

Body = dict[str, Any]
Change = Callable[[Body], Any]


def _set(table: str, row: int, **fields: Any) -> Change:
    return lambda body: body[table][row].update(fields)


def _all(**fields: Any) -> Change:
    return lambda body: [account.update({k: v(account) for k, v in fields.items()}) for account in body["accounts"]]


def _square(unit: str, west: float, south: float, size: float = 1.0) -> Body:
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return {"type": "Feature", "id": unit, "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def _units(*features: Body, **members: Any) -> Change:
    return lambda body: body.update(units={"type": "FeatureCollection", "features": list(features), **members})


def _pairs(*pairs: Body) -> Change:
    return lambda body: body.update(pairs=list(pairs))


PAIR = {"account_id": "a1", "rep_id": "R1"}

ERRORS: dict[str, tuple[Change, str, str]] = {
    "duplicate account id": (_set("accounts", 1, id="a1"), "DUPLICATE_ID", "/accounts/1/id"),
    "duplicate rep id": (_set("reps", 1, id="R1"), "DUPLICATE_ID", "/reps/1/id"),
    "equal after trimming": (_set("accounts", 1, id=" a1"), "DUPLICATE_AFTER_TRIM", "/accounts/1/id"),
    "equal after NFC": (
        lambda body: (body["accounts"][0].update(id="é"), body["accounts"][2].update(id="e\u0301")),
        "DUPLICATE_AFTER_TRIM",
        "/accounts/2/id",
    ),
    "blank id": (_set("accounts", 0, id="  "), "BAD_TEXT", "/accounts/0/id"),
    "long id": (_set("accounts", 0, id="x" * 129), "BAD_TEXT", "/accounts/0/id"),
    "empty parent": (_set("accounts", 0, parent_id=""), "BAD_TEXT", "/accounts/0/parent_id"),
    "blank unit": (_set("accounts", 0, unit_id=" "), "BAD_TEXT", "/accounts/0/unit_id"),
    "empty manager": (_set("reps", 1, manager_id=""), "BAD_TEXT", "/reps/1/manager_id"),
    "NUL in a unit's properties": (
        _units({**_square("u", 0, 0), "properties": {"a": "\x00"}}),
        "BAD_TEXT",
        "/units/features/0/properties/a",
    ),
    "tab in an id": (_set("accounts", 0, id="a\t"), "BAD_TEXT", "/accounts/0/id"),
    "NUL in a name": (_set("accounts", 0, name="a\x00"), "BAD_TEXT", "/accounts/0/name"),
    "control character": (_set("reps", 0, name="a\x1b"), "BAD_TEXT", "/reps/0/name"),
    "10 MB string": (_set("accounts", 0, name="x" * 10_000_000), "BAD_TEXT", "/accounts/0/name"),
    "unknown current rep": (
        _set("accounts", 3, current_rep_id="R9"),
        "UNKNOWN_REFERENCE",
        "/accounts/3/current_rep_id",
    ),
    "unknown account in a pair": (_pairs({**PAIR, "account_id": "zz"}), "UNKNOWN_REFERENCE", "/pairs/0/account_id"),
    "unknown rep in a pair": (_pairs(PAIR, {**PAIR, "rep_id": "R9"}), "UNKNOWN_REFERENCE", "/pairs/1/rep_id"),
    "a pair twice": (_pairs(PAIR, PAIR), "DUPLICATE_ID", "/pairs/1/account_id"),
    "family cycle": (
        lambda body: (body["accounts"][0].update(parent_id="a2"), body["accounts"][1].update(parent_id="a1")),
        "FAMILY_CYCLE",
        "/accounts/0/parent_id",
    ),
    "its own parent": (_set("accounts", 2, parent_id="a3"), "FAMILY_CYCLE", "/accounts/2/parent_id"),
    "negative measure": (
        _set("accounts", 0, measures={"workload": -1}),
        "NEGATIVE_MEASURE",
        "/accounts/0/measures/workload",
    ),
    "negative visits": (_set("accounts", 0, visits_per_year=-1), "NEGATIVE_MEASURE", "/accounts/0/visits_per_year"),
    "measure beyond all sums": (
        _set("accounts", 0, measures={"workload": 1.7e308}),
        "INVALID_VALUE",
        "/accounts/0/measures/workload",
    ),
    "measure next to nothing": (
        _set("accounts", 0, measures={"workload": 1e-300}),
        "INVALID_VALUE",
        "/accounts/0/measures/workload",
    ),
    "visits beyond all sums": (
        _set("accounts", 0, visits_per_year=1e308),
        "INVALID_VALUE",
        "/accounts/0/visits_per_year",
    ),
    "negative fte": (_set("reps", 0, fte=-0.1), "NEGATIVE_MEASURE", "/reps/0/fte"),
    "minimum above maximum": (
        _set("reps", 0, capacity={"workload": {"min": 5, "max": 4}}),
        "CONTRADICTORY_SETTING",
        "/reps/0/capacity/workload/min",
    ),
    "capacity of no measure": (
        _set("reps", 0, capacity={"wrokload": {"max": 4}}),
        "UNKNOWN_REFERENCE",
        "/reps/0/capacity/wrokload/max",
    ),
    "own measure called accounts": (_set("accounts", 0, measures={"accounts": 2}), "INVALID_VALUE", "/accounts"),
    "coordinates missing": (_set("accounts", 1, lat=None, lon=None), "COORDINATE_MISSING", "/accounts/1/lat"),
    "one coordinate missing": (_set("accounts", 1, lon=None), "COORDINATE_MISSING", "/accounts/1/lon"),
    "a rep's longitude missing": (_set("reps", 1, lon=None), "COORDINATE_MISSING", "/reps/1/lon"),
    "latitude out of range": (_set("accounts", 2, lat=151.2), "COORDINATE_OUT_OF_RANGE", "/accounts/2/lat"),
    "longitude out of range": (_set("accounts", 2, lon=-180.5), "COORDINATE_OUT_OF_RANGE", "/accounts/2/lon"),
    "longitudes to 360": (_set("accounts", 2, lon=350), "LONGITUDE_0_360", "/accounts/2/lon"),
    "swapped, out of range": (
        _all(lat=lambda a: a["lon"] + 100, lon=lambda a: a["lat"]),
        "COORDINATES_LOOK_SWAPPED",
        "/accounts/0/lat",
    ),
    "swapped, by the reps": (
        _all(lat=lambda a: a["lon"], lon=lambda _: 50.0),
        "COORDINATES_LOOK_SWAPPED",
        "/accounts/0/lat",
    ),
    "unknown postal code": (
        _set("accounts", 0, lat=None, lon=None, postal_code="00000"),
        "POSTAL_CODE_UNKNOWN",
        "/accounts/0/postal_code",
    ),
    "no accounts": (lambda body: body.update(accounts=[]), "EMPTY_LIST", "/accounts"),
    "no reps": (lambda body: body.update(reps=[]), "EMPTY_LIST", "/reps"),
    "accounts left out": (lambda body: body.pop("accounts"), "EMPTY_LIST", "/accounts"),
    "locked without a rep": (
        _set("accounts", 0, locked=True, current_rep_id=None),
        "CONTRADICTORY_SETTING",
        "/accounts/0/locked",
    ),
    "locked to a rep who left": (
        lambda body: (body["accounts"][0].update(locked=True), body["reps"][0].update(active=False)),
        "LOCK_CONFLICT",
        "/accounts/0/locked",
    ),
    "locked and forbidden": (
        lambda body: (body["accounts"][0].update(locked=True), body.update(pairs=[{**PAIR, "forbidden": True}])),
        "LOCK_CONFLICT",
        "/accounts/0/locked",
    ),
    "locked beyond the radius": (
        lambda body: (body["accounts"][3].update(locked=True), body["reps"][0].update(max_distance_km=10)),
        "LOCK_CONFLICT",
        "/accounts/3/locked",
    ),
    "misspelt field of an account": (_set("accounts", 0, latt=1), "UNKNOWN_FIELD", "/accounts/0/latt"),
    "misspelt field of a rep": (_set("reps", 0, capacites={}), "UNKNOWN_FIELD", "/reps/0/capacites"),
    "misspelt field of a capacity": (
        _set("reps", 0, capacity={"workload": {"maxx": 1}}),
        "UNKNOWN_FIELD",
        "/reps/0/capacity/workload/maxx",
    ),
    "misspelt field of the body": (lambda body: body.update(acounts=[]), "UNKNOWN_FIELD", "/acounts"),
    "number as text": (_set("accounts", 0, lat="50"), "WRONG_TYPE", "/accounts/0/lat"),
    "flag as number": (_set("accounts", 0, measures={"workload": True}), "WRONG_TYPE", "/accounts/0/measures/workload"),
    "number as flag": (_set("accounts", 0, locked=1), "WRONG_TYPE", "/accounts/0/locked"),
    "id as number": (_set("accounts", 0, id=7), "WRONG_TYPE", "/accounts/0/id"),
    "skills as text": (_set("reps", 0, skills="a;b"), "WRONG_TYPE", "/reps/0/skills"),
    "a skill as number": (_set("reps", 0, skills=["a", 1]), "WRONG_TYPE", "/reps/0/skills/1"),
    "measures as list": (_set("accounts", 0, measures=[1]), "WRONG_TYPE", "/accounts/0/measures"),
    "an account as text": (lambda body: body["accounts"].append("a5"), "WRONG_TYPE", "/accounts/4"),
    "accounts as object": (lambda body: body.update(accounts={}), "WRONG_TYPE", "/accounts"),
    "name as number": (lambda body: body.update(name=1), "WRONG_TYPE", "/name"),
    "id left out": (lambda body: body["accounts"][0].pop("id"), "MISSING_FIELD", "/accounts/0/id"),
    "an integer beyond a double": (
        _set("accounts", 0, visits_per_year=10**400),
        "NOT_A_FINITE_NUMBER",
        "/accounts/0/visits_per_year",
    ),
    "another CRS": (
        _units(_square("u", 0, 0), crs={"type": "name", "properties": {"name": "EPSG:3857"}}),
        "WRONG_CRS",
        "/units",
    ),
    "projected meters": (_units(_square("u", 1_000_000, 6_000_000, 9_000)), "WRONG_CRS", "/units/features/0/geometry"),
    "units that overlap": (
        _units(_square("u", 0, 0), _square("v", 0.5, 0)),
        "UNITS_OVERLAP",
        "/units/features/1/geometry",
    ),
    "a point for a unit": (
        _units({**_square("u", 0, 0), "geometry": {"type": "Point", "coordinates": [0, 0]}}),
        "INVALID_GEOMETRY",
        "/units/features/0/geometry",
    ),
    "a unit twice": (_units(_square("u", 0, 0), _square("u", 5, 0)), "DUPLICATE_ID", "/units/features/1/id"),
    "a unit without an id": (_units({**_square("u", 0, 0), "id": None}), "MISSING_FIELD", "/units/features/0/id"),
    "units that are no GeoJSON": (lambda body: body.update(units={"type": "x"}), "WRONG_TYPE", "/units"),
    "unknown unit": (
        lambda body: (body["accounts"][0].update(unit_id="w"), _units(_square("u", 0, 0))(body)),
        "UNKNOWN_REFERENCE",
        "/accounts/0/unit_id",
    ),
}

WARNINGS: dict[str, tuple[Change, str]] = {
    "null island": (_set("accounts", 0, lat=0, lon=0), "NULL_ISLAND"),
    "a zero measure": (_all(measures=lambda _: {"potential": 0}), "ZERO_TOTAL"),
    "nobody has the skill": (_set("accounts", 0, requires=["laser"]), "NO_ELIGIBLE_REP"),
    "capacities below the total": (
        lambda body: [rep.update(capacity={"workload": {"max": 20}}) for rep in body["reps"]],
        "CAPACITY_BELOW_TOTAL",
    ),
    "minimums above the total": (
        lambda body: [rep.update(capacity={"workload": {"min": 40}}) for rep in body["reps"]],
        "MINIMUM_ABOVE_TOTAL",
    ),
    "a family above any capacity": (
        lambda body: (
            [account.update(parent_id="p") for account in body["accounts"][:3]],
            [rep.update(capacity={"workload": {"max": 30}}) for rep in body["reps"]],
        ),
        "FAMILY_EXCEEDS_ANY_CAPACITY",
    ),
    "an account above any capacity": (
        lambda body: [rep.update(capacity={"workload": {"max": 12.5}}) for rep in body["reps"]],
        "ACCOUNT_EXCEEDS_ANY_CAPACITY",
    ),
    "locks above a capacity": (
        lambda body: (
            [account.update(locked=True) for account in body["accounts"]],
            body["reps"][0].update(capacity={"workload": {"max": 30}}),
        ),
        "LOCKS_EXCEED_CAPACITY",
    ),
    "a bow-tie for a unit": (
        _units(
            {
                **_square("u", 0, 0),
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
            }
        ),
        "INVALID_GEOMETRY",
    ),
    "a current rep that may be unknown": (
        lambda body: (body.update(unknown_current="unassigned"), body["accounts"][0].update(current_rep_id="R9")),
        "UNKNOWN_REFERENCE",
    ),
}


@pytest.fixture(scope="module")
def module_client(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return one client for all rows, so that a row that stores something is found by the next."""
    app: FastAPI = create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), log_level="error"))
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize("name", ERRORS)
def test_refused_with_its_place(module_client: TestClient, tiny: Body, name: str) -> None:
    """The fault is answered with its code and pointer, and nothing is stored."""
    change, code, pointer = ERRORS[name]
    change(tiny)
    answer = module_client.post("/v1/datasets", json=tiny)
    assert answer.status_code == 422, answer.text
    found = {(fault["code"], fault.get("pointer")) for fault in answer.json()["errors"]}
    assert (code, pointer) in found
    assert all(fault["detail"] and fault["fix"] for fault in answer.json()["errors"])
    assert module_client.get("/v1/datasets").json()["total_size"] == 0
    assert len(answer.content) < 256 * 1024


@pytest.mark.parametrize("name", WARNINGS)
def test_accepted_with_a_warning(client: TestClient, tiny: Body, name: str) -> None:
    """The wish is accepted, and `checks` warns at once."""
    change, code = WARNINGS[name]
    change(tiny)
    answer = client.post("/v1/datasets", json=tiny)
    assert answer.status_code == 201, answer.text
    assert code in {check["code"] for check in answer.json()["checks"]}
    assert code in {check["code"] for check in client.get(answer.json()["links"]["checks"]).json()["items"]}


def test_all_faults_in_one_pass(client: TestClient, tiny: Body) -> None:
    """Faults of different kinds and tables come together."""
    tiny["accounts"][0]["lat"] = 99
    tiny["accounts"][1]["current_rep_id"] = "r1"
    tiny["accounts"][2]["measures"] = {"workload": -5}
    tiny["reps"][0]["fte"] = "1"
    codes = [fault["code"] for fault in client.post("/v1/datasets", json=tiny).json()["errors"]]
    assert {"COORDINATE_OUT_OF_RANGE", "UNKNOWN_REFERENCE", "NEGATIVE_MEASURE", "WRONG_TYPE"} <= set(codes)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda body: body["accounts"][0].pop("id"), "MISSING_FIELD"),
        (_set("accounts", 0, id=17), "WRONG_TYPE"),
        (_set("accounts", 0, lat="50.0"), "WRONG_TYPE"),
        (_set("accounts", 0, lat="50.0", lon="10.0"), "WRONG_TYPE"),
        (_set("reps", 0, lat="50.0"), "WRONG_TYPE"),
    ],
)
def test_what_follows_from_a_fault_is_none(client: TestClient, tiny: Body, change: Change, code: str) -> None:
    """A missing id makes no family, and a coordinate of the wrong type is not also missing."""
    for account in tiny["accounts"]:
        account.pop("current_rep_id")
    change(tiny)
    errors = client.post("/v1/datasets", json=tiny).json()["errors"]
    assert {fault["code"] for fault in errors} == {code}, errors


def test_units_that_cannot_be_read_are_not_missing(client: TestClient, tiny: Body) -> None:
    """An account in a unit with a bad geometry is no second fault."""
    _units({**_square("u", 9, 49), "geometry": None})(tiny)
    tiny["accounts"][0]["unit_id"] = "u"
    errors = client.post("/v1/datasets", json=tiny).json()["errors"]
    assert [fault["code"] for fault in errors] == ["INVALID_GEOMETRY"], errors


def test_a_thousand_are_listed_and_all_counted(client: TestClient, tiny: Body) -> None:
    """A list of faults ends at 1,000; the total does not."""
    tiny["accounts"] = [{"id": "same", "lat": 50, "lon": 10} for _ in range(3000)]
    body = client.post("/v1/datasets", json=tiny).json()
    assert (len(body["errors"]), body["errors_total"]) == (1000, 2999)


def test_coordinates_may_be_confirmed(client: TestClient, tiny: Body) -> None:
    """The caller can vouch for coordinates that look swapped."""
    for account in tiny["accounts"]:
        account.update(lat=account["lon"], lon=50.0)
    assert client.post("/v1/datasets", json={**tiny, "coordinates_confirmed": True}).status_code == 201


def test_outliers_and_repeated_points_are_warned_of(client: TestClient, tiny: Body) -> None:
    """One point for a third of the accounts, and an account on another continent, are named."""
    tiny["accounts"] = [{"id": f"a{i}", "lat": 50 + i / 100, "lon": 10} for i in range(200)]
    tiny["accounts"] += [{"id": f"b{i}", "lat": 50, "lon": 10.5} for i in range(100)]
    tiny["accounts"].append({"id": "far", "lat": -30, "lon": 150})
    checks = client.post("/v1/datasets", json=tiny).json()["checks"]
    assert {(check["code"], check["pointer"]) for check in checks} == {
        ("COORDINATE_REPEATED", "/accounts/200/lat"),
        ("FAR_FROM_ALL", "/accounts/300/lat"),
    }


def test_formulas_are_kept(client: TestClient, tiny: Body) -> None:
    """Text that begins with = + - @ is a name like any other."""
    names = ["=SUM(A1)", "+1", "-1", "@x"]
    for account, name in zip(tiny["accounts"], names, strict=True):
        account.update(name=name, id=name)
    made = client.post("/v1/datasets", json=tiny).json()
    items = client.get(made["links"]["accounts"]).json()["items"]
    assert sorted((item["id"], item["name"]) for item in items) == sorted(zip(names, names, strict=True))


RAW = {
    "not json": (b"{", "application/json", 400),
    "no body": (b"", "application/json", 400),
    "a list": (b"[]", "application/json", 400),
    "a text": (b'"x"', "application/json", 400),
    "byte order mark": (b"\xef\xbb\xbf{}", "application/json", 400),
    "duplicate key at the top": (b'{"accounts": [], "accounts": []}', "application/json", 400),
    "duplicate key in a row": (b'{"accounts": [{"id": "a", "id": "b"}], "reps": []}', "application/json", 400),
    "duplicate key in the rest": (b'{"name": "a", "name": "b"}', "application/json", 400),
    "NaN in a row": (b'{"accounts": [{"id": "a", "lat": NaN}]}', "application/json", 400),
    "1e400 in a row": (b'{"accounts": [{"id": "a", "lat": 1e400}]}', "application/json", 400),
    "lone surrogate in a row": (b'{"accounts": [{"id": "\\ud800"}]}', "application/json", 400),
    "bad UTF-8 in a row": (b'{"accounts": [{"id": "\xff"}]}', "application/json", 400),
    "deep": (b'{"accounts":' + b"[" * 100_000, "application/json", 400),
    "no type": (b"{}", "", 415),
    "another type": (b"{}", "text/plain", 415),
    "form type": (b"a=b", "application/x-www-form-urlencoded", 415),
    "another charset": (b"{}", "application/json; charset=utf-16", 415),
    "multipart without boundary": (b"x", "multipart/form-data", 422),
    "multipart that is none": (b"x", "multipart/form-data; boundary=abc", 422),
}


@pytest.mark.parametrize("name", RAW)
def test_raw_bodies_never_break_it(client: TestClient, name: str) -> None:
    """A hostile body gets its problem document."""
    content, kind, status = RAW[name]
    answer = client.post("/v1/datasets", content=content, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_compressed_bodies_are_refused(client: TestClient, tiny: Body) -> None:
    """A packed body is no way around the limit."""
    answer = client.post("/v1/datasets", json=tiny, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_the_body_limit_is_exact(settings: Any, tiny: Body, extra: int) -> None:
    """A body of the limit is taken, one byte more is refused, also when it comes in chunks."""
    content = json.dumps(tiny).encode()
    small = settings.model_copy(update={"max_json_bytes": len(content) - extra})
    with TestClient(create_app(small)) as client:
        chunks = (content[begin : begin + 100] for begin in range(0, len(content), 100))
        for sent in (content, chunks):
            answer = client.post("/v1/datasets", content=sent, headers={"Content-Type": "application/json"})
            assert answer.status_code == (413 if extra > 0 else 201)


@pytest.mark.parametrize("setting", ["max_accounts", "max_reps"])
def test_row_limits(settings: Any, tiny: Body, setting: str) -> None:
    """More rows than the limit are refused with the limit."""
    with TestClient(create_app(settings.model_copy(update={setting: 1}))) as client:
        body = client.post("/v1/datasets", json=tiny).json()
    assert (body["code"], body["errors"][0]["params"]["limit"]) == ("TOO_MANY", 1)
