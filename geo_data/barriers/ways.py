"""The shortest way from account to rep around barriers: straight where nothing is in the way, else over corners.

A way costs its length, and what the barriers cost that it crosses. The shortest one bends at corners of barriers only,
so it is found in the graph of corners that see each other. A place inside a barrier that nobody may cross leaves it
straight to the nearest shore.

References
----------
Lozano-Pérez, Wesley (1979), "An algorithm for planning collision-free paths among polyhedral obstacles",
doi 10.1145/359156.359164.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist

from geo_data.barriers.crossings import (
    ArcTable,
    arc_table,
    corner_links,
    num_closed_crossings,
    paired_crossing_costs,
    shorten,
    ways_to_corners,
)
from geo_data.barriers.outline import CLEARANCE_KM, Corners, Outline, corners_of, outline_of
from geo_data.barriers.sweeps import ways_around
from geo_data.distances import EARTH_RADIUS_KM, unit_vectors

__all__ = ["Barrier", "Barriers", "Ways", "barriers_of"]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

BLOCK_CELLS: Final = 1 << 21
"""Cells of one block of accounts by reps and corners: some 50 MB."""
OUTSIDE_TRIALS: Final = 400
"""Places on the sphere among which one far from all shores is looked for."""


@dataclass(frozen=True, eq=False)
class Barrier:
    """What is in the way.

    Parameters
    ----------
    polygons
        Valid polygons in degrees within ±180.
    cost_km
        Kilometers that crossing it costs; infinite where nobody may cross.
    """

    polygons: shapely.MultiPolygon
    cost_km: float


@dataclass(frozen=True, eq=False)
class Barriers:
    """All barriers of one question, ready to be asked for ways.

    Attributes
    ----------
    outline
        Their borders.
    table
        The same for the compiled functions.
    closed
        The land or water that nobody may cross, in degrees.
    """

    outline: Outline
    table: ArcTable
    closed: shapely.Geometry

    def seen_from(self, lat: ArrayLike, lon: ArrayLike) -> "Ways":
        """Return the ways to these places, such as the centers of all reps.

        Parameters
        ----------
        lat, lon
            Degrees WGS 84. Shape ``(places,)``.
        """
        at, stub = self.ashore(unit_vectors(lat, lon))
        return Ways(barriers=self, places=unit_vectors(lat, lon), ashore=at, stub=stub)

    def ashore(self, points: Floats) -> tuple[Floats, Floats]:
        """Return where ways from these points begin, and the kilometers from there to the point itself.

        Only points inside a barrier that nobody may cross begin elsewhere: at its nearest shore.
        """
        stub = np.zeros(len(points))
        inside = np.flatnonzero(self._is_inside(points))
        if not len(inside):
            return points, stub
        moved = points.copy()
        closed = np.isinf(self.outline.cost_km)
        for position in inside.tolist():
            moved[position] = _shore(points[position], self.outline.start[closed], self.outline.end[closed])
        stub[inside] = _arc_km(points[inside], moved[inside])
        return moved, stub

    @cached_property
    def corners(self) -> Corners:
        """Where ways may bend."""
        found = corners_of(self.outline)
        return found.only(~self._is_inside(found.point))

    def to_corners_km(self, points: Floats) -> Floats:
        """Return the straight ways to corners and what they cross, infinite where none leads past.

        Shape ``(points, corners)``.
        """
        return np.asarray(ways_to_corners(self.table, self.corner_table, np.ascontiguousarray(points)))

    def from_corners_km(self, points: Floats) -> Floats:
        """Return the shortest way from every corner to each point, infinite without one. Shape ``(points, corners)``.

        Only what a taut string would do is looked at: a way passes by each corner that it bends at.
        """
        num_corners = len(self.corners)
        if not num_corners:
            return np.zeros((len(points), 0))
        direct = self.to_corners_km(points)
        begin, at = np.nonzero(np.isfinite(direct))
        one, other, between = self._links
        tail = np.concatenate([one, other, begin + num_corners])
        head = np.concatenate([other, one, at])
        kilometers = np.maximum(np.concatenate([between, between, direct[begin, at]]), 1e-12)
        size = num_corners + len(points)
        graph = coo_array((kilometers, (tail, head)), shape=(size, size)).tocsr()
        found = dijkstra(graph, indices=np.arange(num_corners, size))
        return np.ascontiguousarray(found[:, :num_corners], dtype=np.float64)

    @cached_property
    def corner_table(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The same for the compiled functions."""
        corners = self.corners
        return corners.point, corners.before, corners.after, corners.slack

    @cached_property
    def _links(self) -> tuple[Positions, Positions, Floats]:
        """Pairs of corners that see each other, and the kilometers between them."""
        first, second, kilometers = corner_links(self.table, self.corner_table)
        return np.asarray(first), np.asarray(second), np.asarray(kilometers)

    @cached_property
    def _outside(self) -> tuple[Floats, bool]:
        """A place far from all shores, and whether it is inside a barrier that nobody may cross."""
        number = np.arange(OUTSIDE_TRIALS) + 0.377
        height = 1 - 2 * number / OUTSIDE_TRIALS
        turn = np.pi * (1 + 5**0.5) * number
        width = np.sqrt(1 - height**2)
        points = np.column_stack([width * np.cos(turn), width * np.sin(turn), height])
        nearest = (points @ self.outline.start.T).max(axis=1)
        best = points[int(np.argmin(nearest))]
        lat, lon = np.degrees(np.arcsin(best[2])), np.degrees(np.arctan2(best[1], best[0]))
        return best, bool(shapely.contains_xy(self.closed, float(lon), float(lat)))

    def _is_inside(self, points: Floats) -> NDArray[np.bool_]:
        """Return which points are inside a barrier that nobody may cross."""
        if not np.isinf(self.outline.cost_km).any() or not len(points):
            return np.zeros(len(points), dtype=np.bool_)
        reference, is_inside = self._outside
        odd = num_closed_crossings(self.table, np.ascontiguousarray(points), reference) % 2 == 1
        return np.asarray(odd != is_inside)


@dataclass(frozen=True, eq=False)
class Ways:
    """The ways from anywhere to some places.

    Attributes
    ----------
    barriers
        What is in the way.
    places, ashore, stub
        Where the places are, where ways to them end, and the kilometers between the two.
    """

    barriers: Barriers
    places: Floats
    ashore: Floats
    stub: Floats

    def detours_km(self, lat: ArrayLike, lon: ArrayLike, *, dtype: DTypeLike = np.float64) -> NDArray[np.floating]:
        """Return how many kilometers more than the great circle the way from each point to each place is.

        Parameters
        ----------
        lat, lon
            Degrees WGS 84. Shape ``(points,)``.
        dtype
            Floating type of the answer.

        Returns
        -------
        ndarray
            At least 0, infinite where there is no way. Shape ``(points, places)``.
        """
        points = unit_vectors(lat, lon)
        detour: NDArray[np.floating] = np.empty((len(points), len(self.places)), dtype=dtype)
        rows = max(1, BLOCK_CELLS // (len(self.places) + len(self.barriers.corners) + 1))
        for first in range(0, len(points), rows):
            block = slice(first, first + rows)
            detour[block] = self._block(points[block])
        return detour

    def paired_detours_km(self, lat: ArrayLike, lon: ArrayLike, place: Positions) -> Floats:
        """Return the same for the way from each point to one place of its own. Shape ``(points,)``."""
        points = unit_vectors(lat, lon)
        at, stub = self.barriers.ashore(points)
        straight = _arc_km(points, self.places[place])
        crossed = paired_crossing_costs(
            self.barriers.table, np.ascontiguousarray(at), np.ascontiguousarray(self.ashore[place])
        )
        way = _arc_km(at, self.ashore[place]) + crossed
        around = np.flatnonzero(crossed > 0)
        rows = max(1, BLOCK_CELLS // (len(self.barriers.corners) + 1))
        for first in range(0, len(around), rows):
            some = around[first : first + rows]
            there = self.barriers.to_corners_km(at[some])
            way[some] = np.minimum(way[some], (there + self._onward[place[some]]).min(axis=1, initial=np.inf))
        return _detour(way + stub + self.stub[place], straight)

    def _block(self, points: Floats) -> Floats:
        at, stub = self.barriers.ashore(points)
        straight = _table_km(points, self.places)
        is_moved = bool((stub > 0).any() or (self.stub > 0).any())
        from_shore = _table_km(at, self.ashore) if is_moved else straight
        table, corners = self.barriers.table, self.barriers.corner_table
        crossed, there = ways_around(table, corners, np.ascontiguousarray(at), np.ascontiguousarray(self.ashore))
        way = from_shore + crossed
        around = np.flatnonzero((crossed > 0).any(axis=1))
        if len(around) and len(self.barriers.corners):
            shortened = way[around]
            shorten(shortened, there[around], self._onward)
            way[around] = np.where(crossed[around] > 0, shortened, way[around])
        if is_moved:
            way = way + stub[:, None] + self.stub
        return _detour(way, straight)

    @cached_property
    def _onward(self) -> Floats:
        """The shortest way from every corner to each place. Shape ``(places, corners)``."""
        return self.barriers.from_corners_km(self.ashore)


def barriers_of(barriers: Sequence[Barrier]) -> Barriers:
    """Return barriers ready to be asked for ways; several that nobody may cross count as one."""
    outline = outline_of([(barrier.polygons, barrier.cost_km) for barrier in barriers])
    closed = shapely.union_all([barrier.polygons for barrier in barriers if np.isinf(barrier.cost_km)])
    return Barriers(outline=outline, table=arc_table(outline), closed=closed)


def _detour(way: Floats, straight: Floats) -> Floats:
    """Return what ways are longer than straight ones; two who are at the same place have none."""
    detour: Floats = np.maximum(way - straight, 0.0)
    detour[straight == 0] = 0.0
    return detour


def _shore(point: Floats, start: Floats, end: Floats) -> Floats:
    """Return the nearest point of some arcs, moved a little beyond."""
    normal = np.cross(start, end)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    foot = point - (normal @ point)[:, None] * normal
    foot /= np.maximum(np.linalg.norm(foot, axis=1, keepdims=True), 1e-12)
    between = ((np.cross(start, foot) * normal).sum(axis=1) >= 0) & ((np.cross(foot, end) * normal).sum(axis=1) >= 0)
    nearer_end = np.where(((start @ point) >= (end @ point))[:, None], start, end)
    nearest = np.where(between[:, None], foot, nearer_end)
    best = int(np.argmax(nearest @ point))
    beyond = nearest[best] - point
    length = float(np.linalg.norm(beyond))
    outward = beyond / length if length > CLEARANCE_KM / EARTH_RADIUS_KM else -normal[best]
    moved = nearest[best] + outward * (CLEARANCE_KM / EARTH_RADIUS_KM)
    return np.asarray(moved / np.linalg.norm(moved))


def _arc_km(a: Floats, b: Floats) -> Floats:
    """Return the kilometers from each point to its partner."""
    half = np.minimum(np.linalg.norm(a - b, axis=-1) / 2, 1.0)
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(half))


def _table_km(a: Floats, b: Floats) -> Floats:
    """Return the kilometers from each point of one list to each of another."""
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(cdist(a, b) / 2, 1.0)))
