"""All queries on API keys. No rules: the service has them."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.models import ApiKey


class KeyRepository:
    """Read and write keys within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, key: ApiKey) -> None:
        """Insert a new key."""
        self._session.add(key)
        self._session.flush()

    def get(self, key_id: str) -> ApiKey | None:
        """Return one key, None where there is none."""
        return self._session.get(ApiKey, key_id)

    def by_prefix(self, prefix: str) -> ApiKey | None:
        """Return the key that begins so, None where there is none."""
        return self._session.scalars(sa.select(ApiKey).where(ApiKey.prefix == prefix)).one_or_none()

    def by_prefixes(self, prefixes: Collection[str]) -> Sequence[ApiKey]:
        """Return the keys that begin so, as many as there are."""
        return self._session.scalars(sa.select(ApiKey).where(ApiKey.prefix.in_(prefixes))).all()

    def all(self) -> Sequence[ApiKey]:
        """Return every key, oldest first."""
        return self._session.scalars(sa.select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)).all()

    def has_any(self) -> bool:
        """Return whether a key was ever made."""
        return self._session.scalar(sa.select(ApiKey.id).limit(1)) is not None
