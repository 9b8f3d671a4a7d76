"""Effort to reach accounts: travel kilometers and the moment of inertia.

Pure functions of distances. Owns no distances and no sums: aggregation by rep is the optimizer's.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo_data.exceptions import SettingError

__all__ = ["moment_of_inertia", "travel_cost"]


def travel_cost(distance_km: ArrayLike, visits: ArrayLike, *, road_factor: float) -> NDArray[np.floating]:
    """Turn great-circle distances into road kilometers per year, one way.

    Parameters
    ----------
    distance_km
        Great-circle kilometers. Shape ``(accounts,)`` or ``(accounts, reps)``.
    visits
        Visits per year, not negative. Shape ``(accounts,)``.
    road_factor
        Road kilometers per great-circle kilometer, at least 1.

    Returns
    -------
    ndarray
        ``road_factor · distance_km · visits`` in the shape of `distance_km`.

    Raises
    ------
    SettingError
        When `road_factor` is not a finite number of at least 1.
    """
    if not 1 <= road_factor < np.inf:
        raise SettingError(f"a road factor of {road_factor} is not a number of at least 1")
    return road_factor * _scaled_rows(np.asarray(distance_km), np.asarray(visits))


def moment_of_inertia(distance_km: ArrayLike, workload: ArrayLike) -> NDArray[np.floating]:
    """Weigh squared distances by workload: the spread that compactness sums up.

    Parameters
    ----------
    distance_km
        Great-circle kilometers. Shape ``(accounts,)`` or ``(accounts, reps)``.
    workload
        Hours per year, not negative. Shape ``(accounts,)``.

    Returns
    -------
    ndarray
        ``workload · distance_km²`` in h·km², in the shape of `distance_km`.
    """
    return _scaled_rows(np.square(np.asarray(distance_km)), np.asarray(workload))


def _scaled_rows(values: NDArray[np.floating], weight: NDArray[np.floating]) -> NDArray[np.floating]:
    rows = weight.astype(values.dtype, copy=False)  # a float64 weight must not double a float32 matrix
    scaled: NDArray[np.floating] = values * (rows[:, np.newaxis] if values.ndim == 2 else rows)
    return scaled
