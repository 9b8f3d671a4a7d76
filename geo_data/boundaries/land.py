"""Whether points lie on land."""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["is_within"]


def is_within(
    polygons: Iterable[shapely.Polygon], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which points lie inside at least one polygon.

    Parameters
    ----------
    polygons
        Single polygons in degrees.
    lon, lat
        Degrees WGS 84. Shape ``(points,)``.

    Returns
    -------
    ndarray
        Shape ``(points,)``. Points on a border count as outside.

    Notes
    -----
    Points are sorted by longitude once, so that each polygon looks only at those within its own span.
    """
    order = np.argsort(lon, kind="stable")
    sorted_lon, sorted_lat = lon[order], lat[order]
    found = np.zeros(len(lon), dtype=np.bool_)
    for polygon in polygons:
        west, south, east, north = polygon.bounds
        start, stop = np.searchsorted(sorted_lon, [west, east])
        candidates = np.flatnonzero((sorted_lat[start:stop] >= south) & (sorted_lat[start:stop] <= north)) + start
        if not candidates.size:
            continue
        shapely.prepare(polygon)
        found[candidates] |= shapely.contains_xy(polygon, sorted_lon[candidates], sorted_lat[candidates])
    result = np.empty(len(lon), dtype=np.bool_)
    result[order] = found
    return result
