"""Valid coverages on a grid: territories that share their borders vertex by vertex, and stay so.

Owns the way from lines to faces and from faces to one MultiPolygon per rep. All coordinates are multiples
of 1e-6 degrees from the start: rounding happens once, while lines are noded, where it can break nothing.
Simplifying only drops vertices, so that what is written with six decimals is exactly what was checked.

References
----------
Hobby (1999), Practical segment intersection with finite precision output, doi 10.1016/S0925-7721(99)00021-8.
Visvalingam, Whyatt (1993), Line generalisation by repeated elimination, doi 10.1179/000870493786962263.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_data.exceptions import SettingError
from geo_data.sites import GRID_DEGREES

__all__ = ["absorb_slivers", "as_multipolygon", "dissolve", "faces_between", "is_covered", "simplify_coverage"]

_KM_PER_DEGREE = 111.195
_ROUNDS, _FULL_ROUNDS = 16, 10  # of keeping more points in place; the last ones in half steps
_SLIVER_DEGREES = 5e-5  # width
_PIN_DEGREES = 1e-9  # size of the marks that hold points while borders move


def faces_between(lines: Sequence[shapely.Geometry] | NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons that lines divide the plane into, on the grid. Shape ``(faces,)``.

    Parameters
    ----------
    lines
        Lines in degrees; they may cross, touch and end anywhere.
    """
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    merged = shapely.line_merge(shapely.multilinestrings(parts))  # fewer, longer lines are noded faster
    with np.errstate(invalid="ignore"):  # a passing flag of the noder's arithmetic, not of its result
        noded = shapely.union_all(merged, grid_size=GRID_DEGREES)
    faces: NDArray[np.object_] = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return faces


def absorb_slivers(
    faces: NDArray[np.object_], owner: NDArray[np.int64], *, lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Give faces that are thinner than five meters and hold no account to their neighbors.

    Parameters
    ----------
    faces
        Polygons of a valid coverage. Shape ``(faces,)``.
    owner
        Position of each face's rep. Shape ``(faces,)``.
    lat, lon
        Accounts, degrees WGS 84. Shape ``(accounts,)``.

    Returns
    -------
    ndarray
        The new owners: that of the neighbor with the longest common border. An islet without a neighbor
        keeps its own. Shape ``(faces,)``.
    """
    width = 2 * shapely.area(faces) / np.maximum(shapely.length(faces), GRID_DEGREES)
    thin = np.flatnonzero(width < _SLIVER_DEGREES)
    if not thin.size:
        return owner
    held, _ = shapely.STRtree(shapely.points(lon, lat)).query(faces[thin], predicate="intersects")
    thin = np.delete(thin, np.unique(held))
    mine, other = shapely.STRtree(faces).query(faces[thin], predicate="touches")
    solid = ~np.isin(other, thin)
    mine, other = thin[mine[solid]], other[solid]
    shared = shapely.length(shapely.intersection(faces[mine], faces[other]))
    result = owner.copy()
    order = np.argsort(shared, kind="stable")  # the longest border is written last
    order = order[shared[order] > 0]
    result[mine[order]] = owner[other[order]]
    return result


def dissolve(faces: NDArray[np.object_], owner: NDArray[np.int64], *, num_reps: int) -> NDArray[np.object_]:
    """Unite the faces of each rep.

    Parameters
    ----------
    faces
        Polygons of a valid coverage. Shape ``(faces,)``.
    owner
        Position of each face's rep, -1 for nobody. Shape ``(faces,)``.
    num_reps
        Number of reps.

    Returns
    -------
    ndarray
        One MultiPolygon per rep, empty where it has no faces. Shape ``(reps,)``.
    """
    territories = np.empty(num_reps, dtype=object)
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(num_reps + 1))
    for rep in range(num_reps):
        mine = faces[order[bounds[rep] : bounds[rep + 1]]]
        territories[rep] = as_multipolygon(shapely.coverage_union_all(mine) if len(mine) else None)
    return territories


def as_multipolygon(geometry: shapely.Geometry | None) -> shapely.MultiPolygon:
    """Collect the polygons of a geometry; None gives an empty MultiPolygon."""
    if geometry is None:
        return shapely.MultiPolygon()
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.MultiPolygon([part for part in parts.tolist() if isinstance(part, shapely.Polygon)])


def is_covered(
    territories: NDArray[np.object_],
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    owner: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell which accounts lie inside or on the border of their own territory.

    Parameters
    ----------
    territories
        One MultiPolygon per rep. Shape ``(reps,)``.
    lat, lon
        Accounts, degrees WGS 84. Shape ``(accounts,)``.
    owner
        Position of each account's rep, -1 for nobody. Shape ``(accounts,)``.

    Returns
    -------
    ndarray
        Shape ``(accounts,)``; true for accounts of nobody.
    """
    shapely.prepare(territories)
    covered = owner < 0
    mine = np.flatnonzero(~covered)
    covered[mine] = shapely.intersects_xy(territories[owner[mine]], lon[mine], lat[mine])
    return covered


def simplify_coverage(
    territories: NDArray[np.object_],
    *,
    tolerance_m: float,
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    owner: NDArray[np.int64],
    pinned: NDArray[np.float64],
) -> NDArray[np.object_]:
    """Simplify all borders together, without pushing an account out of its territory.

    Parameters
    ----------
    territories
        A valid coverage, one MultiPolygon per rep. Shape ``(reps,)``.
    tolerance_m
        Meters: bends that span less than the square of this are straightened. 0 changes nothing.
    lat, lon, owner
        The accounts, and the positions of their reps. Shape ``(accounts,)``.
    pinned
        Points in degrees where borders meet an account and must stay. Shape ``(points, 2)``.

    Raises
    ------
    SettingError
        When `tolerance_m` is negative or not finite.

    Notes
    -----
    A border never moves across a vertex of the coverage. So each account that a first, free simplification
    would push out becomes a vertex, by a triangle of a tenth of a millimeter that is dropped in the end. Holding one
    may push another, hence the rounds.
    """
    if not 0 <= tolerance_m < np.inf:
        raise SettingError(f"a tolerance of {tolerance_m} m is not a number of at least 0")
    if tolerance_m == 0:
        return territories
    inside = is_covered(territories, lat, lon, owner)
    mean_cosine = float(np.mean(np.cos(np.radians(lat)))) if len(lat) else 1.0
    tolerance = tolerance_m / (1000 * _KM_PER_DEGREE * np.sqrt(max(mean_cosine, 0.05)))
    obstacles = pinned
    simplified = territories
    for attempt in range(_ROUNDS):
        tolerance *= 0.5 if attempt >= _FULL_ROUNDS else 1.0
        marks = _marks(obstacles)
        simplified = shapely.coverage_simplify(np.concatenate((territories, marks)), tolerance)
        simplified = np.array([as_multipolygon(item) for item in simplified[: len(territories)]], dtype=object)
        pushed = inside & ~is_covered(simplified, lat, lon, owner)
        if not pushed.any():
            return simplified
        obstacles = np.concatenate((obstacles, np.column_stack((lon[pushed], lat[pushed]))))
    return simplified


def _marks(points: NDArray[np.float64]) -> NDArray[np.object_]:
    corners = np.array([(0.0, 0.0), (_PIN_DEGREES, 0.0), (0.0, _PIN_DEGREES)])
    marks: NDArray[np.object_] = shapely.polygons(points[:, np.newaxis, :] + corners)
    return marks
