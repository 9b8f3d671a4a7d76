"""Mapbox Vector Tiles: points and polygons of one square of the Web Mercator map, as protocol buffer bytes.

Owns projection, clipping and encoding. Polygons must already be cut at the antimeridian; what lies beyond the map's
latitudes is cut off.

References
----------
Mapbox Vector Tile specification 2.1, https://github.com/mapbox/vector-tile-spec/tree/master/2.1
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_data.exceptions import SettingError

__all__ = ["DEEPEST_ZOOM", "EXTENT", "Tile", "TileLayer", "encode_tile"]

EXTENT = 4096
"""Width of a tile in its own coordinates."""

DEEPEST_ZOOM = 22
_BUFFER = 64  # tile units that polygons go on beyond the edge, so that their outline is not seen there
_VARINT, _FIXED64, _BYTES = 0, 1, 2
_POINT, _POLYGON = 1, 3
_MOVE_TO, _LINE_TO, _CLOSE = 1, 2, 7

Floats = NDArray[np.float64]
Value = str | bool | int | float
Properties = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class Tile:
    """One square of the map.

    Parameters
    ----------
    z
        Zoom, 0 to `DEEPEST_ZOOM`.
    x, y
        Column from the west and row from the north, 0 to ``2**z - 1``.
    """

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        """Refuse a square that is not on the map."""
        side = 1 << self.z if 0 <= self.z <= DEEPEST_ZOOM else 0
        if not (0 <= self.x < side and 0 <= self.y < side):
            raise SettingError(f"there is no tile {self.z}/{self.x}/{self.y}")

    def project(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Turn degrees into tile coordinates; y runs south, and the poles are far away but finite."""
        side = float(1 << self.z)
        bent = np.arcsinh(np.tan(np.radians(np.clip(lat, -89.9, 89.9)))) / np.pi
        return ((lon + 180) / 360 * side - self.x) * EXTENT, ((1 - bent) / 2 * side - self.y) * EXTENT


@dataclass(frozen=True, eq=False, slots=True)
class TileLayer:
    """Features of one kind.

    Parameters
    ----------
    name
        Name of the layer.
    geometry
        Points, Polygons or MultiPolygons in degrees. Shape ``(features,)``.
    properties
        Of each feature; None is left out.
    """

    name: str
    geometry: NDArray[np.object_]
    properties: Sequence[Properties]


def encode_tile(tile: Tile, layers: Iterable[TileLayer]) -> bytes:
    """Return the bytes of a tile, empty where nothing lies in it.

    Parameters
    ----------
    tile
        The square.
    layers
        What to draw; a layer without features in the square is left out.
    """
    return b"".join(_field(3, content) for layer in layers if (content := _layer(tile, layer)))


def _layer(tile: Tile, layer: TileLayer) -> bytes:
    keys: dict[str, int] = {}
    values: dict[tuple[type, Value], int] = {}
    features = []
    for row, kind, commands in _commands(tile, layer.geometry):
        tags: list[int] = []
        for key, value in layer.properties[row].items():
            if value is not None:
                tags += (keys.setdefault(key, len(keys)), values.setdefault((type(value), value), len(values)))
        body = _field(2, _packed(tags)) + _tag(3, _VARINT) + _varint(kind) + _field(4, _packed(commands))
        features.append(_field(2, body))
    if not features:
        return b""
    return b"".join(
        (
            _tag(15, _VARINT) + _varint(2),
            _field(1, layer.name.encode()),
            *features,
            *(_field(3, key.encode()) for key in keys),
            *(_field(4, _value(value)) for _, value in values),
            _tag(5, _VARINT) + _varint(EXTENT),
        )
    )


def _commands(tile: Tile, geometry: NDArray[np.object_]) -> Iterable[tuple[int, int, list[int]]]:
    """Yield row, geometry type and drawing commands of what lies in the tile."""
    bounds = shapely.bounds(geometry)
    west, north = tile.project(bounds[:, 0], bounds[:, 3])
    east, south = tile.project(bounds[:, 2], bounds[:, 1])
    low, high = -_BUFFER, EXTENT + _BUFFER
    near = np.flatnonzero((east >= low) & (west <= high) & (south >= low) & (north <= high))
    is_point = shapely.get_type_id(geometry[near]) == shapely.GeometryType.POINT
    points = near[is_point]
    x, y = tile.project(shapely.get_x(geometry[points]), shapely.get_y(geometry[points]))
    inside = (x >= 0) & (x < EXTENT) & (y >= 0) & (y < EXTENT)  # each point is in one tile only
    for row, column, line in zip(points[inside].tolist(), x[inside].tolist(), y[inside].tolist(), strict=True):
        yield row, _POINT, [_MOVE_TO | 1 << 3, _zigzag(int(column)), _zigzag(int(line))]
    for row in near[~is_point].tolist():
        commands = _polygon_commands(_clipped(tile, geometry[row]))
        if commands:
            yield row, _POLYGON, commands


def _clipped(tile: Tile, geometry: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons within the tile, in whole tile coordinates, shells turning as the format wants."""
    moved = shapely.transform(geometry, lambda points: np.column_stack(tile.project(points[:, 0], points[:, 1])))
    cut = shapely.clip_by_rect(moved, -_BUFFER, -_BUFFER, EXTENT + _BUFFER, EXTENT + _BUFFER)
    if not cut.is_valid:
        cut = shapely.make_valid(cut, method="structure", keep_collapsed=False)
    whole = shapely.orient_polygons(shapely.set_precision(cut, 1.0), exterior_cw=False)
    return [part for part in shapely.get_parts(whole).tolist() if isinstance(part, shapely.Polygon) and part.area > 0]


def _polygon_commands(polygons: Iterable[shapely.Polygon]) -> list[int]:
    commands: list[int] = []
    at_x = at_y = 0
    for polygon in polygons:
        for ring in (polygon.exterior, *polygon.interiors):
            corners = np.rint(shapely.get_coordinates(ring)[:-1]).astype(np.int64)
            steps = np.diff(corners, axis=0, prepend=[[at_x, at_y]])
            turned = ((steps << 1) ^ (steps >> 63)).ravel().tolist()
            line_to = _LINE_TO | (len(corners) - 1) << 3
            commands += (_MOVE_TO | 1 << 3, *turned[:2], line_to, *turned[2:], _CLOSE | 1 << 3)
            at_x, at_y = corners[-1].tolist()
    return commands


def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _field(number: int, content: bytes) -> bytes:
    return _tag(number, _BYTES) + _varint(len(content)) + content


def _packed(values: Iterable[int]) -> bytes:
    return b"".join(map(_varint, values))


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return _field(1, value.encode())
    if isinstance(value, bool):
        return _tag(7, _VARINT) + _varint(int(value))
    if isinstance(value, int):
        return _tag(6, _VARINT) + _varint(_zigzag(value))
    return _tag(3, _FIXED64) + np.array(value, dtype="<f8").tobytes()
