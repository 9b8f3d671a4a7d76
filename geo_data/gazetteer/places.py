"""Populated places by country.

Owns which countries and groups of countries can be asked for. The US comes in fine grain (places of 500
people and more), every other country as cities of 15,000 people and more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from geo_data.exceptions import UnknownCountryError
from geo_data.gazetteer.tables import read_columns

__all__ = ["EUROPEAN_UNION", "Places", "places_in", "supported_countries"]

# fmt: off
EUROPEAN_UNION = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)
# fmt: on
"""ISO 3166-1 alpha-2 codes of the 27 member states."""


@dataclass(frozen=True, slots=True)
class Places:
    """Populated places, in one order for all columns.

    Attributes
    ----------
    name
        Local or English name. Shape ``(places,)``.
    state
        Two-letter state in the US, empty elsewhere. Shape ``(places,)``.
    country
        ISO 3166-1 alpha-2 code. Shape ``(places,)``.
    lat, lon
        Degrees WGS 84. Shape ``(places,)``.
    population
        People, at least 1. Shape ``(places,)``.
    """

    name: tuple[str, ...]
    state: tuple[str, ...]
    country: tuple[str, ...]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    population: NDArray[np.float64]

    def ids(self) -> tuple[str, ...]:
        """Return an id of each place: country, state where there is one, and name, joined by slashes."""
        rows = zip(self.country, self.state, self.name, strict=True)
        return tuple("/".join(part for part in row if part) for row in rows)


@cache
def supported_countries() -> frozenset[str]:
    """Return the ISO 3166-1 alpha-2 codes of all countries with known cities."""
    return frozenset(read_columns("world_cities.csv.gz")["country"])


def places_in(countries: Iterable[str]) -> Places:
    """Return the populated places of some countries.

    Parameters
    ----------
    countries
        ISO 3166-1 alpha-2 codes, ``"EU"`` for the European Union or ``"world"`` for all; any case.

    Raises
    ------
    UnknownCountryError
        When a code is unknown, or none is given.
    """
    return _places(_expanded(tuple(countries)))


def _expanded(codes: tuple[str, ...]) -> frozenset[str]:
    wanted: set[str] = set()
    for code in codes:
        upper = code.upper()
        if upper == "WORLD":
            wanted |= supported_countries()
        elif upper == "EU":
            wanted |= set(EUROPEAN_UNION)
        elif upper in supported_countries():
            wanted.add(upper)
        else:
            raise UnknownCountryError(code)
    if not wanted:
        raise UnknownCountryError("")
    return frozenset(wanted)


@cache
def _places(codes: frozenset[str]) -> Places:
    rows: list[tuple[str, str, str, str, str, str]] = []
    if "US" in codes:
        us = read_columns("us_places.csv.gz")
        rows += [
            (name, state, "US", lat, lon, people)
            for name, state, lat, lon, people in zip(
                us["name"], us["state"], us["lat"], us["lon"], us["population"], strict=True
            )
        ]
    world = read_columns("world_cities.csv.gz")
    rows += [
        (name, "", country, lat, lon, people)
        for name, country, lat, lon, people in zip(
            world["name"], world["country"], world["lat"], world["lon"], world["population"], strict=True
        )
        if country in codes and country != "US"
    ]
    name, state, country, lat, lon, people = zip(*rows, strict=True)
    return Places(
        name=name,
        state=state,
        country=country,
        lat=_read_only(np.array(lat, dtype=np.float64)),
        lon=_read_only(np.array(lon, dtype=np.float64)),
        population=_read_only(np.maximum(np.array(people, dtype=np.float64), 1.0)),
    )


def _read_only(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values.flags.writeable = False
    return values
