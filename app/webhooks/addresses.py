"""Which addresses a webhook may go to: public ones, judged after the name is resolved.

The address that was judged is the one that is connected to, so that a name which resolves differently a moment
later gains nothing.
"""

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenTargetError(OSError):
    """The name leads to an address that webhooks may not go to."""

    def __init__(self) -> None:
        super().__init__("the address may not be used for webhooks")


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, looking through IPv6 forms that wrap an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            wrapped = address.teredo[1]
        if address in _NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None and not is_public(wrapped):
            return False
    return address.is_global and not address.is_multicast


def resolved(host: str, port: int) -> tuple[Address, ...]:
    """Return the addresses of a name, in the system's order.

    Raises
    ------
    OSError
        When the name has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("the name cannot be resolved") from error
    addresses = (ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)
    return tuple(dict.fromkeys(addresses))


def allowed(addresses: Sequence[Address], *, private_too: bool) -> tuple[Address, ...]:
    """Return the addresses when all of them may be used: one private address among them spoils a name.

    Raises
    ------
    ForbiddenTargetError
        When one of them may not.
    """
    if not private_too and not all(map(is_public, addresses)):
        raise ForbiddenTargetError
    return tuple(addresses)
