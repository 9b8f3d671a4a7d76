"""All queries on datasets. No rules: the service has them."""

import datetime
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.blobs import discard_unused
from app.database import Base
from app.datasets.models import Dataset

BLOB_COLUMNS = ("accounts_sha256", "reps_sha256", "pairs_sha256", "units_sha256")


class DatasetRepository:
    """Read and write dataset rows in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, dataset: Dataset) -> None:
        """Insert a new row."""
        self._session.add(dataset)
        self._session.flush()

    def get(self, dataset_id: str) -> Dataset | None:
        """Return one dataset, None where there is none."""
        return self._session.get(Dataset, dataset_id)

    def page(
        self, *, archived: bool | None, text: str | None, after: list[str] | None, limit: int
    ) -> Sequence[Dataset]:
        """Return up to ``limit`` datasets, newest first, that follow the key (created_at, id)."""
        query = sa.select(Dataset).where(*_clauses(archived, text))
        if after is not None:
            moment = sa.literal(datetime.datetime.fromisoformat(after[0]), Dataset.created_at.type)
            key = sa.tuple_(Dataset.created_at, Dataset.id)
            query = query.where(key < sa.tuple_(moment, sa.literal(after[1])))
        query = query.order_by(Dataset.created_at.desc(), Dataset.id.desc()).limit(limit)
        return self._session.scalars(query).all()

    def count(self, *, archived: bool | None, text: str | None) -> int:
        """Return the number of datasets."""
        query = sa.select(sa.func.count()).select_from(Dataset).where(*_clauses(archived, text))
        return int(self._session.scalar(query) or 0)

    def uses(self, dataset_id: str) -> dict[str, int]:
        """Count the rows of each other noun that name this dataset; its own import does not count."""
        counts = {}
        for name, table in sorted(Base.metadata.tables.items()):
            if "dataset_id" not in table.c:
                continue
            query = sa.select(sa.func.count()).select_from(table).where(table.c.dataset_id == dataset_id)
            if "origin_kind" in table.c:
                query = query.where(table.c.origin_kind != "import")
            counts[name] = int(self._session.scalar(query) or 0)
        return {name: count for name, count in counts.items() if count}

    def remove(self, dataset: Dataset) -> None:
        """Delete a row, and the blobs that nothing else uses."""
        hashes = [sha256 for column in BLOB_COLUMNS if (sha256 := getattr(dataset, column)) is not None]
        self._session.delete(dataset)
        self._session.flush()
        for sha256 in hashes:
            discard_unused(self._session, sha256)


def _clauses(archived: bool | None, text: str | None) -> list[sa.ColumnElement[bool]]:
    clauses: list[sa.ColumnElement[bool]] = []
    if archived is not None:
        clauses.append(Dataset.archived == archived)
    if text:
        clauses.append(Dataset.name.icontains(text, autoescape=True))
    return clauses
