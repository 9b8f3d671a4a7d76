"""The plane that borders are drawn in: longitude against a Mercator latitude that reaches the poles.

Angles are kept, so that near accounts are divided fairly at any latitude; the plane is as wide as the
earth, so that the antimeridian is a straight cut; and one formula serves the whole world. Distances
between far latitudes are stretched: a border between accounts at 50° and 70° N runs at 62° instead of 60°.
Beyond 85° the scale stays constant, which keeps the poles at finite places.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["latitude_from_y", "y_from_latitude"]

_LIMIT = 85.0
_LIMIT_Y = float(np.degrees(np.arcsinh(np.tan(np.radians(_LIMIT)))))
_STRETCH = 1 / float(np.cos(np.radians(_LIMIT)))


def y_from_latitude(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project latitudes.

    Parameters
    ----------
    lat
        Degrees, any shape.

    Returns
    -------
    ndarray
        Plane ordinates in degrees of the equator.
    """
    inner = np.clip(lat, -_LIMIT, _LIMIT)
    result: NDArray[np.float64] = np.degrees(np.arcsinh(np.tan(np.radians(inner)))) + (lat - inner) * _STRETCH
    return result


def latitude_from_y(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn plane ordinates back into latitudes; beyond the poles they go on past ±90.

    Parameters
    ----------
    y
        Plane ordinates in degrees of the equator, any shape.
    """
    inner = np.clip(y, -_LIMIT_Y, _LIMIT_Y)
    result: NDArray[np.float64] = np.degrees(np.arctan(np.sinh(np.radians(inner)))) + (y - inner) / _STRETCH
    return result
