"""What routes of jobs ask for: the queue of the running app, and a job that exists."""

from typing import Annotated

from fastapi import Depends, Request

from app.access.caller import caller_of
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.engine import JobQueue
from app.jobs.job_reads import JobReads, Look, existing


def get_queue(request: Request) -> JobQueue:
    """Return the app's queue; the engine's tables are made when it is asked for the first time."""
    state = request.app.state
    if getattr(state, "job_queue", None) is None:  # two requests may both make one: either will do
        dbos_engine.migrate(state.engine)
        state.job_queue = DbosQueue(state.engine)
    queue: JobQueue = state.job_queue
    return queue


async def get_look(request: Request) -> Look:
    """Return how the caller's tenant looks at its jobs."""
    reads: JobReads = request.app.state.job_reads
    return reads.of_tenant(caller_of(request).tenant_id)


QueueParameter = Annotated[JobQueue, Depends(get_queue)]
LookParameter = Annotated[Look, Depends(get_look)]


async def existing_job_id(job_id: str, look: LookParameter) -> str:
    """Return the id of a job that exists; a stream must not begin before this is known.

    Raises
    ------
    NotFound
        When there is no such job.
    """
    await existing(look, job_id)
    return job_id


ExistingJobId = Annotated[str, Depends(existing_job_id)]
