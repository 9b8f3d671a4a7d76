"""The outline of barriers as arcs on the sphere, and the corners around which a shortest way may bend.

Owns which polygons are acceptable, and the step from degrees to unit vectors: rings are cut into short arcs, what two
polygons share is dissolved, and the cut at ±180 degrees of longitude is sewn together again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from geo_data.antimeridian import cut_at_antimeridian, needs_cut
from geo_data.coverage import as_multipolygon
from geo_data.distances import EARTH_RADIUS_KM, unit_vectors
from geo_data.exceptions import GeoDataError

__all__ = ["BarrierShapeError", "Corners", "Outline", "barrier_polygons", "corners_of", "outline_of"]

Floats = NDArray[np.float64]

LONGEST_ARC_DEGREES: Final = 2.0
"""Longer edges are cut: an edge is straight on the map, and so short an arc of a great circle leaves it by 0.4 km."""
CLEARANCE_KM: Final = 0.001
"""How far off its corners a way around a barrier stays: a gap narrower than twice that is none."""
LEAST_TURN: Final = 1e-7
"""Sine of the smallest turn that makes a corner."""
SHARPEST: Final = 0.1
"""Cosine that limits how far off a very sharp corner a way stays: ten times the clearance."""
SAME_PLACE: Final = 10
"""Decimals of unit vectors by which two ends of arcs are one place: 0.6 mm."""


class BarrierShapeError(GeoDataError, ValueError):
    """A geometry is no polygon that could be a barrier.

    Parameters
    ----------
    code
        ``INVALID_GEOMETRY`` or ``WRONG_CRS``.
    detail, fix
        What is wrong, and what to do, one plain sentence each.
    """

    def __init__(self, code: str, detail: str, fix: str) -> None:
        self.code, self.detail, self.fix = code, detail, fix
        super().__init__(detail)


@dataclass(frozen=True, eq=False)
class Outline:
    """The borders of barriers: arcs of great circles, the barrier on their left.

    Attributes
    ----------
    start, end
        Unit vectors. Shape ``(arcs, 3)``.
    cost_km
        What crossing an arc costs: half of what crossing its barrier costs, infinite where nobody may cross.
        Shape ``(arcs,)``.
    """

    start: Floats
    end: Floats
    cost_km: Floats


@dataclass(frozen=True, eq=False)
class Corners:
    """Where ways may bend: points just off the places where an outline turns.

    Attributes
    ----------
    point
        Unit vectors. Shape ``(corners, 3)``.
    before, after
        The ends of the two arcs that meet there. Shape ``(corners, 3)``.
    slack
        Sine of the angle by which a way may miss them and still pass by: twice how far off the point is.
        Shape ``(corners,)``.
    """

    point: Floats
    before: Floats
    after: Floats
    slack: Floats

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.point)

    def only(self, kept: NDArray[np.bool_]) -> "Corners":
        """Return some of them."""
        return Corners(self.point[kept], self.before[kept], self.after[kept], self.slack[kept])


def barrier_polygons(geometry: Mapping[str, Any]) -> shapely.MultiPolygon:
    """Read a GeoJSON geometry as the polygons of a barrier, cut at the antimeridian.

    Parameters
    ----------
    geometry
        A Polygon or MultiPolygon in degrees WGS 84.

    Raises
    ------
    BarrierShapeError
        When it is something else, not valid, without an area, or not in degrees.
    """
    try:
        read = shapely.force_2d(shape(geometry))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError):
        raise BarrierShapeError(
            "INVALID_GEOMETRY", "its rings cannot be read", "send rings of four or more [longitude, latitude]"
        ) from None
    if not isinstance(read, shapely.Polygon | shapely.MultiPolygon) or read.is_empty:
        raise BarrierShapeError("INVALID_GEOMETRY", "it is no polygon", "send a Polygon or a MultiPolygon")
    coordinates = shapely.get_coordinates(read)
    if not np.isfinite(coordinates).all():
        raise BarrierShapeError("INVALID_GEOMETRY", "a coordinate is not finite", "send numbers")
    if np.abs(coordinates[:, 0]).max() > 360 or np.abs(coordinates[:, 1]).max() > 90:
        largest = float(np.abs(coordinates).max())
        detail = f"its coordinates reach {largest:,.0f}, which are no degrees of longitude and latitude"
        raise BarrierShapeError("WRONG_CRS", detail, "send longitude and latitude in WGS 84 degrees")
    parts = shapely.get_parts(read).tolist()
    crosses = any(needs_cut(part) for part in parts)
    if not crosses and not read.is_valid:
        reason = shapely.is_valid_reason(read)
        raise BarrierShapeError("INVALID_GEOMETRY", f"it is not valid: {reason}", "mend the polygon at that place")
    if crosses:
        read = shapely.union_all([cut_at_antimeridian(part) for part in parts])
    polygons = as_multipolygon(read)
    if not polygons.area > 0:
        raise BarrierShapeError("INVALID_GEOMETRY", "it has no area", "send a polygon with an area")
    return polygons


def outline_of(barriers: Sequence[tuple[shapely.MultiPolygon, float]]) -> Outline:
    """Return the outline of barriers, each with what crossing it costs; what nobody may cross is one barrier.

    Parameters
    ----------
    barriers
        Valid polygons within ±180 degrees and kilometers, infinite where nobody may cross.
    """
    closed = [polygons for polygons, cost_km in barriers if np.isinf(cost_km)]
    together = [(as_multipolygon(shapely.union_all(closed)), np.inf)] if closed else []
    together += [(polygons, cost_km) for polygons, cost_km in barriers if np.isfinite(cost_km) and cost_km > 0]
    drawn = [(_arcs(polygons), cost_km) for polygons, cost_km in together]
    start = np.concatenate([arcs[0] for arcs, _ in drawn] or [np.zeros((0, 3))])
    end = np.concatenate([arcs[1] for arcs, _ in drawn] or [np.zeros((0, 3))])
    cost = np.concatenate([np.full(len(arcs[0]), cost_km / 2) for arcs, cost_km in drawn] or [np.zeros(0)])
    return Outline(start=start, end=end, cost_km=cost)


def corners_of(outline: Outline) -> Corners:
    """Return the corners that barriers turn to the outside; to the inside, too, where ways may lead through."""
    if not len(outline.start):
        nothing = np.zeros((0, 3))
        return Corners(point=nothing, before=nothing, after=nothing, slack=np.zeros(0))
    before, after = _meetings(outline)
    at = outline.end[before]
    normal_before, normal_after = _normals(outline, before), _normals(outline, after)
    onward = outline.end[after]
    turn = (normal_before * onward).sum(axis=1) / np.linalg.norm(np.cross(at, onward), axis=1)
    outward = -(normal_before + normal_after)
    length = np.linalg.norm(outward, axis=1)
    bends = (turn > LEAST_TURN) | ((turn < -LEAST_TURN) & np.isfinite(outline.cost_km[before]))
    kept = bends & (length > LEAST_TURN)
    outward = outward[kept] / length[kept, None]
    lean = np.maximum(-(outward * normal_before[kept]).sum(axis=1), SHARPEST)
    distance = CLEARANCE_KM / EARTH_RADIUS_KM / lean
    moved = at[kept] + outward * (np.sign(turn[kept]) * distance)[:, None]
    return Corners(
        point=np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True)),
        before=outline.start[before[kept]],
        after=onward[kept],
        slack=2 * distance,
    )


def _normals(outline: Outline, arcs: NDArray[np.int64]) -> Floats:
    """Return unit vectors towards the barrier, square to the arcs."""
    normal = np.cross(outline.start[arcs], outline.end[arcs])
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))


def _meetings(outline: Outline) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of arcs of which one ends where the other begins."""
    places = np.round(np.concatenate([outline.start, outline.end]), SAME_PLACE) + 0.0
    _, place = np.unique(places, axis=0, return_inverse=True)
    begins, ends = place.ravel()[: len(outline.start)], place.ravel()[len(outline.start) :]
    order = np.argsort(begins, kind="stable")
    first = np.searchsorted(begins[order], ends, side="left")
    count = np.searchsorted(begins[order], ends, side="right") - first
    before = np.repeat(np.arange(len(ends)), count)
    after = order[np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())]
    return before.astype(np.int64), after.astype(np.int64)


def _arcs(polygons: shapely.MultiPolygon) -> tuple[Floats, Floats]:
    """Return the arcs around polygons, those that only the edge of the map makes left out."""
    lines: list[Floats] = []
    for polygon in shapely.get_parts(shapely.orient_polygons(polygons)).tolist():
        for ring in (polygon.exterior, *polygon.interiors):
            points = _short_steps(shapely.get_coordinates(ring))
            lines.append(np.column_stack([points[:-1], points[1:]]))
    segments = np.concatenate(lines)
    on_seam = (np.abs(segments[:, 0]) == 180) & (segments[:, 0] == segments[:, 2])
    segments = np.concatenate([segments[~on_seam], _sewn(segments[on_seam])])
    start = unit_vectors(segments[:, 1], segments[:, 0])
    end = unit_vectors(segments[:, 3], segments[:, 2])
    there = np.linalg.norm(end - start, axis=1) > 10.0**-SAME_PLACE
    return start[there], end[there]


def _short_steps(ring: Floats) -> Floats:
    """Return a ring with points between those that lie far apart."""
    steps = np.maximum(1, np.ceil(np.abs(np.diff(ring, axis=0)).max(axis=1) / LONGEST_ARC_DEGREES)).astype(np.int64)
    edge = np.repeat(np.arange(len(steps)), steps)
    share = (np.arange(len(edge)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[edge]
    points = ring[edge] + share[:, None] * (ring[edge + 1] - ring[edge])
    return np.concatenate([points, ring[-1:]])


def _sewn(segments: Floats) -> Floats:
    """Return what is left of segments along ±180 degrees where the barrier does not go on beyond."""
    if not len(segments):
        return segments
    low, high = np.minimum(segments[:, 1], segments[:, 3]), np.maximum(segments[:, 1], segments[:, 3])
    cuts = np.unique(np.concatenate([low, high]))
    middle = (cuts[:-1] + cuts[1:]) / 2
    covers = (low[:, None] < middle) & (middle < high[:, None])
    northward = (covers & (segments[:, 3] > segments[:, 1])[:, None]).any(axis=0)
    southward = (covers & (segments[:, 3] < segments[:, 1])[:, None]).any(axis=0)
    up, down = northward & ~southward, southward & ~northward
    longitude = np.full(len(middle), 180.0)
    rising = np.column_stack([longitude, cuts[:-1], longitude, cuts[1:]])[up]
    falling = np.column_stack([longitude, cuts[1:], longitude, cuts[:-1]])[down]
    return np.concatenate([rising, falling])
