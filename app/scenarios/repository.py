"""Every query on scenarios."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.scenarios.chronology import Position, older_than
from app.scenarios.models import Scenario


class ScenarioRepository:
    """Read and write scenarios within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, scenario: Scenario) -> None:
        """Store a new scenario."""
        self._session.add(scenario)
        self._session.flush()

    def get(self, scenario_id: str) -> Scenario:
        """Return a scenario.

        Raises
        ------
        NotFound
            When there is no such scenario.
        """
        scenario = self._session.get(Scenario, scenario_id)
        if scenario is None:
            raise NotFound("There is no such scenario.")
        return scenario

    def page(
        self, *, dataset_id: str | None, archived: bool | None, limit: int, after: Position | None
    ) -> tuple[Sequence[Scenario], int]:
        """Return up to ``limit`` scenarios, newest first, and how many match in all.

        Parameters
        ----------
        dataset_id, archived
            Filters; None does not filter.
        limit
            Most scenarios.
        after
            The last scenario of the page before; None for the first page.
        """
        conditions: list[sa.ColumnElement[bool]] = []
        if dataset_id is not None:
            conditions.append(Scenario.dataset_id == dataset_id)
        if archived is not None:
            conditions.append(Scenario.archived == archived)
        total = self._session.scalar(sa.select(sa.func.count()).select_from(Scenario).where(*conditions)) or 0
        query = sa.select(Scenario).where(*conditions, *older_than(Scenario, after))
        query = query.order_by(Scenario.created_at.desc(), Scenario.id.desc()).limit(limit)
        return self._session.scalars(query).all(), total

    def users_of(self, scenario_id: str) -> list[str]:
        """Return the nouns that have rows for this scenario, such as ``jobs``."""
        users = []
        for noun in ("jobs", "alignments"):
            table = Scenario.metadata.tables.get(noun)
            if table is None:
                continue
            query = sa.select(table.c.id).where(table.c.scenario_id == scenario_id).limit(1)
            if self._session.scalar(query) is not None:
                users.append(noun)
        return users

    def used(self, scenario_ids: Sequence[str]) -> set[str]:
        """Return those scenarios that a job belongs to, ended or not, or that an alignment is judged by."""
        found: set[str] = set()
        for noun in ("jobs", "alignments"):
            table = Scenario.metadata.tables.get(noun)
            if table is not None:
                query = sa.select(table.c.scenario_id).where(table.c.scenario_id.in_(scenario_ids)).distinct()
                found |= set(self._session.scalars(query).all())
        return found

    def remove(self, scenario: Scenario) -> None:
        """Delete a scenario that nothing uses."""
        self._session.delete(scenario)
        self._session.flush()
