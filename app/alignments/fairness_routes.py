"""HTTP routes of fairness: the planner's list, and a rep's own sheet by path or by parameter."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.alignments import fairness_schemas as schemas
from app.alignments.fairness_sheets import FairnessSheets
from app.alignments.representations import immutable, json_bytes
from app.alignments.views import AlignmentView
from app.alignments.worth import DEFAULT_SPEED_KMH, Per, Valuation, chosen_measure
from app.dependencies import ReadSession
from app.documentation import not_modified_responses, problem_responses
from app.errors import NotFound

router = APIRouter()

_RESPONSES = {**not_modified_responses(), **problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING")}


def opened_sheets(
    session: ReadSession,
    alignment_id: str,
    measure: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=128,
            description="What a rep wants much of; else potential, or the dataset's first measure.",
        ),
    ] = None,
    per: Annotated[
        Per,
        Query(
            description="`share`: per full share of the targets (per FTE where they are by FTE). "
            "`hour`: per hour of work and driving from the rep's own center."
        ),
    ] = Per.SHARE,
    speed_kmh: Annotated[
        float, Query(gt=0, le=300, description="Mean speed of driving in km per hour, for `hour`.")
    ] = DEFAULT_SPEED_KMH,
) -> tuple[AlignmentView, FairnessSheets]:
    """Open an alignment and value its territories as the caller asks."""
    view = AlignmentView(session, alignment_id)
    valuation = Valuation(chosen_measure(view.columns, measure), per, speed_kmh)
    return view, FairnessSheets(view.card, valuation)


SheetsParameter = Annotated[tuple[AlignmentView, FairnessSheets], Depends(opened_sheets)]


@router.get(
    "/{alignment_id}/fairness",
    summary="List what every rep would rather have",
    response_model=schemas.FairnessList,
    responses=_RESPONSES,
)
def list_fairness(request: Request, opened: SheetsParameter) -> Response:
    """Say for every rep how many territories it would rather have, and whether one account less would end that."""
    view, sheets = opened
    return immutable(request, lambda: json_bytes(sheets.team_json()), etag=view.etag)


@router.get(
    "/{alignment_id}/reps/fairness",
    summary="Show a rep's fairness sheet, the rep as a parameter",
    response_model=schemas.FairnessSheet,
    responses=_RESPONSES,
)
def get_named_sheet(
    request: Request,
    opened: SheetsParameter,
    rep_id: Annotated[str, Query(description="The rep's id, whatever it contains.")],
) -> Response:
    """Show a rep its own territory beside the team, without telling any other rep's numbers."""
    return _sheet(request, opened, rep_id)


@router.get(
    "/{alignment_id}/reps/{rep_id:path}/fairness",
    summary="Show a rep's fairness sheet",
    response_model=schemas.FairnessSheet,
    responses=_RESPONSES,
)
def get_sheet(request: Request, opened: SheetsParameter, rep_id: str) -> Response:
    """Show a rep its own territory beside the team, without telling any other rep's numbers."""
    return _sheet(request, opened, rep_id)


def _sheet(request: Request, opened: tuple[AlignmentView, FairnessSheets], rep_id: str) -> Response:
    view, sheets = opened
    if rep_id not in view.columns.rep_ids:
        raise NotFound(f"The alignment's dataset has no rep '{rep_id[:64]}'.")
    rep = view.columns.rep_ids.index(rep_id)
    return immutable(request, lambda: json_bytes(sheets.sheet_json(rep)), etag=view.etag)
