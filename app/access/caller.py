"""The caller of a request: whose tenant, which key, which role. Routes ask for ``CallerParameter``."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.access.roles import VERBS_OF_ROLES, Role, Verb
from app.tenancy import DEFAULT_TENANT


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request.

    Parameters
    ----------
    tenant_id
        The tenant; nothing of another one is seen or changed.
    key_id
        The API key, or the subject of a token; None on a service that asks nobody for a key.
    role
        Whose work the caller does.
    name
        For people: in logs and in the audit.
    verbs
        What the caller may do; never more than the role allows.
    rep_id
        The rep whose branch (manager) or book (rep) is seen; None for the other roles.
    """

    tenant_id: str
    key_id: str | None
    role: Role
    name: str
    verbs: frozenset[Verb] = frozenset(Verb)
    rep_id: str | None = None

    def may(self, verb: Verb) -> bool:
        """Return whether the caller may do this at all."""
        return verb in self.verbs and verb in VERBS_OF_ROLES[self.role]


UNNAMED = Caller(tenant_id=DEFAULT_TENANT, key_id=None, role=Role.OPS, name="local")
"""Whoever reaches a service that asks for no key: the one user of a laptop, or of a proxy that asked already."""


def caller_of(request: Request) -> Caller:
    """Return who sent the request."""
    caller: Caller = getattr(request.state, "caller", UNNAMED)
    return caller


async def get_caller(request: Request) -> Caller:
    """Return who sent the request, as a dependency."""
    return caller_of(request)


CallerParameter = Annotated[Caller, Depends(get_caller)]
