"""The OpenAPI document: complete, held to the code, and the same as the committed file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.documentation import openapi_json
from app.error_codes import ERROR_CODES
from app.main import create_app
from app.settings import Settings

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
PROBLEM = "application/problem+json"
PROMISED = (
    "/v1/datasets",
    "/v1/datasets/{dataset_id}",
    "/v1/datasets/{dataset_id}/accounts",
    "/v1/datasets/{dataset_id}/reps",
    "/v1/datasets/{dataset_id}/checks",
    "/v1/datasets/{dataset_id}/current",
    "/v1/datasets/{dataset_id}/changes",
    "/v1/scenarios",
    "/v1/scenarios/{scenario_id}",
    "/v1/jobs",
    "/v1/jobs/{job_id}",
    "/v1/jobs/{job_id}/events",
    "/v1/jobs/{job_id}/stop",
    "/v1/jobs/{job_id}/alignment",
    "/v1/alignments",
    "/v1/alignments/{alignment_id}",
    "/v1/alignments/{alignment_id}/scorecard",
    "/v1/alignments/{alignment_id}/assignments",
    "/v1/alignments/{alignment_id}/moves",
    "/v1/alignments/{alignment_id}/territories",
    "/v1/alignments/{alignment_id}/map",
    "/v1/alignments/{alignment_id}/comparison",
    "/v1/alignments/{alignment_id}/certificate",
    "/v1/alignments/{alignment_id}/publish",
    "/v1/alignments/{alignment_id}/report",
    "/v1/limits",
    "/problems",
    "/problems/{code}",
    "/health/live",
    "/health/ready",
    "/metrics",
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return the document that the code makes."""
    made: dict[str, Any] = json.loads(openapi_json(create_app(Settings())))
    return made


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation with its name."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def properties(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of every schema with its name."""
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield f"{name}.{field}", described


def test_the_committed_file_is_the_codes(document: dict[str, Any]) -> None:
    """docs/openapi.json is what `territory openapi` writes."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == document, "run: territory openapi docs/openapi.json"


def test_every_path_of_this_version_is_there(document: dict[str, Any]) -> None:
    """The paths that api.md promises for this version are documented."""
    assert set(PROMISED) <= set(document["paths"])


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    """Each has a summary in our words, a sentence, one tag that is explained, and a name of its own."""
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for name, operation in operations(document):
        derived = operation["operationId"].replace("_", " ").title()
        assert operation["summary"] not in ("", derived), name
        assert operation["description"].endswith((".", "…")), name
        assert len(operation["tags"]) == 1, name
        assert set(operation["tags"]) <= tags, name


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    """Path, query and header parameters have a description."""
    undescribed = [
        f"{name} {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    assert undescribed == []


def test_every_schema_and_property_is_described(document: dict[str, Any]) -> None:
    """No field of any body is left to be guessed."""
    schemas = document["components"]["schemas"]
    bare = [name for name, schema in schemas.items() if not schema.get("description") and "enum" not in schema]
    assert bare + [name for name, described in properties(document) if not described.get("description")] == []


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    """Every answer from 400 on is application/problem+json, names its codes, and they are in the table."""
    for name, operation in operations(document):
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert "503" in errors, name
        assert not ({"parameters", "requestBody"} & operation.keys()) or "422" in errors, name
        assert "{" not in name or "404" in errors, name
        for status, answer in errors.items():
            assert list(answer["content"]) == [PROBLEM], (name, status)
            assert answer["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
            codes = answer["description"].split("`")[1::2]
            assert codes, (name, status)
            assert {ERROR_CODES[code].status for code in codes} <= {int(status), None}, (name, status)


def test_every_body_documents_how_it_is_refused(document: dict[str, Any]) -> None:
    """An operation with a body names the answers to bodies that are no JSON, too large, or of another type."""
    for name, operation in operations(document):
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= operation["responses"].keys(), name


def test_every_post_can_be_repeated(document: dict[str, Any]) -> None:
    """Each POST takes an Idempotency-Key and says 409 while the first one is in flight."""
    for name, operation in operations(document):
        if name.startswith("POST"):
            headers = {
                parameter["name"].lower() for parameter in operation["parameters"] if parameter["in"] == "header"
            }
            assert "idempotency-key" in headers, name
            assert "409" in operation["responses"], name


def test_the_main_bodies_have_examples(document: dict[str, Any]) -> None:
    """What people send and read first is shown by example."""
    schemas = document["components"]["schemas"]
    for name in (
        "DatasetRequest",
        "DatasetChanges",
        "ScenarioRequest",
        "ScenarioChange",
        "JobRequest",
        "JobResource",
        "Alignment",
    ):
        assert schemas[name].get("examples"), name


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    """An example has no field that its schema lacks."""
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            assert set(example) <= set(schema["properties"]), name


def test_numbers_say_their_unit(document: dict[str, Any]) -> None:
    """A field whose name ends in a unit says that unit in words too."""
    units = {"_s": ("second",), "_km": ("km", "kilometer")}
    for name, described in properties(document):
        for suffix, words in units.items():
            if name.endswith(suffix):
                assert any(word in described["description"].lower() for word in words), name
