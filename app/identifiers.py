"""Ids of our own resources: a prefix that names the noun, then time and chance, sortable by creation."""

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_CHARACTERS = 26
RANDOM_BITS = 80


def new_id(prefix: str) -> str:
    """Make an id such as ``ds_01k…``: 48 bits of milliseconds, then 80 random bits, 26 characters."""
    number = (time.time_ns() // 1_000_000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    characters = []
    for _ in range(ID_CHARACTERS):
        characters.append(ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(characters))}"
