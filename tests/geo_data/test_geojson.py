import json

import numpy as np
import shapely

from geo_data.geojson import feature_collection, multipolygon, point, polygon_feature
from geo_data.shapes import territories_from_accounts


def test_exterior_rings_turn_left() -> None:
    """A clockwise shell with a hole is written counterclockwise, the hole clockwise."""
    shape = shapely.box(0, 0, 3, 3, ccw=False).difference(shapely.box(1, 1, 2, 2))
    written = multipolygon(shape)
    shell, hole = (shapely.LinearRing(ring) for ring in written["coordinates"][0])
    assert written["type"] == "MultiPolygon"
    assert shell.is_ccw
    assert not hole.is_ccw


def test_empty_territory() -> None:
    """A rep without accounts has a MultiPolygon with empty coordinates."""
    assert multipolygon(shapely.MultiPolygon()) == {"type": "MultiPolygon", "coordinates": []}


def test_map_survives_its_six_decimals() -> None:
    """Written as text and read again, territories are the same valid coverage, with no crs member."""
    rng = np.random.default_rng(8)
    geometry = territories_from_accounts(
        rng.normal(-17, 1, 40), 180 - rng.uniform(0, 3, 40), rng.integers(0, 3, 40), num_reps=3
    ).geometry
    features = [polygon_feature(f"R/{rep}", item, {"accounts": rep}) for rep, item in enumerate(geometry)]
    text = json.dumps(feature_collection(features))
    document = json.loads(text)
    assert "crs" not in document
    assert [feature["id"] for feature in document["features"]] == ["R/0", "R/1", "R/2"]
    again = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in document["features"]])
    assert shapely.is_valid(again).all()
    assert shapely.coverage_is_valid(again)
    assert all(a.equals(b) for a, b in zip(again, geometry, strict=True))


def test_rounding_keeps_polygons_valid() -> None:
    """A polygon with more decimals than six is rounded without crossing itself."""
    shape = shapely.Point(10, 50).buffer(0.00005, quad_segs=64)
    rounded = shapely.from_geojson(json.dumps(multipolygon(shape)))
    assert rounded.is_valid
    assert np.array_equal(shapely.get_coordinates(rounded), shapely.get_coordinates(rounded).round(6))


def test_point_is_longitude_first() -> None:
    """A place is written longitude first, with six decimals."""
    assert point(51.12345678, -0.1) == {"type": "Point", "coordinates": [-0.1, 51.123457]}
