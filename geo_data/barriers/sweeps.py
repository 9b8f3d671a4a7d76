"""What lies in which direction from a place, compiled: a way asks only the few arcs that lie ahead of it.

Around a place the directions are cut into sectors. A group of arcs within a cap of the sphere stands in each sector
that the cap reaches into, the nearest groups first; a way looks through one sector and stops where it ends.
"""

from typing import Final

import numba
import numpy as np

from geo_data.barriers.crossings import GROUP, crossed, crosses, passes_by
from geo_data.distances import EARTH_RADIUS_KM

__all__ = ["ways_around"]

SECTORS: Final = 256
"""Directions of a sweep."""
FEW: Final = 8
"""Ways for which a sweep is not worth while."""


@numba.njit(cache=True, nogil=True)
def _turned(x, y):  # type: ignore[no-untyped-def]  # compiled
    """Return a number from 0 to 4 that grows with the angle of a direction."""
    share = x / (abs(x) + abs(y))
    return 1.0 - share if y >= 0.0 else 3.0 + share


@numba.njit(cache=True, nogil=True)
def _frame(ax, ay, az):  # type: ignore[no-untyped-def]  # compiled
    """Return two unit vectors square to a and to each other."""
    if abs(az) < 0.9:
        ux, uy, uz = -ay, ax, 0.0
    else:
        ux, uy, uz = 0.0, -az, ay
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / length, uy / length, uz / length
    return ux, uy, uz, ay * uz - az * uy, az * ux - ax * uz, ax * uy - ay * ux


@numba.njit(cache=True, nogil=True)
def _sweep(caps, ax, ay, az, near, first, reach, begin, items):  # type: ignore[no-untyped-def]  # compiled
    """Fill the sectors around a place: where each begins, its groups, and the cosine of how near each group comes."""
    ux, uy, uz, vx, vy, vz = _frame(ax, ay, az)
    begin[:] = 0
    for group in range(caps.shape[0]):
        mx, my, mz = caps[group, 0], caps[group, 1], caps[group, 2]
        cosine = min(max(ax * mx + ay * my + az * mz, -1.0), 1.0)
        sine = np.sqrt(1.0 - cosine * cosine)
        first[group], reach[group], near[group] = 0, SECTORS, 1.0
        is_within = caps[group, 3] <= 0.0 or cosine >= caps[group, 3]
        if not is_within:
            near[group] = cosine * caps[group, 3] + sine * caps[group, 4]
        if not is_within and -cosine < caps[group, 3]:
            width = np.arcsin(min(caps[group, 4] / sine, 1.0)) + 1e-9
            if width < 1.5:
                turn = np.arctan2(mx * vx + my * vy + mz * vz, mx * ux + my * uy + mz * uz)
                low = int(_turned(np.cos(turn - width), np.sin(turn - width)) * (SECTORS / 4)) % SECTORS
                high = int(_turned(np.cos(turn + width), np.sin(turn + width)) * (SECTORS / 4)) % SECTORS
                first[group], reach[group] = low, (high - low) % SECTORS + 1
        for step in range(reach[group]):
            begin[(first[group] + step) % SECTORS + 1] += 1
    for sector in range(SECTORS):
        begin[sector + 1] += begin[sector]
    for group in np.argsort(-near):
        for step in range(reach[group]):
            sector = (first[group] + step) % SECTORS
            items[begin[sector]] = group
            begin[sector] += 1
    for sector in range(SECTORS, 0, -1):
        begin[sector] = begin[sector - 1]
    begin[0] = 0


@numba.njit(cache=True, nogil=True)
def _swept(table, frame, near, begin, items, ax, ay, az, bx, by, bz):  # type: ignore[no-untyped-def]  # compiled
    """Return what the arc from a to b costs where it crosses the outline, by the sectors around a."""
    start, end, normal, cost, caps, _ = table
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    if length < 1e-12:
        return crossed(table, ax, ay, az, bx, by, bz, False)
    nx, ny, nz = nx / length, ny / length, nz / length
    ux, uy, uz, vx, vy, vz = frame
    sector = int(_turned(bx * ux + by * uy + bz * uz, bx * vx + by * vy + bz * vz) * (SECTORS / 4)) % SECTORS
    ahead = ax * bx + ay * by + az * bz - 1e-12
    total = 0.0
    for place in range(begin[sector], begin[sector + 1]):
        group = items[place]
        if near[group] < ahead:
            break
        if (
            caps[group, 3] > 0.0
            and abs(nx * caps[group, 0] + ny * caps[group, 1] + nz * caps[group, 2]) > caps[group, 4]
        ):
            continue
        for arc in range(group * GROUP, min((group + 1) * GROUP, start.shape[0])):
            if crosses(start, end, normal, arc, nx, ny, nz, ax, ay, az, bx, by, bz):
                total += cost[arc]
                if total == np.inf:
                    return total
    return total


@numba.njit(cache=True, nogil=True)
def ways_around(table, corners, a, b):  # type: ignore[no-untyped-def]  # compiled
    """Return what straight ways cost, and the straight ways to corners from where one of them costs something.

    Parameters
    ----------
    table, corners
        The outline, and where ways may bend.
    a, b
        Unit vectors. Shapes ``(a, 3)`` and ``(b, 3)``.

    Returns
    -------
    cost, there
        Shape ``(a, b)``; and kilometers, infinite to corners that a way does not pass by. Shape ``(a, corners)``.
    """
    caps, point = table[4], corners[0]
    cost = np.zeros((len(a), len(b)))
    there = np.full((len(a), len(point)), np.inf)
    near, first, reach = np.empty(len(caps)), np.empty(len(caps), np.int64), np.empty(len(caps), np.int64)
    begin, items = np.empty(SECTORS + 1, np.int64), np.empty(SECTORS * len(caps), np.int64)
    for row in range(len(a)):
        ax, ay, az = a[row, 0], a[row, 1], a[row, 2]
        frame = _frame(ax, ay, az)
        is_swept, is_free = len(b) > FEW, True
        if is_swept:
            _sweep(caps, ax, ay, az, near, first, reach, begin, items)
        for column in range(len(b)):
            bx, by, bz = b[column, 0], b[column, 1], b[column, 2]
            if is_swept:
                found = _swept(table, frame, near, begin, items, ax, ay, az, bx, by, bz)
            else:
                found = crossed(table, ax, ay, az, bx, by, bz, False)
            cost[row, column] = found
            is_free = is_free and found == 0.0
        if is_free:
            continue
        if not is_swept:
            _sweep(caps, ax, ay, az, near, first, reach, begin, items)
        for corner in range(len(point)):
            if not passes_by(ax, ay, az, corners, corner):
                continue
            x, y, z = point[corner, 0], point[corner, 1], point[corner, 2]
            found = _swept(table, frame, near, begin, items, ax, ay, az, x, y, z)
            if found < np.inf:
                chord = np.sqrt((ax - x) ** 2 + (ay - y) ** 2 + (az - z) ** 2)
                there[row, corner] = found + 2 * EARTH_RADIUS_KM * np.arcsin(min(chord / 2, 1.0))
    return cost, there
