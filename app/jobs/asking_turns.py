"""One job asks for the travel times of a dataset; others that lack them wait in the queue until it has them.

Jobs of a batch begin at the same moment on many workers, and each would ask the provider for the same times. A job
waits for one that runs and has not kept them yet, looks again every few seconds, and asks itself where that one ended
without.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import hold_name
from app.datasets.models import Dataset
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.leases import redispatch
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import JobState
from app.jobs.timed_datasets import known_times, lacks_travel_times
from app.scenarios.models import Scenario

PAUSE_S: Final = 2.0
"""Until a job that waits looks again."""


def put_off_while_asked(session: Session, dispatch: Dispatch, queue: JobQueue) -> bool:
    """Hand over a job later while another one asks for the times that it lacks; False when it can be claimed now."""
    job = JobRepository(session).locked(dispatch.job_id)
    if job is None or job.dispatch != dispatch.number or job.state != JobState.QUEUED:
        return False
    dataset = session.get_one(Dataset, job.dataset_id)
    if not lacks_travel_times(dataset, session.get_one(Scenario, job.scenario_id)):
        return False
    hold_name(session, f"times of {dataset.id}")  # no other worker looks for who asks meanwhile
    if known_times(session, dataset) is not None or not _is_asked_by_another(session, job, dataset):
        return False
    redispatch(session, job, queue, delay_s=PAUSE_S)
    return True


def _is_asked_by_another(session: Session, job: Job, dataset: Dataset) -> bool:
    """Tell whether a job runs on the dataset that lacks the times, too; one that has kept them is on their dataset."""
    runs = sa.and_(Job.state == JobState.RUNNING, Job.dispatch > 0, Job.dataset_id == dataset.id, Job.id != job.id)
    query = sa.select(Scenario).join(Job, Job.scenario_id == Scenario.id).where(runs)
    return any(lacks_travel_times(dataset, scenario) for scenario in session.scalars(query))
