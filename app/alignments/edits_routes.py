"""HTTP routes of edits: read the body, let the service work, answer the child or the job."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alignments.edit_requests import EditedAlignment, EditRequest
from app.alignments.edits import EditService
from app.alignments.reoptimization import reoptimize
from app.alignments.situations import Situations
from app.bodies import strict_body
from app.dependencies import SettingsParameter
from app.documentation import problem_responses
from app.etags import IfMatch, etag_of
from app.idempotency import Answer, OnceParameter
from app.jobs.dependencies import QueueParameter
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.webhooks.targets import checked_target

router = APIRouter()


def situations_of(request: Request) -> Situations:
    """Return the opened alignments of the running app, made when they are asked for the first time."""
    state = request.app.state
    if getattr(state, "situations", None) is None:  # two requests may both make one: either will do
        state.situations = Situations()
    kept: Situations = state.situations
    return kept


@router.post(
    "/{alignment_id}/edits",
    summary="Edit an alignment",
    status_code=201,
    response_model=EditedAlignment,
    responses={
        202: {"model": JobResource, "description": "With `reoptimize`: the job that solves around the edit."},
        **problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "LOCK_CONFLICT", "CHANGED", "QUEUE_FULL"),
    },
)
def edit_alignment(
    request: Request,
    alignment_id: str,
    body: Annotated[EditRequest, strict_body(EditRequest)],
    once: OnceParameter,
    queue: QueueParameter,
    settings: SettingsParameter,
    if_match: IfMatch = None,
) -> Response:
    """Move, swap, lock, unlock, forbid, change limits: a new alignment, rescored at once; undo is its parent."""
    situations, webhook = situations_of(request), checked_target(body.webhook, settings)

    def work(session: Session) -> Answer:
        stored = EditService(session, settings, situations).edit(alignment_id, body, if_match=if_match)
        if body.reoptimize is not None:
            job = reoptimize(session, stored, body.reoptimize, queue=queue, settings=settings, webhook=webhook)
            return Answer(202, job_json(job), location=f"/v1/jobs/{job.id}")
        shown = stored.json()
        tag = etag_of({name: value for name, value in shown.items() if name != "scorecard_change"})
        return Answer(201, shown, location=f"/v1/alignments/{stored.row.id}", headers={"ETag": tag})

    return once.run(work)
