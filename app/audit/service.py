"""Read the audit: pages of entries, and the check of the whole chain. No HTTP."""

import json
from typing import Any

from sqlalchemy.orm import Session

from app.audit.chain import ChainVerdict, verify_chain
from app.audit.models import AuditEntry
from app.audit.repository import AuditFilter, AuditRepository
from app.pages import PageRequest


def audit_page(session: Session, wanted: AuditFilter, page: PageRequest) -> dict[str, Any]:
    """Return a page of entries, newest first.

    Raises
    ------
    InvalidInput
        When the page token is not one of this list.
    """
    found, total = AuditRepository(session).page(wanted, limit=page.size + 1, before=page.offset())
    shown = found[: page.size]
    token = page.token(shown[-1].number) if len(found) > page.size else None
    return {"items": [entry_json(entry) for entry in shown], "next_page_token": token, "total_size": total}


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """Return what the API shows of an entry."""
    content = json.loads(entry.content)
    names = ("number", "created_at", "actor", "key_id", "request_id", "action", "noun", "resource_id")
    return {name: content[name] for name in names} | {
        "before": content["before"],
        "after": content["after"],
        "hash": entry.hash,
    }


def verify(session: Session) -> ChainVerdict:
    """Check the chain of all tenants from its first entry to its last."""
    audit = AuditRepository(session)
    number, head = audit.head()
    return verify_chain(audit.entries(), head_number=number, head_hash=head)
