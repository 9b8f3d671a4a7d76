"""HTTP routes of an alignment's maps: territories and points as GeoJSON."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.alignments import schemas
from app.alignments.kept_files import kept_territories
from app.alignments.maps import Box, points_geojson, territories_geojson
from app.alignments.representations import GEOJSON, immutable, json_bytes
from app.alignments.territories import DEFAULT_SIMPLIFY_M, SIMPLIFY_STEPS_M, simplify_step
from app.alignments.views import AlignmentView
from app.dependencies import ReadSession, SessionsParameter
from app.documentation import not_modified_responses
from app.errors import Fault, InvalidInput

router = APIRouter()

_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {GEOJSON: {"schema": schemas.FeatureCollection.model_json_schema()}}},
    **not_modified_responses(),
}
_NUMBER = r"-?\d+(\.\d+)?"
_BOX_PATTERN = {"pattern": rf"^{_NUMBER}(,{_NUMBER}){{3}}$"}


@router.get("/{alignment_id}/territories", summary="Show the territories", response_class=Response, responses=_CONTENT)
def get_territories(
    request: Request,
    session: ReadSession,
    sessions: SessionsParameter,
    alignment_id: str,
    simplify_m: Annotated[
        float,
        Query(ge=0, le=SIMPLIFY_STEPS_M[-1], description="Meters by which borders may be straightened."),
    ] = DEFAULT_SIMPLIFY_M,
) -> Response:
    """Return one MultiPolygon for each rep with its scorecard: a valid coverage, simplified together."""
    view, step = AlignmentView(session, alignment_id), simplify_step(simplify_m)

    def make() -> bytes:
        return json_bytes(territories_geojson(view.card, kept_territories(sessions, view, simplify_m=step)))

    return immutable(request, make, etag=f'{view.etag[:-1]}-{step}"', media_type=GEOJSON)


@router.get("/{alignment_id}/map", summary="Show accounts and rep homes", response_class=Response, responses=_CONTENT)
def get_map(
    request: Request,
    session: ReadSession,
    alignment_id: str,
    bbox: Annotated[
        str | None,
        Query(
            max_length=200,
            description="west,south,east,north in degrees.",
            examples=["5.9,47.2,15.1,55.1"],
            json_schema_extra=_BOX_PATTERN,
        ),
    ] = None,
) -> Response:
    """Return accounts and rep homes as points; those without coordinates are left out and counted."""
    view, box = AlignmentView(session, alignment_id), None if bbox is None else _box(bbox)
    tag = "-".join([view.etag[1:-1], *(f"{edge:g}" for edge in vars(box).values())] if box else [view.etag[1:-1]])

    def make() -> bytes:
        return json_bytes(points_geojson(view.card, view.summary.centers, box))

    return immutable(request, make, etag=f'"{tag}"', media_type=GEOJSON)


def _box(text: str) -> Box:
    """Read a rectangle.

    Raises
    ------
    InvalidInput
        When the text is not four degrees within range.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = (math.nan,) * 4
    if -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90:
        return Box(west, south, east, north)
    fault = Fault(
        code="INVALID_VALUE",
        detail="bbox is west,south,east,north in degrees, south not above north.",
        value=text,
        params={"parameter": "bbox", "in": "query"},
    )
    raise InvalidInput([fault])
