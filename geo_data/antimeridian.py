"""Cut polygons at ±180 degrees of longitude, as RFC 7946 section 3.1.9 asks for."""

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
    return bool(np.abs(longitudes).max() > 180 or np.abs(np.diff(longitudes)).max(initial=0) > 180)


def cut_at_antimeridian(polygon: shapely.Polygon) -> shapely.MultiPolygon:
    """Unwrap a polygon across the antimeridian and split it there.

    Parameters
    ----------
    polygon
        Longitudes in -360..360 degrees; every edge is meant the short way around the earth.

    Returns
    -------
    MultiPolygon
        The same land within ±180, valid.
    """
    shell = _unwrapped(shapely.get_coordinates(polygon.exterior))
    middle = float(shell[:, 0].mean())
    holes = [_near(_unwrapped(shapely.get_coordinates(ring)), middle) for ring in polygon.interiors]
    whole = shapely.make_valid(shapely.Polygon(shell, holes), method="structure", keep_collapsed=False)
    pieces = [shapely.intersection(affinity.translate(whole, xoff=shift), _WORLD) for shift in (-360, 0, 360)]
    parts = shapely.get_parts(shapely.union_all(pieces)).tolist()
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon) and part.area > 0])


def _unwrapped(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.diff(ring[:, 0])
    turns = np.concatenate(([0.0], np.cumsum(-360.0 * np.round(steps / 360.0))))
    return np.column_stack((ring[:, 0] + turns, ring[:, 1]))


def _near(ring: NDArray[np.float64], longitude: float) -> NDArray[np.float64]:
    shift = 360.0 * np.round((longitude - ring[:, 0].mean()) / 360.0)
    return np.column_stack((ring[:, 0] + shift, ring[:, 1]))
