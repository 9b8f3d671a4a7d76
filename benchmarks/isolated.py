"""Rural reps: homes in remote towns, where few accounts lie near and the rest of a fair share is a long drive.

Only homes and the current alignment change. Everything that could be assigned still can, so that whatever bands the
other instances keep can be kept here too, at the price of distance.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from geo_data.distances import EARTH_RADIUS_KM, unit_vectors
from geo_data.gazetteer import places_in
from geo_data.synthetic import SyntheticData

SHARE: Final = 0.04
"""Of the reps who move to a remote town, at least one."""
NEAR_SHARE: Final = 0.2
"""Of a fair number of accounts: how far away so many are is how remote a town is."""
REMOTEST: Final = 60
"""Towns that are remote enough to be drawn."""
APART_KM: Final = 200.0
"""Between two isolated reps, while there are towns enough."""
ELSEWHERE: Final = frozenset({"AK", "HI", "PR", "GU", "VI", "AS", "MP"})
"""States and territories that no car from the others reaches, or not in a day."""

Points = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def isolate(data: SyntheticData, *, seed: int) -> SyntheticData:
    """Return the organization with some reps in remote towns.

    Each of them has today what lies nearest to the new home; the former accounts went to the nearest other rep who
    had accounts. Locks to somebody else are gone.
    """
    rng = np.random.default_rng([seed, 11])
    rep_ids = list(data.reps["id"])
    position = {rep: place for place, rep in enumerate(rep_ids)}
    current = np.array([-1 if rep is None else position[rep] for rep in data.accounts["current_rep_id"]])
    active = np.asarray(data.reps["active"], dtype=np.bool_)
    owners = np.flatnonzero(active & (np.bincount(current[current >= 0], minlength=len(rep_ids)) > 0))
    moving = rng.permutation(owners)[: max(1, round(SHARE * len(rep_ids)))]
    accounts = unit_vectors(data.accounts["lat"], data.accounts["lon"])
    lat, lon = _remote_towns(accounts, rng, count=len(moving), near=NEAR_SHARE * len(current) / len(rep_ids))
    reps = dict(data.reps)
    reps["lat"], reps["lon"] = np.array(reps["lat"]), np.array(reps["lon"])
    reps["lat"][moving[: len(lat)]], reps["lon"][moving[: len(lon)]] = lat, lon
    later = _served_after(accounts, unit_vectors(reps["lat"], reps["lon"]), current, owners=owners, moving=moving)
    columns: dict[str, Any] = dict(data.accounts)
    columns["current_rep_id"] = [rep_ids[rep] if rep >= 0 else None for rep in later.tolist()]
    columns["locked"] = np.asarray(columns["locked"], dtype=np.bool_) & (later == current)
    return replace(data, accounts=columns, reps=reps)


def _remote_towns(
    accounts: Points, rng: np.random.Generator, *, count: int, near: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Draw towns from the remotest of the country, far from each other; return latitudes and longitudes."""
    places = places_in(("US",))
    is_reached = np.array([state not in ELSEWHERE for state in places.state])
    town = unit_vectors(places.lat, places.lon)
    far, _ = KDTree(accounts).query(town, k=[max(3, round(near))])
    ranked = np.argsort(np.where(is_reached, -far[:, 0], np.inf), kind="stable")
    chosen: list[int] = []
    for place in [*rng.permutation(ranked[: max(REMOTEST, 4 * count)]).tolist(), *ranked.tolist()]:
        if len(chosen) == count:
            break
        chord = np.linalg.norm(town[chosen] - town[place], axis=1)
        if (chord * EARTH_RADIUS_KM > APART_KM).all():
            chosen.append(place)
    return places.lat[chosen], places.lon[chosen]


def _served_after(accounts: Points, homes: Points, current: Ints, *, owners: Ints, moving: Ints) -> Ints:
    """Return who serves each account after the moves: the isolated rep nearby, a neighbor where the rep has gone."""
    staying = np.setdiff1d(owners, moving)
    _, nearest = KDTree(homes[owners]).query(accounts)
    _, nearest_staying = KDTree(homes[staying]).query(accounts) if len(staying) else (None, nearest)
    later = current.copy()
    left = np.isin(current, moving)
    later[left] = (staying if len(staying) else owners)[nearest_staying[left]]
    found = np.isin(owners[nearest], moving) & (current >= 0)
    later[found] = owners[nearest[found]]
    return later
