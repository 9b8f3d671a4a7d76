"""HTTP route of alignments side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.alignments import robustness_schemas, schemas
from app.alignments.doubts import Assumed
from app.alignments.representations import json_bytes
from app.alignments.robustness_routes import MeasureParameter, SeedParameter, SpreadParameter
from app.alignments.side_by_side import Doubted, side_by_side
from app.dependencies import ReadSession
from app.documentation import problem_responses
from app.validation import ID_LIST

router = APIRouter(prefix="/v1/comparisons", tags=["alignments"])


class ComparedScorecard(BaseModel):
    """A scorecard, with or without its lines by rep."""

    team: schemas.Team = Field(description="Numbers of the whole team.")
    reps: list[schemas.RepLine] | None = Field(default=None, description="One line a rep; absent with `reps=false`.")


class Compared(BaseModel):
    """One of the alignments."""

    id: str = Field(description="The alignment's id.")
    name: str = Field(description="Name for people.")
    origin: schemas.Origin = Field(description="Where it comes from.")
    dataset_id: str = Field(description="Its dataset.")
    scenario_id: str | None = Field(description="Its scenario; null for an import.")
    outcome: str | None = Field(description="What was found; null without criteria.")
    objective: float | None = Field(description="Sum of the weighted terms; comparable within one scenario only.")
    lower_bound: float | None = Field(description="Proven bound on the objective of its scenario.")
    gap: float | None = Field(description="(objective − lower_bound) / |objective|.")
    counts: schemas.Counts = Field(description="How many accounts, reps, moves.")
    num_violations: int = Field(description="How many criteria it breaks.")
    terms: dict[str, float] = Field(description="Weighted terms of the objective, by name.")
    scorecard: ComparedScorecard = Field(description="Its scorecard.")
    robustness: robustness_schemas.ComparedRobustness | None = Field(
        default=None, description="How its balance holds; absent without `robustness=true`."
    )


class Comparisons(BaseModel):
    """Several alignments side by side."""

    items: list[Compared] = Field(description="In the order asked for.")
    differences: list[list[int]] = Field(
        description="For every two of them, how many accounts have different reps.", examples=[[[0, 212], [212, 0]]]
    )
    steadier: robustness_schemas.Steadier | None = Field(
        default=None, description="Which one is steadier, and by how much; absent without `robustness=true`."
    )


@router.get(
    "",
    summary="Compare several alignments",
    response_model=Comparisons,
    responses=problem_responses("UNKNOWN_REFERENCE", "CONTRADICTORY_SETTING"),
)
def compare_alignments(
    session: ReadSession,
    alignments: Annotated[str, Query(description="Ids of 2 to 20 alignments, with commas between.", pattern=ID_LIST)],
    reps: Annotated[bool, Query(description="False leaves out the lines by rep.")] = True,
    robustness: Annotated[
        bool,
        Query(
            description="True tries all of them under the same drawn errors, and says which one is steadier; "
            "`measure`, `spread`, `samples` and `seed` are for it."
        ),
    ] = False,
    measure: MeasureParameter = None,
    spread: SpreadParameter = 0.2,
    samples: Annotated[int, Query(ge=2, le=2_000, description="How often errors are drawn.")] = 200,
    seed: SeedParameter = 0,
) -> Response:
    """Put several alignments of the same accounts side by side: what is known of each, and its scorecard."""
    doubted = Doubted(measure, Assumed(spread=spread, samples=samples, seed=seed)) if robustness else None
    content: dict[str, Any] = side_by_side(session, alignments, with_reps=reps, doubted=doubted)
    return Response(json_bytes(content), media_type="application/json")
