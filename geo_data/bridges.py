"""Bridges: the shortest ways across water and gaps that make a graph of units connected.

References
----------
Brown (1979), Voronoi diagrams from convex hulls, doi 10.1016/0020-0190(79)90074-7: the neighbors among places
on a sphere are the edges of their convex hull, and a shortest spanning tree uses only those.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, KDTree, QhullError

from geo_data.distances import EARTH_RADIUS_KM, unit_vectors
from geo_data.edges import Edges

__all__ = ["Bridges", "find_bridges"]

_LONGEST_STEP = 0.05  # degrees between the points of a coast that distances are measured at
_MOST_POINTS = 200_000
_FINEST_CELL = 1e-3  # degrees
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Bridges:
    """Pairs of units that are joined though they do not touch.

    Attributes
    ----------
    first, second
        Positions of the units, the smaller first; ascending. Shape ``(bridges,)``.
    length_km
        Great-circle kilometers from coast to coast, to a few kilometers. Shape ``(bridges,)``.
    """

    first: Integers
    second: Integers
    length_km: Floats


def find_bridges(geometry: NDArray[np.object_], coast: Edges, first: Integers, second: Integers) -> Bridges:
    """Join the connected parts of a graph by the shortest bridges: a minimum spanning tree of the parts.

    Parameters
    ----------
    geometry
        The units; an empty one is bridged to nothing. Shape ``(units,)``.
    coast
        The edges that no two units share.
    first, second
        Positions of neighbors. Shape ``(pairs,)``.
    """
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(len(geometry),) * 2)
    part = connected_components(links, directed=False)[1].astype(np.int64)
    has_land = np.flatnonzero(~shapely.is_empty(geometry))
    rows: list[tuple[int, int, float]] = []
    if len(np.unique(part[has_land])) > 1:
        points, unit = _thinned(*_coast_points(geometry, coast, has_land))
        rows = sorted(_spanning_tree(points, unit, part))
    return Bridges(
        first=np.array([row[0] for row in rows], dtype=np.int64),
        second=np.array([row[1] for row in rows], dtype=np.int64),
        length_km=np.array([row[2] for row in rows], dtype=np.float64),
    )


def _spanning_tree(points: Floats, unit: Integers, part: Integers) -> Iterator[tuple[int, int, float]]:
    """Yield the bridges, shortest first: units and kilometers."""
    joined = np.arange(int(part.max()) + 1)
    missing = len(np.unique(part[unit])) - 1
    for ways in itertools.chain((_hull_ways,), itertools.repeat(_ways_from_the_rest)):
        if not missing:
            return
        left, right = ways(points, _roots(joined)[part[unit]])
        chord = np.linalg.norm(points[left] - points[right], axis=1)
        small, large = np.minimum(unit[left], unit[right]), np.maximum(unit[left], unit[right])
        for way in np.lexsort((large, small, chord)).tolist():
            mine, theirs = _root(joined, int(part[small[way]])), _root(joined, int(part[large[way]]))
            if mine == theirs:
                continue
            joined[mine] = theirs
            missing -= 1
            length = 2 * EARTH_RADIUS_KM * float(np.arcsin(min(chord[way] / 2, 1.0)))
            yield int(small[way]), int(large[way]), length


def _hull_ways(points: Floats, label: Integers) -> tuple[Integers, Integers]:
    """Return pairs of points with different labels: those in one place, and neighbors on the sphere."""
    places, first, number = np.unique(points.round(12), axis=0, return_index=True, return_inverse=True)
    order = np.lexsort((label, number.ravel()))
    same = (number.ravel()[order[1:]] == number.ravel()[order[:-1]]) & (label[order[1:]] != label[order[:-1]])
    ways = [np.column_stack((order[:-1][same], order[1:][same]))]
    try:
        # With the center of the sphere a hull has volume even where all places lie on a line.
        corners = ConvexHull(np.concatenate((places, np.zeros((1, 3)))), qhull_options="Qt Pp").simplices
    except (QhullError, ValueError):  # too few places, or all of them on one great circle
        corners = np.empty((0, 3), dtype=np.int64)
    corners = corners[(corners < len(places)).all(axis=1)]
    ways += [first[corners[:, columns]] for columns in ((0, 1), (1, 2), (2, 0))]
    pairs = np.concatenate(ways).astype(np.int64)
    pairs = pairs[label[pairs[:, 0]] != label[pairs[:, 1]]]
    return pairs[:, 0], pairs[:, 1]


def _ways_from_the_rest(points: Floats, label: Integers) -> tuple[Integers, Integers]:
    """Return the nearest pair of each label and all the others; for the few that a hull leaves out.

    A place so near to others that rounding puts it inside the hull is no corner of it.
    """
    left, right = [], []
    for one in np.unique(label).tolist():
        mine, others = np.flatnonzero(label == one), np.flatnonzero(label != one)
        distance, near = KDTree(points[others]).query(points[mine])
        nearest = int(np.argmin(distance))
        left.append(int(mine[nearest]))
        right.append(int(others[near[nearest]]))
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)


def _root(joined: Integers, label: int) -> int:
    while joined[label] != label:
        joined[label] = joined[joined[label]]
        label = int(joined[label])
    return label


def _roots(joined: Integers) -> Integers:
    roots = joined.copy()
    while not np.array_equal(roots, roots[roots]):
        roots = roots[roots]
    return roots


def _coast_points(
    geometry: NDArray[np.object_], coast: Edges, has_land: Integers
) -> tuple[NDArray[np.float64], Integers]:
    """Return places along open borders, and the unit of each; a unit without a coast gives its corners."""
    landlocked = np.setdiff1d(has_land, coast.unit)
    corners, owner = shapely.get_coordinates(geometry[landlocked], return_index=True)
    step = coast.end - coast.start
    pieces = np.maximum(np.ceil(np.abs(step).max(axis=1, initial=0.0) / _LONGEST_STEP), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(coast)), pieces)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    along = coast.start[edge] + step[edge] * (rank / pieces[edge])[:, np.newaxis]
    unit = np.concatenate((coast.unit[edge], coast.unit, landlocked[owner]))
    return np.concatenate((along, coast.end, corners)), unit


def _thinned(places: Floats, unit: Integers) -> tuple[Floats, Integers]:
    """Keep one place of each unit in each cell of a grid, coarser until few enough are left; on the sphere."""
    cell = 0.0
    while True:
        key = np.column_stack((unit, np.floor(places / cell) if cell else places))
        first = np.unique(key, axis=0, return_index=True)[1]
        if len(first) <= _MOST_POINTS or cell > 1:
            return unit_vectors(places[first, 1], places[first, 0]), unit[first]
        cell = max(2 * cell, _FINEST_CELL)
