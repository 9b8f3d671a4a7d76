"""The chain: an entry as text, its hash, and the check that nothing was changed, taken out or put in between.

Each entry names the hash of the one before. Who changes one must change all that follow, and the last hash, which
can be kept elsewhere.
"""

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

FIRST_PREVIOUS: Final = "0" * 64
LARGEST_VALUE_BYTES: Final = 4096


@dataclass(frozen=True, kw_only=True)
class StoredEntry:
    """One row of the audit, as it is checked: the text that was hashed, and what stands beside it in columns."""

    number: int
    content: str
    hash: str
    columns: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ChainVerdict:
    """What the check found.

    Parameters
    ----------
    num_entries
        Entries that hold.
    head
        Hash of the last one that holds.
    broken
        Number of the first row that does not hold, None when all do.
    reason
        What is wrong with it.
    """

    num_entries: int
    head: str
    broken: int | None = None
    reason: str | None = None


def canonical(content: Mapping[str, Any]) -> str:
    """Return an entry's text: JSON with sorted names and without blanks."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def hash_of(text: str) -> str:
    """Return the SHA-256 of an entry's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: Any) -> Any:
    """Return a column's value as JSON; one that is long is named by its hash."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_VALUE_BYTES:
        return {"sha256": hash_of(text), "bytes": size}
    return json.loads(text)


def verify_chain(entries: Iterable[StoredEntry], *, head_number: int, head_hash: str) -> ChainVerdict:
    """Check entries in the order of their numbers, and that the last one is the known head."""
    previous, number = FIRST_PREVIOUS, 0
    for entry in entries:
        reason = _fault(entry, number=number + 1, previous=previous)
        if reason is not None:
            return ChainVerdict(num_entries=number, head=previous, broken=min(entry.number, number + 1), reason=reason)
        previous, number = entry.hash, entry.number
    if (number, previous) != (head_number, head_hash):
        reason = f"the chain ends at {number:,}, its head says {head_number:,}: entries at the end are gone or new"
        return ChainVerdict(num_entries=number, head=previous, broken=number + 1, reason=reason)
    return ChainVerdict(num_entries=number, head=previous)


def _fault(entry: StoredEntry, *, number: int, previous: str) -> str | None:
    if entry.number != number:
        return f"entry {number:,} is missing; the next one is {entry.number:,}"
    if hash_of(entry.content) != entry.hash:
        return "its content was changed: the hash is another one"
    content = json.loads(entry.content)
    if content["previous"] != previous:
        return "it does not follow the entry before"
    differing = [name for name, value in entry.columns.items() if content[name] != value]
    if differing:
        return f"its columns say something else than its content: {', '.join(differing)}"
    return None
