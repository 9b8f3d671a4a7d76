"""HTTP route of robustness: read what is doubted, answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.alignments import robustness_schemas as schemas
from app.alignments.doubts import Assumed, doubt_of
from app.alignments.edits_routes import situations_of
from app.alignments.representations import immutable, json_bytes
from app.alignments.robustness import Robustness
from app.alignments.views import AlignmentView
from app.alignments.worth import chosen_measure
from app.dependencies import ReadSession
from app.documentation import not_modified_responses, problem_responses
from optimizer.uncertainty import Errors

router = APIRouter()

MeasureParameter = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=128,
        description="The measure that is doubted; else potential, or the dataset's first measure.",
    ),
]
SpreadParameter = Annotated[float, Query(ge=0, lt=1, description="Size of the errors, a fraction: 0.2 is 20 %.")]
SeedParameter = Annotated[int, Query(ge=0, le=2**32 - 1, description="The same seed draws the same errors.")]
SamplesParameter = Annotated[int, Query(ge=2, le=2_000, description="How often errors are drawn.")]


def assumed_errors(
    spread: SpreadParameter = 0.2,
    errors: Annotated[
        Errors,
        Query(
            description="`uniform`: anywhere within ± the spread. `lognormal`: mostly within, now and then far beyond."
        ),
    ] = Errors.UNIFORM,
    shared_by: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=128,
            description="Accounts with equal values in this column share one error: country, postal_code, unit_id, or "
            "a text column of the accounts. Without it each account has its own.",
        ),
    ] = None,
    samples: SamplesParameter = 500,
    seed: SeedParameter = 0,
) -> Assumed:
    """Gather what the caller doubts."""
    return Assumed(spread=spread, errors=errors, shared_by=shared_by, samples=samples, seed=seed)


@router.get(
    "/{alignment_id}/robustness",
    summary="Show how the balance holds",
    response_model=schemas.RobustnessAnswer,
    responses={**not_modified_responses(), **problem_responses("UNKNOWN_REFERENCE")},
)
def get_robustness(
    request: Request,
    session: ReadSession,
    alignment_id: str,
    assumed: Annotated[Assumed, Depends(assumed_errors)],
    measure: MeasureParameter = None,
    tolerance: Annotated[
        float | None, Query(ge=0, lt=1, description="The band, a fraction; else the criteria's, or 0.15.")
    ] = None,
    top: Annotated[int, Query(ge=1, le=100, description="How many of the largest accounts may leave.")] = 3,
) -> Response:
    """Say how balance holds when amounts are off, the largest accounts leave, or any one rep leaves."""
    view = AlignmentView(session, alignment_id)
    doubted = chosen_measure(view.columns, measure)
    doubt_of(view.columns, assumed)
    situation = situations_of(request).open(session, view.row)
    robustness = Robustness(view.card, situation, doubted, assumed, top=top, tolerance=tolerance)
    return immutable(request, lambda: json_bytes(robustness.json()), etag=view.etag)
