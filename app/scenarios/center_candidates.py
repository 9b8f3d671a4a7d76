"""The places that a free center may take: accounts, units or cities, as the criteria choose.

Owns what each choice means in data, and the thinning of very many places to as many as a search can weigh. Imports
neither the web nor the database.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from scipy.spatial import KDTree

from app.datasets.tables import DatasetTables
from app.scenarios.center import Center
from app.scenarios.columns import Float64, ids, numbers, texts
from app.scenarios.place_costs import place_costs
from app.scenarios.schemas import Criteria
from geo_data.distances import EARTH_RADIUS_KM, unit_vectors
from geo_data.gazetteer import Places, places_in

CITY_REACH_KM: Final = 50.0
"""A city counts as within the dataset's area when an account lies so near."""
MOST_CANDIDATES: Final = 2_000
"""The search weighs so many places at once; the final round looks at all near the chosen ones."""


@dataclass(frozen=True, eq=False)
class CandidatePlaces:
    """Where a rep could live.

    Attributes
    ----------
    lat, lon
        Degrees. Shape ``(places,)``.
    place_id, name
        What stands there.
    """

    lat: Float64
    lon: Float64
    place_id: tuple[str | None, ...]
    name: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.lat)

    def center(self, position: int) -> Center:
        """Return one place as a center."""
        return Center(
            float(self.lat[position]), float(self.lon[position]), self.place_id[position], self.name[position]
        )

    def take(self, positions: np.ndarray) -> "CandidatePlaces":
        """Return some of the places, in the order of their positions."""
        return CandidatePlaces(
            lat=self.lat[positions],
            lon=self.lon[positions],
            place_id=tuple(self.place_id[position] for position in positions.tolist()),
            name=tuple(self.name[position] for position in positions.tolist()),
        )


def center_places(tables: DatasetTables, criteria: Criteria) -> CandidatePlaces:
    """Return all places where reps without a home may be put; see :func:`candidate_places`."""
    costs = place_costs(tables) if criteria.travel.has_pair_costs else None
    return candidate_places(tables, criteria.centers.candidates, priced=None if costs is None else costs.places())


def candidate_places(
    tables: DatasetTables, candidates: str, *, priced: frozenset[str] | None = None
) -> CandidatePlaces:
    """Return all places that a center may take, in a fixed order; empty where there are none.

    Parameters
    ----------
    tables
        The dataset.
    candidates
        ``accounts``, ``units`` or ``cities``.
    priced
        Ids of the places that the caller gives costs from: no others then, and of these all. None: of places that
        share a point the first one.
    """
    if candidates == "cities":
        return _cities(tables) if priced is None else _priced_cities(priced)
    places = _units(tables) if candidates == "units" else _accounts(tables)
    if priced is None:
        return _distinct(places)
    return places.take(np.flatnonzero([place_id in priced for place_id in places.place_id]))


def thinned(places: CandidatePlaces, most: int = MOST_CANDIDATES) -> np.ndarray:
    """Return the positions of at most so many places that are spread like all of them, ascending."""
    if len(places) <= most:
        return np.arange(len(places))
    order = spatial_order(places.lat, places.lon)
    return np.sort(order[np.linspace(0, len(order) - 1, most).astype(np.int64)])


def spatial_order(lat: Float64, lon: Float64) -> np.ndarray:
    """Return positions along a curve that keeps near places near: Morton order on a grid of the places' own extent."""
    key = np.zeros(len(lat), dtype=np.uint64)
    for shift, degrees in enumerate((lat, lon)):
        span = float(np.ptp(degrees)) or 1.0
        cell = ((degrees - degrees.min()) / span * 65_535).astype(np.uint64)
        for bit in range(16):
            key |= ((cell >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + shift)
    return np.argsort(key, kind="stable")


def _accounts(tables: DatasetTables) -> CandidatePlaces:
    table = tables.accounts
    lat, lon = numbers(table, "lat"), numbers(table, "lon")
    known = np.flatnonzero(~(np.isnan(lat) | np.isnan(lon)))
    places = CandidatePlaces(lat=lat, lon=lon, place_id=tuple(ids(table)), name=tuple(texts(table, "name")))
    return places.take(known)


def _units(tables: DatasetTables) -> CandidatePlaces:
    if tables.units is None or tables.units.num_rows == 0:
        return CandidatePlaces(lat=np.zeros(0), lon=np.zeros(0), place_id=(), name=())
    shapes = shapely.from_wkb(tables.units.column("geometry").to_pylist())
    inside = shapely.point_on_surface(shapes)
    usable = np.flatnonzero(~(shapely.is_missing(inside) | shapely.is_empty(inside)))
    places = CandidatePlaces(
        lat=shapely.get_y(inside),
        lon=shapely.get_x(inside),
        place_id=tuple(ids(tables.units)),
        name=tuple(texts(tables.units, "name")),
    )
    return places.take(usable)


def _cities(tables: DatasetTables) -> CandidatePlaces:
    """Return the cities within the dataset's area, the most populous where there are too many."""
    known = places_in(["world"])
    lat, lon = numbers(tables.accounts, "lat"), numbers(tables.accounts, "lon")
    placed = ~(np.isnan(lat) | np.isnan(lon))
    if not placed.any():
        return CandidatePlaces(lat=np.zeros(0), lon=np.zeros(0), place_id=(), name=())
    tree = KDTree(unit_vectors(lat[placed], lon[placed]))
    chord, _ = tree.query(unit_vectors(known.lat, known.lon))
    near = np.flatnonzero(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0)) <= CITY_REACH_KM)
    near = near[np.argsort(-known.population[near], kind="stable")[:MOST_CANDIDATES]]
    return _named_cities(known, np.sort(near))


def _priced_cities(priced: frozenset[str]) -> CandidatePlaces:
    known = places_in(["world"])
    return _named_cities(known, np.flatnonzero([place_id in priced for place_id in known.ids()]))


def _named_cities(known: Places, positions: np.ndarray) -> CandidatePlaces:
    chosen, names = positions.tolist(), known.ids()
    regions = [known.state[position] or known.country[position] for position in chosen]
    return CandidatePlaces(
        lat=known.lat[positions],
        lon=known.lon[positions],
        place_id=tuple(names[position] for position in chosen),
        name=tuple(f"{known.name[position]}, {region}" for position, region in zip(chosen, regions, strict=True)),
    )


def _distinct(places: CandidatePlaces) -> CandidatePlaces:
    """Return one place for each point, the first of those that share it."""
    _, first = np.unique(np.column_stack((places.lat, places.lon)), axis=0, return_index=True)
    return places.take(np.sort(first))
