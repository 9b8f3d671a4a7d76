"""Territories as polygons: from the accounts' cells, or from the units that were given.

Owns the promise of the map: the polygons form a valid coverage (no overlaps, no slivers, shared borders),
are simplified together, and hold every account of their rep; the few that cannot be held are listed.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo_data.clip import clip_area
from geo_data.coverage import absorb_slivers, as_multipolygon, dissolve, faces_between, is_covered, simplify_coverage
from geo_data.distances import check_coordinates
from geo_data.exceptions import ArrayShapeError
from geo_data.plane import latitude_from_y, y_from_latitude
from geo_data.sites import GRID_DEGREES, place_sites
from geo_data.voronoi import draw_diagram

__all__ = ["Territories", "territories_from_accounts", "territories_from_units"]

_KM_PER_DEGREE = 111.195
_LARGEST_REACH = 60.0  # degrees


@dataclass(frozen=True, slots=True)
class Territories:
    """One polygonal territory per rep.

    Attributes
    ----------
    geometry
        MultiPolygons in degrees WGS 84 within ±180, on a grid of 1e-6; together a valid coverage. Empty for
        a rep without accounts or units. Shape ``(reps,)``.
    outside
        Positions of the accounts that are not in or on their own rep's polygon: those within a meter or two
        of an account of another rep. Ascending.
    """

    geometry: NDArray[np.object_]
    outside: tuple[int, ...]


def territories_from_accounts(
    lat: ArrayLike,
    lon: ArrayLike,
    rep: ArrayLike,
    *,
    num_reps: int,
    simplify_m: float = 250.0,
    max_distance_km: float = 400.0,
) -> Territories:
    """Draw each rep's land: wherever one of its accounts is the nearest.

    Parameters
    ----------
    lat, lon
        Accounts, degrees WGS 84. Shape ``(accounts,)``.
    rep
        Position of each account's rep, from 0; -1 for nobody, which counts as no account here.
        Shape ``(accounts,)``.
    num_reps
        Number of reps.
    simplify_m
        Meters within which borders and coasts may be straightened; 0 keeps all vertices.
    max_distance_km
        Land farther than this from every account stays blank. Above 0, at most 2,000.

    Raises
    ------
    ArrayShapeError, CoordinateError
        When the accounts are no places, or a rep is not within -1..num_reps.
    SettingError
        When a setting is out of range.
    """
    latitudes, longitudes = check_coordinates(lat, lon)
    owner = _checked_owner(rep, len(latitudes), num_reps)
    served = owner >= 0
    if not served.any():
        return Territories(geometry=dissolve(np.empty(0, dtype=object), owner[:0], num_reps=num_reps), outside=())
    area = clip_area(latitudes[served], longitudes[served], max_distance_km=max_distance_km)
    sites = place_sites(longitudes[served], y_from_latitude(latitudes[served]), owner[served])
    flattest = np.cos(np.radians(np.abs(latitudes[served]).max()))
    reach = min(max_distance_km / _KM_PER_DEGREE / max(flattest, 1e-3), _LARGEST_REACH)
    diagram = draw_diagram(sites, reach_degrees=float(reach))
    seen = shapely.intersects(shapely.box(*area.bounds), diagram.borders)
    faces = faces_between(np.append(diagram.borders[seen], area.boundary))
    inner = shapely.point_on_surface(faces)
    x, y = shapely.get_x(inner), shapely.get_y(inner)
    shapely.prepare(area)
    owned = shapely.contains_xy(area, x, y)
    faces = faces[owned]
    face_owner = diagram.owner_at(x[owned], y_from_latitude(y[owned]))
    face_owner = absorb_slivers(faces, face_owner, lat=latitudes[served], lon=longitudes[served])
    territories = dissolve(faces, face_owner, num_reps=num_reps)
    pinned = np.column_stack((sites.shared_x, latitude_from_y(sites.shared_y)))
    simplified = simplify_coverage(
        territories,
        tolerance_m=simplify_m,
        lat=latitudes,
        lon=longitudes,
        owner=owner,
        pinned=np.rint(pinned / GRID_DEGREES) * GRID_DEGREES,
    )
    outside = np.flatnonzero(~is_covered(simplified, latitudes, longitudes, owner))
    return Territories(geometry=simplified, outside=tuple(outside.tolist()))


def territories_from_units(
    units: NDArray[np.object_], rep: ArrayLike, *, num_reps: int, simplify_m: float = 250.0
) -> Territories:
    """Unite the units of each rep.

    Parameters
    ----------
    units
        Valid polygons in degrees WGS 84, cut at the antimeridian; where two overlap, the earlier one has
        the land. Shape ``(units,)``.
    rep
        Position of each unit's rep, -1 for units that belong to nobody. Shape ``(units,)``.
    num_reps
        Number of reps.
    simplify_m
        Meters within which borders may be straightened; 0 keeps all vertices.

    Raises
    ------
    ArrayShapeError
        When there are not as many reps as units, or a rep is not within -1..num_reps.
    SettingError
        When a setting is out of range.
    """
    owner = _checked_owner(rep, len(units), num_reps)
    owned = owner >= 0
    nothing = np.empty(0)
    cleaned = shapely.coverage_clean(units[owned], merge_strategy="min_index") if owned.any() else units[:0]
    merged = dissolve(cleaned, owner[owned], num_reps=num_reps)
    faces = faces_between(shapely.boundary(merged))
    inner = shapely.point_on_surface(faces)
    face, holder = shapely.STRtree(merged).query(inner, predicate="within")
    face_owner = np.full(len(faces), -1, dtype=np.int64)
    face_owner[face[::-1]] = holder[::-1]
    snapped = dissolve(faces, face_owner, num_reps=num_reps)
    simplified = simplify_coverage(
        snapped, tolerance_m=simplify_m, lat=nothing, lon=nothing, owner=owner[:0], pinned=np.empty((0, 2))
    )
    return Territories(geometry=np.array([as_multipolygon(item) for item in simplified], dtype=object), outside=())


def _checked_owner(rep: ArrayLike, count: int, num_reps: int) -> NDArray[np.int64]:
    owner = np.asarray(rep, dtype=np.int64)
    if owner.shape != (count,):
        raise ArrayShapeError(f"{count} places and an assignment of shape {owner.shape} do not match")
    if count and (owner.min() < -1 or owner.max() >= num_reps):
        raise ArrayShapeError(f"an assignment names a rep outside -1..{num_reps - 1}")
    return owner
