"""What a caller asks of a webhook becomes a target: an address that may be used, and a secret that signs."""

import ipaddress
import threading
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from app.errors import Fault, InvalidInput
from app.settings import Settings
from app.webhooks.addresses import Address, ForbiddenTargetError, allowed, resolved
from app.webhooks.schemas import WebhookEvent, WebhookRequest

RESOLVING_PATIENCE_S = 2.0
"""A name that takes longer is judged when it is first sent to."""


@dataclass(frozen=True)
class Target:
    """Where events of a job go, checked.

    Parameters
    ----------
    url, secret, events
        As stored; no secret means that the service's own signs.
    """

    url: str
    secret: str | None
    events: tuple[WebhookEvent, ...]


def checked_target(wanted: WebhookRequest | None, settings: Settings) -> Target | None:
    """Return the target of a job's webhook, None without one. May wait for the name's address; not in a transaction.

    Raises
    ------
    InvalidInput
        When the address cannot or may not be used (TARGET_FORBIDDEN), or nothing signs.
    """
    if wanted is None:
        return None
    parts = _parts(wanted.url, settings)
    addresses = _addresses(parts)
    try:
        allowed(addresses, private_too=settings.allow_private_webhooks)
    except ForbiddenTargetError:
        detail = "Webhooks may not go to this address: it is not a public one."
        raise _fault("TARGET_FORBIDDEN", detail, fix="Use an address of the public internet.") from None
    if wanted.secret is None and settings.webhook_secret is None:
        detail = "The webhook has no secret, and the service has none of its own."
        fix = "Send secret: whsec_ and 24 to 64 random bytes in base64."
        raise _fault("CONTRADICTORY_SETTING", detail, fix=fix, at="secret")
    return Target(wanted.url, wanted.secret, tuple(wanted.events or WebhookEvent))


def _parts(url: str, settings: Settings) -> SplitResult:
    schemes = ("https", "http") if settings.allow_private_webhooks else ("https",)
    try:
        parts = urlsplit(url)
        is_plain = url.isascii() and url.isprintable() and " " not in url
        is_usable = parts.scheme in schemes and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_plain = is_usable = False
    if not is_plain or not is_usable:
        detail = f"The webhook's url is not an address as {schemes[0]}://host/path, without user and password."
        raise _fault("TARGET_FORBIDDEN", detail, fix="Percent-encode letters beyond ASCII; write names in Punycode.")
    return parts


def _addresses(parts: SplitResult) -> tuple[Address, ...]:
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return (ipaddress.IPv4Address("127.0.0.1"),)
    found: list[tuple[Address, ...]] = []

    def resolve() -> None:
        try:
            found.append(resolved(host, parts.port or 443))
        except OSError:
            found.append(())

    thread = threading.Thread(target=resolve, name="webhook-name", daemon=True)
    thread.start()
    thread.join(RESOLVING_PATIENCE_S)
    return found[0] if found else ()


def _fault(code: str, detail: str, *, fix: str, at: str = "url") -> InvalidInput:
    return InvalidInput([Fault(code=code, detail=detail, fix=fix, pointer=f"/webhook/{at}")])
