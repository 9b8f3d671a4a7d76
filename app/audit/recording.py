"""Recording: what a transaction changes of audited tables is noted at each flush and appended right before the commit.

Entries are written last, so that the head of the chain, which one transaction holds at a time, is held only shortly
and nothing is waited for meanwhile. A transaction that is rolled back leaves no entry; nor does a savepoint.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app.audit.chain import canonical, hash_of, plain
from app.audit.origin import ACTOR, current_origin
from app.audit.watched import WATCHED
from app.tenancy import DEFAULT_TENANT, tenant_of

PENDING: Final = "audit_pending"
NOBODY: Final = "system"
HEAD_ID: Final = 1
HELD_AT_MOST_S: Final = 10
"""Postgres ends a transaction that holds the head of the chain and says nothing for so long."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change that is not yet written.

    Parameters
    ----------
    savepoint
        The savepoint that it was made in, None outside; when that is rolled back, it was no change.
    """

    tenant_id: str
    action: str
    noun: str
    resource_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    savepoint: SessionTransaction | None


def install_audit(sessions: Any) -> None:
    """Make every session of a ``sessionmaker`` record what it changes."""
    event.listen(sessions, "after_flush", _note_flush)
    event.listen(sessions, "after_soft_rollback", _forget)
    event.listen(sessions, "before_commit", _append)


def note(
    session: Session,
    action: str,
    *,
    noun: str,
    resource_id: str,
    after: Mapping[str, Any],
    tenant_id: str | None = None,
) -> None:
    """Note something that was done besides changing rows, such as publishing; written with the transaction."""
    _pend(
        session,
        Change(
            tenant_id=tenant_of(session) or DEFAULT_TENANT,
            action=action,
            noun=noun,
            resource_id=resource_id,
            before=None,
            after={name: plain(value) for name, value in after.items()},
            savepoint=session.get_nested_transaction(),
        ),
    )


def _note_flush(session: Session, _context: object) -> None:
    for verb, rows in (("created", session.new), ("changed", session.dirty), ("deleted", session.deleted)):
        for row in rows:
            watched = WATCHED.get(row.__tablename__)
            if watched is None or (watched.within is not None and getattr(row, watched.within) is not None):
                continue
            before, after = _values(row, watched.columns, verb=verb)
            if verb == "changed" and not after:
                continue
            (key,) = sa.inspect(row).mapper.primary_key_from_instance(row)
            change = Change(
                tenant_id=getattr(row, "tenant_id", None) or tenant_of(session) or DEFAULT_TENANT,
                action=f"{watched.noun}.{verb}",
                noun=watched.noun,
                resource_id=str(key),
                before=before,
                after=after,
                savepoint=session.get_nested_transaction(),
            )
            _pend(session, change)


def _values(row: Any, columns: tuple[str, ...], *, verb: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if verb != "changed":
        found = {name: plain(getattr(row, name)) for name in columns}
        return (None, found) if verb == "created" else (found, None)
    attributes = sa.inspect(row).attrs
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name in columns:
        history = attributes[name].history
        if history.has_changes() and history.added != history.deleted:
            before[name] = plain(history.deleted[0]) if history.deleted else None
            after[name] = plain(history.added[0]) if history.added else None
    return before, after


def _pend(session: Session, change: Change) -> None:
    session.info.setdefault(PENDING, []).append(change)


def _forget(session: Session, previous: SessionTransaction) -> None:
    """Drop what was noted in a savepoint that is rolled back, or all when the whole transaction is."""
    pending: list[Change] = session.info.get(PENDING, [])
    if previous.nested:
        pending[:] = [change for change in pending if change.savepoint is not previous]
    elif previous.parent is None:
        pending.clear()


def _append(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    pending: list[Change] = session.info.pop(PENDING, [])
    if not pending:
        return
    from app.audit.models import AuditEntry, AuditHead  # the models stand on app.database, which installs this
    from app.database import utc_now

    heads, entries = AuditHead.__table__, AuditEntry.__table__
    connection = session.connection()
    if connection.dialect.name == "postgresql":  # a process that freezes here must not hold up all others
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{HELD_AT_MOST_S}s'")
    held = sa.select(heads.c.number, heads.c.hash).where(heads.c.id == HEAD_ID).with_for_update()
    number, last = connection.execute(held).one()
    now = utc_now()
    who = _who(session)
    rows = []
    for change in pending:
        number += 1
        content = {
            **{"number": number, "created_at": now.isoformat(), "previous": last, **who},
            **{"tenant_id": change.tenant_id, "action": change.action, "noun": change.noun},
            **{"resource_id": change.resource_id, "before": change.before, "after": change.after},
        }
        text = canonical(content)
        last = hash_of(text)
        shown = {name: content[name] for name in ("number", "tenant_id", "action", "noun", "resource_id", *who)}
        rows.append(shown | {"created_at": now, "content": text, "hash": last})
    connection.execute(sa.insert(entries), rows)  # type: ignore[arg-type] # a declarative table is a table
    grown = sa.update(heads)  # type: ignore[arg-type] # a declarative table is a table
    connection.execute(grown.where(heads.c.id == HEAD_ID).values(number=number, hash=last))


def _who(session: Session) -> dict[str, Any]:
    """Return who acts: the caller of the request that is answered, else who the session is of."""
    origin = current_origin()
    if origin is None:
        return {"actor": session.info.get(ACTOR, NOBODY), "key_id": None, "request_id": None}
    caller = origin.state.get("caller")
    return {
        "actor": getattr(caller, "name", "local"),
        "key_id": getattr(caller, "key_id", None),
        "request_id": origin.request_id,
    }
