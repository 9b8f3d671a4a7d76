"""Jobs submitted without HTTP."""

import json
from typing import Any

from app.database import Sessions, transaction
from app.datasets.importing import read_json_dataset
from app.datasets.service import create_dataset
from app.jobs.engine import JobQueue
from app.jobs.service import JobService, Submission
from app.scenarios.schemas import Search, default_criteria
from app.scenarios.service import ScenarioService
from app.settings import Settings
from tests.app.conftest import tiny_dataset


def submit_tiny(sessions: Sessions, queue: JobQueue, settings: Settings, *, priority: int = 0) -> str:
    """Submit a job on the tiny dataset in a transaction of its own, and return its id."""
    return submit_question(sessions, queue, settings, tiny_dataset(), priority=priority)


def submit_question(
    sessions: Sessions, queue: JobQueue, settings: Settings, question: dict[str, Any], *, priority: int = 0
) -> str:
    """Submit a job on some data in a transaction of its own, and return its id."""
    tables, log, _ = read_json_dataset(json.dumps(question).encode(), settings)
    assert log.num_errors == 0
    name = question["name"]
    with transaction(sessions) as session:
        dataset = create_dataset(session, tables, name=name, checks=[])
        scenario = ScenarioService(session, settings).store(
            dataset_id=dataset.id, name=name, criteria=default_criteria(), search=Search()
        )
        return JobService(session, queue, settings).submit(scenario, Submission(priority=priority)).id
