"""Centers for reps without a home, on maps that are checked by eye."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from app.datasets.tables import DatasetTables
from app.scenarios.center import Center, read_centers, stored_centers
from app.scenarios.center_candidates import candidate_places, thinned
from app.scenarios.center_placing import Placing
from app.scenarios.center_question import center_question
from app.scenarios.places import free_reps
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria
from geo_data.distances import distance_matrix_km
from optimizer.location.params import LocationParams

PARAMS = LocationParams(starts=2, trials=60_000, steps=8, threads=1)
AUSTIN, DALLAS, HOUSTON = (30.27, -97.74), (32.78, -96.80), (29.76, -95.37)


def texas(*, homes: dict[int, tuple[float, float]] | None = None, reps: int = 3, **more: Any) -> DatasetTables:
    """Return twelve accounts, four around each of three cities, and reps of whom some have homes."""
    random = np.random.default_rng(1)
    places = np.repeat([AUSTIN, DALLAS, HOUSTON], 4, axis=0) + random.normal(0, 0.05, (12, 2))
    homes = homes or {}
    accounts = pa.table(
        {
            "id": [f"a{index}" for index in range(12)],
            "name": [f"Ł{index}" for index in range(12)],
            "lat": places[:, 0],
            "lon": places[:, 1],
            "current_rep_id": pa.nulls(12, pa.string()),
            "measure:workload": [10.0] * 12,
        }
    )
    table = pa.table(
        {
            "id": [f"R{index}" for index in range(reps)],
            "lat": pa.array([homes.get(index, (None, None))[0] for index in range(reps)], pa.float64()),
            "lon": pa.array([homes.get(index, (None, None))[1] for index in range(reps)], pa.float64()),
            "max_distance_km": pa.array([more.get("reach")] * reps, pa.float64()),
        }
    )
    return DatasetTables(accounts=accounts, reps=table, units=more.get("units"))


def asked(**more: Any) -> Criteria:
    """Return criteria: equal workload within 10 %, and travel."""
    wanted = {"balance": [{"measure": "workload", "tolerance": 0.1, "hard": True}], "travel": {"weight": 50}}
    return Criteria.model_validate(wanted | more)


def city_of(center: Center) -> int:
    """Return the number of the nearest of the three cities."""
    cities = np.array([AUSTIN, DALLAS, HOUSTON])
    return int(np.argmin(distance_matrix_km([center.lat], [center.lon], cities[:, 0], cities[:, 1])))


def test_three_reps_without_a_home_live_in_three_cities_at_the_best_accounts() -> None:
    """A greenfield: each city gets one rep, at the account that is nearest to the three others."""
    tables = texas()
    centers = Placing(tables, asked(), known={}).first(seed=0, params=PARAMS)
    assert sorted(city_of(center) for center in centers.values()) == [0, 1, 2]
    lat, lon = (tables.accounts.column(name).to_numpy() for name in ("lat", "lon"))
    distance = distance_matrix_km(lat, lon, lat, lon)
    for center in centers.values():
        first = 4 * city_of(center)
        best = first + int(np.argmin(distance[first : first + 4, first : first + 4].sum(axis=0)))
        assert center == (lat[best], lon[best], f"a{best}", f"Ł{best}")


def test_a_hire_goes_where_nobody_is() -> None:
    """With reps in Austin and Dallas the third is placed in Houston, and homes stay homes."""
    tables = texas(homes={0: AUSTIN, 2: DALLAS})
    placing = Placing(tables, asked(), known={})
    assert placing.free.tolist() == [1]
    centers = placing.first(seed=0, params=PARAMS)
    assert {rep_id: city_of(center) for rep_id, center in centers.items()} == {"R1": 2}
    known = Placing(tables, asked(), known=centers)
    assert (known.free.tolist(), known.first(seed=9, params=PARAMS)) == ([], centers)


@pytest.mark.parametrize("balance", [[], [{"measure": "workload", "tolerance": 0.3, "hard": True}]])
def test_no_pair_of_places_is_better(balance: list[dict[str, Any]]) -> None:
    """Two reps: over all pairs of accounts as centers, the cost found is the least of the question."""
    tables = texas(reps=2)
    criteria = asked(balance=balance)
    question = center_question(tables, criteria, {}, candidate_places(tables, "accounts")).question
    centers = Placing(tables, criteria, known={}).first(seed=0, params=PARAMS)
    where = [int(str(center.place_id)[1:]) for center in centers.values()]
    owners = np.array(list(itertools.product((0, 1), repeat=12)))
    load = np.stack([(owners == rep) @ question.amount[:, 0] for rep in (0, 1)], axis=1)
    right = ((load <= question.upper[:, 0] + 1e-9) & (load >= question.lower[:, 0] - 1e-9)).all(axis=1)

    def least(pair: tuple[int, ...]) -> float:
        cost = question.cost[list(pair)]
        return float(np.where(owners == 0, cost[0], cost[1])[right].sum(axis=1).min())

    best = min(least(pair) for pair in itertools.product(range(12), repeat=2))
    assert least((where[0], where[1])) == pytest.approx(best, rel=1e-6)


def test_cities_and_units_are_places_too() -> None:
    """Centers stand in a named city, or inside a unit; ids and names say where."""
    in_cities = Placing(texas(), asked(centers={"candidates": "cities"}), known={}).first(seed=0, params=PARAMS)
    names = {center.name for center in in_cities.values()}
    assert all(str(name).endswith(", TX") for name in names)
    assert all(str(center.place_id).startswith("US/TX/") for center in in_cities.values())
    boxes = [shapely.box(lon - 1, lat - 0.5, lon + 1, lat + 0.5) for lat, lon in (AUSTIN, DALLAS, HOUSTON)]
    units = pa.table(
        {
            "id": ["u/1", "u/2", "u/3"],
            "name": pa.array(["Austin", None, "Houston"], pa.string()),
            "geometry": pa.array([shapely.to_wkb(box) for box in boxes], pa.binary()),
        }
    )
    tables = texas(units=units)
    in_units = Placing(tables, asked(centers={"candidates": "units"}), known={}).first(seed=0, params=PARAMS)
    assert {center.place_id for center in in_units.values()} == {"u/1", "u/2", "u/3"}
    for center in in_units.values():
        box = boxes[int(str(center.place_id)[-1]) - 1]
        assert box.contains(shapely.Point(center.lon, center.lat))


def test_a_center_is_where_its_rep_reaches_its_accounts() -> None:
    """A largest distance of 60 km rules out places from which a city would not be reached."""
    tables = texas(reach=60.0)
    centers = Placing(tables, asked(), known={}).first(seed=0, params=PARAMS)
    planned = plan(tables, asked(), centers=centers)
    assert planned.problem.possible is not None
    assert planned.problem.possible.any(axis=1).all()


def test_a_territory_moves_its_center_to_its_middle() -> None:
    """By an alignment, a center far off goes to the account that costs least; one that is best already stays."""
    tables = texas()
    placing = Placing(tables, asked(), known={})
    right = placing.first(seed=0, params=PARAMS)
    rep = np.array([next(rep_id for rep_id in right if city_of(right[rep_id]) == index // 4)[1] for index in range(12)])
    rep = rep.astype(np.int32)
    assert placing.better(plan(tables, asked(), centers=right), rep) is None
    astray = dict.fromkeys(right, Center(33.0, -100.0))
    assert placing.better(plan(tables, asked(), centers=astray), rep) == right


def test_centers_are_needed_only_where_distances_count() -> None:
    """Without travel, compactness and largest distances a rep needs no place; one who has left never does."""
    tables = texas(homes={0: AUSTIN})
    assert free_reps(tables, asked(), {}).tolist() == [1, 2]
    assert free_reps(tables, Criteria.model_validate({"balance": [{"measure": "workload"}]}), {}).tolist() == []
    left = tables.reps.append_column("active", pa.array([True, True, False]))
    assert free_reps(DatasetTables(accounts=tables.accounts, reps=left), asked(), {}).tolist() == [1]


def test_centers_are_stored_and_read_back() -> None:
    """Place, id and name survive JSON; centers of before, with a place alone, are read as well."""
    centers = {"R/1": Center(1.5, -2.5, "a/1", "Łódź")}
    assert read_centers(stored_centers(centers)) == centers
    assert read_centers({"R": [1.0, 2.0]}) == {"R": Center(1.0, 2.0)}


def test_very_many_places_are_thinned_evenly() -> None:
    """So many places remain, all of them different, in every corner."""
    tables = texas()
    places = candidate_places(tables, "accounts")
    assert thinned(places, 100).tolist() == list(range(12))
    kept = thinned(places, 6)
    assert len(set(kept.tolist())) == 6
    assert {city_of(places.center(position)) for position in kept.tolist()} == {0, 1, 2}
