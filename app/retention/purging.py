"""Deleting everything of one tenant, but for the audit, which says that it was done."""

from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.audit.recording import note
from app.database import Base, Sessions, transact
from app.retention.sweeping import discard_garbage
from app.tenancy import of_all_tenants, of_tenant


def purge_tenant(sessions: Sessions, tenant_id: str) -> dict[str, int]:
    """Delete every row of a tenant in one transaction, then the bulk data that nobody names any more.

    A worker that executes one of its jobs is refused its next write and lets go. Return the number of rows by table.
    """
    counts = transact(of_tenant(sessions, tenant_id), partial(_delete_rows, tenant_id=tenant_id))
    discard_garbage(of_all_tenants(sessions))
    return counts


def _delete_rows(session: Session, *, tenant_id: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    connection = session.connection()
    for table in reversed(Base.metadata.sorted_tables):
        if "tenant_id" not in table.c or table.name == AuditEntry.__tablename__:
            continue
        num_rows = connection.execute(sa.delete(table).where(table.c.tenant_id == tenant_id)).rowcount
        if num_rows:
            counts[table.name] = num_rows
    if counts:
        note(session, "tenant.purged", noun="tenant", resource_id=tenant_id, after=counts)
    return counts
