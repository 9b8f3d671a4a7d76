"""The OpenAPI document and its offline page: descriptions, tags, problem answers, strict bodies.

FastAPI writes most of the document from the routes; this file adds what it cannot know: the bodies that
``strict_body`` reads, the problem answers that every operation can give, and our own front matter.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from app.access.public import PUBLIC
from app.error_codes import ERROR_CODES, status_of
from app.idempotency import Once
from app.problem_schema import PROBLEM_SCHEMAS
from app.problems import MEDIA_TYPE
from app.settings import Settings
from app.stated_limits import with_limits, without_limits

API_VERSION = "1.0"
"""Version of the HTTP API as the document states it; the software has its own, see /health/live."""

STATIC_FOLDER = Path(__file__).parent / "static"
SCHEMA_REF = "#/components/schemas/"

DESCRIPTION = """
Draw sales territories and share accounts fairly: proven gaps, explained assignments, GeoJSON maps.

A `dataset` (accounts, reps, units, pairs; checked, immutable) and criteria make a `scenario`; a `job`
executes it and finds an `alignment`: every account with its rep, its scorecard, its map and its proof.

* Degrees WGS 84, kilometers, hours, seconds (`_s`), fractions for tolerances and gaps, your own currency.
* Your ids are text, any Unicode, kept byte for byte. Times are RFC 3339 in UTC.
* Every error is a problem document (RFC 9457) that lists all faults; GET /problems explains each code.
* Every POST takes an `Idempotency-Key`; lists come in pages (`page_size`, `page_token`, `total_size`).
"""

TAGS = [
    {"name": "datasets", "description": "Imported, checked, immutable accounts, reps, units and pairs."},
    {"name": "scenarios", "description": "A dataset plus criteria plus search limits: one question."},
    {"name": "jobs", "description": "Executions of the optimizer: progress, events, stop and cancel."},
    {"name": "curves", "description": "What one aim costs in terms of another: price of disruption, Pareto sets."},
    {"name": "alignments", "description": "Complete assignments: scorecards, maps, moves, edits, publishing."},
    {"name": "webhooks", "description": "What was told of jobs to other systems, signed, and told again."},
    {"name": "audit", "description": "Who did what when, before and after; entries are never changed."},
    {"name": "service", "description": "Health, metrics, limits and error codes."},
]

_DOCS_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Territory Optimizer API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="static/swagger-ui/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="static/swagger-ui/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
presets: [SwaggerUIBundle.presets.apis]})</script></body></html>"""


SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of `territory keys create`, or a token of the configured OpenID Connect issuer. A "
        "service on loopback needs none until its first key is made.",
    }
}
PATH_PARAMETERS = {
    "dataset_id": "Id of the dataset.",
    "scenario_id": "Id of the scenario.",
    "job_id": "Id of the job.",
    "alignment_id": "Id of the alignment.",
    "account_id": "Id of the account, percent-encoded; it may contain anything, `/` too.",
    "rep_id": "Id of the rep, percent-encoded; it may contain anything, `/` too.",
    "delivery_id": "Id of the delivery.",
    "code": "Code as it stands in a problem document.",
    "z": "Zoom, 0 (the whole world) to 22.",
    "x": "Column from the west, below 2^z.",
    "y": "Row from the north, below 2^z.",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "ETag that you have; the answer is 304 without a body while it is the current one.",
}
_NOT_MODIFIED = {"description": "Not modified: If-None-Match names the current ETag."}
_ANSWER_HEADERS = {
    "ETag": "Changes whenever the answer does.",
    "Location": "Address of what was made.",
    "Idempotent-Replayed": "`true` where the Idempotency-Key was seen before: this is the first request's answer.",
    "Retry-After": "Seconds to wait before trying again.",
    "Allow": "Methods of this path.",
}


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation, as generated clients call it."""
    return route.name


def answer_headers(*names: str) -> dict[str, Any]:
    """Return the documentation of headers of an answer."""
    return {name: {"description": _ANSWER_HEADERS[name], "schema": {"type": "string"}} for name in names}


def front_matter(settings: Settings) -> dict[str, Any]:
    """Return what the document says before its paths."""
    return {
        "summary": "Open sales-territory optimizer",
        "description": DESCRIPTION.strip(),
        "openapi_tags": TAGS,
        "license_info": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        "servers": [{"url": settings.public_url or "/", "description": "This service."}],
    }


def not_modified_responses() -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of a route that answers 304 to an ETag that is still current."""
    return {304: dict(_NOT_MODIFIED)}


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses=`` of a route that can answer these error codes."""
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        by_status.setdefault(status_of(code), []).append(code)
    return {status: _problem_response(named) for status, named in by_status.items()}


def openapi_json(app: FastAPI) -> str:
    """Return the OpenAPI 3.1 document as text, the form that is committed as docs/openapi.json."""
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def install(app: FastAPI) -> None:
    """Serve /openapi.json, /docs and the static files, and complete the document."""

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign] # the way that FastAPI's documentation names

    def get_openapi_json() -> Response:
        return JSONResponse(app.openapi())

    def get_docs() -> Response:
        return HTMLResponse(_DOCS_PAGE)

    app.add_api_route("/openapi.json", get_openapi_json, include_in_schema=False)
    app.add_api_route("/docs", get_docs, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=API_VERSION,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        servers=app.servers,
        license_info=app.license_info,
    )
    document: dict[str, Any] = without_limits(made)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    schemas.update(PROBLEM_SCHEMAS)
    for context in iter_route_contexts(app.routes):
        if not isinstance(context.original_route, APIRoute) or not context.include_in_schema:
            continue
        for method in context.methods or ():
            operation = document["paths"][context.path_format][method.lower()]
            settings: Settings = app.state.settings
            _complete_operation(operation, context.dependant, schemas, str(context.path_format), settings)
            _complete_parameters(operation, settings)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    return document


def _complete_operation(
    operation: dict[str, Any], dependant: Dependant, schemas: dict[str, Any], path: str, settings: Settings
) -> None:
    calls = list(_calls(dependant))
    for call in calls:
        if hasattr(call, "strict_model"):
            content = {"application/json": {"schema": _add_schema(call.strict_model, schemas, settings)}}
            content.update(getattr(call, "other_content", {}))
            operation["requestBody"] = {"required": True, "content": content}
    codes = {"INVALID_INPUT", "UNAVAILABLE"} if operation.get("parameters") else {"UNAVAILABLE"}
    if "requestBody" in operation or any(hasattr(call, "takes_no_body") for call in calls):
        codes |= {"NOT_JSON", "DUPLICATE_KEY", "BODY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "INVALID_INPUT"}
    if "{" in path:
        codes.add("NOT_FOUND")
    is_once = any(getattr(call, "__annotations__", {}).get("return") is Once for call in calls)
    if is_once:
        codes |= {"IDEMPOTENCY_IN_FLIGHT", "IDEMPOTENCY_KEY_REUSED", "INVALID_INPUT"}
    if PUBLIC.fullmatch(path):
        operation["security"] = []
    else:
        # the empty one: a service of one's own, on loopback, needs no key before the first is made
        operation["security"] = [*({name: []} for name in SECURITY_SCHEMES), {}]
        codes |= {"UNAUTHENTICATED", "FORBIDDEN", "TOO_MANY_REQUESTS"}
    responses = operation["responses"]
    _complete_headers(operation, path=path, is_once=is_once)
    if "HTTPValidationError" in json.dumps(responses.get("422", {})):
        del responses["422"]
    for status, response in problem_responses(*sorted(codes)).items():
        responses.setdefault(str(status), response)
    operation["responses"] = dict(sorted(responses.items()))


def _complete_parameters(operation: dict[str, Any], settings: Settings) -> None:
    """Describe ids in paths, and the limits that are settings."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and "description" not in parameter:
            parameter["description"] = PATH_PARAMETERS[parameter["name"]]
        if parameter["name"] == "page_size":
            most = settings.max_page_size
            parameter["schema"] |= {"maximum": most, "default": min(most, parameter["schema"]["default"])}
        if parameter["name"] == "idempotency-key":
            text = parameter["schema"]["anyOf"][0]
            text |= {"minLength": 1, "maxLength": settings.max_idempotency_key_characters}


def _complete_headers(operation: dict[str, Any], *, path: str, is_once: bool) -> None:
    """Name the headers of the answers; where there is a 304, name the header that asks for it."""
    responses = operation["responses"]
    if "304" in responses:
        operation.setdefault("parameters", []).append(dict(IF_NONE_MATCH))
        for status in ("200", "304"):
            responses[status]["headers"] = answer_headers("ETag")
    for status in {"201", "202"} & responses.keys() if is_once else ():
        made = ("Location",) if status == "201" or path.endswith("s") else ()
        responses[status]["headers"] = answer_headers(*made, "Idempotent-Replayed")


def _calls(dependant: Dependant) -> Iterator[Any]:
    for nested in dependant.dependencies:
        if nested.call is not None:
            yield nested.call
        yield from _calls(nested)


def _add_schema(model: type[BaseModel], schemas: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Add a body's schema and all that it refers to; a name that means something else gets a suffix."""
    named = model.model_json_schema(ref_template=SCHEMA_REF + "{model}", mode="validation")
    schema = with_limits(named, settings.limits())
    nested: Mapping[str, Any] = schema.pop("$defs", {})
    wanted = {**nested, model.__name__: schema}
    renamed = {name: f"{name}Body" for name, body in wanted.items() if schemas.get(name, body) != body}
    for name, body in wanted.items():
        schemas[renamed.get(name, name)] = _with_refs(body, renamed)
    return {"$ref": SCHEMA_REF + renamed.get(model.__name__, model.__name__)}


def _with_refs(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_refs(item, renamed) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _with_refs(item, renamed) for key, item in value.items()}
    name = str(value.get("$ref", "")).removeprefix(SCHEMA_REF)
    if name in renamed:
        result["$ref"] = SCHEMA_REF + renamed[name]
    return result


def _problem_response(codes: list[str]) -> dict[str, Any]:
    titles = "; ".join(f"`{code}` {ERROR_CODES[code].title.lower()}" for code in codes)
    headers = {"headers": answer_headers("Retry-After")} if status_of(codes[0]) in (429, 503) else {}
    return {
        "description": f"Problem: {titles}.",
        **headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMA_REF + "Problem"}}},
    }
