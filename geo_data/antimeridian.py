"""Cut polygons at ±180 degrees of longitude, as RFC 7946 section 3.1.9 asks for."""

from functools import reduce

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity

__all__ = ["cut_at_antimeridian", "needs_cut"]

_WORLD = shapely.box(-180, -90, 180, 90)


def needs_cut(polygon: shapely.Polygon) -> bool:
    """Tell whether a polygon goes past ±180, or jumps from one side of the map to the other.

    Parameters
    ----------
    polygon
        Longitudes in -360..360 degrees.
    """
    longitudes = shapely.get_coordinates(polygon.exterior)[:, 0]
    if not longitudes.size:
        return False
    jumps = np.abs(np.diff(longitudes))
    is_wide = (jumps > 180) & (jumps < 360)  # an edge from -180 to 180 runs along the whole map
    return bool(np.abs(longitudes).max() > 180 or is_wide.any())


def cut_at_antimeridian(polygon: shapely.Polygon) -> shapely.MultiPolygon:
    """Unwrap a polygon across the antimeridian and split it there.

    Parameters
    ----------
    polygon
        Longitudes in degrees; every edge is meant the short way around the earth.

    Returns
    -------
    MultiPolygon
        The same land within ±180, valid. A ring around a pole holds the pole.
    """
    rings = [_wrapped(_unwrapped(shapely.get_coordinates(ring))) for ring in (polygon.exterior, *polygon.interiors)]
    # Holes are what shell and hole both enclose. This also holds for land around a pole, where shell and
    # hole are two rings around the earth: the coast and the pole itself.
    parts = shapely.get_parts(reduce(shapely.symmetric_difference, rings)).tolist()
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon) and part.area > 0])


def _wrapped(ring: NDArray[np.float64]) -> shapely.Geometry:
    """Fill a ring, and bring what lies beyond ±180 back into the map."""
    whole = shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False)
    if whole.is_empty:
        return whole
    west, _, east, _ = whole.bounds
    turns = range(int(np.floor((west + 180) / 360)), int(np.floor((east + 180) / 360)) + 1)
    return shapely.union_all(
        [shapely.intersection(affinity.translate(whole, xoff=-360 * turn), _WORLD) for turn in turns]
    )


def _unwrapped(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.diff(ring[:, 0])
    turns = np.concatenate(([0.0], np.cumsum(-360.0 * np.round(steps / 360.0))))
    open_ring = np.column_stack((ring[:, 0] + turns, ring[:, 1]))
    if turns[-1] == 0:
        return open_ring
    # A ring that goes once around the earth holds a pole: it is closed along that edge of the map.
    pole = float(np.copysign(90.0, ring[:, 1].mean()))
    corners = np.array([(open_ring[-1, 0], pole), (open_ring[0, 0], pole)])
    return np.concatenate((open_ring, corners, open_ring[:1]))
