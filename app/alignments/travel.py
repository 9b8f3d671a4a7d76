"""How far the accounts of an alignment lie from the reps who serve them.

Owns the distance of every assignment, a rep's travel in a year, and how tight a territory is. A rep's
center is its home, or the point the optimizer placed; where there is none, the distance is unknown (NaN).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from app.alignments.columns import AlignmentColumns, Floats, Integers, sums_by_rep
from app.scenarios.barriers import barriers_in, ways_to
from app.scenarios.center import Centers
from geo_data.barriers import Barriers
from geo_data.distances import distances_km as great_circle_km

DEFAULT_ROAD_FACTOR = 1.0
"""Without criteria a kilometer is a great-circle kilometer."""


@dataclass(frozen=True, eq=False)
class TravelRule:
    """Say how travel is counted.

    Parameters
    ----------
    source
        ``great_circle``, ``minutes`` or ``pairs``; with ``pairs`` distances in kilometers mean nothing.
    road_factor
        Road kilometers for one great-circle kilometer.
    centers
        Rep id to center, for reps without a home.
    section
        The section ``travel`` of the normalized criteria, where the barriers stand.
    """

    source: str = "great_circle"
    road_factor: float = DEFAULT_ROAD_FACTOR
    centers: Centers | None = None
    section: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def barriers(self) -> Barriers | None:
        """Return what is in the way, made once; None where nothing is."""
        return barriers_in(self.section)

    @property
    def has_distances(self) -> bool:
        """Tell whether kilometers say anything."""
        return self.source != "pairs"


def travel_rule(criteria: Mapping[str, Any] | None, centers: Centers) -> TravelRule:
    """Read how normalized criteria count travel."""
    travel = (criteria or {}).get("travel") or {}
    return TravelRule(
        source=travel.get("source") or "great_circle",
        road_factor=float(travel.get("road_factor") or DEFAULT_ROAD_FACTOR),
        centers=centers,
        section=travel,
    )


def center_points(columns: AlignmentColumns, rule: TravelRule) -> tuple[Floats, Floats]:
    """Return latitude and longitude of every rep's center in degrees, shapes ``(reps,)``; NaN if none."""
    lat, lon = columns.rep_column("lat").copy(), columns.rep_column("lon").copy()
    for rep, rep_id in enumerate(columns.rep_ids):
        placed = (rule.centers or {}).get(rep_id)
        if placed is not None and np.isnan(lat[rep]):
            lat[rep], lon[rep] = placed.lat, placed.lon
    return lat, lon


def distances_km(columns: AlignmentColumns, rule: TravelRule, owner: Integers) -> Floats:
    """Return the great-circle distance of each account to ``owner``'s center, one way, in kilometers.

    Shape ``(accounts,)``; NaN where the account has no rep, or either has no place.
    """
    if not rule.has_distances:
        return np.full(columns.num_accounts, np.nan)
    center_lat, center_lon = center_points(columns, rule)
    lat, lon = columns.account_column("lat"), columns.account_column("lon")
    place = np.isfinite(lat) & np.isfinite(lon) & (owner >= 0)
    place[place] = np.isfinite(center_lat[owner[place]]) & np.isfinite(center_lon[owner[place]])
    served_by = owner[place]
    distance = np.full(columns.num_accounts, np.nan)
    distance[place] = great_circle_km(lat[place], lon[place], center_lat[served_by], center_lon[served_by])
    return distance


def travel_km(columns: AlignmentColumns, rule: TravelRule, owner: Integers) -> Floats:
    """Return the road kilometers to each account, one way, once; shape ``(accounts,)``, NaN if unknown."""
    return rule.road_factor * ways_km(columns, rule, owner, distances_km(columns, rule, owner))


def ways_km(columns: AlignmentColumns, rule: TravelRule, owner: Integers, distance: Floats) -> Floats:
    """Return distances with what barriers add to them, NaN where they leave no way; shape ``(accounts,)``."""
    is_known = np.flatnonzero(np.isfinite(distance))
    if rule.barriers is None or not len(is_known):
        return distance
    lat, lon = columns.account_column("lat"), columns.account_column("lon")
    ways = ways_to(rule.barriers, center_points(columns, rule))
    detour = ways.paired_detours_km(lat[is_known], lon[is_known], owner[is_known])
    way = distance.copy()
    way[is_known] += np.where(np.isinf(detour), np.nan, detour)
    return way


def visits_per_year(columns: AlignmentColumns) -> Floats:
    """Return the visits of each account in a year, 1 where none are given; shape ``(accounts,)``."""
    visits = columns.account_column("visits_per_year")
    return np.where(np.isnan(visits), 1.0, visits)


def yearly_travel_km(columns: AlignmentColumns, rule: TravelRule, owner: Integers, distance: Floats) -> Floats | None:
    """Return each rep's travel in road kilometers per year, one way each visit; shape ``(reps,)``.

    None where no distance is known at all. Accounts without a known distance add nothing.
    """
    way = ways_km(columns, rule, owner, distance)
    is_known = (owner >= 0) & np.isfinite(way)
    if not is_known.any():
        return None
    yearly = rule.road_factor * way * visits_per_year(columns)
    return sums_by_rep(owner[is_known], yearly[is_known], num_reps=columns.num_reps)


def inertia(columns: AlignmentColumns, owner: Integers, distance: Floats) -> tuple[Floats, Floats]:
    """Return moment of inertia (km² times workload) and root mean square distance (km) of each territory.

    Shapes ``(reps,)``; the radius is NaN where a territory has no account with a known distance. The weight
    is the workload, or 1 where the dataset has no workload.
    """
    is_known = (owner >= 0) & np.isfinite(distance)
    weight = columns.amount_at("workload", owner) if "workload" in columns.amount else np.ones_like(distance)
    served_by, weight, distance = owner[is_known], weight[is_known], distance[is_known]
    moment = sums_by_rep(served_by, weight * distance**2, num_reps=columns.num_reps)
    mass = sums_by_rep(served_by, weight, num_reps=columns.num_reps)
    with np.errstate(divide="ignore", invalid="ignore"):
        radius = np.where(mass > 0, np.sqrt(moment / mass), np.nan)
    return moment, radius
