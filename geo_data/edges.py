"""The edges of polygons, matched: which pieces of border two polygons share, and which nobody shares.

Vertices within a tolerance of each other count as one, so that borders that were rounded differently still
match. What lies on +180 and on -180 degrees is the same line.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

__all__ = ["METERS_PER_DEGREE", "Edges", "SharedEdges", "match_edges", "polygon_edges"]

METERS_PER_DEGREE = 111_195.08
_KEYS_PER_DEGREE = 10**7
_MOST_SHARING = 8  # polygons that one edge is looked for in

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Edges:
    """Straight pieces of the borders of polygons.

    Attributes
    ----------
    unit
        Position of the polygon. Shape ``(edges,)``.
    start, end
        Longitude and latitude in degrees. Shape ``(edges, 2)``.
    """

    unit: Integers
    start: Floats
    end: Floats

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, chosen: NDArray[np.bool_]) -> "Edges":
        """Return the edges that are marked."""
        return Edges(self.unit[chosen], self.start[chosen], self.end[chosen])

    def length_m(self) -> Floats:
        """Return the length of each edge in meters, shape ``(edges,)``."""
        step = self.end - self.start
        middle = np.radians((self.end[:, 1] + self.start[:, 1]) / 2)
        meters: Floats = np.hypot(step[:, 0] * np.cos(middle), step[:, 1]) * METERS_PER_DEGREE
        return meters


@dataclass(frozen=True, eq=False, slots=True)
class SharedEdges:
    """Pieces of border that two polygons share.

    Attributes
    ----------
    first, second
        Positions of the polygons, the smaller first; a pair may stand several times. Shape ``(pieces,)``.
    length_m
        Meters. Shape ``(pieces,)``.
    """

    first: Integers
    second: Integers
    length_m: Floats


def polygon_edges(geometry: NDArray[np.object_]) -> Edges:
    """Take polygons apart into their edges.

    Parameters
    ----------
    geometry
        Polygons and MultiPolygons in degrees, empty ones allowed. Shape ``(units,)``.
    """
    polygons, unit_of_polygon = shapely.get_parts(geometry, return_index=True)
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    moved = (points[1:] != points[:-1]).any(axis=1)
    kept = np.flatnonzero(inside & moved)
    unit = unit_of_polygon[polygon_of_ring[ring[kept]]] if len(kept) else np.empty(0)
    return Edges(unit=unit.astype(np.int64), start=points[kept], end=points[kept + 1])


def match_edges(edges: Edges, *, tolerance_degrees: float) -> tuple[SharedEdges, NDArray[np.bool_]]:
    """Find the edges that polygons share, end by end.

    Parameters
    ----------
    edges
        All edges.
    tolerance_degrees
        Ends nearer than this count as one; at least 0.

    Returns
    -------
    SharedEdges, ndarray
        What is shared, and which edges are open: found in one polygon only. Shape ``(edges,)``.

    Notes
    -----
    Equal ends are matched first. Only what stays open is compared with the tolerance, so that a clean layer
    costs one sort of its edges.
    """
    shared, is_open = _matched(edges, *_exact_ends(edges))
    rest = np.flatnonzero(is_open)
    if not rest.size or not tolerance_degrees:
        return shared, is_open
    opened = edges.take(is_open)
    start, end = _near_ends(opened, tolerance_degrees)
    is_long = start != end  # what is shorter than the tolerance is a corner, neither border nor coast
    near, still_open = _matched(opened.take(is_long), start[is_long], end[is_long])
    is_open[rest] = False
    is_open[rest[is_long][still_open]] = True
    joined = SharedEdges(
        first=np.concatenate((shared.first, near.first)),
        second=np.concatenate((shared.second, near.second)),
        length_m=np.concatenate((shared.length_m, near.length_m)),
    )
    return joined, is_open


def _matched(edges: Edges, start: Integers, end: Integers) -> tuple[SharedEdges, NDArray[np.bool_]]:
    """Pair the edges of different polygons that have the same two ends."""
    key = np.minimum(start, end) * (max(int(start.max(initial=0)), int(end.max(initial=0))) + 1)
    key += np.maximum(start, end)
    order = np.lexsort((edges.unit, key))
    key, unit = key[order], edges.unit[order]
    length = edges.length_m()[order]
    is_open = np.ones(len(edges), dtype=np.bool_)
    pieces: list[tuple[Integers, Integers, Floats]] = []
    for step in range(1, _MOST_SHARING):
        position = np.flatnonzero((key[step:] == key[:-step]) & (unit[step:] != unit[:-step]))
        if not position.size:
            break
        is_open[order[position]] = is_open[order[position + step]] = False
        pieces.append((unit[position], unit[position + step], length[position]))
    # The two halves of one polygon meet on the antimeridian: nobody else's border, and no coast.
    own = np.flatnonzero((key[1:] == key[:-1]) & (unit[1:] == unit[:-1]))
    is_open[order[own]] = is_open[order[own + 1]] = False
    if not pieces:
        return SharedEdges(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)), is_open
    first, second, meters = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return SharedEdges(first=first, second=second, length_m=meters), is_open


def _exact_ends(edges: Edges) -> tuple[Integers, Integers]:
    """Give every end of an edge a number; equal to seven decimals is equal."""
    points = _wrapped(np.concatenate((edges.start, edges.end)))
    whole = np.rint(points * _KEYS_PER_DEGREE).astype(np.int64)
    _, number = np.unique((whole[:, 0] << 31) + whole[:, 1], return_inverse=True)
    return number[: len(edges)].astype(np.int64), number[len(edges) :].astype(np.int64)


def _near_ends(edges: Edges, tolerance: float) -> tuple[Integers, Integers]:
    """Give every end of an edge a number; a chain of points within the tolerance is one."""
    points, number = np.unique(_wrapped(np.concatenate((edges.start, edges.end))), axis=0, return_inverse=True)
    pairs = KDTree(points).query_pairs(tolerance, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(points),) * 2)
    cluster = connected_components(links, directed=False)[1].astype(np.int64)[number.ravel()]
    return cluster[: len(edges)], cluster[len(edges) :]


def _wrapped(points: Floats) -> Floats:
    wrapped = points.copy()
    wrapped[points[:, 0] == 180.0, 0] = -180.0
    return wrapped
