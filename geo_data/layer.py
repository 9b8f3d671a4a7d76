"""Units: a layer of polygons, repaired where that is safe, and what was found wrong.

Owns which coordinates are acceptable (longitude, latitude, WGS 84) and which faults are mended. It never
guesses another coordinate system: it names the likely one and refuses. Faults are data, all in one pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_data.antimeridian import cut_at_antimeridian, needs_cut
from geo_data.coverage import as_multipolygon
from geo_data.overlaps import find_overlaps

__all__ = ["Layer", "LayerFault", "RawLayer", "build_layer", "foreign_crs_fault", "locate_in_units"]

_WEB_MERCATOR_LIMIT = 20_037_509.0
_LARGE_OVERLAP = 0.01  # of the smaller unit: more is a different map, not an inaccuracy


@dataclass(frozen=True, slots=True)
class LayerFault:
    """One thing that is wrong with a layer.

    Attributes
    ----------
    code
        ``WRONG_CRS``, ``INVALID_GEOMETRY``, ``ANTIMERIDIAN_NOT_CUT``, ``UNITS_OVERLAP``, ``DUPLICATE_ID``,
        ``MISSING_COLUMN``, ``EMPTY_LIST`` or ``TOO_MANY``.
    detail, fix
        One plain sentence each: what was found, and what to do.
    index
        Position of the feature, None for the whole file.
    severity
        ``"warning"`` where it was repaired.
    params
        Every number and name of the sentences.
    """

    code: str
    detail: str
    fix: str
    index: int | None = None
    severity: Literal["error", "warning"] = "error"
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """The units of a layer in the order of the file, without those that could not be read.

    Attributes
    ----------
    ids
        Feature.id, else properties.id, as text.
    names
        properties.name in any usual spelling, else None.
    geometry
        Valid MultiPolygons in degrees within ±180. Shape ``(units,)``.
    properties
        The features' properties.
    """

    ids: tuple[str, ...]
    names: tuple[str | None, ...]
    geometry: NDArray[np.object_]
    properties: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class RawLayer:
    """Features as a file has them; all lists run in parallel.

    Attributes
    ----------
    ids
        What the file gives as a feature's id; anything but a text or a whole number is none.
    properties
        The features' properties.
    shapes
        Geometries in degrees, None where one could not be read.
    faults
        What was found while reading.
    """

    ids: list[object] = field(default_factory=list)
    properties: list[Mapping[str, Any]] = field(default_factory=list)
    shapes: list[shapely.Geometry | None] = field(default_factory=list)
    faults: list[LayerFault] = field(default_factory=list)


def build_layer(raw: RawLayer, *, max_vertices: int = 2_000_000) -> tuple[Layer, tuple[LayerFault, ...]]:
    """Check and repair what a file had.

    Parameters
    ----------
    raw
        The features.
    max_vertices
        Largest number of vertices, at least 1.

    Returns
    -------
    Layer, tuple of LayerFault
        What could be read, and everything that was found; a fault of severity error means: refuse.
    """
    faults = list(raw.faults)
    if not raw.shapes:
        if not any(fault.severity == "error" for fault in faults):
            faults.append(LayerFault("EMPTY_LIST", "the layer has no features", "send at least one unit"))
        return _empty_layer(), tuple(faults)
    shapes = [_checked_shape(shape, index, faults) for index, shape in enumerate(raw.shapes)]
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    if vertices > max_vertices:
        detail = f"the layer has {vertices:,} vertices; the limit is {max_vertices:,}"
        params = {"vertices": vertices, "limit": max_vertices}
        return _empty_layer(), (LayerFault("TOO_MANY", detail, "simplify the layer", params=params),)
    faults += _projection_faults(shapes)
    if any(fault.code == "WRONG_CRS" and fault.severity == "error" for fault in faults):
        return _empty_layer(), tuple(faults)
    ids = _ids(raw.ids, faults)
    geometry = [
        None if shape is None else _repaired(shape, index, faults, unit_id=ids[index] or "")
        for index, shape in enumerate(shapes)
    ]
    kept = [index for index, shape in enumerate(geometry) if shape is not None and ids[index] is not None]
    polygons = np.array([geometry[index] for index in kept] + [None], dtype=object)[:-1]
    layer = Layer(
        ids=tuple(ids[index] or "" for index in kept),
        names=tuple(_name(raw.properties[index]) for index in kept),
        geometry=polygons,
        properties=tuple(raw.properties[index] for index in kept),
    )
    faults += _overlap_faults(layer, kept)
    return layer, tuple(faults)


def foreign_crs_fault(name: str) -> LayerFault:
    """Return the refusal of a file that says its coordinates are in another system."""
    return _wrong_crs(f"the file says that its coordinates are in {name}", name)


def locate_in_units(
    geometry: NDArray[np.object_], lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Find the unit that each point lies in.

    Parameters
    ----------
    geometry
        Valid polygons in degrees. Shape ``(units,)``.
    lat, lon
        Degrees WGS 84. Shape ``(points,)``.

    Returns
    -------
    ndarray
        Position of the unit, the first where several hold the point, -1 outside all. Shape ``(points,)``.
    """
    result = np.full(len(lat), len(geometry), dtype=np.int64)
    point, unit = shapely.STRtree(geometry).query(shapely.points(lon, lat), predicate="intersects")
    np.minimum.at(result, point, unit)
    result[result == len(geometry)] = -1
    return result


def _wrong_crs(detail: str, name: str, index: int | None = None) -> LayerFault:
    return LayerFault(
        "WRONG_CRS", detail, "send longitude and latitude in WGS 84 degrees", index=index, params={"crs": name}
    )


def _name(properties: Mapping[str, Any]) -> str | None:
    for key in ("name", "NAME", "Name"):
        if isinstance(properties.get(key), str):
            return str(properties[key])
    return None


def _ids(values: Sequence[object], faults: list[LayerFault]) -> list[str | None]:
    first_seen: dict[str, int] = {}
    ids: list[str | None] = []
    for index, value in enumerate(values):
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            faults.append(
                LayerFault("MISSING_COLUMN", "the feature has no id", "give it an id or properties.id", index=index)
            )
            ids.append(None)
            continue
        text = str(value)
        if text in first_seen:
            detail = f"the id {text[:64]!r} stands at features {first_seen[text] + 1} and {index + 1}"
            params = {"id": text[:64], "first": first_seen[text]}
            faults.append(LayerFault("DUPLICATE_ID", detail, "give each unit its own id", index=index, params=params))
        first_seen.setdefault(text, index)
        ids.append(text)
    return ids


def _checked_shape(shape: shapely.Geometry | None, index: int, faults: list[LayerFault]) -> shapely.Geometry | None:
    if shape is None:
        return None
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        detail = f"the feature's geometry is {shape.geom_type}, not Polygon or MultiPolygon"
        faults.append(LayerFault("INVALID_GEOMETRY", detail, "send polygons", index=index))
        return None
    if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        detail = "the feature's polygon is empty or has a coordinate that is not finite"
        faults.append(LayerFault("INVALID_GEOMETRY", detail, "send its rings", index=index))
        return None
    return shapely.force_2d(shape)


def _projection_faults(shapes: Sequence[shapely.Geometry | None]) -> list[LayerFault]:
    bounds = shapely.bounds(np.array([*shapes, None], dtype=object)[:-1])
    far = (np.abs(bounds[:, [0, 2]]) > 360).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
    if not far.any():
        return []
    index = int(np.flatnonzero(far)[0])
    west, south, east, north = bounds[index].tolist()
    largest = float(np.nanmax(np.abs(bounds)))
    if abs(south) <= 360 and abs(north) <= 360 and abs(west) <= 90 and abs(east) <= 90:
        detail = f"latitudes reach {max(south, north, key=abs):g}: longitude and latitude look swapped"
        return [_wrong_crs(detail, "EPSG:4326 with swapped axes", index)]
    name = "EPSG:3857" if largest <= _WEB_MERCATOR_LIMIT else "a projected system"
    return [_wrong_crs(f"coordinates reach {largest:,.0f}: they look like {name}, in meters", name, index)]


def _repaired(
    shape: shapely.Geometry, index: int, faults: list[LayerFault], *, unit_id: str
) -> shapely.MultiPolygon | None:
    named = {"unit_id": unit_id[:64]}
    if any(needs_cut(part) for part in shapely.get_parts(shape).tolist()):
        pieces = [cut_at_antimeridian(part) for part in shapely.get_parts(shape).tolist()]
        shape = shapely.union_all(pieces)
        detail = f"the unit {unit_id[:64]!r} crosses 180 degrees of longitude; it was cut there"
        faults.append(
            LayerFault("ANTIMERIDIAN_NOT_CUT", detail, "nothing to do", index=index, severity="warning", params=named)
        )
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        is_lost = as_multipolygon(shape).area == 0
        end = "it has no area" if is_lost else "it was repaired"
        detail = f"the polygon of the unit {unit_id[:64]!r} is invalid ({reason}); {end}"
        fix = "send a polygon with an area" if is_lost else "check the unit on the map"
        faults.append(
            LayerFault(
                "INVALID_GEOMETRY",
                detail,
                fix,
                index=index,
                severity="error" if is_lost else "warning",
                params={"reason": reason, **named},
            )
        )
        if is_lost:
            return None
    return as_multipolygon(shape)


def _overlap_faults(layer: Layer, positions: Sequence[int]) -> list[LayerFault]:
    """Report units that share land; where it is little, cut it out of the later one."""
    faults = []
    for overlap in find_overlaps(layer.geometry):
        first, second = positions[overlap.first], positions[overlap.second]
        is_large = overlap.share > _LARGE_OVERLAP
        detail = (
            f"units {layer.ids[overlap.first][:64]!r} and {layer.ids[overlap.second][:64]!r} share "
            f"{100 * overlap.share:.2g} % of the smaller one"
        )
        fix = "send a layer without overlaps" if is_large else "nothing to do: the earlier unit has the shared land"
        if not is_large:
            pair = layer.geometry[[overlap.second, overlap.first]]
            layer.geometry[overlap.second] = as_multipolygon(shapely.difference(pair[0], pair[1]))
        params = {"first": first, "second": second, "share": round(overlap.share, 6)}
        severity: Literal["error", "warning"] = "error" if is_large else "warning"
        faults.append(LayerFault("UNITS_OVERLAP", detail, fix, index=second, severity=severity, params=params))
    return faults


def _empty_layer() -> Layer:
    return Layer(ids=(), names=(), geometry=np.empty(0, dtype=object), properties=())
