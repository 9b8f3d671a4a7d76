"""What straight ways cost where they cross the outline of barriers, compiled.

Two arcs cross when each has the ends of the other on different sides; a point on a great circle counts as on its left,
so that a way through a common corner of two arcs crosses one of them or both or none, as it should. Arcs stand in
small groups within caps of the sphere, groups in larger ones: most are passed over by two scalar products.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from geo_data.barriers.outline import Outline

__all__ = ["ArcTable", "arc_table", "crossing_costs", "num_closed_crossings", "paired_crossing_costs", "shortest"]

Floats = NDArray[np.float64]

GROUP: Final = 8
"""Arcs of a group, and groups of a larger one."""


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
    """Return an outline in the form of the compiled functions."""
    ends = np.concatenate([outline.start, outline.end], axis=1).reshape(len(outline.start), 2, 3)
    return ArcTable(
        start=np.ascontiguousarray(outline.start),
        end=np.ascontiguousarray(outline.end),
        normal=np.cross(outline.start, outline.end),
        cost=np.ascontiguousarray(outline.cost_km),
        cap=_caps(ends, GROUP),
        wide_cap=_caps(ends, GROUP * GROUP),
    )


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
def _crossed(table, ax, ay, az, bx, by, bz, only_closed):  # type: ignore[no-untyped-def]  # compiled
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
                c_left = nx * start[arc, 0] + ny * start[arc, 1] + nz * start[arc, 2] >= 0.0
                if c_left == (nx * end[arc, 0] + ny * end[arc, 1] + nz * end[arc, 2] >= 0.0):
                    continue
                b_left = normal[arc, 0] * bx + normal[arc, 1] * by + normal[arc, 2] * bz >= 0.0
                a_left = normal[arc, 0] * ax + normal[arc, 1] * ay + normal[arc, 2] * az >= 0.0
                if a_left == b_left or c_left != b_left:
                    continue
                if not only_closed:
                    total += cost[arc]
                    if total == np.inf:
                        return total
                elif cost[arc] == np.inf:
                    total += 1.0
    return total


@numba.njit(cache=True, nogil=True)
def crossing_costs(table, a, b):  # type: ignore[no-untyped-def]  # compiled
    """Return what the way from each point of one list to each of another costs. Shape ``(a, b)``."""
    cost = np.empty((len(a), len(b)))
    for row in range(len(a)):
        for column in range(len(b)):
            cost[row, column] = _crossed(
                table, a[row, 0], a[row, 1], a[row, 2], b[column, 0], b[column, 1], b[column, 2], False
            )
    return cost


@numba.njit(cache=True, nogil=True)
def paired_crossing_costs(table, a, b):  # type: ignore[no-untyped-def]  # compiled
    """Return what the way from each point of one list to its partner costs. Shape ``(a,)``."""
    cost = np.empty(len(a))
    for row in range(len(a)):
        cost[row] = _crossed(table, a[row, 0], a[row, 1], a[row, 2], b[row, 0], b[row, 1], b[row, 2], False)
    return cost


@numba.njit(cache=True, nogil=True)
def num_closed_crossings(table, a, b):  # type: ignore[no-untyped-def]  # compiled
    """Return how often the way from each point to one other crosses what nobody may cross. Shape ``(a,)``."""
    count = np.empty(len(a))
    for row in range(len(a)):
        count[row] = _crossed(table, a[row, 0], a[row, 1], a[row, 2], b[0], b[1], b[2], True)
    return count


@numba.njit(cache=True, nogil=True)
def _shortest(direct, there, onward):  # type: ignore[no-untyped-def]  # compiled
    way = direct.copy()
    reached = np.empty(there.shape[1], dtype=np.int64)
    for row in range(direct.shape[0]):
        count = 0
        for corner in range(there.shape[1]):
            if there[row, corner] < np.inf:
                reached[count] = corner
                count += 1
        for column in range(direct.shape[1]):
            if direct[row, column] < 0.0:
                continue
            best = direct[row, column]
            for place in range(count):
                best = min(best, there[row, reached[place]] + onward[column, reached[place]])
            way[row, column] = best
    return way


def shortest(direct: Floats, there: Floats, onward: Floats) -> Floats:
    """Return the least of each direct way and all ways over a corner.

    Parameters
    ----------
    direct
        Kilometers, infinite where there is none; a negative one is not looked at. Shape ``(rows, columns)``.
    there
        Kilometers from each row to each corner. Shape ``(rows, corners)``.
    onward
        Kilometers from each corner to each column. Shape ``(columns, corners)``.
    """
    found: Any = _shortest(direct, there, np.ascontiguousarray(onward))
    return np.asarray(found, dtype=np.float64)
