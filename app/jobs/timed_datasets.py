"""Travel times that a job asked for stay: in a dataset of their own, and a scenario on it, which the job then answers.

The dataset that the job was given has no pairs and is immutable, so the times go into a child of it; alignments,
explanations and edits read them there, and another job on that scenario asks nobody.
"""

from dataclasses import replace

from sqlalchemy.orm import Session

from app.datasets.models import Dataset
from app.datasets.service import create_dataset, load_tables
from app.datasets.tables import read_parquet
from app.jobs.models import Job
from app.jobs.solver_files import PAIRS, SolverFiles
from app.jobs.travel_asking import is_asked, travel_warnings
from app.scenarios.models import Scenario
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService
from app.settings import Settings


def keep_travel_times(session: Session, job: Job, files: SolverFiles) -> None:
    """Store the travel times that were found for a job, once, and let the job answer the scenario that has them."""
    if not is_asked(files) or not files.path(PAIRS).exists():
        return
    dataset = session.get_one(Dataset, job.dataset_id)
    if dataset.pairs_sha256 is not None:
        return
    scenario = session.get_one(Scenario, job.scenario_id)
    timed = create_dataset(
        session,
        replace(load_tables(session, dataset.id), pairs=read_parquet(files.path(PAIRS))),
        name=f"{dataset.name} · travel times",
        parent_id=dataset.id,
        checks=travel_warnings(files),
    )
    stored = ScenarioService(session, Settings.model_construct()).store(
        dataset_id=timed.id,
        name=scenario.name,
        criteria=Criteria.model_validate(scenario.criteria, strict=False),
        search=Search.model_validate(scenario.search, strict=False),
        based_on=scenario.id,
    )
    session.flush()
    job.dataset_id, job.scenario_id = timed.id, stored.id
