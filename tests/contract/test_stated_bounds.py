"""Every bound that the document states is enforced, and every bound that is enforced is stated.

Requests that are taken are changed in one place at a time: numbers, texts, lists and objects at each bound of the
document, just outside of it, and far outside where it states none. The document's own schema is the judge. The service
has small limits, so that bounds that are settings are met, too. Each place of a schema is tried once.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.documentation import openapi_json
from app.main import create_app
from app.settings import Settings
from app.validation import pointer_of
from tests.contract.bounded_requests import BoundedRequest, bounded_requests, full_dataset
from tests.contract.seeding import SeededIds, seed

Place = tuple[str | int, ...]
SMALL: dict[str, Any] = {
    "max_accounts": 6,
    "max_reps": 5,
    "max_units": 4,
    "max_pairs": 4,
    "max_measures": 4,
    "max_id_characters": 100,
    "max_name_characters": 120,
    "max_text_characters": 150,
    "max_time_limit_s": 90.0,
    "max_page_size": 20,
    "max_idempotency_key_characters": 30,
}
BOUNDS = frozenset(
    {
        *("BAD_TEXT", "COORDINATE_OUT_OF_RANGE", "EMPTY_LIST", "INVALID_VALUE", "NEGATIVE_MEASURE", "TOO_MANY"),
        *("CONTRADICTORY_SETTING", "NOT_A_FINITE_NUMBER", "WRONG_TYPE"),
    }
)
"""Codes of values that are too small, too large, too short, too long, too few or too many."""
BETWEEN_VALUES = ("above its maximum", "is above max", "above the largest", "changed twice", "exchange them", "teams;")
"""Of sentences about two values, which no bound of one can state."""
FAR_NUMBERS = (-1e300, 7.0, 1e300)
FAR_LENGTHS = (0, 1, 300)
FAR_COUNTS = (0, 1, 9)
MOST_TRIED = 2_100
"""Longer lists and texts are not made; the fields that take so many share their limit's check with shorter ones."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Return a service with small limits, not yet started."""
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("bounds"), log_level="error", **SMALL))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    """Return a client of the started service."""
    with TestClient(app) as started:
        yield started


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    """Return what the service says of itself."""
    made: dict[str, Any] = json.loads(openapi_json(app))
    return made


@pytest.fixture(scope="module")
def ids(app: FastAPI, client: TestClient) -> SeededIds:
    """Store one of everything."""
    return seed(app, client)


def test_bodies_are_refused_exactly_beyond_the_stated_bounds(
    client: TestClient, document: dict[str, Any], ids: SeededIds
) -> None:
    """A body that its schema refuses is refused; one that it takes is never refused for the size of a value."""
    tried: set[int] = set()
    wrong: list[str] = []
    for request in bounded_requests(ids):
        schema = _body_schema(document, request)
        judge = jsonschema_rs.validator_for({**schema, "components": document["components"]})
        assert judge.is_valid(request.body), request.name
        for place, value in _places(request.body):
            parts = [part for part in _parts_of(document, schema, place) if id(part) not in tried]
            tried.update(map(id, parts))
            for candidate in _candidates(value, parts) if parts else ():
                changed = _changed(request.body, place, candidate)
                wrong += _disagreement(client, request, place, changed, is_stated=judge.is_valid(changed))
    assert not wrong, "\n".join(wrong)
    assert len(tried) > 100


def test_parameters_are_refused_exactly_beyond_the_stated_bounds(
    client: TestClient, document: dict[str, Any], ids: SeededIds
) -> None:
    """A parameter that its schema refuses is refused with its name; one that it takes is not refused for its size."""
    known = {"dataset_id": ids.dataset, "scenario_id": ids.scenario, "job_id": ids.ended_job, "z": "0", "x": "0"}
    known |= {"alignment_id": ids.alignment, "account_id": "a1", "rep_id": "R1", "y": "0", "code": "NOT_FOUND"}
    wrong = []
    for path, item in document["paths"].items():
        operation = item.get("get")
        if operation is None or path.endswith("/events"):
            continue
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "query":
                continue
            others = (other for other in operation["parameters"] if other["in"] == "query")
            needed = {other["name"]: "a1" for other in others if other.get("required")}
            judge = jsonschema_rs.validator_for({**parameter["schema"], "components": document["components"]})
            for value in _parameter_values(parameter["schema"]):
                query = {**{name: known.get(name, text) for name, text in needed.items()}, parameter["name"]: value}
                asked = "/".join(known.get(part[1:-1], part) if part[:1] == "{" else part for part in path.split("/"))
                answer = client.get(asked, params=query)
                is_named = any(
                    fault["code"] in BOUNDS and fault.get("params", {}).get("parameter") == parameter["name"]
                    for fault in (answer.json().get("errors", ()) if answer.status_code == 422 else ())
                )
                if is_named == judge.is_valid(value):
                    wrong.append(f"{asked} {parameter['name']}={str(value)[:40]}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_key_of_a_repeated_request_is_refused_beyond_its_bounds(
    client: TestClient, document: dict[str, Any]
) -> None:
    """An Idempotency-Key is as long as the document says, and no longer."""
    parameters = document["paths"]["/v1/datasets"]["post"]["parameters"]
    text = next(one for one in parameters if one["name"] == "idempotency-key")["schema"]["anyOf"][0]
    for length, status in ((text["minLength"], 200), (text["maxLength"], 200), (text["maxLength"] + 1, 422)):
        headers = {"Idempotency-Key": "k" * length}
        answer = client.post("/v1/datasets?check_only=true", json=full_dataset(), headers=headers)
        assert answer.status_code == status, (length, answer.text)


def _body_schema(document: dict[str, Any], request: BoundedRequest) -> dict[str, Any]:
    operation = document["paths"][request.path][request.method.lower()]
    schema: dict[str, Any] = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema


def _places(value: Any, here: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every place of a body with what stands there."""
    if here:
        yield here, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in pairs:
        yield from _places(inner, (*here, part))


def _parts_of(document: dict[str, Any], schema: Any, place: Place) -> list[dict[str, Any]]:
    """Return the schemas, without references and choices, that speak about a place."""
    parts = list(_plain(document, schema))
    for step in place:
        inner = []
        for part in parts:
            if isinstance(step, int):
                inner += [part["items"]] if "items" in part else []
            elif step in part.get("properties", {}):
                inner.append(part["properties"][step])
            elif isinstance(part.get("additionalProperties"), dict):
                inner.append(part["additionalProperties"])
        parts = [plain for one in inner for plain in _plain(document, one)]
    return parts


def _plain(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        yield from _plain(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
        return
    yield schema
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _plain(document, choice)


def _candidates(value: Any, parts: list[dict[str, Any]]) -> Iterator[Any]:
    """Yield values at, just outside and far outside of the bounds."""
    if isinstance(value, (bool, type(None))) or any({"format", "const", "enum"} & part.keys() for part in parts):
        return
    if isinstance(value, (int, float)):
        yield from _numbers(parts)
    elif isinstance(value, str):
        yield from ("x" * length for length in _sizes(parts, ("minLength", "maxLength"), FAR_LENGTHS))
    elif isinstance(value, list) and value:
        sizes = _sizes(parts, ("minItems", "maxItems"), FAR_COUNTS)
        yield from ([_numbered(value[0], number) for number in range(size)] for size in sizes)
    elif isinstance(value, dict) and value and any("additionalProperties" in part for part in parts):
        first = next(iter(value.values()))
        sizes = _sizes(parts, ("maxProperties",), FAR_COUNTS)
        yield from ({f"key{number}": first for number in range(size)} for size in sizes)
        for names in (part["propertyNames"] for part in parts if "propertyNames" in part):
            yield from ({"k" * length: first} for length in _sizes([names], ("minLength", "maxLength"), (0, 300)))


def _numbers(parts: list[dict[str, Any]]) -> list[float]:
    keywords = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    bounds = {part[keyword] for part in parts for keyword in keywords if keyword in part}
    step = 1 if any(part.get("type") == "integer" for part in parts) else 1e-3
    near = {
        bound + sign * (step if step == 1 else max(step, abs(bound) * 1e-9)) for bound in bounds for sign in (-1, 1)
    }
    return sorted({*bounds, *near, *FAR_NUMBERS})


def _sizes(parts: list[dict[str, Any]], keywords: tuple[str, ...], far: tuple[int, ...]) -> list[int]:
    bounds = {part[keyword] for part in parts for keyword in keywords if keyword in part}
    near = {bound + sign for bound in bounds for sign in (-1, 1)}
    return sorted(size for size in {*bounds, *near, *far} if 0 <= size <= MOST_TRIED)


def _numbered(item: Any, number: int) -> Any:
    """Return an item with an id of its own, where it has one."""
    if isinstance(item, str):
        return f"{item}{number}" if number else item
    return item | {"id": f"id{number}"} if isinstance(item, dict) and "id" in item and number else item


def _changed(body: Any, place: Place, value: Any) -> Any:
    made = copy.deepcopy(body)
    inner = made
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    return made


def _disagreement(
    client: TestClient, request: BoundedRequest, place: Place, changed: Any, *, is_stated: bool
) -> list[str]:
    """Return a line where the service and its document say different things of a body."""
    answer = client.request(request.method, request.asked, json=changed)
    inner = changed
    for part in place:
        inner = inner[part]
    told = f"{request.name} {pointer_of(place)} = {str(inner)[:40]} ({len(str(inner))})"
    if not is_stated:
        return [] if answer.is_client_error else [f"stated, not enforced: {told}"]
    faults = answer.json().get("errors", ()) if answer.status_code == 422 else ()
    return [
        f"enforced, not stated: {told}: {fault['detail']}"
        for fault in faults
        if fault["code"] in BOUNDS
        and str(fault.get("pointer", "")).startswith(pointer_of(place))
        and not any(words in fault["detail"] for words in BETWEEN_VALUES)
    ]


def _parameter_values(schema: dict[str, Any]) -> list[Any]:
    """Return values of a number or a text at and outside of its bounds; of another parameter none."""
    parts = [schema, *schema.get("anyOf", ())]
    kinds = {part.get("type") for part in parts}
    if kinds & {"integer", "number"}:
        return [number for number in _numbers(parts) if abs(number) < 1e15]
    if "string" in kinds and not any({"format", "pattern", "enum"} & part.keys() for part in parts):
        lengths = _sizes(parts, ("minLength", "maxLength"), ())
        return ["x" * length for length in lengths if length]
    return []
