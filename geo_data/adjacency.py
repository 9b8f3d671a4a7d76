"""Which polygons are neighbors: by a shared edge (rook) or also by a shared corner (queen).

Owns the graph that contiguity is judged by. Borders that miss each other by up to a meter count as shared,
+180 and -180 degrees are one line, and what stands alone is bridged to the nearest unit, so that the graph is
always connected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from shapely import affinity

from geo_data.boundaries.known_neighbors import known_neighbors
from geo_data.bridges import find_bridges
from geo_data.edges import METERS_PER_DEGREE, Edges, SharedEdges, match_edges, polygon_edges

__all__ = ["Adjacency", "adjacent_pairs", "find_neighbors", "neighbors"]

Kind = Literal["rook", "queen"]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_TOLERANCE = 1e-5  # degrees, about 1 m: borders that miss each other by less are one border
_SHORTEST_NEAR_BORDER = 20 * _TOLERANCE  # two borders that only meet in a corner are this near for less


@dataclass(frozen=True, eq=False, slots=True)
class Adjacency:
    """The neighbors among units.

    Attributes
    ----------
    first, second
        Positions of neighboring units, bridges included; ``first < second``, ascending. Int32, shape ``(pairs,)``.
    shared_m
        Meters of border that the two share, at least; 0 for bridges and for neighbors by a corner.
        Shape ``(pairs,)``.
    bridged
        The pairs that are bridges: units that do not touch, joined because a part of the map stood alone.
        Rows of ``(first, second)``, ascending. Int32, shape ``(bridges, 2)``.
    bridge_km
        Kilometers from coast to coast. Shape ``(bridges,)``.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    shared_m: Floats
    bridged: NDArray[np.int32]
    bridge_km: Floats


def neighbors(units: Sequence[bytes | shapely.Geometry] | NDArray[np.object_], kind: Kind) -> Adjacency:
    """Return the neighbors among units, and bridges between the parts of the map that stand alone.

    Those of the units that ship with the package are known; any others are found by `find_neighbors`.

    Parameters
    ----------
    units
        Valid polygons in degrees WGS 84 within ±180, as WKB or as geometries; empty ones have no neighbors.
        Shape ``(units,)``.
    kind
        ``"rook"``: they share a piece of border; ``"queen"``: a corner is enough. Overlapping polygons are
        neighbors in both.
    """
    known = known_neighbors(units, kind)
    if known is None:
        return find_neighbors(units, kind)
    return Adjacency(**{column: _read_only(values) for column, values in known.items()})


def find_neighbors(units: Sequence[bytes | shapely.Geometry] | NDArray[np.object_], kind: Kind) -> Adjacency:
    """Find the neighbors among units, and bridge the parts of the map that stand alone.

    Parameters
    ----------
    units, kind
        As for `neighbors`.

    Notes
    -----
    Edges are matched by their ends in one sort; only what stays open is compared as geometry. Then the
    connected parts are joined by the bridges of a minimum spanning tree.
    """
    geometry = _geometries(units)
    first, second, shared_m, coast = _touching(geometry, kind)
    bridges = find_bridges(geometry, coast, first, second)
    all_first, all_second = np.concatenate((first, bridges.first)), np.concatenate((second, bridges.second))
    order = np.lexsort((all_second, all_first))
    lengths = np.concatenate((shared_m, np.zeros(len(bridges.first))))
    return Adjacency(
        first=_read_only(all_first[order].astype(np.int32)),
        second=_read_only(all_second[order].astype(np.int32)),
        shared_m=_read_only(lengths[order]),
        bridged=_read_only(np.column_stack((bridges.first, bridges.second)).astype(np.int32)),
        bridge_km=_read_only(bridges.length_km),
    )


def adjacent_pairs(geometry: NDArray[np.object_], *, kind: Kind) -> Integers:
    """Find the polygons that touch, without any bridge.

    Parameters
    ----------
    geometry
        Valid polygons in degrees, empty ones allowed. Shape ``(units,)``.
    kind
        As for `neighbors`.

    Returns
    -------
    ndarray
        Pairs of positions, the smaller first, ascending. Shape ``(pairs, 2)``.
    """
    first, second, _, _ = _touching(_geometries(geometry), kind)
    return np.column_stack((first, second))


def _geometries(units: Sequence[bytes | shapely.Geometry] | NDArray[np.object_]) -> NDArray[np.object_]:
    items = np.array([*units, None], dtype=object)[:-1]
    is_wkb = np.fromiter((isinstance(item, bytes) for item in items), dtype=np.bool_, count=len(items))
    items[is_wkb] = shapely.from_wkb(items[is_wkb])
    return items


def _touching(geometry: NDArray[np.object_], kind: Kind) -> tuple[Integers, Integers, Floats, Edges]:
    """Return pairs, the smaller first, ascending, their common border in meters, and all open edges."""
    edges = polygon_edges(geometry)
    shared, is_open = match_edges(edges, tolerance_degrees=_TOLERANCE)
    coast = edges.take(is_open)
    near_first, near_second = _near_pairs(geometry)
    # A pair that shares whole edges is decided; comparing long coasts for a little more border is not worth it.
    known = np.isin(near_first * len(geometry) + near_second, shared.first * len(geometry) + shared.second)
    more = _shared_in_passing(geometry, coast, near_first[~known], near_second[~known])
    first = np.concatenate((shared.first, more.first))
    second = np.concatenate((shared.second, more.second))
    meters = np.concatenate((shared.length_m, more.length_m))
    has_length = meters > 0
    first, second, meters = first[has_length], second[has_length], meters[has_length]
    if kind == "queen":
        first, second = np.concatenate((first, near_first)), np.concatenate((second, near_second))
        meters = np.concatenate((meters, np.zeros(len(near_first))))
    summed = coo_array((meters, (first, second)), shape=(len(geometry),) * 2).tocsr()  # sums what stands twice
    summed.sum_duplicates()
    summed.sort_indices()
    rows = np.repeat(np.arange(len(geometry)), np.diff(summed.indptr))
    return rows.astype(np.int64), summed.indices.astype(np.int64), summed.data.astype(np.float64), coast


def _near_pairs(geometry: NDArray[np.object_]) -> tuple[Integers, Integers]:
    """Return the pairs that come as near as the tolerance, also across the antimeridian."""
    tree = shapely.STRtree(geometry)
    left, right = tree.query(geometry, predicate="dwithin", distance=_TOLERANCE)
    bounds = shapely.bounds(geometry)
    eastern = np.flatnonzero(bounds[:, 2] >= 180 - _TOLERANCE)
    if eastern.size:
        moved = np.array([affinity.translate(item, xoff=-360.0) for item in geometry[eastern]], dtype=object)
        across, there = tree.query(moved, predicate="dwithin", distance=_TOLERANCE)
        left, right = np.concatenate((left, eastern[across])), np.concatenate((right, there))
    first, second = np.minimum(left, right), np.maximum(left, right)
    apart = first < second
    pairs = np.unique(np.column_stack((first[apart], second[apart])), axis=0).astype(np.int64)
    return pairs[:, 0], pairs[:, 1]


def _shared_in_passing(geometry: NDArray[np.object_], coast: Edges, first: Integers, second: Integers) -> SharedEdges:
    """Measure what open borders share though their vertices differ, and what polygons share as land."""
    lines = _open_lines(coast, len(geometry))
    has_lines = ~shapely.is_empty(lines)
    both = np.flatnonzero(has_lines[first] & has_lines[second])
    first, second = first[both], second[both]
    mine, theirs = lines[first], _beside(lines[second], lines[first])
    wide = shapely.buffer(theirs, _TOLERANCE, cap_style="flat", join_style="bevel")
    along = shapely.intersection(mine, wide)
    length = shapely.length(along)
    length[length < _SHORTEST_NEAR_BORDER] = 0.0
    silent = np.flatnonzero(length == 0)
    common = shapely.intersection(geometry[first[silent]], geometry[second[silent]])
    length[silent] = np.where(shapely.area(common) > 0, shapely.length(common) / 2, 0.0)
    places = shapely.bounds(mine)
    flattened = np.sqrt((1 + np.cos(np.radians(np.nan_to_num(places[:, 1] + places[:, 3]) / 2)) ** 2) / 2)
    return SharedEdges(first=first, second=second, length_m=length * flattened * METERS_PER_DEGREE)


def _open_lines(coast: Edges, count: int) -> NDArray[np.object_]:
    """Collect the open edges of each unit. Shape ``(units,)``."""
    lines = np.full(count, shapely.MultiLineString(), dtype=object)
    if len(coast):
        pieces = shapely.linestrings(np.stack((coast.start, coast.end), axis=1))
        order = np.argsort(coast.unit, kind="stable")
        shapely.multilinestrings(pieces[order], indices=coast.unit[order], out=lines)
    return lines


def _beside(lines: NDArray[np.object_], targets: NDArray[np.object_]) -> NDArray[np.object_]:
    """Turn lines once around the earth where their targets lie on the other side of the antimeridian."""
    west, east = shapely.bounds(lines)[:, [0, 2]], shapely.bounds(targets)[:, [0, 2]]
    turn = np.round((west.mean(axis=1) - east.mean(axis=1)) / 360.0)
    moved = lines.copy()
    for row in np.flatnonzero(turn).tolist():
        moved[row] = affinity.translate(lines[row], xoff=-360.0 * float(turn[row]))
    return moved


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values
