"""HTTP routes of alignments: each opens a view, picks a form, and answers. No rules, no queries."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alignments import listing, schemas
from app.alignments.assignments import AssignmentFilter
from app.alignments.books import ReaderParameter, RepReaderParameter
from app.alignments.diff_answers import PLAIN_TEXT, ComparisonFormat, DiffedComparison, comparison_answer
from app.alignments.edits_routes import router as edits_router
from app.alignments.explanations_routes import router as explanations_router
from app.alignments.fairness_routes import router as fairness_router
from app.alignments.level_schemas import LevelParameter, LevelScorecard
from app.alignments.levels import level_json, level_of, rolled_up
from app.alignments.map_routes import router as map_router
from app.alignments.moves import MoveFilter
from app.alignments.publishing import publish_alignment
from app.alignments.repository import AlignmentFilter
from app.alignments.representations import chosen_format, immutable, json_bytes
from app.alignments.robustness_routes import router as robustness_router
from app.alignments.scorecards import scorecard_json
from app.alignments.service import (
    certificate_bytes,
    change_alignment,
    delete_alignment,
    get_alignment,
    summary_json,
)
from app.alignments.views import AlignmentView
from app.bodies import NoBody, strict_body
from app.datasets.quota import refuse_full_store
from app.datasets.schemas import DatasetSummary
from app.dependencies import ReadSession, WriteSession
from app.documentation import not_modified_responses, problem_responses
from app.etags import IfMatch, etag_of, require_match
from app.exchange.routes import router as exchange_router
from app.exchange.tables import MEDIA_TYPES, FileFormat
from app.idempotency import Answer, OnceParameter
from app.pages import Page, PageParameters

router = APIRouter(prefix="/v1/alignments", tags=["alignments"])
router.include_router(map_router)
router.include_router(edits_router)
router.include_router(explanations_router)
router.include_router(fairness_router)
router.include_router(robustness_router)
router.include_router(exchange_router)

FormatParameter = Annotated[
    FileFormat | None, Query(alias="format", description="Form of the answer; wins over Accept.")
]
BomParameter = Annotated[
    bool, Query(description="CSV only: false leaves out the byte order mark that Excel needs for names.")
]
_TABLE_FORMS = tuple(FileFormat)
_MOVE_FORMS = (FileFormat.JSON, FileFormat.CSV)


def _file_content(*forms: FileFormat) -> dict[str, dict[str, object]]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {MEDIA_TYPES[form]: dict(binary) for form in forms if form is not FileFormat.JSON}


@router.get("", summary="List alignments", response_model=Page[schemas.Alignment])
def list_alignments(
    session: ReadSession,
    page: PageParameters,
    dataset_id: Annotated[str | None, Query(description="Only those of this dataset.")] = None,
    scenario_id: Annotated[str | None, Query(description="Only those of this scenario.")] = None,
    job_id: Annotated[str | None, Query(description="Only those that this job found.")] = None,
    archived: Annotated[bool | None, Query(description="Only archived ones, or only others.")] = None,
) -> Page[schemas.Alignment]:
    """List alignments, newest first."""
    wanted = AlignmentFilter(dataset_id, scenario_id, job_id, archived)
    return Page[schemas.Alignment].model_validate(listing.alignments_page(session, wanted, page))


@router.get(
    "/{alignment_id}", summary="Show an alignment", responses=not_modified_responses(), response_model=schemas.Alignment
)
def get_summary(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return what is known of an alignment: origin, outcome, objective, proven gap, violations, counts."""
    summary = summary_json(get_alignment(session, alignment_id))
    return immutable(request, lambda: json_bytes(summary), etag=etag_of(summary))


@router.patch(
    "/{alignment_id}",
    summary="Rename or archive an alignment",
    response_model=schemas.Alignment,
    responses=problem_responses("CHANGED"),
)
def patch_alignment(
    session: WriteSession,
    alignment_id: str,
    body: Annotated[schemas.AlignmentChange, strict_body(schemas.AlignmentChange)],
    response: Response,
    if_match: IfMatch = None,
) -> schemas.Alignment:
    """Rename an alignment, archive it, or bring it back."""
    row = get_alignment(session, alignment_id)
    require_match(if_match, etag_of(summary_json(row)))
    change_alignment(row, name=body.name, archived=body.archived)
    summary = summary_json(row)
    response.headers["ETag"] = etag_of(summary)
    return schemas.Alignment.model_validate(summary)


@router.delete(
    "/{alignment_id}",
    summary="Delete an alignment",
    status_code=204,
    response_class=Response,
    responses=problem_responses("IN_USE", "CHANGED"),
)
def remove_alignment(session: WriteSession, alignment_id: str, if_match: IfMatch = None) -> Response:
    """Delete an alignment that no job, dataset or other alignment refers to."""
    row = get_alignment(session, alignment_id)
    require_match(if_match, etag_of(summary_json(row)))
    delete_alignment(session, row)
    return Response(status_code=204)


@router.get(
    "/{alignment_id}/scorecard",
    summary="Show the scorecard",
    responses=not_modified_responses(),
    response_model=LevelScorecard,
)
def get_scorecard(
    request: Request, session: ReadSession, reader: RepReaderParameter, alignment_id: str, level: LevelParameter = None
) -> Response:
    """Return loads, targets and indices of every rep, and the team's fairness, before and after.

    With `level`, a line is a manager with all reps below: loads, targets, limits and travel are their sums.
    """
    view = AlignmentView(session, alignment_id)
    if level is None:
        etag = f'{view.etag[:-1]}{reader.tag}"'
        return immutable(request, lambda: json_bytes(reader.lines(scorecard_json(view.card), view)), etag=etag)
    chosen = level_of(view.columns, level)

    def make() -> bytes:
        return json_bytes(level_json(rolled_up(view.card, chosen), chosen))

    return immutable(request, make, etag=f'{view.etag[:-1]}-level-{level}"')


@router.get(
    "/{alignment_id}/assignments",
    summary="List assignments",
    response_model=Page[schemas.Assignment],
    responses={
        200: {"content": _file_content(*_TABLE_FORMS)},
        **not_modified_responses(),
        **problem_responses("NOT_ACCEPTABLE"),
    },
)
def list_assignments(
    request: Request,
    session: ReadSession,
    reader: ReaderParameter,
    alignment_id: str,
    page: PageParameters,
    form: FormatParameter = None,
    rep_id: Annotated[str | None, Query(description="Only this rep's accounts.")] = None,
    moved: Annotated[bool | None, Query(description="Only accounts that change rep, or only others.")] = None,
    account_id: Annotated[str | None, Query(description="Only this account.")] = None,
    bom: BomParameter = True,
) -> Response:
    """List the accounts with their reps, by account id: pages as JSON, everything as CSV, XLSX, Parquet."""
    view = AlignmentView(session, alignment_id)
    chosen = chosen_format(request, form, offered=_TABLE_FORMS)
    wanted = AssignmentFilter(rep_id=rep_id, moved=moved, account_id=account_id, seen_reps=reader.seen(view))
    return listing.assignments_answer(request, view, wanted, page, form=chosen, bom=bom)


@router.get(
    "/{alignment_id}/moves",
    summary="List moves",
    response_model=Page[schemas.Move],
    responses={
        200: {"content": _file_content(*_MOVE_FORMS)},
        **not_modified_responses(),
        **problem_responses("NOT_ACCEPTABLE"),
    },
)
def list_moves(
    request: Request,
    session: ReadSession,
    alignment_id: str,
    page: PageParameters,
    form: FormatParameter = None,
    from_rep: Annotated[str | None, Query(alias="from", description="Rep id before.")] = None,
    to: Annotated[str | None, Query(description="Rep id now.")] = None,
    bom: BomParameter = True,
) -> Response:
    """List the accounts that change rep, with what moves and why: pages as JSON, everything as CSV."""
    view = AlignmentView(session, alignment_id)
    chosen = chosen_format(request, form, offered=_MOVE_FORMS)
    wanted = MoveFilter(from_rep=from_rep, to_rep=to)
    return listing.moves_answer(request, view, wanted, page, form=chosen, bom=bom)


@router.get(
    "/{alignment_id}/comparison",
    summary="Compare two alignments",
    response_model=DiffedComparison,
    responses={200: {"content": {PLAIN_TEXT: {"schema": {"type": "string"}}}}},
)
def compare(
    request: Request,
    session: ReadSession,
    alignment_id: str,
    page: PageParameters,
    with_id: Annotated[str, Query(alias="with", description="The other alignment's id.")],
    form: Annotated[
        ComparisonFormat | None,
        Query(alias="format", description="`text` reads like a diff of code; wins over Accept."),
    ] = None,
    loads: Annotated[bool, Query(description="Text only: true shows each rep's loads before and after.")] = False,
) -> Response:
    """Compare with another alignment of the same accounts: both scorecards, the difference, who differs."""
    one, two = AlignmentView(session, alignment_id), AlignmentView(session, with_id)
    return comparison_answer(request, one, two, page, form=form, with_loads=loads)


@router.get(
    "/{alignment_id}/certificate",
    summary="Show the certificate",
    responses=not_modified_responses(),
    response_model=schemas.Certificate,
)
def get_certificate(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return the proof of the lower bound, which `territory verify` checks from the raw data."""
    row = get_alignment(session, alignment_id)
    return immutable(request, lambda: certificate_bytes(session, row), etag=f'"{row.certificate_sha256}"')


@router.post(
    "/{alignment_id}/publish",
    dependencies=[NoBody],
    summary="Publish an alignment",
    status_code=201,
    responses=problem_responses("HAS_VIOLATIONS", "CHANGED"),
    response_model=DatasetSummary,
)
def publish(
    alignment_id: str,
    once: OnceParameter,
    name: Annotated[str | None, Query(min_length=1, max_length=1000, description="Name of the new dataset.")] = None,
    if_match: IfMatch = None,
) -> Response:
    """Make the alignment the current one: a new dataset whose current_rep_id is this alignment."""

    def work(session: Session) -> Answer:
        refuse_full_store(session, once.settings)
        dataset = publish_alignment(session, alignment_id, name=name, if_match=if_match)
        return Answer(201, dataset, location=f"/v1/datasets/{dataset['id']}")

    return once.run(work)
