"""Errors as ``application/problem+json`` (RFC 9457): rendering, FastAPI's handlers, and /problems.

Whatever a caller sent, the answer is small, finite and valid UTF-8: values are cut, non-finite numbers
and lone surrogates are replaced, and the whole body stays under ``MAX_BODY_BYTES``.
"""

import html
import json
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from app.error_codes import ERROR_CODES, ErrorCode, status_of
from app.errors import Fault, InvalidInput, NotFound, ProblemError, Unavailable
from app.fault_json import MAX_SENTENCE_CHARACTERS, clean, clean_params, fault_json
from app.storage_faults import is_away, is_full, is_read_only
from app.validation import faults_of

MEDIA_TYPE = "application/problem+json"
MAX_BODY_BYTES = 240_000
MAX_FAULTS = 1000
ROOM_FOR_FAULTS = MAX_BODY_BYTES - 8192

_STATUS_CODES = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    429: "TOO_MANY_REQUESTS",
}


def problem_json(error: ProblemError) -> dict[str, Any]:
    """Render an error as the problem document of api.md, at most ``MAX_BODY_BYTES`` long."""
    entry = ERROR_CODES.get(error.code, ERROR_CODES["INVALID_INPUT"])
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": entry.title,
        "status": status_of(error.code),
        "code": error.code,
        "detail": clean(error.detail, limit=MAX_SENTENCE_CHARACTERS),
        "fix": entry.fix,
    }
    if error.params:
        body["params"] = clean_params(error.params)
    body["errors"] = _fitting(error.faults[:MAX_FAULTS])
    body["errors_total"] = error.total
    return body


def _fitting(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Render as many faults as fit; remedies that the table has anyway are the first to go."""
    rendered = [fault_json(fault) for fault in faults]
    if sum(map(_num_bytes, rendered)) > ROOM_FOR_FAULTS:
        for fault, item in zip(faults, rendered, strict=True):
            if not fault.fix:
                item.pop("fix", None)
    room = ROOM_FOR_FAULTS
    for position, item in enumerate(rendered):
        room -= _num_bytes(item)
        if room < 0:
            return rendered[:position]
    return rendered


def _num_bytes(item: dict[str, Any]) -> int:
    return len(json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()) + 1


def problem_response(error: ProblemError) -> Response:
    """Answer with the error's problem document, status and headers."""
    body = problem_json(error)
    return JSONResponse(body, status_code=body["status"], headers=error.headers, media_type=MEDIA_TYPE)


def error_of_exception(error: Exception) -> ProblemError:
    """Translate any exception into a problem: the framework's, the database's, or our own fault."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RequestValidationError):
        return InvalidInput(faults_of(error.errors(), body=None))
    if isinstance(error, HTTPException):
        code = _STATUS_CODES.get(error.status_code, "INVALID_INPUT")
        detail = f"{ERROR_CODES[code].description} {ERROR_CODES[code].fix}"
        return ProblemError(code, detail, headers=error.headers)
    if is_full(error):
        return Unavailable("STORAGE_FULL", "The disk of the service is full; nothing was stored.")
    if is_read_only(error):
        return Unavailable("UNAVAILABLE", "The database is read-only for now; nothing was stored.")
    if is_away(error):
        return Unavailable("UNAVAILABLE", "The database cannot be reached; repeat the request in a moment.")
    return ProblemError("INTERNAL_ERROR", "A fault of ours; the log has it under the request id.")


def _allowed_methods(request: Request) -> list[str]:
    """Return every method of a path; the framework names only those of the first route that fits."""
    path = request.url.path
    fitting = [
        context.methods or ()
        for context in iter_route_contexts(request.app.routes)
        if isinstance(context.original_route, APIRoute) and context.path_regex.match(path)
    ]
    return sorted({method for methods in fitting for method in methods})


def install_error_handlers(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem document."""
    log = structlog.get_logger("territory.errors")

    async def handle(request: Request, error: Exception) -> Response:
        problem = error_of_exception(error)
        if problem.code == "METHOD_NOT_ALLOWED":
            problem.headers["Allow"] = ", ".join(_allowed_methods(request))
        if status_of(problem.code) >= 500:
            log.error("request failed", code=problem.code, path=request.url.path, exc_info=error)
        return problem_response(problem)

    for kind in (ProblemError, RequestValidationError, HTTPException, DBAPIError, PoolTimeoutError, OSError):
        app.add_exception_handler(kind, handle)


def code_json(code: str, entry: ErrorCode) -> dict[str, Any]:
    """Render one row of the table."""
    return {
        "type": f"/problems/{code}",
        "code": code,
        "status": entry.status,
        "title": entry.title,
        "description": entry.description,
        "fix": entry.fix,
    }


router = APIRouter(tags=["service"])

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    '<body style="font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem">{body}</body></html>'
)


def _wants_html(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "application/json" not in accept.split("text/html")[0]


def _as_html(rows: list[dict[str, Any]]) -> Response:
    parts = [
        f"<h2>{html.escape(row['title'])}</h2><p><code>{row['code']}</code>"
        f"{'' if row['status'] is None else ' · HTTP ' + str(row['status'])}</p>"
        f"<p>{html.escape(row['description'])}</p><p><b>{html.escape(row['fix'])}</b></p>"
        for row in rows
    ]
    return HTMLResponse(_PAGE.format(title="Problems", body="".join(parts)))


class CodeExplanation(BaseModel):
    """One row of the table of error codes."""

    type: str = Field(description="The problem's type: the address of this row.", examples=["/problems/DUPLICATE_ID"])
    code: str = Field(description="Stable word.", examples=["DUPLICATE_ID"])
    status: int | None = Field(description="HTTP status; null where it is a warning or a job's own problem.")
    title: str = Field(description="A few words, the same for each occurrence.")
    description: str = Field(description="When it occurs.")
    fix: str = Field(description="What to do.")


class CodeTable(BaseModel):
    """Every error code."""

    items: list[CodeExplanation] = Field(description="All rows, in the table's order.")
    total_size: int = Field(description="Number of rows.")


_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


@router.get("/problems", response_model=CodeTable, responses=_HTML, summary="List every error code")
def list_problems(request: Request) -> Response:
    """List every error code with its status, meaning and remedy, as JSON or as a page."""
    rows = [code_json(code, entry) for code, entry in ERROR_CODES.items()]
    return _as_html(rows) if _wants_html(request) else JSONResponse({"items": rows, "total_size": len(rows)})


@router.get("/problems/{code}", response_model=CodeExplanation, responses=_HTML, summary="Explain one error code")
def get_problem(code: str, request: Request) -> Response:
    """Explain one error code: when it occurs and what to do, as JSON or as a page."""
    entry = ERROR_CODES.get(code)
    if entry is None:
        raise NotFound("There is no such error code; GET /problems lists them.")
    row = code_json(code, entry)
    return _as_html([row]) if _wants_html(request) else JSONResponse(row)
