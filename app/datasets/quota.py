"""How many datasets a tenant may store."""

from sqlalchemy.orm import Session

from app.datasets.repository import DatasetRepository
from app.errors import ProblemError
from app.settings import Settings


def refuse_full_store(session: Session, settings: Settings) -> None:
    """Refuse one more dataset of a tenant that has as many as it may.

    Raises
    ------
    ProblemError
        When the limit is reached (TOO_MANY).
    """
    limit = settings.max_datasets_per_tenant
    stored = DatasetRepository(session).count(archived=None, text=None)
    if stored >= limit:
        raise ProblemError(
            "TOO_MANY",
            f"{stored:,} datasets are stored, and {limit:,} is the limit; delete those that nothing uses.",
            params={"stored": stored, "limit": limit},
        )
