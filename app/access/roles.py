"""Roles and verbs: what a caller may do, as data.

A role says whose work it is; verbs narrow a key further. Both follow from the method of a request, so that an
operation that is added later is covered without a word.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """Whose work a caller does."""

    OPS = "ops"
    """Plans: everything of the tenant."""
    MANAGER = "manager"
    """Leads a branch of the rep hierarchy: reads alignments, as far as they are of that branch."""
    REP = "rep"
    """Reads the own book of every alignment."""
    VIEWER = "viewer"
    """Reads everything of the tenant, changes nothing."""


class Verb(StrEnum):
    """What a request does, by its method."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"


VERBS_OF_ROLES: Mapping[Role, frozenset[Verb]] = MappingProxyType(
    {
        Role.OPS: frozenset(Verb),
        Role.MANAGER: frozenset({Verb.READ}),
        Role.REP: frozenset({Verb.READ}),
        Role.VIEWER: frozenset({Verb.READ}),
    }
)

_VERBS_OF_METHODS = MappingProxyType({"GET": Verb.READ, "HEAD": Verb.READ, "OPTIONS": Verb.READ, "DELETE": Verb.DELETE})


def verb_of(method: str) -> Verb:
    """Return what a request of this method does; an unknown method writes."""
    return _VERBS_OF_METHODS.get(method, Verb.WRITE)
