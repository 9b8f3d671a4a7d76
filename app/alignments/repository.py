"""All queries on alignments and the files derived from them. No rules: the service has them."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import blobs
from app.alignments.models import Alignment, AlignmentFile

_NUL = "\x00"  # no id has it, and Postgres does not even compare it


@dataclass(frozen=True)
class AlignmentFilter:
    """Say which alignments a list holds; None asks for all.

    Parameters
    ----------
    dataset_id, scenario_id, job_id
        Only alignments of this dataset, scenario or job.
    archived
        Only archived alignments, or only those in use.
    """

    dataset_id: str | None = None
    scenario_id: str | None = None
    job_id: str | None = None
    archived: bool | None = None

    def clauses(self) -> list[sa.ColumnElement[bool]]:
        """Return the filter as SQL conditions."""
        wanted: dict[str, Any] = {
            "dataset_id": self.dataset_id,
            "scenario_id": self.scenario_id,
            "job_id": self.job_id,
            "archived": self.archived,
        }
        if any(_NUL in value for value in wanted.values() if isinstance(value, str)):
            return [sa.false()]
        return [getattr(Alignment, name) == value for name, value in wanted.items() if value is not None]


class AlignmentRepository:
    """Read and write alignment rows in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, alignment: Alignment) -> None:
        """Insert a new row."""
        self._session.add(alignment)
        self._session.flush()

    def get(self, alignment_id: str) -> Alignment | None:
        """Return one alignment, None where there is none."""
        return None if _NUL in alignment_id else self._session.get(Alignment, alignment_id)

    def imported(self, dataset_id: str) -> Alignment | None:
        """Return the current alignment that came with a dataset."""
        return self._session.scalars(
            sa.select(Alignment).where(Alignment.dataset_id == dataset_id, Alignment.origin_kind == "import")
        ).first()

    def page(self, wanted: AlignmentFilter, *, after: list[str] | None, limit: int) -> Sequence[Alignment]:
        """Return up to ``limit`` alignments, newest first, that follow the key (created_at, id)."""
        query = sa.select(Alignment).where(*wanted.clauses())
        if after is not None:
            key = sa.tuple_(Alignment.created_at, Alignment.id)
            moment = sa.literal(datetime.datetime.fromisoformat(after[0]), Alignment.created_at.type)
            query = query.where(key < sa.tuple_(moment, sa.literal(after[1])))
        query = query.order_by(Alignment.created_at.desc(), Alignment.id.desc()).limit(limit)
        return self._session.scalars(query).all()

    def count(self, wanted: AlignmentFilter) -> int:
        """Return the number of alignments."""
        query = sa.select(sa.func.count()).select_from(Alignment).where(*wanted.clauses())
        return int(self._session.scalar(query) or 0)

    def num_children(self, alignment_id: str) -> int:
        """Return how many alignments were made from this one."""
        query = sa.select(sa.func.count()).select_from(Alignment).where(Alignment.parent_id == alignment_id)
        return int(self._session.scalar(query) or 0)

    def num_jobs(self, alignment_id: str) -> int:
        """Return how often jobs name this alignment as their result, their start or a point of their curve."""
        tables = [Alignment.metadata.tables.get(name) for name in ("jobs", "curve_points")]
        return sum(0 if table is None else self._num_named(table, alignment_id) for table in tables)

    def file(self, alignment_id: str, kind: str) -> bytes | None:
        """Return a derived file, None where it was not kept yet."""
        row = self._session.get(AlignmentFile, (alignment_id, kind))
        return None if row is None else blobs.read(self._session, row.sha256)

    def keep_file(self, alignment_id: str, kind: str, content: bytes) -> None:
        """Keep a derived file; one that another request kept meanwhile stays."""
        if self._session.get(AlignmentFile, (alignment_id, kind)) is None:
            sha256 = blobs.put(self._session, content)
            self._session.add(AlignmentFile(alignment_id=alignment_id, kind=kind, sha256=sha256))
            self._session.flush()

    def remove(self, alignment: Alignment) -> None:
        """Delete a row, its derived files, and the blobs that nothing else uses."""
        of_it = AlignmentFile.alignment_id == alignment.id
        files = self._session.scalars(sa.select(AlignmentFile.sha256).where(of_it)).all()
        used = {alignment.assignments_sha256, alignment.certificate_sha256, *files}
        self._session.execute(sa.delete(AlignmentFile).where(of_it))
        self._session.delete(alignment)
        self._session.flush()
        for sha256 in used - {None}:
            if sha256 is not None:
                blobs.discard_unused(self._session, sha256)

    def _num_named(self, table: sa.Table, alignment_id: str) -> int:
        named = [column == alignment_id for name, column in table.c.items() if name.endswith("alignment_id")]
        return int(self._session.scalar(sa.select(sa.func.count()).select_from(table).where(sa.or_(*named))) or 0)
