"""HTTP routes of jobs: submit, read, follow, stop, cancel."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.orm import Session

from app.alignments import schemas as alignment_schemas
from app.alignments.service import get_alignment, summary_json
from app.bodies import NoBody
from app.dependencies import ReadSession, SessionsParameter, SettingsParameter, WriteSession
from app.documentation import problem_responses
from app.errors import NotFound
from app.idempotency import Answer, OnceParameter
from app.jobs.dependencies import ExistingJobId, LookParameter, QueueParameter
from app.jobs.job_reads import existing
from app.jobs.listing import JobFilterParameter, jobs_page
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.jobs.service import JobService
from app.jobs.states import JobKind, JobState
from app.jobs.submission import JobBody, submit
from app.jobs.watching import follow, last_event_number, wait_for_end, wanted_wait_s
from app.pages import Page, PageParameters

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.post(
    "",
    summary="Submit a job",
    status_code=202,
    response_model=JobResource,
    responses=problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "LOCK_CONFLICT", "QUEUE_FULL"),
)
def submit_job(body: JobBody, once: OnceParameter, queue: QueueParameter, settings: SettingsParameter) -> Response:
    """Submit a job: a stored scenario, or accounts, reps, criteria and search in one call."""

    def work(session: Session) -> Answer:
        job = submit(session, body, queue=queue, settings=settings)
        return Answer(202, job_json(job), location=f"/v1/jobs/{job.id}")

    return once.run(work)


@router.get("", summary="List jobs", response_model=Page[JobResource])
def list_jobs(session: ReadSession, page: PageParameters, wanted: JobFilterParameter) -> Page[JobResource]:
    """List jobs, newest first."""
    return Page[JobResource].model_validate(jobs_page(session, wanted, page))


@router.get("/{job_id}", summary="Show a job", response_model=JobResource)
async def get_job(
    job_id: str,
    look: LookParameter,
    prefer: Annotated[
        str | None, Header(description="`wait=20` answers when the job has ended, or after 20 s; at most 60.")
    ] = None,
) -> Response:
    """Return a job's state, progress and outcome; with `Prefer: wait=20` as soon as it has ended."""
    wait_s = wanted_wait_s(prefer)
    if wait_s:
        await wait_for_end(look, job_id, wait_s=wait_s)
    headers = {"Preference-Applied": f"wait={wait_s:g}"} if wait_s else None
    return Response((await existing(look, job_id)).body, headers=headers, media_type="application/json")


@router.get(
    "/{job_id}/events",
    summary="Follow a job's events",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events until `done`."}},
)
async def follow_job(
    job_id: ExistingJobId,
    look: LookParameter,
    sessions: SessionsParameter,
    last_event_id: Annotated[
        str | None, Header(description="Number of the last event that was seen; later ones follow.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream the job's events: `state`, `progress` (at most two a second) and at the end `done`."""
    async for event in follow(look, sessions, job_id, after=last_event_number(last_event_id)):
        yield event


@router.post(
    "/{job_id}/stop",
    dependencies=[NoBody],
    summary="Stop a job, keep the best so far",
    status_code=202,
    response_model=JobResource,
    responses=problem_responses("JOB_ENDED"),
)
def stop_job(job_id: str, once: OnceParameter, queue: QueueParameter, settings: SettingsParameter) -> Response:
    """End the search now and keep the best so far; a job that still waits is canceled."""
    return once.run(lambda session: Answer(202, job_json(JobService(session, queue, settings).stop(job_id))))


@router.delete(
    "/{job_id}",
    summary="Cancel a job",
    status_code=202,
    response_model=JobResource,
    responses=problem_responses("JOB_ENDED"),
)
def cancel_job(job_id: str, session: WriteSession, queue: QueueParameter, settings: SettingsParameter) -> JobResource:
    """Cancel a job; there is no result."""
    return JobResource.model_validate(job_json(JobService(session, queue, settings).cancel(job_id)))


@router.get("/{job_id}/alignment", summary="Show a job's best alignment", response_model=alignment_schemas.Alignment)
def get_job_alignment(job_id: str, session: ReadSession) -> alignment_schemas.Alignment:
    """Return the job's best alignment so far, also while it runs; 404 before the first."""
    job = JobRepository(session).get(job_id)
    if job.kind == JobKind.CURVE:
        raise NotFound(f"The job computes a curve, with an alignment a point; see /v1/jobs/{job_id}/curve.")
    if job.alignment_id is None:
        raise NotFound(_no_alignment(job))
    summary = summary_json(get_alignment(session, job.alignment_id))
    return alignment_schemas.Alignment.model_validate(summary)


def _no_alignment(job: Job) -> str:
    if not JobState(job.state).has_ended:
        return "The job has no alignment yet; its progress tells how far it is."
    if job.outcome == "infeasible":
        return "The job ended without an alignment, because none keeps its criteria; its conflicts say why."
    return f"The job ended without an alignment; its state is {job.state}."
