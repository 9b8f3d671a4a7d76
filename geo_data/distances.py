"""Great-circle distances between points given in degrees WGS 84.

Owns the sphere (radius 6371.0088 km) and the check that coordinates are coordinates.
Refuses values that are not finite or out of range; it never wraps or clips them.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.spatial.distance import cdist

from geo_data.exceptions import ArrayShapeError, CoordinateError

__all__ = ["EARTH_RADIUS_KM", "check_coordinates", "distance_matrix_km", "distances_km", "unit_vectors"]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth in kilometers (IUGG)."""

_BLOCK_ENTRIES = 1 << 18  # 2 MB of float64: a block stays in the processor's cache


def check_coordinates(lat: ArrayLike, lon: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both arrays as float64 when every pair is a place on earth.

    Parameters
    ----------
    lat, lon
        Degrees WGS 84, -90..90 and -180..180. Shape ``(points,)``.

    Raises
    ------
    ArrayShapeError
        When the arrays are not one-dimensional and of one length.
    CoordinateError
        When a value is not finite or out of range; the first one is named.
    """
    latitudes = np.asarray(lat, dtype=np.float64)
    longitudes = np.asarray(lon, dtype=np.float64)
    if latitudes.ndim != 1 or latitudes.shape != longitudes.shape:
        raise ArrayShapeError(
            f"latitudes of shape {latitudes.shape} and longitudes of shape {longitudes.shape} "
            "are not two lists of one length"
        )
    for axis, degrees, limit in (("latitude", latitudes, 90.0), ("longitude", longitudes, 180.0)):
        refused = np.flatnonzero(~(np.abs(degrees) <= limit))  # NaN compares false: refused too
        if refused.size:
            index = int(refused[0])
            raise CoordinateError(axis=axis, index=index, value=float(degrees[index]), limit=limit)
    return latitudes, longitudes


def unit_vectors(lat: ArrayLike, lon: ArrayLike) -> NDArray[np.float64]:
    """Place points on the unit sphere.

    Parameters
    ----------
    lat, lon
        Degrees WGS 84. Shape ``(points,)``.

    Returns
    -------
    ndarray
        Shape ``(points, 3)``; x towards 0° E, y towards 90° E, z towards the north pole.

    Raises
    ------
    ArrayShapeError, CoordinateError
        When the coordinates are refused by `check_coordinates`.
    """
    latitudes, longitudes = check_coordinates(lat, lon)
    phi, theta = np.radians(latitudes), np.radians(longitudes)
    return np.column_stack((np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)))


def distances_km(lat_a: ArrayLike, lon_a: ArrayLike, lat_b: ArrayLike, lon_b: ArrayLike) -> NDArray[np.float64]:
    """Measure each point of one list to its partner in the other.

    Parameters
    ----------
    lat_a, lon_a, lat_b, lon_b
        Degrees WGS 84. Shape ``(points,)`` each.

    Returns
    -------
    ndarray
        Great-circle kilometers. Shape ``(points,)``.

    Raises
    ------
    ArrayShapeError, CoordinateError
        When the coordinates are refused, or the lists differ in length.

    Notes
    -----
    Haversine: ``2 R asin(sqrt(sin²(Δφ/2) + cos φa · cos φb · sin²(Δλ/2)))``, exact for near points.
    """
    degrees_a, degrees_b = check_coordinates(lat_a, lon_a), check_coordinates(lat_b, lon_b)
    if degrees_a[0].shape != degrees_b[0].shape:
        raise ArrayShapeError(f"{degrees_a[0].size} points cannot be paired with {degrees_b[0].size}")
    phi_a, theta_a = np.radians(degrees_a[0]), np.radians(degrees_a[1])
    phi_b, theta_b = np.radians(degrees_b[0]), np.radians(degrees_b[1])
    half_chord_squared = (
        np.sin((phi_b - phi_a) / 2) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin((theta_b - theta_a) / 2) ** 2
    )
    result: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half_chord_squared, 1)))
    return result


def distance_matrix_km(
    lat_a: ArrayLike, lon_a: ArrayLike, lat_b: ArrayLike, lon_b: ArrayLike, *, dtype: DTypeLike = np.float64
) -> NDArray[np.floating]:
    """Measure every point of one list to every point of another.

    Parameters
    ----------
    lat_a, lon_a
        Degrees WGS 84. Shape ``(a,)``.
    lat_b, lon_b
        Degrees WGS 84. Shape ``(b,)``.
    dtype
        Floating type of the answer. It is always computed in float64; float32 keeps 7 digits.

    Returns
    -------
    ndarray
        Great-circle kilometers. Shape ``(a, b)``.

    Raises
    ------
    ArrayShapeError, CoordinateError
        When the coordinates are refused by `check_coordinates`.

    Notes
    -----
    The chord between unit vectors is half the sine that haversine takes the root of, so both agree
    to rounding and near points lose nothing. Memory beyond the answer is a few megabytes.
    """
    vectors_a, vectors_b = unit_vectors(lat_a, lon_a), unit_vectors(lat_b, lon_b)
    matrix: NDArray[np.floating] = np.empty((len(vectors_a), len(vectors_b)), dtype=dtype)
    rows = max(1, _BLOCK_ENTRIES // max(1, len(vectors_b)))
    for start in range(0, len(vectors_a), rows):
        half_chord = cdist(vectors_a[start : start + rows], vectors_b)
        half_chord *= 0.5
        np.minimum(half_chord, 1.0, out=half_chord)
        np.arcsin(half_chord, out=half_chord)
        np.multiply(half_chord, 2 * EARTH_RADIUS_KM, out=matrix[start : start + rows], casting="same_kind")
    return matrix
