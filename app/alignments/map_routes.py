"""HTTP routes of an alignment's maps: territories and points as GeoJSON and as vector tiles."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from app.alignments import schemas
from app.alignments.books import RepReaderParameter
from app.alignments.kept_files import kept_points, kept_territories
from app.alignments.level_schemas import LevelParameter
from app.alignments.levels import level_of, rolled_up, united
from app.alignments.maps import Box, points_geojson, territories_geojson
from app.alignments.representations import GEOJSON, immutable, json_bytes
from app.alignments.territories import DEFAULT_SIMPLIFY_M, SIMPLIFY_STEPS_M, simplify_step
from app.alignments.tiles import simplify_m_at, tile_bytes
from app.alignments.views import AlignmentView
from app.dependencies import ReadSession, SessionsParameter
from app.documentation import not_modified_responses
from app.errors import Fault, InvalidInput, NotFound
from geo_data.exceptions import SettingError
from geo_data.vector_tiles import DEEPEST_ZOOM, Tile

router = APIRouter()

_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {GEOJSON: {"schema": schemas.FeatureCollection.model_json_schema()}}},
    **not_modified_responses(),
}
VECTOR_TILE = "application/vnd.mapbox-vector-tile"
_PART = r"(\.[0-9]+)?"
_LON = rf"-?(180(\.0+)?|(1[0-7]|[0-9])?[0-9]{_PART})"
_LAT = rf"-?(90(\.0+)?|[0-8]?[0-9]{_PART})"
_BOX_PATTERN = {"pattern": f"^{_LON},{_LAT},{_LON},{_LAT}$"}


@router.get("/{alignment_id}/territories", summary="Show the territories", response_class=Response, responses=_CONTENT)
def get_territories(
    request: Request,
    session: ReadSession,
    sessions: SessionsParameter,
    reader: RepReaderParameter,
    alignment_id: str,
    simplify_m: Annotated[
        float,
        Query(ge=0, le=SIMPLIFY_STEPS_M[-1], description="Meters by which borders may be straightened."),
    ] = DEFAULT_SIMPLIFY_M,
    level: LevelParameter = None,
) -> Response:
    """Return one MultiPolygon for each rep with its scorecard: a valid coverage, simplified together.

    With `level`, one for each manager: the union of the territories below, with the very same borders.
    """
    view, step = AlignmentView(session, alignment_id), simplify_step(simplify_m)
    chosen = None if level is None else level_of(view.columns, level)

    def make() -> bytes:
        shapes = kept_territories(sessions, view, simplify_m=step)
        if chosen is None:
            return json_bytes(reader.features(territories_geojson(view.card, shapes), view))
        return json_bytes(territories_geojson(rolled_up(view.card, chosen), united(shapes, chosen)))

    return immutable(request, make, etag=f'{view.etag[:-1]}-{step}{_tag(level)}{reader.tag}"', media_type=GEOJSON)


@router.get("/{alignment_id}/map", summary="Show accounts and rep homes", response_class=Response, responses=_CONTENT)
def get_map(
    request: Request,
    session: ReadSession,
    reader: RepReaderParameter,
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
    level: LevelParameter = None,
) -> Response:
    """Return accounts and rep homes as points; those without coordinates are left out and counted.

    With `level`, accounts name the manager at that level in place of the rep, and homes are the managers' own.
    """
    view, box = AlignmentView(session, alignment_id), None if bbox is None else _box(bbox)
    tag = "-".join([view.etag[1:-1], *(f"{edge:g}" for edge in vars(box).values())] if box else [view.etag[1:-1]])
    chosen = None if level is None else level_of(view.columns, level)

    def make() -> bytes:
        card = view.card if chosen is None else rolled_up(view.card, chosen)
        seen = reader.flags(view.columns)
        return json_bytes(points_geojson(card, view.summary.centers, box, view.locked, seen=seen))

    return immutable(request, make, etag=f'"{tag}{_tag(level)}{reader.tag}"', media_type=GEOJSON)


@router.get(
    "/{alignment_id}/tiles/{z}/{x}/{y}",
    summary="Show a vector tile",
    response_class=Response,
    responses={
        200: {"content": {VECTOR_TILE: {"schema": {"type": "string", "contentMediaType": VECTOR_TILE}}}},
        204: {"description": "Nothing lies in this tile."},
        **not_modified_responses(),
    },
)
def get_tile(
    request: Request,
    session: ReadSession,
    sessions: SessionsParameter,
    alignment_id: str,
    z: Annotated[int, Path(ge=0, le=DEEPEST_ZOOM, description="Zoom, 0 is the whole world.")],
    x: Annotated[int, Path(ge=0, lt=1 << DEEPEST_ZOOM, description="Column from the west, below 2^z.")],
    y: Annotated[int, Path(ge=0, lt=1 << DEEPEST_ZOOM, description="Row from the north, below 2^z.")],
) -> Response:
    """Return a Mapbox Vector Tile (2.1) of Web Mercator: layers `territories` and `accounts`.

    Where a tile holds more than 20,000 accounts, a point stands for `count` accounts of one rep.
    """
    view, tile = AlignmentView(session, alignment_id), _tile(z, x, y)

    def make() -> bytes:
        shapes = kept_territories(sessions, view, simplify_m=simplify_m_at(z))
        return tile_bytes(tile, kept_points(sessions, view), shapes)

    answer = immutable(request, make, etag=f'{view.etag[:-1]}-{z}-{x}-{y}"', media_type=VECTOR_TILE)
    return answer if answer.status_code != 200 or answer.body else Response(status_code=204)


def _tag(level: int | None) -> str:
    return "" if level is None else f"-level-{level}"


def _tile(z: int, x: int, y: int) -> Tile:
    """Return a square of the map.

    Raises
    ------
    NotFound
        When there is none.
    """
    try:
        return Tile(z=z, x=x, y=y)
    except SettingError:
        last = (1 << z) - 1
        detail = f"There is no tile {z}/{x}/{y}; at zoom {z} rows and columns end at {last}."
        raise NotFound(detail) from None


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
    params = {"parameter": "bbox", "in": "query"}
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        detail = "bbox is west,south,east,north in degrees."
        raise InvalidInput([Fault(code="INVALID_VALUE", detail=detail, value=text, params=params)])
    if south > north:
        detail = "bbox is west,south,east,north: its south lies above its north."
        raise InvalidInput([Fault(code="CONTRADICTORY_SETTING", detail=detail, value=text, params=params)])
    return Box(west, south, east, north)
