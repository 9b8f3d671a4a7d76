"""Entity tags of resources: a hash of what is answered, and the If-Match and If-None-Match rules."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header
from fastapi.encoders import jsonable_encoder

from app.errors import PreconditionFailed

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="ETag that you read; the change is refused (412) when it is stale."),
]


def etag_of(representation: object) -> str:
    """Return the strong ETag of a resource's JSON form, quoted as the header wants it."""
    content = json.dumps(jsonable_encoder(representation), sort_keys=True, ensure_ascii=True)
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'


def require_match(if_match: str | None, current: str) -> None:
    """Go on when there is no If-Match, or one that names the current ETag.

    Raises
    ------
    PreconditionFailed
        When the caller read an older state.
    """
    if if_match is None or if_match.strip() == "*":
        return
    named = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if current not in named:
        raise PreconditionFailed(current)


def is_not_modified(headers: Mapping[str, Any], current: str) -> bool:
    """Tell whether the caller's If-None-Match names the current ETag, so that 304 is enough."""
    sent = str(headers.get("if-none-match", ""))
    return sent.strip() == "*" or current in {tag.strip().removeprefix("W/") for tag in sent.split(",")}
