"""HTTP routes of explanations: find the account, choose the level, answer; a proven price is a job."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alignments import explanation_schemas as schemas
from app.alignments.books import Reader, ReaderParameter
from app.alignments.certificate_prices import proof_of
from app.alignments.columns import Flags
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
from app.errors import Fault, InvalidInput, NotFound, ProblemError
from app.idempotency import Answer, OnceParameter
from app.jobs.dependencies import QueueParameter
from app.jobs.endings import tell_too
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.webhooks.targets import checked_target

router = APIRouter()

AccountParameter = Annotated[str, Query(description="The account's id, whatever it contains.")]


@dataclass(frozen=True)
class Wanted:
    """How much of an explanation is asked for, in the query.

    Parameters
    ----------
    top, rep_id, level
        As their descriptions say.
    """

    top: Annotated[int | None, Query(ge=1, le=10_000, description="So many alternatives; all without it.")] = None
    rep_id: Annotated[str | None, Query(description="Only this rep as the alternative: why not this one?")] = None
    level: Annotated[
        Literal["direct", "repaired"],
        Query(description="`repaired` also looks up to 2 s for follow-up moves that make the best alternatives work."),
    ] = "direct"


WantedParameter = Annotated[Wanted, Depends()]


@dataclass(frozen=True)
class ProofWork:
    """What a proof is asked with, beside its account.

    Parameters
    ----------
    body, once, queue, settings
        The request's body and what it is worked with.
    """

    body: Annotated[ProofRequest, strict_body(ProofRequest)]
    once: OnceParameter
    queue: QueueParameter
    settings: SettingsParameter

    def answer(self, request: Request, alignment_id: str, account_id: str) -> Response:
        """Return the job that proves the price, made once for an Idempotency-Key."""
        webhook = checked_target(self.body.webhook, self.settings)

        def work(session: Session) -> Answer:
            row, situation, account = _opened(request, session, alignment_id, account_id)
            proofs = ProofService(session)
            job = proofs.ask(row, situation, account, self.body, queue=self.queue, settings=self.settings)
            tell_too(session, job, webhook)
            return Answer(202, job_json(job), location=f"/v1/jobs/{job.id}")

        return self.once.run(work)


ProofParameter = Annotated[ProofWork, Depends()]
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
    reader: ReaderParameter,
    alignment_id: str,
    account_id: AccountParameter,
    wanted: WantedParameter,
) -> Response:
    """Say why an account has its rep, and what every other rep would change, best first."""
    return _explained(request, session, alignment_id, account_id, wanted, reader)


@router.get(
    "/{alignment_id}/explanations/{account_id:path}",
    summary="Explain an assignment",
    response_model=schemas.Explanation,
    responses=_RESPONSES,
)
def explain(
    request: Request,
    session: ReadSession,
    reader: ReaderParameter,
    alignment_id: str,
    account_id: str,
    wanted: WantedParameter,
) -> Response:
    """Say why an account has its rep, and what every other rep would change, best first."""
    return _explained(request, session, alignment_id, account_id, wanted, reader)


@router.post(
    "/{alignment_id}/explanations",
    summary="Prove the price of another rep, the account as a parameter",
    status_code=202,
    response_model=JobResource,
    responses=_PROOF_RESPONSES,
)
def prove_named(request: Request, alignment_id: str, account_id: AccountParameter, proof: ProofParameter) -> Response:
    """Solve again with the account forced to a rep: a job, whose answer is the explanation's `proven` alternative."""
    return proof.answer(request, alignment_id, account_id)


@router.post(
    "/{alignment_id}/explanations/{account_id:path}",
    summary="Prove the price of another rep",
    status_code=202,
    response_model=JobResource,
    responses=_PROOF_RESPONSES,
)
def prove(request: Request, alignment_id: str, account_id: str, proof: ProofParameter) -> Response:
    """Solve again with the account forced to a rep: a job, whose answer is the explanation's `proven` alternative."""
    return proof.answer(request, alignment_id, account_id)


def _opened(request: Request, session: Session, alignment_id: str, account_id: str) -> tuple[Alignment, Situation, int]:
    """Return the alignment's row, the opened alignment, and the account's position."""
    row = get_alignment(session, alignment_id)
    situation = situations_of(request).open(session, row)
    account = situation.ground.account_index.get(account_id)
    if account is None:
        raise NotFound(f"The alignment's dataset has no account '{account_id[:64]}'.")
    return row, situation, account


def _explained(
    request: Request, session: Session, alignment_id: str, account_id: str, wanted: Wanted, reader: Reader
) -> Response:
    row, situation, account = _opened(request, session, alignment_id, account_id)
    seen = reader.flags(situation.columns)
    if seen is not None:
        _refuse_foreign(situation, account, seen)
        if wanted.level != "direct":
            raise ProblemError("FORBIDDEN", f"The role {reader.role} reads the level 'direct'; leave level out.")
    rep = None if wanted.rep_id is None else situation.ground.rep_index.get(wanted.rep_id, -1)
    if rep is not None and (rep < 0 or (seen is not None and not seen[rep])):
        detail = f"There is no rep '{str(wanted.rep_id)[:64]}' in the dataset."
        params = {"parameter": "rep_id", "in": "query"}
        raise InvalidInput([Fault(code="UNKNOWN_REFERENCE", detail=detail, value=wanted.rep_id, params=params)])
    forced = tuple(one for one in ProofService(session).found(row, situation, account) if seen is None or seen[one.rep])
    asked = Asked(
        account,
        top=wanted.top,
        rep=rep,
        repairs=Repairs() if wanted.level == "repaired" else None,
        forced=forced,
        question_bound=row.summary.get("lower_bound"),
        seen=seen,
    )

    def made() -> bytes:
        return json_bytes(explanation_json(situation, proof_of(session, row, situation), asked))

    if wanted.level == "repaired":
        return Response(made(), media_type="application/json", headers={"Cache-Control": "no-store"})
    return immutable(request, made, etag=f'"{row.id}-{software_version()}-{proofs_tag(forced)}{reader.tag}"')


def _refuse_foreign(situation: Situation, account: int, seen: Flags) -> None:
    """Refuse an account of others as one that is not there.

    Raises
    ------
    NotFound
        When not all of its family is with reps who may be seen.
    """
    owners = situation.owner[situation.item_of(account)]
    if not ((owners >= 0) & seen[owners]).all():
        raise NotFound(f"The alignment's dataset has no account '{situation.columns.account_ids[account][:64]}'.")
