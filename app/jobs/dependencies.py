"""What routes of jobs ask for: the queue of the running app, and a job that exists."""

from typing import Annotated

from fastapi import Depends, Request

from app.database import snapshot
from app.dependencies import SessionsParameter
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.engine import JobQueue
from app.jobs.repository import JobRepository


def get_queue(request: Request) -> JobQueue:
    """Return the app's queue; the engine's tables are made when it is asked for the first time."""
    state = request.app.state
    if getattr(state, "job_queue", None) is None:  # two requests may both make one: either will do
        dbos_engine.migrate(state.engine)
        state.job_queue = DbosQueue(state.engine)
    queue: JobQueue = state.job_queue
    return queue


def existing_job_id(job_id: str, sessions: SessionsParameter) -> str:
    """Return the id of a job that exists; a stream must not begin before this is known.

    Raises
    ------
    NotFound
        When there is no such job.
    """
    with snapshot(sessions) as session:
        return JobRepository(session).get(job_id).id


QueueParameter = Annotated[JobQueue, Depends(get_queue)]
ExistingJobId = Annotated[str, Depends(existing_job_id)]
