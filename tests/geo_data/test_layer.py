import json
from typing import Any

import numpy as np
import pytest
import shapely

from geo_data.exceptions import UnreadableLayerError
from geo_data.geojson_layer import read_layer
from geo_data.layer import Layer, LayerFault, locate_in_units


def square(x: float, y: float, size: float = 1.0) -> list[list[list[float]]]:
    return [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]


def feature(rings: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": rings}, **more}


def read(*features: Any, **more: Any) -> tuple[Layer, tuple[LayerFault, ...]]:
    return read_layer(json.dumps({"type": "FeatureCollection", "features": features, **more}).encode())


def codes(faults: tuple[LayerFault, ...]) -> list[tuple[str, int | None, str]]:
    return [(fault.code, fault.index, fault.severity) for fault in faults]


def test_clean_layer() -> None:
    """Ids come from the feature, else from its properties; names and properties travel along."""
    layer, faults = read(
        feature(square(0, 0), id="Ø1"),
        feature(square(1, 0), id=36061, properties={"NAME": "Kings", "pop": 5}),
        feature(square(2, 0), properties={"id": "c", "name": "Çay"}),
    )
    assert faults == ()
    assert layer.ids == ("Ø1", "36061", "c")
    assert layer.names == (None, "Kings", "Çay")
    assert layer.properties[1]["pop"] == 5
    assert shapely.get_type_id(layer.geometry).tolist() == [6, 6, 6]


def test_byte_order_mark_is_taken() -> None:
    """A byte order mark in front of the file does no harm."""
    text = json.dumps({"type": "FeatureCollection", "features": [feature(square(0, 0), id="a")]})
    assert read_layer(b"\xef\xbb\xbf" + text.encode())[0].ids == ("a",)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"type": "Feature"}', b'{"type": "FeatureCollection"}', b"\xff"])
def test_refuses_what_is_no_layer(data: bytes) -> None:
    """Bytes that are no FeatureCollection are refused."""
    with pytest.raises(UnreadableLayerError):
        read_layer(data)


def test_other_coordinate_systems_are_named() -> None:
    """A crs member other than WGS 84 and coordinates in meters are refused, with the likely name."""
    by_member = read(feature(square(0, 0), id="a"), crs={"type": "name", "properties": {"name": "EPSG:31467"}})[1]
    by_numbers = read(feature(square(1_200_000, 6_100_000, 500), id="a"))[1]
    swapped = read(feature(square(40, -120), id="a"))[1]
    assert [item[0].code for item in (by_member, by_numbers, swapped)] == ["WRONG_CRS"] * 3
    assert by_member[0].params["crs"] == "EPSG:31467"
    assert by_numbers[0].params["crs"] == "EPSG:3857"
    assert "swapped" in swapped[0].detail


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326"])
def test_wgs_84_may_be_said(name: str) -> None:
    """A crs member that says WGS 84 is fine."""
    assert read(feature(square(0, 0), id="a"), crs={"type": "name", "properties": {"name": name}})[1] == ()


def test_invalid_rings_are_repaired_or_refused() -> None:
    """A bow tie is repaired with a warning; a line, a point and nothing are errors."""
    bow_tie = [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]
    flat = [[[0, 5], [1, 5], [2, 5], [0, 5]]]
    layer, faults = read(
        feature(bow_tie, id="a"),
        feature(flat, id="b"),
        feature([[[0, 0], [1, 1]]], id="c"),
        {"type": "Feature", "id": "d", "geometry": {"type": "Point", "coordinates": [0, 0]}},
        {"type": "Feature", "id": "e", "geometry": None},
        None,
    )
    assert layer.ids == ("a",)
    assert layer.geometry[0].is_valid
    found = {(fault.index, fault.severity) for fault in faults if fault.code == "INVALID_GEOMETRY"}
    assert found == {(0, "warning"), *((index, "error") for index in range(1, 6))}


def test_units_across_the_antimeridian_are_cut() -> None:
    """A unit from 170 to 190 degrees is cut at 180, with a warning."""
    layer, faults = read(feature(square(175, -20, 10), id="fj"))
    assert codes(faults) == [("ANTIMERIDIAN_NOT_CUT", 0, "warning")]
    assert layer.geometry[0].bounds == (-180, -20, 180, -10)
    assert layer.geometry[0].area == pytest.approx(100)


def test_overlaps_are_found() -> None:
    """Units that share a quarter are refused, a hair is a warning, touching is fine; the earlier one keeps a hair."""
    layer, faults = read(
        feature(square(0, 0), id="a"),
        feature(square(0.5, 0.5), id="b"),
        feature(square(5, 0), id="c"),
        feature(square(5.9999, 0), id="d"),
        feature(square(6.9999, 0), id="e"),
    )
    assert codes(faults) == [("UNITS_OVERLAP", 1, "error"), ("UNITS_OVERLAP", 3, "warning")]
    assert faults[0].params["share"] == pytest.approx(0.25)
    assert shapely.intersection(layer.geometry[2], layer.geometry[3]).area == 0
    assert layer.geometry[2].area == 1


def test_ids_are_needed_once_each() -> None:
    """A unit without an id and a second unit with the same id are reported with their places."""
    layer, faults = read(
        feature(square(0, 0), id="a"),
        feature(square(1, 0)),
        feature(square(2, 0), id="a"),
        feature(square(3, 0), id=True),
    )
    assert codes(faults) == [
        ("MISSING_COLUMN", 1, "error"),
        ("DUPLICATE_ID", 2, "error"),
        ("MISSING_COLUMN", 3, "error"),
    ]
    assert len(layer.ids) == 2


def test_limits() -> None:
    """An empty layer and one with too many vertices are refused."""
    assert codes(read()[1]) == [("EMPTY_LIST", None, "error")]
    data = json.dumps({"type": "FeatureCollection", "features": [feature(square(0, 0), id="a")]}).encode()
    assert codes(read_layer(data, max_vertices=4)[1]) == [("TOO_MANY", None, "error")]


def test_accounts_are_placed_in_units() -> None:
    """A point has the unit that it lies in, the first on a common border, and -1 outside all."""
    units = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object)
    found = locate_in_units(units, np.array([0.5, 0.5, 0.5, 9.0]), np.array([0.5, 1.5, 1.0, 9.0]))
    assert found.tolist() == [0, 1, 0, -1]
