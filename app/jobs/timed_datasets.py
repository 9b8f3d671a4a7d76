"""Travel times that a job asked for stay: in a dataset of their own, and a scenario on it, which the job then answers.

The dataset that the job was given has no pairs and is immutable, so the times go into a child of it; alignments,
explanations and edits read them there, and another job on that scenario asks nobody. Nor does another scenario of the
same dataset, such as the next variant of a batch: it takes the times of the child that is there.
"""

import hashlib
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.datasets.models import Dataset
from app.datasets.service import create_dataset, load_tables
from app.datasets.tables import read_parquet, write_parquet
from app.jobs.models import Job
from app.jobs.solver_files import PAIRS, SolverFiles
from app.jobs.travel_asking import is_asked, travel_warnings
from app.scenarios.models import Scenario
from app.scenarios.schemas import Criteria, Search
from app.scenarios.service import ScenarioService
from app.settings import Settings

ROWS: Final = ("accounts_sha256", "reps_sha256", "units_sha256")
"""What a child has unchanged whose travel times are those of its parent."""


def known_times(session: Session, dataset: Dataset, *, sha256: str | None = None) -> Dataset | None:
    """Return the newest child of a dataset that has the same rows and travel times beside them; None without one.

    Parameters
    ----------
    session
        A session that may read.
    dataset
        A dataset without pairs.
    sha256
        Only a child with these pairs; None for any.
    """
    same = [getattr(Dataset, name) == getattr(dataset, name) for name in ROWS]
    those = Dataset.pairs_sha256.is_not(None) if sha256 is None else Dataset.pairs_sha256 == sha256
    wanted = select(Dataset).where(Dataset.parent_id == dataset.id, Dataset.archived.is_(False), those, *same)
    return session.scalars(wanted.order_by(Dataset.created_at.desc(), Dataset.id.desc()).limit(1)).first()


def lacks_travel_times(dataset: Dataset, scenario: Scenario) -> bool:
    """Tell whether a scenario counts minutes that its dataset does not have."""
    return dataset.pairs_sha256 is None and (scenario.criteria.get("travel") or {}).get("source") == "minutes"


def keep_travel_times(session: Session, job: Job, files: SolverFiles) -> None:
    """Store the travel times that were found for a job, once, and let the job answer the scenario that has them."""
    if not is_asked(files) or not files.path(PAIRS).exists():
        return
    dataset = session.get_one(Dataset, job.dataset_id)
    if dataset.pairs_sha256 is not None:
        return
    scenario = session.get_one(Scenario, job.scenario_id)
    pairs = read_parquet(files.path(PAIRS))
    timed = known_times(session, dataset, sha256=hashlib.sha256(write_parquet(pairs)).hexdigest())
    if timed is None:
        timed = create_dataset(
            session,
            replace(load_tables(session, dataset.id), pairs=pairs),
            name=f"{dataset.name} · travel times",
            parent_id=dataset.id,
            checks=travel_warnings(files),
        )
        for name in ROWS:  # the same rows, by which the next job knows them, and stored once
            setattr(timed, name, getattr(dataset, name))
    stored = ScenarioService(session, Settings.model_construct()).store(
        dataset_id=timed.id,
        name=scenario.name,
        criteria=Criteria.model_validate(scenario.criteria, strict=False),
        search=Search.model_validate(scenario.search, strict=False),
        based_on=scenario.id,
    )
    session.flush()
    job.dataset_id, job.scenario_id = timed.id, stored.id
