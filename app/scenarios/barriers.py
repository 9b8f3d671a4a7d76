"""The barriers of a question: what stands in criteria becomes ways around, for accounts and reps whose place is known.

Imports neither the web nor the database. Refuses geometry that :mod:`app.scenarios.barrier_checks` would have refused.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from app.scenarios.columns import Float64
from app.scenarios.pair_values import pair_dtype
from geo_data.barriers import Barrier, Barriers, Ways, barrier_polygons, barriers_of

FARTHEST_KM: Final = 20_000.0
"""What a place without any way counts while centers are sought: half around the earth."""

Places = tuple[Float64, Float64]
"""Latitudes and longitudes in degrees; NaN where a place is unknown."""


def barriers_in(travel: Mapping[str, Any] | None) -> Barriers | None:
    """Return the barriers of normalized criteria's ``travel``; None where there are none, or travel is a pair's cost.

    Parameters
    ----------
    travel
        The section ``travel`` of normalized criteria.
    """
    given = (travel or {}).get("barriers") or ()
    if not given or (travel or {}).get("source", "great_circle") != "great_circle":
        return None
    return barriers_of(
        [
            Barrier(barrier_polygons(one["geometry"]), np.inf if one["cost_km"] is None else float(one["cost_km"]))
            for one in given
        ]
    )


def question_detours(
    travel: Mapping[str, Any] | None, accounts: Places, reps: Places
) -> npt.NDArray[np.floating] | None:
    """Return the detours of a whole question in the precision of its pairs, None without barriers; see `detours_km`."""
    barriers = barriers_in(travel)
    if barriers is None:
        return None
    return detours_km(barriers, accounts, reps, dtype=pair_dtype(len(accounts[0]), len(reps[0])))


def detours_km(
    barriers: Barriers, accounts: Places, reps: Places, *, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[np.floating]:
    """Return how much longer than the great circle each way is: 0 where a place is unknown, infinite without a way.

    Returns
    -------
    Shape ``(accounts, reps)``.
    """
    here, there = _known(accounts), _known(reps)
    detour: npt.NDArray[np.floating] = np.zeros((len(accounts[0]), len(reps[0])), dtype=dtype)
    if not len(there):
        return detour
    ways = barriers.seen_from(reps[0][there], reps[1][there])
    found = ways.detours_km(accounts[0][here], accounts[1][here], dtype=dtype)
    if len(here) == len(detour) and len(there) == detour.shape[1]:
        return found
    detour[np.ix_(here, there)] = found
    return detour


def ways_to(barriers: Barriers, reps: Places) -> Ways:
    """Return the ways to all reps; those without a place stand somewhere, and are not to be asked for."""
    unknown = np.isnan(reps[0]) | np.isnan(reps[1])
    return barriers.seen_from(np.where(unknown, 0.0, reps[0]), np.where(unknown, 0.0, reps[1]))


def _known(places: Places) -> npt.NDArray[np.int64]:
    return np.flatnonzero(~(np.isnan(places[0]) | np.isnan(places[1])))
