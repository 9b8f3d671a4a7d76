"""Whence a change comes: the request that is being answered, known to everything that is done for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

ACTOR: Final = "actor"
"""Key of a session's ``info``: who acts where there is no request, such as a worker."""


@dataclass(frozen=True)
class RequestOrigin:
    """One request.

    Parameters
    ----------
    request_id
        As answered in ``X-Request-Id``.
    state
        The request's own state, where ``caller`` stands once it is known.
    """

    request_id: str
    state: Mapping[str, Any]


_CURRENT: ContextVar[RequestOrigin | None] = ContextVar("request_origin", default=None)


@contextmanager
def answering(request_id: str, state: Mapping[str, Any]) -> Iterator[None]:
    """Name the request that is answered within the block, in this task and the threads that work for it."""
    token = _CURRENT.set(RequestOrigin(request_id, state))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_origin() -> RequestOrigin | None:
    """Return the request that is being answered, None where there is none."""
    return _CURRENT.get()
