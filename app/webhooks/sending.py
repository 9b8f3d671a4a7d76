"""One webhook over the wire: a signed POST to an address that was judged, bounded in time and size.

Redirects are not followed, answers' bodies are never read, proxies of the environment are not used. The connection
goes to the address that was judged, while the certificate is checked against the name.
"""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from app.webhooks.addresses import allowed, resolved
from app.webhooks.signatures import signature

SUCCESS = range(200, 300)
MOST_ERROR_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent.

    Parameters
    ----------
    id
        The same at every attempt, so that a receiver can tell repetitions.
    url, secret
        Where it goes, and what signs it.
    content
        The body's bytes.
    """

    id: str
    url: str
    secret: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """How one attempt ended.

    Parameters
    ----------
    status
        The answer's HTTP status, None without an answer.
    error
        Why it did not succeed, None when it did.
    retry_after_s
        Seconds that the receiver asked to wait for.
    """

    status: int | None = None
    error: str | None = None
    retry_after_s: float = 0.0

    @property
    def is_delivered(self) -> bool:
        """True when the receiver took it."""
        return self.error is None

    @property
    def is_unwanted(self) -> bool:
        """True when the receiver wants no more of it: 410 Gone."""
        return self.status == 410


def send(message: Message, *, timestamp: int, timeout_s: float, private_too: bool) -> Receipt:
    """Send a message once and return how it ended; never raises for what a receiver or the network does."""
    headers: dict[bytes | str, bytes | str] = {
        "content-type": "application/json",
        "user-agent": "territory-optimizer",
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(message.secret, message.id, timestamp, message.content),
    }
    network = JudgedNetwork(private_too=private_too, deadline=time.monotonic() + timeout_s)
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
    try:
        with (
            httpcore.ConnectionPool(network_backend=network, ssl_context=ssl.create_default_context()) as pool,
            pool.stream(
                "POST", message.url, headers=headers, content=message.content, extensions={"timeout": timeout}
            ) as response,
        ):
            return _receipt(response.status, response.headers)
    except (httpcore.TimeoutException, TimeoutError):
        return Receipt(error=f"no answer within {timeout_s:g} s")
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ssl.SSLError, UnicodeError) as error:
        return Receipt(error=(str(error) or type(error).__name__)[:MOST_ERROR_CHARACTERS])


class JudgedNetwork(httpcore.NetworkBackend):
    """Connects to judged addresses only, and ends everything at a deadline.

    Parameters
    ----------
    private_too
        Private and loopback addresses are allowed.
    deadline
        On the monotonic clock: a receiver that sends a byte now and then gains no time.
    """

    def __init__(self, *, private_too: bool, deadline: float) -> None:
        self._private_too = private_too
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve the name, judge every address, and connect to the first of them that answers.

        Raises
        ------
        ForbiddenTargetError
            When one of its addresses may not be used.
        ConnectError
            When none can be connected to.
        """
        addresses = allowed(resolved(host, port), private_too=self._private_too)
        for position, address in enumerate(addresses):
            try:
                stream = self._backend.connect_tcp(
                    str(address), port, _left(self._deadline), local_address, socket_options
                )
            except httpcore.ConnectError:
                if position == len(addresses) - 1:
                    raise
                continue
            return DeadlineStream(stream, self._deadline)
        raise httpcore.ConnectError("the name has no address")


class DeadlineStream(httpcore.NetworkStream):
    """A stream whose every step ends at one deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write everything."""
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS, with the certificate checked against the name."""
        return DeadlineStream(
            self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Return the seconds that are left.

    Raises
    ------
    TimeoutError
        When none are.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _receipt(status: int, headers: Iterable[tuple[bytes, bytes]]) -> Receipt:
    if status in SUCCESS:
        return Receipt(status=status)
    if 300 <= status < 400:
        return Receipt(status=status, error="the receiver answered with a redirect, which is not followed")
    asked = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    seconds = float(asked) if asked.isdigit() and len(asked) < 10 else 0.0
    return Receipt(status=status, error=f"the receiver answered {status}", retry_after_s=seconds)
