"""Territory maps for paper: land, territories, homes and labels as SVG paths.

Owns what is drawn and where labels find room. The template writes the markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.alignments.scorecards import Scorecard, Standing
from app.alignments.territories import TerritoryShapes
from app.alignments.travel import center_points
from app.exchange.report.projection import Frame, frame_around
from geo_data.boundaries import countries, us_states

_WIDTH_PX, _TALLEST_PX = 462.0, 560.0
_DETAIL_PX = 0.5
_SMALLEST_PX = 0.4  # area below which a piece of land or territory is not drawn
_CHARACTER_PX, _LINE_PX = 4.9, 9.0
_LONGEST_LABEL = 18


@dataclass(frozen=True)
class TerritoryPath:
    """Draw one territory: its path, color, and what it is called."""

    path: str
    color: str
    name: str


@dataclass(frozen=True)
class MapLabel:
    """Write a rep's name and index at a place, in pixels."""

    x: float
    y: float
    name: str
    index: str


@dataclass(frozen=True)
class TerritoryDrawing:
    """Hold one map.

    Parameters
    ----------
    width, height
        Pixels.
    land, borders
        Paths of the land around, and of the borders of states and countries.
    territories
        One for each rep with land.
    homes
        Where reps live, in pixels.
    labels
        As many as find room.
    """

    width: float
    height: float
    land: str
    borders: str
    territories: list[TerritoryPath]
    homes: list[tuple[float, float]]
    labels: list[MapLabel]


def shared_frame(card: Scorecard, shapes: Sequence[TerritoryShapes]) -> Frame | None:
    """Return the frame that shows several maps alike; None where there is nothing to show."""
    geometry = np.concatenate([item.geometry for item in shapes])
    if shapely.is_empty(geometry).all():
        return None
    lat, lon = card.columns.account_column("lat"), card.columns.account_column("lon")
    placed = np.isfinite(lat) & np.isfinite(lon)
    return frame_around(geometry, lat[placed], lon[placed], width=_WIDTH_PX, tallest=_TALLEST_PX)


def num_outside(card: Scorecard, frame: Frame) -> int:
    """Return how many accounts with a place lie outside the frame."""
    lat, lon = card.columns.account_column("lat"), card.columns.account_column("lon")
    placed = np.isfinite(lat) & np.isfinite(lon)
    x, y = frame.points(lat[placed], lon[placed]).T
    return int(np.count_nonzero((x < 0) | (x > frame.width) | (y < 0) | (y > frame.height)))


def draw(
    card: Scorecard, standing: Standing, shapes: TerritoryShapes, frame: Frame, *, color: Sequence[str]
) -> TerritoryDrawing:
    """Draw one alignment's territories, with the index of the first balanced measure on the labels."""
    placed = shapely.coverage_simplify(frame.place(shapes.geometry), _DETAIL_PX)
    placed = shapely.clip_by_rect(placed, -2, -2, frame.width + 2, frame.height + 2)
    columns = card.columns
    index = standing.measures[card.balanced[0]].index
    lat, lon = center_points(columns, card.travel)
    has_home = np.isfinite(lat) & columns.is_active
    land, borders = _surroundings(frame)
    drawn = [
        TerritoryPath(path_of(polygon), color[rep], columns.rep_names[rep])
        for rep, polygon in enumerate(placed)
        if not polygon.is_empty
    ]
    return TerritoryDrawing(
        width=frame.width,
        height=frame.height,
        land=land,
        borders=borders,
        territories=drawn,
        homes=[(round(x, 1), round(y, 1)) for x, y in frame.points(lat[has_home], lon[has_home]).tolist()],
        labels=_labels(placed, columns.rep_names, index),
    )


def path_of(geometry: shapely.Geometry) -> str:
    """Return polygons or lines as an SVG path with one decimal."""
    pieces = []
    for part in shapely.get_parts(geometry).tolist():
        if part.is_empty:  # a frame far inland has land, but no border
            continue
        rings = (part.exterior, *part.interiors) if isinstance(part, shapely.Polygon) else (part,)
        end = "Z" if isinstance(part, shapely.Polygon) else ""
        for ring in rings:
            corners = np.round(shapely.get_coordinates(ring), 1)
            corners = corners[np.append(True, np.any(np.diff(corners, axis=0) != 0, axis=1))]
            if len(corners) > 1:
                pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in corners.tolist()) + end)
    return "".join(pieces)


def _surroundings(frame: Frame) -> tuple[str, str]:
    """Return the paths of all land in the frame, and of the borders on it."""
    paper = shapely.box(0, 0, frame.width, frame.height)
    land = _clipped([feature.geometry for feature in countries()], frame, paper)
    states = _clipped([feature.geometry for feature in us_states()], frame, paper)
    lines = shapely.boundary(np.array([*land, *states], dtype=object))
    inner = shapely.intersection(lines, shapely.box(0.5, 0.5, frame.width - 0.5, frame.height - 0.5))
    return "".join(path_of(item) for item in land), "".join(path_of(_only_lines(item)) for item in inner)


def _clipped(geometry: Sequence[shapely.Geometry], frame: Frame, paper: shapely.Geometry) -> NDArray[np.object_]:
    """Return polygons in pixels, cut to the paper and without pieces too small to see."""
    parts = shapely.get_parts(np.array(geometry, dtype=object))
    west, south, east, north = frame.box
    shifted = [shapely.transform(parts, lambda xy, by=by: xy + np.array([by, 0.0])) for by in (-360.0, 0.0, 360.0)]
    window = shapely.box(west + frame.lon, south, east + frame.lon, north)
    near = np.concatenate(shifted)
    near = shapely.intersection(near[shapely.intersects(near, window)], window)
    pixels = shapely.make_valid(shapely.simplify(frame.place(near), _DETAIL_PX))
    pixels = shapely.get_parts(shapely.intersection(pixels, paper))
    seen: NDArray[np.object_] = pixels[(shapely.area(pixels) > _SMALLEST_PX) & (shapely.get_dimensions(pixels) == 2)]
    return seen


def _only_lines(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(geometry)
    return shapely.GeometryCollection(parts[shapely.get_dimensions(parts) == 1].tolist())


def _labels(placed: NDArray[np.object_], names: Sequence[str], index: NDArray[np.float64]) -> list[MapLabel]:
    """Write names where they fit, largest territories first, none over another."""
    taken: list[tuple[float, float, float, float]] = []
    labels = []
    for rep in np.argsort(-shapely.area(placed), kind="stable").tolist():
        if placed[rep].is_empty:
            continue
        name = names[rep] if len(names[rep]) <= _LONGEST_LABEL else names[rep][: _LONGEST_LABEL - 1] + "…"
        parts = shapely.get_parts(placed[rep])
        largest = parts[int(np.argmax(shapely.area(parts)))]
        spot = shapely.point_on_surface(largest)
        wide = max(len(name), 3) * _CHARACTER_PX / 2
        box = (spot.x - wide, spot.y - _LINE_PX, spot.x + wide, spot.y + _LINE_PX)
        west, south, east, north = largest.bounds
        fits = east - west > wide and north - south > _LINE_PX
        if not fits or any(_overlaps(box, other) for other in taken):
            continue
        taken.append(box)
        number = f"{index[rep]:.0f}" if np.isfinite(index[rep]) else ""
        labels.append(MapLabel(x=round(spot.x, 1), y=round(spot.y, 1), name=name, index=number))
    return labels


def _overlaps(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
