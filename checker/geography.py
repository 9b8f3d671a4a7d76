"""Great-circle distances on the sphere that the API names."""

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth, in km."""

Floats = NDArray[np.float64]


def unit_vectors(lat: Floats, lon: Floats) -> Floats:
    """Place points on the unit sphere.

    Parameters
    ----------
    lat, lon
        Shape ``(points,)``, degrees; NaN gives NaN.

    Returns
    -------
    Shape ``(points, 3)``.
    """
    phi, theta = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], axis=1)


def distance_km(a: Floats, b: Floats) -> Floats:
    """Measure the great circle between points, pair by pair, in km.

    Parameters
    ----------
    a, b
        Shape ``(pairs, 3)``, unit vectors.

    Notes
    -----
    ``2 atan2(|a - b|, |a + b|)`` is exact to rounding for near and for antipodal points alike.
    """
    apart = np.sqrt(((a - b) ** 2).sum(axis=-1))
    along = np.sqrt(((a + b) ** 2).sum(axis=-1))
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arctan2(apart, along))


def distance_table_km(a: Floats, b: Floats) -> Floats:
    """Measure the great circle between every point of two sets, in km, never too far.

    Parameters
    ----------
    a, b
        Shapes ``(rows, 3)`` and ``(columns, 3)``, unit vectors.

    Returns
    -------
    Shape ``(rows, columns)``.

    Notes
    -----
    Half the chord is cut at 0.9999, so that points within 180 km of each other's antipode come out a little near:
    there the arc sine has no digits left, and a bound may only err downward.
    """
    square = np.subtract.outer(a[:, 0], b[:, 0])
    np.square(square, out=square)
    part = np.empty_like(square)
    for axis in (1, 2):
        np.subtract.outer(a[:, axis], b[:, axis], out=part)
        np.square(part, out=part)
        square += part
    np.sqrt(square, out=square)
    square *= 0.5
    np.minimum(square, 0.9999, out=square)
    np.arcsin(square, out=square)
    square *= 2.0 * EARTH_RADIUS_KM
    return square
