"""From where the service may be reached without a key: this machine alone, and only until there are keys.

An address says little by itself: a proxy on the same machine, a page that resolves its own name to 127.0.0.1, and a
form on a foreign page all come from loopback. So the address that is listened on, both ends of the connection, the
Host header and the browser's own word must agree.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import Scope

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_loopback(host: str) -> bool:
    """Return whether an address or name is this machine's own."""
    name = host.strip().strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_from_here(scope: Scope, headers: Mapping[str, str], *, public_url: str | None) -> bool:
    """Return whether a request was sent on this machine, to this machine, by nobody's proxy and no foreign page."""
    ends = [end[0] for end in (scope.get("client"), scope.get("server")) if end and end[0]]
    if not all(_is_here(end) for end in ends) or any(name in headers for name in FORWARDED):
        return False
    if headers.get("sec-fetch-site") == "cross-site" and scope["method"] not in ("GET", "HEAD"):
        return False
    named = headers.get("host", "")
    own = urlsplit(public_url or "").netloc
    return named in ("", own) or _is_here(_host_of(named))


def _is_here(host: str) -> bool:
    """Return whether a host is loopback, or no name that a resolver of the internet would answer."""
    return is_loopback(host) or ("." not in host and ":" not in host)


def _host_of(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return "?.?"
