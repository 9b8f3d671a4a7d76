"""Where made-up accounts lie: in real places, by population, and on land."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_data.boundaries import countries, us_nation
from geo_data.boundaries.land import is_within
from geo_data.gazetteer import Places

__all__ = ["Locations", "draw_locations", "spatial_order"]

_POPULATION_EXPONENT = 0.8  # business grows slower than population
_KM_PER_DEGREE = 111.195
_OFFSET_SHARES = (1.0, 0.4, 0.15, 0.0)  # an account in the sea moves towards its town until it is ashore
_DECIMALS = 5  # about a meter, as geocoders give it


@dataclass(frozen=True, slots=True)
class Locations:
    """Points near populated places.

    Attributes
    ----------
    place
        Position of each point's place. Shape ``(points,)``.
    lat, lon
        Degrees WGS 84, rounded to five decimals. Shape ``(points,)``.
    """

    place: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]


def draw_locations(places: Places, count: int, rng: np.random.Generator) -> Locations:
    """Draw points around places, likelier where more people live.

    Parameters
    ----------
    places
        The places to draw from.
    count
        Number of points, at least 0.
    rng
        Source of randomness.

    Notes
    -----
    A place is drawn in proportion to population^0.8. Points scatter around it like a city does: normally,
    with a deviation of 0.6 to 14 km that grows with the population.
    """
    weight = places.population**_POPULATION_EXPONENT
    place = rng.choice(len(weight), size=count, p=weight / weight.sum())
    sigma_km = np.clip(0.9 * (places.population[place] / 10_000) ** 0.35, 0.6, 14.0)
    north_km, east_km = rng.standard_normal((2, count)) * sigma_km
    town_lat, town_lon = places.lat[place], places.lon[place]
    d_lat = north_km / _KM_PER_DEGREE
    d_lon = east_km / (_KM_PER_DEGREE * np.maximum(np.cos(np.radians(town_lat)), 0.05))
    lat, lon = town_lat.copy(), town_lon.copy()
    land = _land(places, place)
    afloat = np.arange(count)
    for share in _OFFSET_SHARES:
        lat[afloat] = np.clip(town_lat[afloat] + share * d_lat[afloat], -90, 90)
        lon[afloat] = np.clip(town_lon[afloat] + share * d_lon[afloat], -180, 180)
        afloat = afloat[~is_within(land, lon[afloat], lat[afloat])]
        if not afloat.size:
            break
    return Locations(place=place, lat=lat.round(_DECIMALS), lon=lon.round(_DECIMALS))


def spatial_order(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.int64]:
    """Sort points so that neighbors in the order are mostly near each other on the map.

    Parameters
    ----------
    lat, lon
        Degrees WGS 84. Shape ``(points,)``.

    Returns
    -------
    ndarray
        Positions along a Z-order curve of 0.005 degrees. Shape ``(points,)``.
    """
    x = ((lon + 180) / 360 * 65_535).astype(np.uint64)
    y = ((lat + 90) / 180 * 65_535).astype(np.uint64)
    order: NDArray[np.int64] = np.argsort(_spread_bits(x) | (_spread_bits(y) << np.uint64(1)), kind="stable")
    return order


def _spread_bits(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << np.uint64(shift))) & np.uint64(mask)
    return values


def _land(places: Places, drawn: NDArray[np.int64]) -> list[shapely.Polygon]:
    only_us = all(places.country[index] == "US" for index in np.unique(drawn).tolist())
    features = us_nation() if only_us else countries()
    return list(shapely.get_parts([feature.geometry for feature in features]))
