"""Whether points lie on land."""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["PointIndex", "is_within"]


class PointIndex:
    """Points sorted by longitude, so that a polygon looks only at those within its own span.

    Parameters
    ----------
    lon, lat
        Degrees WGS 84. Shape ``(points,)``.
    """

    def __init__(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
        self._order = np.argsort(lon, kind="stable")
        self._lon = lon[self._order]
        self._lat = lat[self._order]

    def within(self, polygons: Iterable[shapely.Polygon]) -> NDArray[np.int64]:
        """Return the positions of the points inside at least one polygon, ascending.

        Parameters
        ----------
        polygons
            Single polygons in degrees; their borders count as outside.
        """
        found = [hits for polygon in polygons if (hits := self._inside(polygon)).size]
        return np.unique(self._order[np.concatenate(found)]) if found else np.empty(0, dtype=np.int64)

    def _inside(self, polygon: shapely.Polygon) -> NDArray[np.int64]:
        west, south, east, north = polygon.bounds
        start, stop = np.searchsorted(self._lon, [west, east])
        in_span = (self._lat[start:stop] >= south) & (self._lat[start:stop] <= north)
        candidates: NDArray[np.int64] = np.flatnonzero(in_span) + int(start)
        if not candidates.size:
            return candidates
        shapely.prepare(polygon)
        inside: NDArray[np.bool_] = shapely.contains_xy(polygon, self._lon[candidates], self._lat[candidates])
        return candidates[inside]


def is_within(
    polygons: Iterable[shapely.Polygon], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which points lie inside at least one polygon.

    Parameters
    ----------
    polygons
        Single polygons in degrees; their borders count as outside.
    lon, lat
        Degrees WGS 84. Shape ``(points,)``.

    Returns
    -------
    ndarray
        Shape ``(points,)``.
    """
    found = np.zeros(len(lon), dtype=np.bool_)
    found[PointIndex(lon, lat).within(polygons)] = True
    return found
