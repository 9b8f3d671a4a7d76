"""A service's database with one of everything, so that ids in requests can be real ones."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.alignments.service import store_alignment
from app.alignments.summaries import AlignmentSummary, Origin, OriginKind
from app.database import transaction, utc_now
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import EventKind, JobState
from app.webhooks.models import WebhookDelivery
from app.webhooks.outbox import announce, register
from app.webhooks.schemas import WebhookEvent
from app.webhooks.targets import Target
from tests.app.conftest import tiny_dataset

CRITERIA: dict[str, Any] = {
    "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.2, "hard": True}],
    "travel": {"weight": 30, "source": "great_circle", "road_factor": 1.3},
    "disruption": {"weight": 30, "measure": "potential"},
}
TERM = {"name": "travel", "raw": 812.4, "unit": "km", "weight": 30.0, "reference": 1.0, "weighted": 0.41}
PROGRESS = {
    "phase": "done",
    "elapsed_s": 0.5,
    "time_limit_s": 60.0,
    "objective": 0.41,
    "lower_bound": 0.4,
    "gap": 0.0244,
    "violations": 0,
    "moved_accounts": 1,
}


@dataclass(frozen=True)
class SeededIds:
    """Ids of what stands in the database: an ended job has the alignment, the other job waits."""

    dataset: str
    scenario: str
    waiting_job: str
    ended_job: str
    alignment: str
    current_alignment: str
    delivery: str
    account: str = "a2"


def seed(app: FastAPI, client: TestClient) -> SeededIds:
    """Store a dataset, a scenario, two jobs and two alignments through the started service."""
    dataset_id = _created(client, "/v1/datasets", tiny_dataset())
    scenario = {"dataset_id": dataset_id, "name": "Fair", "criteria": CRITERIA}
    scenario_id = _created(client, "/v1/scenarios", scenario)
    ended_id = _created(client, "/v1/jobs", {"scenario_id": scenario_id, "tags": {"year": "2027"}})
    waiting_id = _created(client, "/v1/jobs", {"scenario_id": scenario_id, "priority": 3})
    with transaction(app.state.sessions) as session:
        alignment_id = _end_job(session, ended_id)
        delivery_id = _tell(session, ended_id)
    current_id = str(client.get(f"/v1/datasets/{dataset_id}/current").json()["id"])
    return SeededIds(dataset_id, scenario_id, waiting_id, ended_id, alignment_id, current_id, delivery_id)


def count_rows(app: FastAPI) -> dict[str, int]:
    """Count the rows of every table, the queue's own tables and remembered keys included."""
    with app.state.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        quoted = {name: connection.dialect.identifier_preparer.quote(name) for name in names}
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {quoted[name]}").scalar() or 0 for name in names
        }


def _end_job(session: Session, job_id: str) -> str:
    """Store an alignment as the job's result, as a worker would, and return its id."""
    jobs = JobRepository(session)
    job: Job = jobs.get(job_id)
    assignments = pa.table({"account_id": ["a1", "a2", "a3", "a4"], "rep_id": ["R1", "R1", "R2", "R2"]})
    summary = AlignmentSummary(outcome="feasible", objective=0.41, lower_bound=0.4, gap=0.0244, terms=[TERM])
    alignment_id = store_alignment(
        session,
        dataset_id=job.dataset_id,
        scenario_id=job.scenario_id,
        origin=Origin(OriginKind.JOB, job_id=job.id),
        assignments=assignments,
        summary=summary,
    ).id
    job.state, job.outcome, job.stop_reason = JobState.SUCCEEDED, "feasible", "gap"
    job.started_at = job.ended_at = utc_now()
    job.attempts, job.alignment_id, job.progress = 1, alignment_id, dict(PROGRESS)
    jobs.append_event(job, EventKind.PROGRESS, PROGRESS)
    jobs.append_event(job, EventKind.DONE, {"state": "succeeded", "outcome": "feasible", "alignment_id": alignment_id})
    return alignment_id


def _tell(session: Session, job_id: str) -> str:
    """Put an event of the job into the outbox and return its id."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    register(session, job_id, Target("https://203.0.113.1/hook", secret, tuple(WebhookEvent)))
    announce(session, job_id, WebhookEvent.SUCCEEDED, {"job_id": job_id})
    return session.scalars(sa.select(WebhookDelivery.id)).one()


def _created(client: TestClient, path: str, body: dict[str, Any]) -> str:
    answer = client.post(path, json=body)
    assert answer.status_code in (201, 202), answer.text
    return str(answer.json()["id"])
