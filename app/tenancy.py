"""Tenants that cannot see each other: the one place where queries are confined and new rows are stamped.

Every session has a tenant, or is explicitly one of all tenants. Each ORM statement of a tenant's session meets only
that tenant's rows, in subqueries and joins too, so that a forgotten filter finds nothing instead of too much; a new
row gets the session's tenant. Statements on bare tables are not confined: they count the uses of rows that were
found by a confined statement before, and blobs, which nobody reaches but through such a row.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

Sessions = Callable[..., Session]
"""Makes sessions; SQLAlchemy's ``sessionmaker``, perhaps bound to a tenant."""

DEFAULT_TENANT: Final = "default"
MAX_TENANT_CHARACTERS: Final = 64
TENANT: Final = "tenant_id"
"""Key of a session's ``info``; the value None stands for all tenants."""


class ForeignRowError(RuntimeError):
    """A new row names another tenant than its session, or none in a session of all tenants: a fault of ours."""


class TenantOwned:
    """A row that belongs to a tenant; the default is for rows that an older version still writes."""

    tenant_id: Mapped[str] = mapped_column(sa.String(MAX_TENANT_CHARACTERS), server_default=DEFAULT_TENANT)


def of_tenant(sessions: Sessions, tenant_id: str) -> Sessions:
    """Return a maker of sessions that see and make rows of one tenant only."""
    return partial(sessions, info={TENANT: tenant_id})


def of_all_tenants(sessions: Sessions) -> Sessions:
    """Return a maker of sessions that see every tenant's rows; what they add must name its tenant."""
    return partial(sessions, info={TENANT: None})


def tenant_of(session: Session) -> str | None:
    """Return the tenant of a session, None for all of them."""
    tenant_id: str | None = session.info.get(TENANT, DEFAULT_TENANT)
    return tenant_id


def install_tenancy(sessions: Any) -> None:
    """Confine every session of a ``sessionmaker``; one without a word about it is the default tenant's."""
    event.listen(sessions, "do_orm_execute", _confine)
    event.listen(sessions, "before_flush", _stamp)


def _confine(state: ORMExecuteState) -> None:
    """Add the tenant to what a statement asks of each table that has one."""
    if state.is_insert and state.bind_mapper is not None and issubclass(state.bind_mapper.class_, TenantOwned):
        raise ForeignRowError("rows of a tenant are added one by one, so that they are stamped")
    tenant_id = tenant_of(state.session)
    if tenant_id is None or state.is_column_load:
        return
    if state.is_select or state.is_update or state.is_delete:
        own = with_loader_criteria(TenantOwned, lambda owner: owner.tenant_id == tenant_id, include_aliases=True)
        state.statement = state.statement.options(own)


def _stamp(session: Session, _context: object, _instances: object) -> None:
    """Give every new row the session's tenant."""
    tenant_id = tenant_of(session)
    for row in session.new:
        if not isinstance(row, TenantOwned):
            continue
        named: str | None = row.tenant_id  # None before it is set, whatever the column's type says
        if named is None and tenant_id is not None:
            row.tenant_id = named = tenant_id
        if named is None or tenant_id not in (None, named):
            raise ForeignRowError(f"a new {type(row).__name__} is not of the session's tenant")
