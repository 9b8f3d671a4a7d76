"""Request bodies: spooled to disk within limits, checked off the event loop, strict.

A route of any noun takes its body as

    body: Annotated[ScenarioRequest, strict_body(ScenarioRequest)]

and gets a validated model, or the caller gets every fault with its pointer. ``app/documentation.py`` finds
these dependencies and writes their request bodies into the OpenAPI document.
"""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from app.errors import ProblemError, TooLarge
from app.settings import Settings
from app.strict_json import decode
from app.validation import Model, validate_model

SPOOL_BYTES = 1024 * 1024


@dataclass(frozen=True)
class SpooledBody:
    """A body on disk (or in memory while small), rewound.

    Parameters
    ----------
    file
        The bytes; closed when the request ends.
    size
        Number of bytes.
    sha256
        Hash of the bytes, in hexadecimal.
    """

    file: BinaryIO
    size: int
    sha256: str


def strict_body(model: type[BaseModel]) -> Any:
    """Return the dependency that gives a route its JSON body as ``model``, parsed strictly."""

    async def read_body(request: Request) -> BaseModel:
        require_json(request)
        settings: Settings = request.app.state.settings
        async with spool(request, limit=settings.max_json_bytes) as body:
            request.state.body_sha256 = body.sha256
            return await run_in_threadpool(_parse, body, model, settings.max_json_depth)

    read_body.strict_model = model  # type: ignore[attr-defined] # read by app/documentation.py
    return Depends(read_body)


class NoFields(BaseModel):
    """A body that says nothing."""

    model_config = ConfigDict(extra="forbid")


async def _refuse_body(request: Request) -> None:
    """Take no body, or an empty object: what is said in vain is refused, not dropped."""
    settings: Settings = request.app.state.settings
    async with spool(request, limit=settings.max_json_bytes) as body:
        if body.size:
            require_json(request)
            await run_in_threadpool(_parse, body, NoFields, settings.max_json_depth)


_refuse_body.takes_no_body = True  # type: ignore[attr-defined] # read by app/documentation.py

NoBody = Depends(_refuse_body)
"""Dependency of a POST that needs no body."""


def media_type_of(request: Request) -> str:
    """Return the Content-Type without parameters, in lower case, empty when missing."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_json(request: Request) -> None:
    """Refuse a body that is not announced as plain JSON.

    Raises
    ------
    ProblemError
        When Content-Type is not JSON in UTF-8, or the body is compressed.
    """
    refuse_encoding(request)
    kind = media_type_of(request)
    parameters = request.headers.get("content-type", "").lower().replace(" ", "").replace('"', "")
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    if not is_json or ("charset=" in parameters and "charset=utf-8" not in parameters):
        raise unsupported(request, "application/json")


def refuse_encoding(request: Request) -> None:
    """Refuse a compressed body.

    Raises
    ------
    ProblemError
        When Content-Encoding is anything but identity.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise ProblemError(
            "UNSUPPORTED_MEDIA_TYPE",
            f"Content-Encoding '{encoding[:40]}' is not accepted; send the body uncompressed.",
            headers={"Accept-Encoding": "identity"},
        )


def unsupported(request: Request, allowed: str) -> ProblemError:
    """Return the error of a Content-Type that is not among ``allowed``."""
    sent = request.headers.get("content-type")
    said = "There is no Content-Type" if not sent else f"Content-Type '{sent[:80]}' is not accepted here"
    return ProblemError("UNSUPPORTED_MEDIA_TYPE", f"{said}; send {allowed}.", headers={"Accept": allowed})


def too_large(what: str, limit: int) -> TooLarge:
    """Return the error of a body or file over its limit of bytes."""
    return TooLarge(
        "BODY_TOO_LARGE",
        f"{what} is larger than the limit of {limit:,} bytes. Upload files (multipart) to POST /v1/datasets, "
        "or send fewer rows.",
        params={"limit_bytes": limit},
    )


@asynccontextmanager
async def spool(request: Request, *, limit: int) -> AsyncIterator[SpooledBody]:
    """Receive the body into a temporary file, at most ``limit`` bytes whatever its headers say.

    Raises
    ------
    TooLarge
        When the body is longer than ``limit``.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large("The body", limit)
    digest = hashlib.sha256()
    size = 0
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise too_large("The body", limit)
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        yield SpooledBody(cast("BinaryIO", file), size, digest.hexdigest())


def _parse(body: SpooledBody, model: type[Model], max_depth: int) -> Model:
    content = body.file.read()
    return validate_model(model, content, decode(content, max_depth=max_depth))
