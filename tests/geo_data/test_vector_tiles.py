import itertools

import numpy as np
import pytest
import shapely

from geo_data.exceptions import SettingError
from geo_data.vector_tiles import EXTENT, Tile, TileLayer, encode_tile
from tests.mvt import decode


def layer(*shapes: shapely.Geometry, **properties: object) -> TileLayer:
    """Return a layer whose features all have the same properties."""
    geometry = np.array([*shapes, None], dtype=object)[:-1]
    return TileLayer("things", geometry, [properties] * len(shapes))  # type: ignore[list-item] # values of any kind


def ring_area(ring: list[tuple[int, int]]) -> float:
    """Return the surveyor's area of a closed ring."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2


def test_a_point_lies_where_web_mercator_puts_it() -> None:
    """Null island is the middle of the world; 45° N, 90° W lies a quarter from the west and 0.3598 from the north."""
    tile = encode_tile(Tile(0, 0, 0), [layer(shapely.Point(0, 0), shapely.Point(-90, 45))])
    found = decode(tile)["things"]
    assert (found.version, found.extent) == (2, EXTENT)
    assert [feature.parts for feature in found.features] == [[[(2048, 2048)]], [[(1024, 1473)]]]


def test_properties_keep_their_kind() -> None:
    """Texts of any script, whole numbers of both signs, fractions and flags come back; None is left out."""
    sent = {"name": "Łódź 京都", "count": 70_000, "below": -5, "share": 0.25, "moved": True, "one": 1, "gone": None}
    found = decode(encode_tile(Tile(0, 0, 0), [layer(shapely.Point(1, 1), **sent)]))["things"].features[0]
    assert found.properties == {name: value for name, value in sent.items() if value is not None}
    assert found.properties["moved"] is True


def test_rings_turn_as_the_format_wants() -> None:
    """A shell has a positive area and its hole a negative one, whatever the order of the input."""
    holed = shapely.Polygon(shapely.box(-40, -40, 40, 40).exterior, [shapely.box(-10, -10, 10, 10).exterior])
    parts = decode(encode_tile(Tile(0, 0, 0), [layer(holed)]))["things"].features[0].parts
    assert [ring_area(part) > 0 for part in parts] == [True, False]


def test_polygons_are_clipped_and_points_belong_to_one_tile() -> None:
    """A polygon goes on for 64 units beyond its tile's edge; a point on the edge is in one of the two tiles."""
    shapes = layer(shapely.box(-100, -50, 100, 50), shapely.Point(0, 10))
    tiles = [decode(encode_tile(Tile(1, x, 0), [shapes]))["things"].features for x in (0, 1)]
    west = np.array(tiles[0][-1].parts[0])
    assert (west[:, 0].max(), west[:, 1].max()) == (EXTENT + 64, EXTENT + 64)
    assert sum(feature.kind == 1 for features in tiles for feature in features) == 1


def test_neighbors_still_share_their_border() -> None:
    """Two squares with a common edge have the same vertices along it, in tile coordinates too."""
    squares = decode(encode_tile(Tile(5, 16, 10), [layer(shapely.box(2, 50, 5, 53), shapely.box(5, 50, 8, 53))]))
    left, right = (set(feature.parts[0]) for feature in squares["things"].features)
    assert len(left & right) == 2


def test_poles_and_the_antimeridian() -> None:
    """The poles are cut off at the map's edge, and land up to ±180 reaches the edge of the world."""
    shapes = layer(shapely.box(170, -90, 180, 90), shapely.Point(180, 0), shapely.Point(-180, 90))
    found = decode(encode_tile(Tile(0, 0, 0), [shapes]))["things"].features
    corners = np.array(found[-1].parts[0])
    assert (corners[:, 1].min(), corners[:, 1].max(), corners[:, 0].max()) == (-64, EXTENT + 64, EXTENT)


def test_empty_tiles() -> None:
    """A tile without anything has no bytes, and one that is not on the map is refused."""
    assert encode_tile(Tile(3, 0, 0), [layer(shapely.Point(100, -40))]) == b""
    assert encode_tile(Tile(0, 0, 0), [layer()]) == b""
    for place in ((0, 1, 0), (-1, 0, 0), (23, 0, 0), (2, 0, 4)):
        with pytest.raises(SettingError):
            Tile(*place)
