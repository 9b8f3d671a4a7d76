"""The scenario that a relaxation's alignment belongs to: the job's question with the relaxation's changes.

Owns what a relaxation stores: criteria in a scenario that is based on the job's, and where data change too (limits of
reps, locks, skills, families, added reps) a dataset whose parent is the job's. So the alignment breaks nothing where it
belongs, can be published, and its question can be solved further.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa
from sqlalchemy.orm import Session

from app.datasets.models import Dataset
from app.datasets.service import create_dataset, load_tables
from app.scenarios.models import Scenario
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService
from app.settings import Settings

MOST_CALLED: Final = 200
"""Characters of what a relaxation is called in names."""


def relaxed_scenario(
    session: Session,
    scenario: Scenario,
    *,
    tables: Mapping[str, pa.Table],
    criteria: Mapping[str, Any],
    called: str,
) -> Scenario:
    """Store a scenario with the changes of a relaxation, and its dataset where data change; return the scenario.

    Parameters
    ----------
    session
        The caller's; nothing is committed here.
    scenario
        What the job executed.
    tables
        The tables that the relaxation changes, by name.
    criteria
        The relaxed criteria, normalized.
    called
        The relaxation in one sentence, for the names.
    """
    called = called.rstrip(".")
    called = called if len(called) <= MOST_CALLED else f"{called[: MOST_CALLED - 1]}…"
    dataset_id = scenario.dataset_id
    if tables:
        before = session.get_one(Dataset, dataset_id)
        dataset_id = create_dataset(
            session,
            replace(load_tables(session, before.id), **tables),
            name=f"{before.name} · {called}",
            parent_id=before.id,
        ).id
    return ScenarioService(session, Settings.model_construct()).store(
        dataset_id=dataset_id,
        name=f"{scenario.name} · {called}",
        criteria=Criteria.model_validate(criteria, strict=False),
        search=Search.model_validate(scenario.search, strict=False),
        based_on=scenario.id,
    )
