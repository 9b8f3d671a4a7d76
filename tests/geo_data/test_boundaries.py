import numpy as np
import pytest
import shapely

from geo_data.antimeridian import needs_cut
from geo_data.boundaries import countries, read_topology, us_counties, us_nation, us_states
from geo_data.boundaries.land import PointIndex, is_within


def test_atlas_is_complete_and_valid() -> None:
    """The atlas holds 241 countries, 56 states and territories and 3,231 counties, all valid and cut."""
    for features, count in ((countries(), 241), (us_states(), 56), (us_counties(), 3231), (us_nation(), 1)):
        geometry = [feature.geometry for feature in features]
        assert len(features) == count
        assert shapely.is_valid(geometry).all()
        assert not any(needs_cut(part) for part in shapely.get_parts(geometry))


@pytest.mark.parametrize(
    ("country", "lat", "lon"),
    [
        ("Russia", 67.0, -175.0),
        ("Russia", 60.0, 100.0),
        ("Fiji", -16.6, 179.2),
        ("Antarctica", -89.0, 0.0),
        ("Antarctica", -85.0, 179.0),
        ("Bolivia", -16.5, -64.0),
    ],
)
def test_land_on_both_sides_of_the_antimeridian(country: str, lat: float, lon: float) -> None:
    """Countries across the antimeridian and around the pole cover their own land and nobody else's."""
    holders = [item.name for item in countries() if item.geometry.covers(shapely.Point(lon, lat))]
    assert holders == [country]


def test_points_on_land() -> None:
    """Cities are on land, oceans are not, whatever the order of the points."""
    land = shapely.get_parts([item.geometry for item in countries()]).tolist()
    lat = np.array([0.0, 48.85, -33.9, 35.0, 40.0])
    lon = np.array([-30.0, 2.35, 151.0, -150.0, -100.0])
    assert is_within(land, lon, lat).tolist() == [False, True, True, False, True]
    assert PointIndex(lon, lat).within(land).tolist() == [1, 2, 4]
    assert is_within([], lon, lat).tolist() == [False] * 5


def test_topology_arcs_are_shared() -> None:
    """Two squares that share an arc, one of them backwards, share their border exactly."""
    topology = {
        "arcs": [
            [[1, 0], [0, 1]],
            [[1, 1], [-1, 0], [0, -1], [1, 0]],
            [[1, 0], [1, 0], [0, 1], [-1, 0]],
        ],
        "transform": {"scale": [0.5, 0.5], "translate": [10, 20]},
        "objects": {
            "squares": {
                "geometries": [
                    {"type": "Polygon", "id": 7, "arcs": [[0, 1]], "properties": {"name": "left"}},
                    {"type": "MultiPolygon", "id": "b", "arcs": [[[2, -1]]]},
                    {"type": "Point", "coordinates": [0, 0]},
                ]
            }
        },
    }
    left, right = read_topology(topology, "squares")
    assert (left.id, left.name, right.id, right.name) == ("7", "left", "b", "")
    assert left.geometry.bounds == (10.0, 20.0, 10.5, 20.5)
    assert shapely.coverage_is_valid([left.geometry, right.geometry])
    assert left.geometry.intersection(right.geometry).length == 0.5
