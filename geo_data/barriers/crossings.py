"""What straight ways cost where they cross the outline of barriers, compiled.

Two arcs cross when each has the ends of the other on different sides; a point on a great circle counts as on its left,
so that a way through a common corner of two arcs crosses one of them or both or none, as it should. Arcs stand in
small groups within caps of the sphere, groups in larger ones: most are passed over by two scalar products.
"""

from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from geo_data.barriers.outline import Outline
from geo_data.distances import EARTH_RADIUS_KM

__all__ = [
    "ArcTable",
    "arc_table",
    "corner_links",
    "crossed",
    "crosses",
    "num_closed_crossings",
    "paired_crossing_costs",
    "passes_by",
    "shorten",
    "ways_to_corners",
]

Floats = NDArray[np.float64]

GROUP: Final = 8
"""Arcs of a group, and groups of a larger one."""
COLUMNS: Final = 64
"""Columns that are shortened together: few enough that the ways onward to them stay in the cache."""


class ArcTable(NamedTuple):
    """The outline as the compiled functions read it.

    Attributes
    ----------
    start, end, normal
        Shape ``(arcs, 3)``.
    cost
        Shape ``(arcs,)``.
    cap, wide_cap
        Center, cosine and sine of the radius of each group's cap, and of each group of groups. Shape ``(groups, 5)``.
    """

    start: Floats
    end: Floats
    normal: Floats
    cost: Floats
    cap: Floats
    wide_cap: Floats


def arc_table(outline: Outline) -> ArcTable:
    """Return an outline in the form of the compiled functions, arcs that lie together next to each other."""
    order = _compact_order(outline.start + outline.end, np.arange(len(outline.start)))
    start, end = outline.start[order], outline.end[order]
    ends = np.concatenate([start, end], axis=1).reshape(len(start), 2, 3)
    return ArcTable(
        start=np.ascontiguousarray(start),
        end=np.ascontiguousarray(end),
        normal=np.cross(start, end),
        cost=np.ascontiguousarray(outline.cost_km[order]),
        cap=_caps(ends, GROUP),
        wide_cap=_caps(ends, GROUP * GROUP),
    )


def _compact_order(middle: Floats, arcs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return positions such that each group of them lies together: halved again and again where they spread most."""
    if len(arcs) <= GROUP:
        return arcs
    widest = int(np.argmax(np.ptp(middle[arcs], axis=0)))
    along = arcs[np.argsort(middle[arcs, widest], kind="stable")]
    half = (len(arcs) // GROUP + 1) // 2 * GROUP
    return np.concatenate([_compact_order(middle, along[:half]), _compact_order(middle, along[half:])])


def _caps(ends: Floats, size: int) -> Floats:
    """Return caps that hold the arcs of each group. Shape ``(groups, 5)``."""
    caps = []
    for first in range(0, len(ends), size):
        points = ends[first : first + size].reshape(-1, 3)
        total = points.sum(axis=0)
        length = float(np.linalg.norm(total))
        center = total / length if length > 1e-9 else points[0]
        cosine = float((points @ center).min()) if length > 1e-9 else -1.0
        if cosine < 0.1:  # beyond a hemisphere a cap need not hold the arcs between its points: the whole sphere does
            caps.append([*center, -1.0, 0.0])
        else:
            radius = np.arccos(min(cosine, 1.0)) + 1e-7
            caps.append([*center, float(np.cos(radius)), float(np.sin(radius))])
    return np.array(caps, dtype=np.float64).reshape(-1, 5)


@numba.njit(cache=True, nogil=True)
def crosses(start, end, normal, arc, nx, ny, nz, ax, ay, az, bx, by, bz):  # type: ignore[no-untyped-def]  # compiled
    """Tell whether an arc of the outline and the way from a to b, whose normal is n, cross."""
    c_left = nx * start[arc, 0] + ny * start[arc, 1] + nz * start[arc, 2] >= 0.0
    if c_left == (nx * end[arc, 0] + ny * end[arc, 1] + nz * end[arc, 2] >= 0.0):
        return False
    b_left = normal[arc, 0] * bx + normal[arc, 1] * by + normal[arc, 2] * bz >= 0.0
    a_left = normal[arc, 0] * ax + normal[arc, 1] * ay + normal[arc, 2] * az >= 0.0
    return a_left != b_left and c_left == b_left


@numba.njit(cache=True, nogil=True)
def crossed(table, ax, ay, az, bx, by, bz, only_closed):  # type: ignore[no-untyped-def]  # compiled
    """Return what the arc from a to b costs where it crosses the outline; counted where only closed arcs matter."""
    start, end, normal, cost, caps, wide_caps = table
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    if length == 0.0:
        return 0.0
    nx, ny, nz = nx / length, ny / length, nz / length
    mx, my, mz = ax + bx, ay + by, az + bz
    size = np.sqrt(mx * mx + my * my + mz * mz)
    half_sine, half_cosine = 1.0, 0.0
    if size > 1e-9:
        mx, my, mz = mx / size, my / size, mz / size
        half_cosine = mx * ax + my * ay + mz * az
        half_sine = np.sqrt(max(0.0, 1.0 - half_cosine * half_cosine))
    total = 0.0
    for wide in range(wide_caps.shape[0]):
        if wide_caps[wide, 3] > 0.0:
            x, y, z = wide_caps[wide, 0], wide_caps[wide, 1], wide_caps[wide, 2]
            if abs(nx * x + ny * y + nz * z) > wide_caps[wide, 4]:
                continue
            if mx * x + my * y + mz * z < half_cosine * wide_caps[wide, 3] - half_sine * wide_caps[wide, 4]:
                continue
        for group in range(wide * GROUP, min((wide + 1) * GROUP, caps.shape[0])):
            if caps[group, 3] > 0.0:
                x, y, z = caps[group, 0], caps[group, 1], caps[group, 2]
                if abs(nx * x + ny * y + nz * z) > caps[group, 4]:
                    continue
                if mx * x + my * y + mz * z < half_cosine * caps[group, 3] - half_sine * caps[group, 4]:
                    continue
            for arc in range(group * GROUP, min((group + 1) * GROUP, start.shape[0])):
                if not crosses(start, end, normal, arc, nx, ny, nz, ax, ay, az, bx, by, bz):
                    continue
                if not only_closed:
                    total += cost[arc]
                    if total == np.inf:
                        return total
                elif cost[arc] == np.inf:
                    total += 1.0
    return total


@numba.njit(cache=True, nogil=True)
def paired_crossing_costs(table, a, b):  # type: ignore[no-untyped-def]  # compiled
    """Return what the way from each point of one list to its partner costs. Shape ``(a,)``."""
    cost = np.empty(len(a))
    for row in range(len(a)):
        cost[row] = crossed(table, a[row, 0], a[row, 1], a[row, 2], b[row, 0], b[row, 1], b[row, 2], False)
    return cost


@numba.njit(cache=True, nogil=True)
def num_closed_crossings(table, a, b):  # type: ignore[no-untyped-def]  # compiled
    """Return how often the way from each point to one other crosses what nobody may cross. Shape ``(a,)``."""
    count = np.empty(len(a))
    for row in range(len(a)):
        count[row] = crossed(table, a[row, 0], a[row, 1], a[row, 2], b[0], b[1], b[2], True)
    return count


@numba.njit(cache=True, nogil=True)
def passes_by(ax, ay, az, corners, corner):  # type: ignore[no-untyped-def]  # compiled
    """Tell whether a way from a leads past a corner: one that runs into it has no reason to bend there."""
    point, before, after, slack = corners
    x, y, z = point[corner, 0], point[corner, 1], point[corner, 2]
    nx, ny, nz = ay * z - az * y, az * x - ax * z, ax * y - ay * x
    least = slack[corner] * np.sqrt(nx * nx + ny * ny + nz * nz)
    first = nx * before[corner, 0] + ny * before[corner, 1] + nz * before[corner, 2]
    second = nx * after[corner, 0] + ny * after[corner, 1] + nz * after[corner, 2]
    return not ((first > least and second < -least) or (first < -least and second > least))


@numba.njit(cache=True, nogil=True)
def _kilometers(table, a, row, b, column):  # type: ignore[no-untyped-def]  # compiled
    """Return the straight way and what it crosses, infinite where nobody may."""
    cost = crossed(table, a[row, 0], a[row, 1], a[row, 2], b[column, 0], b[column, 1], b[column, 2], False)
    x, y, z = a[row, 0] - b[column, 0], a[row, 1] - b[column, 1], a[row, 2] - b[column, 2]
    return cost + 2 * EARTH_RADIUS_KM * np.arcsin(min(np.sqrt(x * x + y * y + z * z) / 2, 1.0))


@numba.njit(cache=True, nogil=True)
def ways_to_corners(table, corners, a):  # type: ignore[no-untyped-def]  # compiled
    """Return the straight ways to corners that they can bend at, infinite to all others. Shape ``(a, corners)``."""
    way = np.full((len(a), len(corners[0])), np.inf)
    for row in range(len(a)):
        for corner in range(len(corners[0])):
            if passes_by(a[row, 0], a[row, 1], a[row, 2], corners, corner):
                way[row, corner] = _kilometers(table, a, row, corners[0], corner)
    return way


@numba.njit(cache=True, nogil=True)
def corner_links(table, corners):  # type: ignore[no-untyped-def]  # compiled
    """Return the pairs of corners between which a way can be straight and bend at both, and its kilometers."""
    point = corners[0]
    first, second, way = [0], [0], [0.0]  # the first of each tells the types
    for one in range(len(point)):
        for other in range(one):
            if not passes_by(point[one, 0], point[one, 1], point[one, 2], corners, other):
                continue
            if not passes_by(point[other, 0], point[other, 1], point[other, 2], corners, one):
                continue
            kilometers = _kilometers(table, point, one, point, other)
            if kilometers < np.inf:
                first.append(one)
                second.append(other)
                way.append(kilometers)
    return np.array(first[1:]), np.array(second[1:]), np.array(way[1:])


@numba.njit(cache=True, nogil=True)
def _shorten(way, there, onward):  # type: ignore[no-untyped-def]  # compiled
    reached = np.empty(there.shape[1], dtype=np.int64)
    for first in range(0, way.shape[1], COLUMNS):
        last = min(first + COLUMNS, way.shape[1])
        part = np.ascontiguousarray(onward[first:last].T)
        best = np.empty(last - first)
        for row in range(way.shape[0]):
            count = 0
            for corner in range(there.shape[1]):
                if there[row, corner] < np.inf:
                    reached[count] = corner
                    count += 1
            best[:] = way[row, first:last]
            for place in range(count):
                corner, kilometers = reached[place], there[row, reached[place]]
                for column in range(last - first):
                    over = kilometers + part[corner, column]
                    best[column] = over if over < best[column] else best[column]
            way[row, first:last] = best


def shorten(way: Floats, there: Floats, onward: Floats) -> None:
    """Lower each way to the shortest one over a corner, where that is less.

    Parameters
    ----------
    way
        Kilometers, infinite where there is none; changed in place. Shape ``(rows, columns)``.
    there
        Kilometers from each row to each corner, infinite to all where nothing is in its way. Shape ``(rows, corners)``.
    onward
        Kilometers from each corner to each column. Shape ``(columns, corners)``.
    """
    _shorten(way, there, np.ascontiguousarray(onward))
