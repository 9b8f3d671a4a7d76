"""What the service tells about itself for each request: an id, a log line, metrics, and a last resort.

Pure ASGI, so that streams and server-sent events pass untouched.
"""

import secrets
import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.audit.origin import answering
from app.errors import Fault, InvalidInput, NotFound, ProblemError
from app.problems import error_of_exception, problem_response

REQUEST_ID_CHARACTERS = 64


class RequestMetrics:
    """Prometheus counters of answered requests."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "territory_http_requests", "Answered requests.", ["method", "route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "territory_http_request_seconds", "Time to answer.", ["method", "route"], registry=registry
        )


class Observation:
    """Wrap the app: request ids, access log, metrics; an unhandled exception becomes a problem document."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics) -> None:
        self.app = app
        self.metrics = metrics
        self.log = structlog.get_logger("territory.http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not HTTP."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        status = 0
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        state = scope.setdefault("state", {})
        with structlog.contextvars.bound_contextvars(request_id=request_id), answering(request_id, state):
            try:
                refused = _refuse_nul(scope)
                if refused is not None:
                    await problem_response(refused)(scope, receive, send_with_id)
                else:
                    await self.app(scope, receive, send_with_id)
            except ClientDisconnect:
                status = status or 499
            except Exception as error:
                self.log.error("unhandled", path=scope["path"], exc_info=error)
                if status == 0:
                    await problem_response(error_of_exception(error))(scope, receive, send_with_id)
            finally:
                self._observe(scope, status, time.perf_counter() - started)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.requests.labels(scope["method"], route, str(status)).inc()
        self.metrics.seconds.labels(scope["method"], route).observe(seconds)
        self.log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )


def _request_id(scope: Scope) -> str:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    sent = next((value for name, value in headers if name == b"x-request-id"), b"").decode("latin-1")
    is_plain = 0 < len(sent) <= REQUEST_ID_CHARACTERS and sent.isascii() and sent.isprintable()
    return sent if is_plain else secrets.token_hex(8)


def _refuse_nul(scope: Scope) -> ProblemError | None:
    """Refuse NUL in paths and queries, which no database takes as text."""
    if "\x00" in scope["path"]:
        return NotFound("There is nothing at this path.")
    query: Any = scope.get("query_string", b"")
    if b"%00" in query or b"\x00" in query:
        return InvalidInput([Fault(code="BAD_TEXT", detail="The query has the control character U+0000.")])
    return None
