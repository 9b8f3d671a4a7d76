"""Every query on the audit; it is only read here."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.audit.chain import StoredEntry
from app.audit.models import AuditEntry, AuditHead
from app.audit.recording import HEAD_ID

AT_A_TIME: Final = 1000
REPEATED: Final = ("number", "tenant_id", "actor", "key_id", "request_id", "action", "noun", "resource_id")


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; what is None does not filter."""

    actor: str | None = None
    action: str | None = None
    noun: str | None = None
    resource_id: str | None = None
    request_id: str | None = None
    created_after: datetime.datetime | None = None
    created_before: datetime.datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the filter as SQL."""
        equal = ("actor", "action", "noun", "resource_id", "request_id")
        wanted = {name: getattr(self, name) for name in equal}
        found = [getattr(AuditEntry, name) == value for name, value in wanted.items() if value is not None]
        if self.created_after is not None:
            found.append(AuditEntry.created_at >= self.created_after)
        if self.created_before is not None:
            found.append(AuditEntry.created_at < self.created_before)
        return found


class AuditRepository:
    """Read the audit within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(self, wanted: AuditFilter, *, limit: int, before: int) -> tuple[Sequence[AuditEntry], int]:
        """Return up to ``limit`` entries below the number ``before`` (0 is the end), newest first, and the total."""
        conditions = wanted.conditions()
        total = self._session.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(*conditions)) or 0
        if before:
            conditions = [*conditions, AuditEntry.number < before]
        query = sa.select(AuditEntry).where(*conditions).order_by(AuditEntry.number.desc()).limit(limit)
        return self._session.scalars(query).all(), total

    def head(self) -> tuple[int, str]:
        """Return number and hash of the last entry."""
        row = self._session.get_one(AuditHead, HEAD_ID)
        return row.number, row.hash

    def entries(self) -> Iterator[StoredEntry]:
        """Yield every entry by number, a thousand at a time; the session is one of all tenants."""
        last: int | None = None
        while True:
            query = sa.select(AuditEntry.__table__).order_by(AuditEntry.number).limit(AT_A_TIME)
            if last is not None:
                query = query.where(AuditEntry.number > last)
            rows = self._session.connection().execute(query).mappings().all()
            for row in rows:
                columns = {name: row[name] for name in REPEATED} | {"created_at": row["created_at"].isoformat()}
                yield StoredEntry(number=row["number"], content=row["content"], hash=row["hash"], columns=columns)
            if len(rows) < AT_A_TIME:
                return
            last = rows[-1]["number"]
