"""Content-addressed bulk data, kept in the database in chunks and named by its SHA-256.

A blob is written in the same transaction as the row that uses it, so neither exists without the other,
and one setting (the database URL) is all that many machines need to share them.

On Postgres two transactions meet at a blob when both store the same content, or one discards what the other stores.
So that they never wait for each other in a circle, what is stored together is stored in the order of the hashes, and
a discard waits for nobody: it comes last, and leaves what another transaction holds to the next sweep.
"""

import datetime
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.database import Base, utc_now
from app.errors import NotFound

CHUNK_BYTES = 4 * 1024 * 1024


class Blob(Base):
    """One stored content."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime.datetime]


class BlobChunk(Base):
    """One part of a blob, at most ``CHUNK_BYTES`` long."""

    __tablename__ = "blob_chunks"

    sha256: Mapped[str] = mapped_column(
        sa.String(64), sa.ForeignKey("blobs.sha256", ondelete="CASCADE"), primary_key=True
    )
    part: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)


def put(session: Session, content: bytes | Path) -> str:
    """Store the bytes, or the file's bytes, once; return their SHA-256 in hexadecimal."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            return _put_file(session, file)
    return _put_file(session, io.BytesIO(content))


def put_all(session: Session, contents: Mapping[str, bytes]) -> dict[str, str]:
    """Store several contents by name; return their SHA-256 by name.

    They are stored in the order of their hashes, so that transactions that store the same ones never block each other.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    for name in sorted(contents, key=digests.__getitem__):
        put(session, contents[name])
    return digests


def read(session: Session, sha256: str) -> bytes:
    """Return the whole content.

    Raises
    ------
    NotFound
        When no such blob is stored.
    """
    return b"".join(chunks(session, sha256))


def chunks(session: Session, sha256: str) -> Iterator[bytes]:
    """Yield the content part by part, each at most ``CHUNK_BYTES`` long.

    Raises
    ------
    NotFound
        When no such blob is stored.
    """
    if session.get(Blob, sha256) is None:
        raise NotFound(f"No stored data has the hash {sha256[:12]}….")
    parts = session.scalars(sa.select(BlobChunk.part).where(BlobChunk.sha256 == sha256).order_by(BlobChunk.part)).all()
    for part in parts:
        yield session.scalars(sa.select(BlobChunk.data).where(BlobChunk.sha256 == sha256, BlobChunk.part == part)).one()


def discard(session: Session, sha256: str) -> None:
    """Forget a content that the caller knows to be unused; nothing happens when it is not there."""
    session.execute(sa.delete(BlobChunk).where(BlobChunk.sha256 == sha256))
    session.execute(sa.delete(Blob).where(Blob.sha256 == sha256))


def discard_unused(session: Session, sha256: str) -> None:
    """Forget a content unless a row of any table still names it, or another transaction is about to."""
    free = sa.select(Blob.sha256).where(Blob.sha256 == sha256).with_for_update(skip_locked=True)
    if session.scalar(free) is None:
        return
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.target_fullname != "blobs.sha256" or table.name == BlobChunk.__tablename__:
                continue
            if session.scalar(sa.select(sa.literal(1)).select_from(table).where(key.parent == sha256).limit(1)):
                return
    discard(session, sha256)


def _put_file(session: Session, file: BinaryIO) -> str:
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # BinaryIO is enough
    size = file.tell()
    while not _is_held(session, digest):
        if not _is_new(session, digest, size=size):
            continue  # another transaction stored the same bytes meanwhile, and a third may discard them again
        file.seek(0)
        part = 0
        while data := file.read(CHUNK_BYTES):
            session.execute(sa.insert(BlobChunk).values(sha256=digest, part=part, data=data))
            part += 1
        return digest
    return digest


def _is_held(session: Session, digest: str) -> bool:
    """Tell whether the blob is stored, and hold it, so that nobody discards it before it is used."""
    return session.get(Blob, digest, with_for_update={"read": True, "key_share": True}) is not None


def _is_new(session: Session, digest: str, *, size: int) -> bool:
    """Insert the blob's row; False when another transaction, whose end this waits for, has stored it.

    The row that comes back tells which: no driver promises a count of rows for an insert.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Blob).values(sha256=digest, size=size, created_at=utc_now()).on_conflict_do_nothing()
    return session.connection().scalar(row.returning(Blob.sha256)) is not None
