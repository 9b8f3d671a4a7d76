"""One question to a routing service over HTTP: a time limit, a few attempts, and one kind of failure.

The service's address comes from the settings alone, never from a request, and redirects are not followed.
"""

import json
import math
import time
from collections.abc import Mapping
from typing import Any

import httpx

from app.webhooks.addresses import ForbiddenTargetError, allowed, resolved

ATTEMPTS = 3
FIRST_PAUSE_S = 0.2
MAX_ANSWER_BYTES = 64 * 1024 * 1024
_AGAIN = frozenset({429, 502, 503, 504})


class ProviderError(Exception):
    """The routing service did not answer as it should; the text may be shown."""


class Question:
    """Ask a routing service.

    Parameters
    ----------
    base_url
        The service's address, without a slash at the end.
    timeout_s
        Seconds that one answer may take.
    limit_s
        Seconds that all answers together may take.
    transport
        How requests travel; left out: over the network.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_s: float,
        limit_s: float = math.inf,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout_s, self._limit_s = timeout_s, limit_s
        self._started = time.monotonic()
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, transport=transport)

    def refuse_private(self, *, private_too: bool) -> None:
        """Go on when the service's address is a public one, or private ones are allowed.

        Raises
        ------
        ProviderError
            When it is private and they are not, or has no address.
        """
        url = httpx.URL(self._base_url)
        try:
            allowed(resolved(url.host, url.port or 443), private_too=private_too)
        except ForbiddenTargetError:
            raise ProviderError(
                "The travel-time provider has a private address, which TERRITORY_ALLOW_PRIVATE_PROVIDERS may allow."
            ) from None
        except OSError:
            raise ProviderError("The travel-time provider's name has no address.") from None

    def get(self, path: str, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and JSON object of a GET; see `_asked`."""
        return self._asked(self._client.build_request("GET", f"{self._base_url}{path}", params=dict(params)))

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and JSON object of a POST; see `_asked`."""
        return self._asked(self._client.build_request("POST", f"{self._base_url}{path}", json=dict(body)))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _asked(self, request: httpx.Request) -> tuple[int, dict[str, Any]]:
        """Send until there is an answer that another attempt would not change.

        Raises
        ------
        ProviderError
            When the service cannot be reached, is busy or too slow at every attempt, or answers no JSON object.
        """
        said = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))
            if time.monotonic() - self._started > self._limit_s:
                raise ProviderError(f"The travel-time provider needs more than {self._limit_s:g} s for all questions.")
            try:
                status, content = self._answer(request)
            except httpx.HTTPError as error:
                said = f"it cannot be reached ({type(error).__name__})"
                continue
            if status in _AGAIN:
                said = f"it answered {status}"
                continue
            return status, _object(status, content)
        raise ProviderError(f"The travel-time provider failed {ATTEMPTS} times: {said}.")

    def _answer(self, request: httpx.Request) -> tuple[int, bytes]:
        """Read an answer piece by piece, so that one without an end, or one that drips, ends all the same.

        Raises
        ------
        ProviderError
            When the answer is too large.
        httpx.HTTPError
            When the service cannot be reached, or is too slow.
        """
        until = time.monotonic() + self._timeout_s
        content = bytearray()
        answer = self._client.send(request, stream=True)
        try:
            for part in answer.iter_bytes():
                content += part
                if len(content) > MAX_ANSWER_BYTES:
                    raise ProviderError("The travel-time provider's answer is too large.")
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer takes too long", request=request)
        finally:
            answer.close()
        return answer.status_code, bytes(content)


def _object(status: int, content: bytes) -> dict[str, Any]:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise ProviderError(f"The travel-time provider answered {status} without a JSON object.")
    return read
