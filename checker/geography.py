"""Great-circle distances on the sphere that the API names."""

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth, in km."""

Floats = NDArray[np.float64]


def product(a: Floats, b: Floats) -> Floats:
    """Multiply two matrices that have only a few numbers in common for each cell.

    Parameters
    ----------
    a, b
        Shapes ``(rows, k)`` and ``(k, columns)``, k small.

    Notes
    -----
    ``a @ b`` would start the threads of a linear algebra library, which wait for each other by spinning: with k = 4 on
    a busy machine that took fifty times as long as the arithmetic. This loop is one thread's, and its result does not
    depend on how many there are.
    """
    table: Floats = np.einsum("ik,kj->ij", a, b)
    return table


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
    """Measure the great circle between every point of two sets, in km.

    Parameters
    ----------
    a, b
        Shapes ``(rows, 3)`` and ``(columns, 3)``, unit vectors.

    Returns
    -------
    Shape ``(rows, columns)``.
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
    np.minimum(square, 1.0, out=square)
    np.arcsin(square, out=square)
    square *= 2.0 * EARTH_RADIUS_KM
    return square


def distance_floor_km(a: Floats, b: Floats) -> Floats:
    """Measure the great circle between every point of two sets fast, in km, and never too far.

    Parameters
    ----------
    a, b
        Shapes ``(rows, 3)`` and ``(columns, 3)``, unit vectors.

    Returns
    -------
    Shape ``(rows, columns)``: up to 0.4 m too near, and cut at 18,200 km.

    Notes
    -----
    The squared chord is ``2 - 2 a·b``, one :func:`product`. It is lowered by more than that product's rounding, and
    cut where the arc sine loses digits.
    """
    left = np.concatenate([-2.0 * a, np.ones((len(a), 1))], axis=1)
    right = np.concatenate([b, np.full((len(b), 1), 2.0 - 4e-15)], axis=1)
    table = product(left, right.T)
    np.clip(table, 0.0, 4 * 0.99**2, out=table)
    np.sqrt(table, out=table)
    table *= 0.5
    np.arcsin(table, out=table)
    table *= 2.0 * EARTH_RADIUS_KM
    return table
