"""HTTP route of transitions: a plan is reckoned and answered; nothing of it is stored."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from app.alignments.representations import json_bytes
from app.alignments.views import AlignmentView
from app.bodies import strict_body
from app.dependencies import ReadSession
from app.documentation import problem_responses
from app.idempotency import Answer, OnceParameter
from app.transitions.planning import planned_transition
from app.transitions.representation import plan_json, plan_zip
from app.transitions.schemas import TransitionPlan, TransitionRequest

router = APIRouter(prefix="/v1/alignments", tags=["alignments"])

ZIP = "application/zip"


class TransitionFormat(StrEnum):
    """Name a form of a plan."""

    JSON = "json"
    ZIP = "zip"


@router.post(
    "/{alignment_id}/transition",
    summary="Plan the transition",
    response_model=TransitionPlan,
    responses={
        200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        **problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "INVALID_VALUE"),
    },
)
def plan_transition(
    alignment_id: str,
    body: Annotated[TransitionRequest, strict_body(TransitionRequest)],
    session: ReadSession,
    once: OnceParameter,
    form: Annotated[
        TransitionFormat,
        Query(alias="format", description="`zip`: the plan, moves and rollback of every wave, a list for each rep."),
    ] = TransitionFormat.JSON,
) -> Response:
    """Plan the moves from the current alignment in weekly waves, with hand-overs and the way back; stores nothing."""
    view = AlignmentView(session, alignment_id)
    planned = planned_transition(view.card, view.criteria, body)
    moves = planned.moves()
    plan = plan_json(planned, alignment_id=alignment_id, dataset_id=view.row.dataset_id, moves=moves)
    if form is TransitionFormat.ZIP:
        name = f'attachment; filename="{alignment_id}-transition.zip"'
        headers = {"Content-Type": ZIP, "Content-Disposition": name}
        answer = Answer(200, plan_zip(planned, plan, moves=moves), headers=headers)
    else:
        answer = Answer(200, json_bytes(plan))
    session.close()  # the transaction that remembers the answer must not wait for the one that only read
    return once.run(lambda _: answer)
