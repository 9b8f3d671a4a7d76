"""The text of an API key: how it is made, taken apart and recognized.

A key is ``tk_<prefix>_<secret>``: the prefix finds the row, the secret has 256 random bits. Stored is an HMAC-SHA-256
of the secret under a salt of its own and a pepper that is a setting, so that a stolen database names no key.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from app.identifiers import ALPHABET

MARK = "tk"
PREFIX_CHARACTERS = 12
SECRET_CHARACTERS = 52
_TEXT = re.compile(rf"{MARK}_([{ALPHABET}]{{{PREFIX_CHARACTERS}}})_([{ALPHABET}]{{{SECRET_CHARACTERS}}})")


@dataclass(frozen=True)
class KeyText:
    """A key as its owner holds it.

    Parameters
    ----------
    prefix
        Finds the key; no secret.
    secret
        Proves it; shown once.
    """

    prefix: str
    secret: str

    @classmethod
    def new(cls) -> "KeyText":
        """Make a key of chance."""
        return cls(_chance(PREFIX_CHARACTERS), _chance(SECRET_CHARACTERS))

    @classmethod
    def read(cls, text: str) -> "KeyText | None":
        """Take a key apart; None where it is no key's text."""
        found = _TEXT.fullmatch(text)
        return None if found is None else cls(found[1], found[2])

    def __str__(self) -> str:
        return f"{MARK}_{self.prefix}_{self.secret}"

    def hashed(self, *, salt: str, pepper: str) -> str:
        """Return what is stored of the secret, in hexadecimal."""
        return hmac.new(pepper.encode() + b"\x00" + salt.encode(), self.secret.encode(), hashlib.sha256).hexdigest()

    def is_proof(self, *, salt: str, pepper: str, stored: str) -> bool:
        """Return whether the secret is the stored one, in a time that does not tell how near it is."""
        return hmac.compare_digest(self.hashed(salt=salt, pepper=pepper), stored)


def _chance(characters: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(characters))
