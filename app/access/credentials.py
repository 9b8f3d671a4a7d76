"""What a request proves its caller by: a bearer credential, or the same as the password that a browser asks for.

A browser that is told of Basic asks its user by itself and sends the answer with every request to the service, so an
address of the API can be opened without a page. Because it does so for a foreign page's forms too, such requests
change nothing. The planning UI asks for keys in a panel of its own: its requests say so (``X-Requested-With``), and
are not told of Basic.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from app.errors import ProblemError

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="territory", Basic realm="territory", charset="UTF-8"'}
PAGES_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="territory"'}
_OWN_PAGES: Final = ("same-origin", "none")


def credential_of(headers: Mapping[str, str], method: str) -> str | None:
    """Return the key or token of a request, None where it has none.

    Raises
    ------
    ProblemError
        When something else was sent (UNAUTHENTICATED), or a browser's password from another site (FORBIDDEN).
    """
    sent = headers.get("authorization")
    if sent is None:
        return None
    kind, _, credential = sent.partition(" ")
    if kind.lower() == "basic":
        site = headers.get("sec-fetch-site", "none")
        if site not in _OWN_PAGES and method not in ("GET", "HEAD"):
            raise ProblemError("FORBIDDEN", "Pages of other sites change nothing here.")
        credential = _password(credential)
    if kind.lower() not in ("bearer", "basic") or not credential.strip():
        raise unauthenticated("Send the key as 'Authorization: Bearer <key>'.")
    return credential.strip()


def unauthenticated(detail: str) -> ProblemError:
    """Return the answer to a caller who did not prove who calls."""
    return ProblemError("UNAUTHENTICATED", detail, headers=CHALLENGE)


def challenged(error: ProblemError, headers: Mapping[str, str]) -> ProblemError:
    """Return the error for the one who asks: a page that asks for keys by itself is not told of passwords."""
    if error.headers == CHALLENGE and "x-requested-with" in headers:
        error.headers = dict(PAGES_CHALLENGE)
    return error


def _password(encoded: str) -> str:
    """Return the password of Basic credentials, empty where they are none; the name before it says nothing."""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
