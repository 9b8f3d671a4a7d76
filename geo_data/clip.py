"""How far territories reach: the land around the accounts, and never an account left outside.

The area is the land of the countries in which accounts lie, as far as `max_distance_km` from the nearest
account, joined with a small disk around every account that is not on that land. Countries alone would give
Alaska to whoever serves Seattle; a distance alone would color a foreign coast that nobody serves. An
account just across a border, where the atlas is coarse, does not open its neighbor's country.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity

from geo_data.boundaries import countries, us_nation
from geo_data.boundaries.land import PointIndex, is_within
from geo_data.exceptions import SettingError

__all__ = ["clip_area"]

_KM_PER_DEGREE = 111.195
_FLATTEST = 0.05  # cosine of the latitude beyond which disks are not widened any more, 87°
_WORLD = shapely.box(-180, -90, 180, 90)
_BORDER_TOLERANCE = 0.15  # degrees, about 15 km: how far the atlas may be off, reclaimed land included
_SHORE_DISK_KM = 1.5
_US = "840"


def clip_area(
    lat: NDArray[np.float64], lon: NDArray[np.float64], *, max_distance_km: float
) -> shapely.MultiPolygon | shapely.Polygon:
    """Return the area that territories share out, in degrees within ±180 and ±90.

    Parameters
    ----------
    lat, lon
        Accounts, degrees WGS 84. Shape ``(accounts,)``, at least one.
    max_distance_km
        Land farther than about this from every account belongs to nobody. Above 0, at most 2,000.

    Raises
    ------
    SettingError
        When `max_distance_km` is out of range.
    """
    if not 0 < max_distance_km <= 2_000:
        raise SettingError(f"a largest distance of {max_distance_km} km is not within 0..2000")
    land = _land_around(lat, lon)
    near = _disks(*_thinned(lat, lon, max_distance_km / 4), max_distance_km, corners=8)
    area = shapely.intersection(shapely.union_all(land), near) if land else shapely.MultiPolygon()
    ashore = is_within(_polygons(area), lon, lat)
    if not ashore.all():
        disks = _disks(*_thinned(lat[~ashore], lon[~ashore], 0.0), _SHORE_DISK_KM, corners=4)
        area = shapely.union(area, disks)
    return shapely.MultiPolygon(_polygons(area))


def _land_around(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> list[shapely.Geometry]:
    """Choose the countries that hold accounts, the most frequent first, until all are explained."""
    thin_lat, thin_lon = _thinned(lat, lon, 2.0)
    points = shapely.points(thin_lon, thin_lat)
    index = PointIndex(thin_lon, thin_lat)
    inside: list[tuple[int, int, NDArray[np.int64]]] = []
    for number, country in enumerate(countries()):
        found = index.within(_polygons(country.geometry))
        if found.size:
            inside.append((-len(found), number, found))
    unexplained = np.ones(len(points), dtype=np.bool_)
    chosen = []
    for _, number, found in sorted(inside, key=lambda item: item[:2]):
        if not unexplained[found].any():
            continue
        geometry = countries()[number].geometry
        chosen.append(number)
        unexplained[found] = False
        left = np.flatnonzero(unexplained)
        if left.size:
            shapely.prepare(geometry)
            unexplained[left] = ~shapely.dwithin(geometry, points[left], _BORDER_TOLERANCE)
    if not chosen:  # islands that the atlas draws coarsely: all accounts lie off their coasts
        tree = shapely.STRtree([country.geometry for country in countries()])
        chosen = np.unique(tree.query_nearest(points, max_distance=_BORDER_TOLERANCE)[1]).tolist()
    if [countries()[number].id for number in chosen] == [_US]:
        return [us_nation()[0].geometry]  # a finer coast, which would not match its neighbors' borders
    return [countries()[number].geometry for number in chosen]


def _thinned(
    lat: NDArray[np.float64], lon: NDArray[np.float64], cell_km: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep one point of each cell of a grid; exact duplicates only where the cell is 0."""
    cell = max(cell_km / _KM_PER_DEGREE, 1e-6)
    keys = np.column_stack((np.floor(lat / cell), np.floor(lon / cell))).astype(np.int64)
    first = np.unique(keys, axis=0, return_index=True)[1]
    return lat[first], lon[first]


def _disks(lat: NDArray[np.float64], lon: NDArray[np.float64], radius_km: float, *, corners: int) -> shapely.Geometry:
    """Unite disks around points, cut at the antimeridian; ``4 * corners`` vertices each."""
    radius = radius_km / _KM_PER_DEGREE
    angle = np.linspace(0, 2 * np.pi, 4 * corners, endpoint=False)
    width = radius / np.maximum(np.cos(np.radians(lat)), _FLATTEST)
    x = lon[:, np.newaxis] + width[:, np.newaxis] * np.cos(angle)
    y = lat[:, np.newaxis] + radius * np.sin(angle)
    disks = shapely.union_all(shapely.polygons(np.stack((x, y), axis=2)))
    copies = [disks]
    if x.max() > 180:
        copies.append(affinity.translate(disks, xoff=-360))
    if x.min() < -180:
        copies.append(affinity.translate(disks, xoff=360))
    return shapely.intersection(shapely.union_all(copies), _WORLD)


def _polygons(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(geometry)
    return [part for part in parts.tolist() if isinstance(part, shapely.Polygon) and not part.is_empty]
