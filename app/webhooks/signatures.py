"""Secrets and signatures of webhooks, as Standard Webhooks has them: ``whsec_…``, ``v1,…``, HMAC-SHA256.

A receiver verifies with any library of standardwebhooks.com, or with ``is_genuine``.
"""

import base64
import binascii
import hashlib
import hmac

SECRET_PREFIX = "whsec_"
FEWEST_KEY_BYTES, MOST_KEY_BYTES = 24, 64
VERSION = "v1"


def signature(secret: str, message_id: str, timestamp: int, content: bytes) -> str:
    """Return the value of ``webhook-signature``: over id, timestamp (seconds since 1970) and body, joined by dots."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), content))
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def is_genuine(secret: str, *, message_id: str, timestamp: int, content: bytes, signatures: str) -> bool:
    """Tell whether one of the signatures, separated by blanks, is right."""
    right = signature(secret, message_id, timestamp, content)
    return any(hmac.compare_digest(right, given) for given in signatures.split(" "))


def usable_secret(secret: str) -> str:
    """Return the secret.

    Raises
    ------
    ValueError
        When it cannot sign.
    """
    key_of(secret)
    return secret


def key_of(secret: str) -> bytes:
    """Return the bytes of a secret.

    Raises
    ------
    ValueError
        When it is not ``whsec_`` and 24 to 64 bytes in base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not FEWEST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
        raise ValueError("a secret is whsec_ and 24 to 64 random bytes in base64.")
    return key
