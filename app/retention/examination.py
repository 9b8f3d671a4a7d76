"""Examining a database: every stored byte by its hash, every reference, and the chain of the audit."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from app.audit.service import verify
from app.blobs import Blob, chunks
from app.database import Base, Sessions, snapshot
from app.tenancy import of_all_tenants


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What a database holds, and what is wrong with it.

    Parameters
    ----------
    rows
        Number of rows by table.
    faults
        One sentence each; empty when everything holds.
    """

    rows: Mapping[str, int]
    faults: tuple[str, ...]


def examine_database(sessions: Sessions) -> Examination:
    """Read everything that is stored, and recompute what can be."""
    faults: list[str] = []
    with snapshot(of_all_tenants(sessions)) as session:
        connection = session.connection()
        rows = {
            name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
            for name, table in sorted(Base.metadata.tables.items())
        }
        for sha256 in session.scalars(sa.select(Blob.sha256)).all():
            digest = hashlib.sha256()
            for part in chunks(session, sha256):
                digest.update(part)
            if digest.hexdigest() != sha256:
                faults.append(f"the bulk data {sha256[:12]}… are damaged")
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            faults += [f"{row[0]}: a row names what is not in {row[2]}" for row in broken[:20]]
        verdict = verify(session)
        if verdict.broken is not None:
            faults.append(f"the audit does not hold: row {verdict.broken:,}: {verdict.reason}")
    return Examination(rows=rows, faults=tuple(faults))
