"""Put a whole made-up sales organization together, in the columns that a dataset is stored in.

Owns the order of the draws: each part has its own stream of the seed, so that a change in one part leaves
the others as they were. Refuses sizes below one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geo_data.exceptions import SettingError
from geo_data.gazetteer import Places, nearest_us_zip, places_in
from geo_data.synthetic.demand import INDUSTRIES, SEGMENTS, SKILLS, Demand, draw_demand
from geo_data.synthetic.history import NOBODY, Families, draw_current, draw_families, draw_locked
from geo_data.synthetic.locations import Locations, draw_locations
from geo_data.synthetic.names import company_names, person_names
from geo_data.synthetic.team import Role, Team, draw_roles, draw_team

__all__ = ["SyntheticData", "generate"]

_CAPACITY_SHARE = 1.3  # of a full-time rep's fair share of the work


@dataclass(frozen=True, slots=True)
class SyntheticData:
    """Accounts and reps as columns, named and typed as a dataset's tables are.

    Attributes
    ----------
    accounts
        ``id, name, lat, lon, parent_id, postal_code, country, current_rep_id, locked, requires,
        visits_per_year, hours_per_visit, measure:workload, measure:potential, attribute:segment,
        attribute:industry, attribute:city``; every column has one value per account. Texts and lists are
        Python lists with None where there is nothing, numbers and booleans numpy arrays.
    reps
        ``id, name, lat, lon, fte, active, skills, manager_id, max:workload, attribute:role,
        attribute:city``, likewise. ``max:workload`` is None for part-timers, whose share follows fte.
    """

    accounts: dict[str, Any]
    reps: dict[str, Any]


def generate(*, num_accounts: int, num_reps: int, seed: int, countries: Sequence[str] = ("US",)) -> SyntheticData:
    """Make up a sales organization on real places, the same for the same arguments.

    Parameters
    ----------
    num_accounts
        Accounts, at least 1; meant for up to 100,000.
    num_reps
        Seats, at least 1; meant for up to 1,000. Counts open seats, new hires and reps who have left.
    seed
        Not negative.
    countries
        ISO 3166-1 alpha-2 codes, ``"EU"`` or ``"world"``.

    Raises
    ------
    SettingError
        When a number is below its smallest value.
    UnknownCountryError
        When a country is unknown.

    Notes
    -----
    With about ten accounts per rep or more, the workload can be shared within ±10 % of each rep's fte
    share: no account needs more than a fifth of a full-time rep, and skills are spread over the map.
    """
    for name, value, smallest in (("num_accounts", num_accounts, 1), ("num_reps", num_reps, 1), ("seed", seed, 0)):
        if value < smallest:
            raise SettingError(f"{name} is {value}; it must be at least {smallest}")
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)]
    on_place, on_team, on_demand, on_history, on_names, on_homes = streams
    places = places_in(countries)
    locations = draw_locations(places, num_accounts, on_place)
    team = draw_team(locations, draw_roles(num_reps, on_team), on_team)
    serving_fte = float(sum(fte for fte, role in zip(team.fte, team.role, strict=True) if role is not Role.LEFT))
    families = draw_families(locations, num_accounts, on_history)
    demand = _with_shared_requirements(draw_demand(num_accounts, serving_fte, on_demand), families)
    current = draw_current(locations, demand, team, families, on_history)
    locked = draw_locked(demand, team, families, current, on_history)
    rep_ids = _numbered("R-", num_reps)
    accounts = _account_columns(places, locations, demand, families, on_names)
    accounts["current_rep_id"] = [rep_ids[rep] if rep != NOBODY else None for rep in current.tolist()]
    accounts["locked"] = locked
    reps = _rep_columns(places, locations, team, rep_ids, on_names)
    reps["lat"] = (reps["lat"] + on_homes.normal(0, 0.01, num_reps)).clip(-90, 90).round(5)
    reps["lon"] = (reps["lon"] + on_homes.normal(0, 0.01, num_reps)).clip(-180, 180).round(5)
    fair_share = float(demand.workload.sum()) / serving_fte
    reps["max:workload"] = [
        float(np.ceil(_CAPACITY_SHARE * fair_share / 10) * 10) if fte == 1 else None for fte in team.fte.tolist()
    ]
    return SyntheticData(accounts=accounts, reps=reps)


def _with_shared_requirements(demand: Demand, families: Families) -> Demand:
    requires = demand.requires.copy()
    for family in families.members:
        requires[list(family)] = requires[family[0]]
    return replace(demand, requires=requires)


def _account_columns(
    places: Places, locations: Locations, demand: Demand, families: Families, rng: np.random.Generator
) -> dict[str, Any]:
    num_accounts = len(locations.lat)
    ids = _numbered("A-", num_accounts)
    country = [places.country[place] for place in locations.place.tolist()]
    industry = [INDUSTRIES[position] for position in demand.industry.tolist()]
    postal_code: list[str | None] = [None] * num_accounts
    in_us = [index for index, code in enumerate(country) if code == "US"]
    for index, code in zip(in_us, nearest_us_zip(locations.lat[in_us], locations.lon[in_us]), strict=True):
        postal_code[index] = code
    return {
        "id": ids,
        "name": company_names(country, industry, rng),
        "lat": locations.lat,
        "lon": locations.lon,
        "parent_id": _parents(families, ids),
        "postal_code": postal_code,
        "country": country,
        "current_rep_id": [None] * num_accounts,
        "locked": np.zeros(num_accounts, dtype=np.bool_),
        "requires": _skill_lists(demand.requires),
        "visits_per_year": demand.visits_per_year,
        "hours_per_visit": demand.hours_per_visit,
        "measure:workload": demand.workload,
        "measure:potential": demand.potential,
        "attribute:segment": [SEGMENTS[position] for position in demand.segment.tolist()],
        "attribute:industry": industry,
        "attribute:city": _cities(places, locations.place.tolist()),
    }


def _rep_columns(
    places: Places, locations: Locations, team: Team, ids: list[str], rng: np.random.Generator
) -> dict[str, Any]:
    home_places = locations.place[team.home].tolist()
    city = _cities(places, home_places)
    people = person_names([places.country[place] for place in home_places], rng)
    width = len(str(int(team.manager.max()) + 1))
    return {
        "id": ids,
        "name": [
            f"Open seat {town}" if role is Role.OPEN_SEAT else person
            for person, town, role in zip(people, city, team.role, strict=True)
        ],
        "lat": locations.lat[team.home],
        "lon": locations.lon[team.home],
        "fte": team.fte,
        "active": np.array([role is not Role.LEFT for role in team.role]),
        "skills": _skill_lists(team.has_skill),
        "manager_id": [f"M-{number + 1:0{width}}" for number in team.manager.tolist()],
        "max:workload": [None] * len(ids),
        "attribute:role": [role.value for role in team.role],
        "attribute:city": city,
    }


def _numbered(prefix: str, count: int) -> list[str]:
    width = max(3, len(str(count)))
    return [f"{prefix}{number:0{width}}" for number in range(1, count + 1)]


def _cities(places: Places, positions: list[int]) -> list[str]:
    return [
        f"{places.name[place]}, {places.state[place]}" if places.state[place] else places.name[place]
        for place in positions
    ]


def _skill_lists(flags: "np.ndarray[Any, np.dtype[np.bool_]]") -> list[list[str]]:
    return [[skill for skill, wanted in zip(SKILLS, row, strict=True) if wanted] for row in flags.tolist()]


def _parents(families: Families, ids: list[str]) -> list[str | None]:
    parents: list[str | None] = [None] * len(ids)
    pairs = zip(families.members, families.has_outside_parent, strict=True)
    for number, (family, is_outside) in enumerate(pairs, start=1):
        head, *others = family
        if is_outside:
            parents[head] = f"HQ-{number:04}"
        for position, member in enumerate(others):
            # the last of four or more reports to a sister, so that some families are trees of three levels
            is_grandchild = position == len(others) - 1 and len(others) >= 3 and not is_outside
            parents[member] = parents[head] if is_outside else ids[others[0] if is_grandchild else head]
    return parents
