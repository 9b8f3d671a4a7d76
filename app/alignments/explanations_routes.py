"""HTTP routes of explanations: find the account, choose the level, answer; a proven price is a job."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alignments import explanation_schemas as schemas
from app.alignments.certificate_prices import proof_of
from app.alignments.edits_routes import situations_of
from app.alignments.explanation_proofs import ProofService, proofs_tag
from app.alignments.explanation_requests import ProofRequest
from app.alignments.explanations import Asked, explanation_json
from app.alignments.models import Alignment
from app.alignments.repairs import Repairs
from app.alignments.representations import immutable, json_bytes
from app.alignments.service import get_alignment, software_version
from app.alignments.situations import Situation
from app.bodies import strict_body
from app.dependencies import ReadSession, SettingsParameter
from app.documentation import not_modified_responses, problem_responses
from app.errors import Fault, InvalidInput, NotFound
from app.idempotency import Answer, OnceParameter
from app.jobs.dependencies import QueueParameter
from app.jobs.engine import JobQueue
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.settings import Settings

router = APIRouter()

TopParameter = Annotated[int | None, Query(ge=1, le=10_000, description="So many alternatives; all without it.")]
RepParameter = Annotated[str | None, Query(description="Only this rep as the alternative: why not this one?")]
LevelParameter = Annotated[
    Literal["direct", "repaired"],
    Query(description="`repaired` also looks up to 2 s for follow-up moves that make the best alternatives work."),
]
_RESPONSES = {**not_modified_responses(), **problem_responses("UNKNOWN_REFERENCE")}
_PROOF_RESPONSES = problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING", "LOCK_CONFLICT", "QUEUE_FULL")


@router.get(
    "/{alignment_id}/explanations",
    summary="Explain an assignment, the account as a parameter",
    response_model=schemas.Explanation,
    responses=_RESPONSES,
)
def explain_named(
    request: Request,
    session: ReadSession,
    alignment_id: str,
    account_id: Annotated[str, Query(description="The account's id, whatever it contains.")],
    top: TopParameter = None,
    rep_id: RepParameter = None,
    level: LevelParameter = "direct",
) -> Response:
    """Say why an account has its rep, and what every other rep would change, best first."""
    return _explained(request, session, (alignment_id, account_id), top=top, rep_id=rep_id, level=level)


@router.get(
    "/{alignment_id}/explanations/{account_id:path}",
    summary="Explain an assignment",
    response_model=schemas.Explanation,
    responses=_RESPONSES,
)
def explain(
    request: Request,
    session: ReadSession,
    alignment_id: str,
    account_id: str,
    top: TopParameter = None,
    rep_id: RepParameter = None,
    level: LevelParameter = "direct",
) -> Response:
    """Say why an account has its rep, and what every other rep would change, best first."""
    return _explained(request, session, (alignment_id, account_id), top=top, rep_id=rep_id, level=level)


@router.post(
    "/{alignment_id}/explanations",
    summary="Prove the price of another rep, the account as a parameter",
    status_code=202,
    response_model=JobResource,
    responses=_PROOF_RESPONSES,
)
def prove_named(
    request: Request,
    alignment_id: str,
    account_id: Annotated[str, Query(description="The account's id, whatever it contains.")],
    body: Annotated[ProofRequest, strict_body(ProofRequest)],
    once: OnceParameter,
    queue: QueueParameter,
    settings: SettingsParameter,
) -> Response:
    """Solve again with the account forced to a rep: a job, whose answer is the explanation's `proven` alternative."""
    return once.run(lambda session: _asked(request, session, (alignment_id, account_id), body, queue, settings))


@router.post(
    "/{alignment_id}/explanations/{account_id:path}",
    summary="Prove the price of another rep",
    status_code=202,
    response_model=JobResource,
    responses=_PROOF_RESPONSES,
)
def prove(
    request: Request,
    alignment_id: str,
    account_id: str,
    body: Annotated[ProofRequest, strict_body(ProofRequest)],
    once: OnceParameter,
    queue: QueueParameter,
    settings: SettingsParameter,
) -> Response:
    """Solve again with the account forced to a rep: a job, whose answer is the explanation's `proven` alternative."""
    return once.run(lambda session: _asked(request, session, (alignment_id, account_id), body, queue, settings))


def _asked(
    request: Request, session: Session, ids: tuple[str, str], body: ProofRequest, queue: JobQueue, settings: Settings
) -> Answer:
    row, situation, account = _opened(request, session, ids)
    job = ProofService(session).ask(row, situation, account, body, queue=queue, settings=settings)
    return Answer(202, job_json(job), location=f"/v1/jobs/{job.id}")


def _opened(request: Request, session: Session, ids: tuple[str, str]) -> tuple[Alignment, Situation, int]:
    """Return the alignment's row, the opened alignment, and the account's position."""
    row = get_alignment(session, ids[0])
    situation = situations_of(request).open(session, row)
    account = situation.ground.account_index.get(ids[1])
    if account is None:
        raise NotFound(f"The alignment's dataset has no account '{ids[1][:64]}'.")
    return row, situation, account


def _explained(
    request: Request,
    session: Session,
    ids: tuple[str, str],
    *,
    top: int | None,
    rep_id: str | None,
    level: Literal["direct", "repaired"],
) -> Response:
    row, situation, account = _opened(request, session, ids)
    rep = None if rep_id is None else situation.ground.rep_index.get(rep_id, -1)
    if rep is not None and rep < 0:
        detail = f"There is no rep '{str(rep_id)[:64]}' in the dataset."
        params = {"parameter": "rep_id", "in": "query"}
        raise InvalidInput([Fault(code="UNKNOWN_REFERENCE", detail=detail, value=rep_id, params=params)])
    forced = tuple(ProofService(session).found(row, situation, account))
    asked = Asked(
        account,
        top=top,
        rep=rep,
        repairs=Repairs() if level == "repaired" else None,
        forced=forced,
        question_bound=row.summary.get("lower_bound"),
    )

    def made() -> bytes:
        return json_bytes(explanation_json(situation, proof_of(session, row, situation), asked))

    if level == "repaired":
        return Response(made(), media_type="application/json", headers={"Cache-Control": "no-store"})
    return immutable(request, made, etag=f'"{row.id}-{software_version()}-{proofs_tag(forced)}"')
