import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo_data.boundaries import us_counties
from geo_data.clip import clip_area
from geo_data.coverage import dissolve
from geo_data.exceptions import ArrayShapeError, CoordinateError, SettingError
from geo_data.geojson import feature_collection, polygon_feature
from geo_data.shapes import Territories, territories_from_accounts, territories_from_units
from geo_data.synthetic import generate


def largest_overlap(geometry: NDArray[np.object_]) -> float:
    """Return the largest common area of two territories."""
    first, second = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    once = first < second
    return float(shapely.area(shapely.intersection(geometry[first[once]], geometry[second[once]])).max(initial=0))


def assert_sound(territories: Territories, lat: list[float], lon: list[float], rep: list[int]) -> None:
    """Check everything that a map promises."""
    geometry = territories.geometry
    assert all(isinstance(item, shapely.MultiPolygon) for item in geometry)
    assert shapely.is_valid(geometry).all()
    assert shapely.coverage_is_valid(geometry)
    assert largest_overlap(geometry) == 0
    coordinates = shapely.get_coordinates(geometry)
    assert np.array_equal(coordinates, coordinates.round(6))
    assert (np.abs(coordinates) <= (180, 90)).all()
    points = shapely.points(lon, lat)
    lost = [index for index, own in enumerate(rep) if own >= 0 and not geometry[own].covers(points[index])]
    assert tuple(lost) == territories.outside
    assert all(not geometry[own].is_empty for own in rep if own >= 0)


PLACE = st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.integers(-1, 3))


@settings(max_examples=25, deadline=None)
@given(st.lists(PLACE, min_size=1, max_size=25), st.sampled_from([0.0, 250.0, 5000.0]))
def test_anywhere_on_earth(places: list[tuple[float, float, int]], simplify_m: float) -> None:
    """Whatever the places, the map is a valid coverage that holds every account or lists it."""
    lat, lon, rep = (list(column) for column in zip(*places, strict=True))
    assert_sound(territories_from_accounts(lat, lon, rep, num_reps=4, simplify_m=simplify_m), lat, lon, rep)


CORNER = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3))


@settings(max_examples=25, deadline=None)
@given(st.lists(CORNER, min_size=1, max_size=30), st.sampled_from([0.5, 0.01, 0.0005]))
def test_regular_grids_with_shared_places(corners: list[tuple[int, int, int]], step: float) -> None:
    """On a regular grid, where places are shared and lines are straight, no account is lost."""
    lat = [round(48 + step * row, 6) for row, _, _ in corners]
    lon = [round(11 + step * column, 6) for _, column, _ in corners]
    rep = [own for _, _, own in corners]
    territories = territories_from_accounts(lat, lon, rep, num_reps=4)
    assert_sound(territories, lat, lon, rep)
    assert territories.outside == ()


@pytest.mark.parametrize(
    ("lat", "lon", "rep"),
    [
        pytest.param([51.5], [0.0], [1], id="one account"),
        pytest.param([40.0, 41.0], [-100.0, -100.0], [0, 1], id="two accounts"),
        pytest.param([40.0] * 5, [-100.0, -99.0, -98.0, -97.0, -96.0], [0, 1, 0, 1, 2], id="collinear"),
        pytest.param([40.0] * 5, [-100.0] * 5, [0, 1, 2, 3, 4], id="five reps in one place"),
        pytest.param([40.0] * 5, [-100.0] * 5, [0] * 5, id="one rep in one place"),
        pytest.param([0.0] * 3, [-30.0] * 3, [0, 1, 2], id="on a ship"),
        pytest.param([-17.7, -17.0, -16.8, -17.5], [178.0, 179.9, -179.9, -179.5], [0, 0, 1, 1], id="Fiji"),
        pytest.param([-16.8, -16.8, -17.5], [180.0, -180.0, 178.5], [0, 0, 1], id="on the antimeridian"),
        pytest.param([51.9, 51.9, 52.0, 51.8], [179.5, -176.6, 173.0, -178.0], [0, 1, 0, 1], id="Aleutians"),
        pytest.param([90.0, -90.0, 89.9, -89.99], [0.0, 0.0, 120.0, 50.0], [0, 1, 0, 1], id="poles"),
        pytest.param([-75.0, -80.0, -85.0, -88.0], [0.0, 90.0, 180.0, -90.0], [0, 1, 2, 3], id="Antarctica"),
    ],
)
def test_awkward_places(lat: list[float], lon: list[float], rep: list[int]) -> None:
    """Degenerate and extreme places give a sound map without a lost account."""
    territories = territories_from_accounts(lat, lon, rep, num_reps=5)
    assert_sound(territories, lat, lon, rep)
    assert territories.outside == ()


def test_territories_share_out_the_area() -> None:
    """Without simplification the territories together are exactly the clip area, up to the grid."""
    rng = np.random.default_rng(3)
    lat, lon = rng.normal(47, 2, 60), rng.normal(9, 3, 60)
    territories = territories_from_accounts(lat, lon, rng.integers(0, 5, 60), num_reps=5, simplify_m=0)
    area = clip_area(lat, lon, max_distance_km=400)
    union = shapely.coverage_union_all(territories.geometry)
    assert shapely.area(territories.geometry).sum() == pytest.approx(area.area, rel=1e-6)
    assert shapely.symmetric_difference(union, area).area < 1e-4


def test_shared_place_is_split_fairly() -> None:
    """Two reps alone in one place get half of the disk each."""
    areas = shapely.area(territories_from_accounts([0.0] * 2, [-30.0] * 2, [0, 1], num_reps=2).geometry)
    assert areas[0] == pytest.approx(areas[1], rel=1e-3)


def test_both_sides_of_the_antimeridian() -> None:
    """A territory across the antimeridian is cut there and has land on both sides."""
    geometry = territories_from_accounts([-16.8, -17.0], [179.9, -179.9], [0, 0], num_reps=1).geometry[0]
    west, _, east, _ = geometry.bounds
    assert (west, east) == (-180, 180)
    assert not any(part.bounds[2] - part.bounds[0] > 180 for part in geometry.geoms)


def test_nobody_swallows_a_continent() -> None:
    """An account in Denver has land around it, and neither Florida nor Canada."""
    geometry = territories_from_accounts([39.7], [-105.0], [0], num_reps=1).geometry[0]
    assert geometry.covers(shapely.Point(-104.0, 41.0))
    assert not geometry.intersects(shapely.Point(-81.4, 28.5))
    assert geometry.bounds[3] < 44


def test_account_at_a_border_does_not_open_the_neighbor() -> None:
    """An account that the coarse atlas puts just across a border colors nothing over there."""
    lat, lon = [52.52, 48.14, 49.0, 48.588], [13.40, 11.58, 8.40, 7.81]  # Kehl lies on the Rhine
    geometry = territories_from_accounts(lat, lon, [0, 0, 0, 0], num_reps=1).geometry[0]
    assert not geometry.intersects(shapely.Point(5.0, 48.0))


def test_realistic_map_is_sound() -> None:
    """A grown alignment with islands of accounts gives a sound map at a coarse tolerance too."""
    data = generate(num_accounts=1500, num_reps=25, seed=5)
    position = {rep_id: index for index, rep_id in enumerate(data.reps["id"])}
    rep = [position.get(rep_id, -1) for rep_id in data.accounts["current_rep_id"]]
    lat, lon = data.accounts["lat"], data.accounts["lon"]
    fine = territories_from_accounts(lat, lon, rep, num_reps=25)
    coarse = territories_from_accounts(lat, lon, rep, num_reps=25, simplify_m=2000)
    for territories in (fine, coarse):
        assert_sound(territories, lat, lon, rep)
        assert territories.outside == ()
    assert shapely.get_num_coordinates(coarse.geometry).sum() < shapely.get_num_coordinates(fine.geometry).sum()
    parts = shapely.get_parts(fine.geometry)
    assert (2 * shapely.area(parts) / shapely.length(parts)).min() > 1e-5


def test_nobody_serves_anything() -> None:
    """Accounts of nobody, or no accounts, leave every territory empty."""
    for lat, lon, rep in (([1.0], [1.0], [-1]), ([], [], [])):
        territories = territories_from_accounts(lat, lon, rep, num_reps=2)
        assert [item.is_empty for item in territories.geometry] == [True, True]


def test_same_input_same_map() -> None:
    """The map depends on nothing but its arguments."""
    data = generate(num_accounts=200, num_reps=5, seed=2, countries=("DE",))
    rep = np.arange(200) % 5
    first, second = (
        territories_from_accounts(data.accounts["lat"], data.accounts["lon"], rep, num_reps=5) for _ in "ab"
    )
    assert [item.wkb for item in first.geometry] == [item.wkb for item in second.geometry]


def test_refuses_bad_arguments() -> None:
    """Places, reps and settings out of range are refused by name."""
    with pytest.raises(CoordinateError):
        territories_from_accounts([91.0], [0.0], [0], num_reps=1)
    with pytest.raises(ArrayShapeError):
        territories_from_accounts([1.0], [0.0], [1], num_reps=1)
    with pytest.raises(ArrayShapeError):
        territories_from_accounts([1.0], [0.0], [0, 0], num_reps=1)
    with pytest.raises(SettingError):
        territories_from_accounts([1.0], [0.0], [0], num_reps=1, simplify_m=-1)
    with pytest.raises(SettingError):
        territories_from_accounts([1.0], [0.0], [0], num_reps=1, max_distance_km=0)


def test_units_are_dissolved() -> None:
    """Four unit squares of two reps become two rectangles, and a unit of nobody stays blank."""
    units = np.array([shapely.box(x, 0, x + 1, 1) for x in range(5)], dtype=object)
    territories = territories_from_units(units, [0, 0, 1, 1, -1], num_reps=3)
    assert [item.area for item in territories.geometry] == [2, 2, 0]
    assert shapely.coverage_is_valid(territories.geometry)


def test_units_that_do_not_match_become_a_coverage() -> None:
    """Units with hair-thin overlaps and odd decimals are cleaned to a valid coverage on the grid."""
    rng = np.random.default_rng(0)
    units = np.array(
        [
            shapely.box(x / 3, y / 3, (x + 1) / 3 + rng.uniform(0, 1e-5), (y + 1) / 3 + rng.uniform(0, 1e-5))
            for x in range(6)
            for y in range(6)
        ],
        dtype=object,
    )
    territories = territories_from_units(units, rng.integers(0, 4, 36), num_reps=4)
    assert_sound(territories, [], [], [])
    assert shapely.area(territories.geometry).sum() == pytest.approx(4.0, rel=1e-3)


def test_a_thousand_territories_of_counties() -> None:
    """A thousand territories of all US counties are under 2.5 MB of GeoJSON, and fifty regions of them are nested."""
    counties = np.array([county.geometry for county in us_counties() if not county.geometry.is_empty], dtype=object)
    order = np.lexsort(shapely.bounds(counties).T)
    rep = np.empty(len(counties), dtype=np.int64)
    rep[order] = np.arange(len(counties)) * 1000 // len(counties)
    geometry = territories_from_units(counties, rep, num_reps=1000).geometry
    features = [polygon_feature(str(number), item, {}) for number, item in enumerate(geometry)]
    assert len(json.dumps(feature_collection(features), separators=(",", ":"))) < 2_500_000
    assert shapely.coverage_is_valid(geometry)
    parts, owner = shapely.get_parts(geometry, return_index=True)
    regions = dissolve(parts, owner // 20, num_reps=50)
    assert shapely.coverage_is_valid(regions)
    for region, item in enumerate(regions):
        below = shapely.union_all(geometry[20 * region : 20 * region + 20])
        assert shapely.symmetric_difference(below, item).area == 0


def test_exclave_does_not_open_the_neighbor() -> None:
    """Point Roberts, which only touches Canada, does not color Vancouver for a team in Washington."""
    lat, lon = [47.61, 48.75, 48.98648], [-122.33, -122.48, -123.08227]
    geometry = territories_from_accounts(lat, lon, [0, 0, 0], num_reps=1).geometry[0]
    assert geometry.covers(shapely.Point(lon[2], lat[2]))
    assert not geometry.intersects(shapely.Point(-123.1, 49.26))
