"""Units from GeoJSON (RFC 7946): ids, polygons and properties, repaired where that is safe, else refused."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.datasets.faults import FaultLog, Origin
from app.datasets.readers.reading import ReadLimits
from app.datasets.tables import UNIT_FIELDS
from app.errors import Fault, InvalidInput
from app.validation import nearest

CRS_84_NAMES = (
    "urn:ogc:def:crs:OGC:1.3:CRS84",
    "urn:ogc:def:crs:OGC::CRS84",
    "EPSG:4326",
    "urn:ogc:def:crs:EPSG::4326",
)
WEB_MERCATOR_HALF_M = 20_037_508.4
MIN_RING_POSITIONS = 4
OVERLAP_REFUSED = 0.01
FEATURE_KEYS = frozenset({"type", "id", "properties", "geometry", "bbox"})


@dataclass(frozen=True, eq=False)
class _Ring:
    """Positions of one ring, longitude first. Shape ``(positions, 2)``."""

    positions: NDArray[np.float64]


class _BadGeometryError(Exception):
    """When a geometry cannot be read; the message says why."""


def read_units(parsed: object, origin: Origin, log: FaultLog, limits: ReadLimits) -> pa.Table:
    """Read a FeatureCollection, or a list of Features, into the stored form of units.

    Parameters
    ----------
    parsed
        Strictly parsed JSON.
    origin
        Where it came from.
    log
        Receives every fault.
    limits
        Limits of features and vertices.

    Raises
    ------
    InvalidInput
        When there are more vertices than the limit.
    """
    features = _features(parsed, origin, log)
    rows: list[tuple[str | None, str | None, BaseGeometry | None, str]] = []
    vertices = 0
    for index, feature in enumerate(features):
        row, count = _read_feature(feature, index, origin, log)
        vertices += count
        if vertices > limits.max_vertices:
            detail = f"The polygons have more than {limits.max_vertices:,} vertices; simplify them first."
            params = {"limit": limits.max_vertices}
            raise InvalidInput([Fault(code="TOO_MANY", detail=detail, params=params, **origin.place(None))])
        rows.append(row)
    _check_overlaps([row[2] for row in rows], [row[0] for row in rows], origin, log)
    columns = (
        [row[0] for row in rows],
        [row[1] for row in rows],
        [None if row[2] is None else shapely.to_wkb(row[2]) for row in rows],
        [row[3] for row in rows],
    )
    arrays = [pa.array(values, field.type) for values, field in zip(columns, UNIT_FIELDS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=UNIT_FIELDS)


def _features(parsed: object, origin: Origin, log: FaultLog) -> list[Any]:
    if isinstance(parsed, list):
        return parsed
    if not isinstance(parsed, dict) or not isinstance(parsed.get("features"), list):
        detail = "Units must be a GeoJSON FeatureCollection, or a list of its Features."
        log.add(Fault(code="WRONG_TYPE", detail=detail, **origin.place(None)))
        return []
    crs = parsed.get("crs")
    if crs is not None:
        name = str(crs.get("properties", {}).get("name", "")) if isinstance(crs, dict) else str(crs)
        if name not in CRS_84_NAMES:
            detail = f"The crs member names '{name[:80]}'; send WGS 84 degrees, longitude first, and no crs."
            log.add(Fault(code="WRONG_CRS", detail=detail, value=name, params={"crs": name}, **origin.place(None)))
    features: list[Any] = parsed["features"]
    return features


def _read_feature(
    feature: object, index: int, origin: Origin, log: FaultLog
) -> tuple[tuple[str | None, str | None, BaseGeometry | None, str], int]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        log.add(Fault(code="WRONG_TYPE", detail="This is not a GeoJSON Feature.", **origin.place(index)))
        return (None, None, None, "{}"), 0
    for key in feature.keys() - FEATURE_KEYS:
        near = nearest(str(key), sorted(FEATURE_KEYS))
        if near is not None:
            detail = f"'{str(key)[:64]}' is not a member of a Feature: did you mean '{near}'?"
            log.add(Fault(code="UNKNOWN_FIELD", detail=detail, **origin.place(index)))
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        log.add(Fault(code="WRONG_TYPE", detail="'properties' must be an object.", **origin.place(index, "properties")))
        properties = {}
    unit_id = _unit_id(feature, properties)
    if unit_id is None:
        detail = "The Feature has no id; give Feature.id or properties.id as text."
        log.add(Fault(code="MISSING_FIELD", detail=detail, **origin.place(index, "id")))
    name = properties.get("name")
    geometry, count = _geometry(feature.get("geometry"), unit_id or f"number {index + 1}", index, origin, log)
    text = msgspec.json.encode(properties).decode()
    return (unit_id, name if isinstance(name, str) else None, geometry, text), count


def _unit_id(feature: Mapping[str, Any], properties: Mapping[str, Any]) -> str | None:
    for value in (feature.get("id"), properties.get("id")):
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def _geometry(value: object, unit: str, index: int, origin: Origin, log: FaultLog) -> tuple[BaseGeometry | None, int]:
    place = origin.place(index, "geometry")

    def report(code: str, detail: str, *, repaired: bool = False) -> None:
        severity = "warning" if repaired else "error"
        log.add(Fault(code=code, detail=detail, params={"unit_id": unit}, severity=severity, **place))

    try:
        polygons = _rings(value)
    except _BadGeometryError as error:
        report("INVALID_GEOMETRY", f"Unit '{unit[:64]}': {error}")
        return None, 0
    count = sum(len(ring.positions) for rings in polygons for ring in rings)
    bounds = np.concatenate([ring.positions for rings in polygons for ring in rings])
    if np.abs(bounds[:, 0]).max() > 360 or np.abs(bounds[:, 1]).max() > 90:
        is_mercator = np.abs(bounds).max() <= WEB_MERCATOR_HALF_M
        looks = "looks like EPSG:3857 or another projection in meters" if is_mercator else "is not in degrees"
        report("WRONG_CRS", f"Unit '{unit[:64]}' {looks}; send WGS 84 degrees, longitude first.")
        return None, count
    if bounds[:, 0].max() > 180:
        report("LONGITUDE_0_360", f"Unit '{unit[:64]}' has longitudes over 180; subtract 360 from them.")
        return None, count
    crosses = any(np.abs(np.diff(ring.positions[:, 0])).max() > 180 for rings in polygons for ring in rings)
    if crosses:
        polygons = [[_unwrapped(ring) for ring in rings] for rings in polygons]
    shape = shapely.multipolygons(
        [shapely.polygons(rings[0].positions, [ring.positions for ring in rings[1:]]) for rings in polygons]
    )
    if not shapely.is_valid(shape):
        reason = str(shapely.is_valid_reason(shape))
        shape = _only_polygons(shapely.make_valid(shape))
        report("INVALID_GEOMETRY", f"Unit '{unit[:64]}' was repaired: {reason}.", repaired=not shape.is_empty)
    if crosses:
        shape = _cut_at_antimeridian(shape)
        report("ANTIMERIDIAN_NOT_CUT", f"Unit '{unit[:64]}' crossed longitude 180 and was cut there.", repaired=True)
    if shape.is_empty or shape.area == 0:
        report("INVALID_GEOMETRY", f"Unit '{unit[:64]}' covers no ground.")
        return None, count
    return shape, count


def _rings(value: object) -> list[list[_Ring]]:
    """Return the rings of a Polygon or MultiPolygon, numbers only."""
    if not isinstance(value, dict) or value.get("type") not in ("Polygon", "MultiPolygon"):
        raise _BadGeometryError("its geometry must be a Polygon or a MultiPolygon.")
    coordinates = value.get("coordinates")
    polygons = [coordinates] if value["type"] == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        raise _BadGeometryError("its geometry has no coordinates.")
    result = []
    for rings in polygons:
        if not isinstance(rings, list) or not rings:
            raise _BadGeometryError("a polygon has no rings.")
        result.append([_ring(ring) for ring in rings])
    return result


def _ring(value: object) -> _Ring:
    try:
        positions = np.array(value)
    except (ValueError, OverflowError):
        raise _BadGeometryError("a ring must be a list of [longitude, latitude].") from None
    if positions.dtype.kind not in "if" or positions.ndim != 2 or positions.shape[1] not in (2, 3):
        raise _BadGeometryError("a ring must be a list of [longitude, latitude].")
    positions = positions[:, :2].astype(np.float64)
    if not np.isfinite(positions).all():
        raise _BadGeometryError("a ring has a number that is not finite.")
    if len(positions) < MIN_RING_POSITIONS or not np.array_equal(positions[0], positions[-1]):
        raise _BadGeometryError("a ring must have four positions or more, and end where it begins.")
    return _Ring(positions)


def _unwrapped(ring: _Ring) -> _Ring:
    longitudes = np.degrees(np.unwrap(np.radians(ring.positions[:, 0])))
    if longitudes.mean() < 0:
        longitudes = longitudes + 360
    return _Ring(np.column_stack([longitudes, ring.positions[:, 1]]))


def _cut_at_antimeridian(shape: BaseGeometry) -> BaseGeometry:
    west = shapely.intersection(shape, shapely.box(-180, -90, 180, 90))
    east = shapely.intersection(shape, shapely.box(180, -90, 540, 90))
    shifted = shapely.transform(east, lambda positions: positions - np.array([360.0, 0.0]))
    return _only_polygons(shapely.union_all([west, shifted]))


def _only_polygons(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.multipolygons([part for part in parts if part.geom_type == "Polygon"])


def _check_overlaps(shapes: list[BaseGeometry | None], ids: list[str | None], origin: Origin, log: FaultLog) -> None:
    """Report units that cover the same ground: slivers as warnings, more than a hundredth as errors."""
    known = [index for index, shape in enumerate(shapes) if shape is not None]
    if len(known) < 2:
        return
    array = np.array([shapes[index] for index in known], dtype=object)
    first, second = shapely.STRtree(array).query(array, predicate="intersects")
    later = first < second
    first, second = first[later], second[later]
    try:
        common = shapely.area(shapely.intersection(array[first], array[second]))
    except shapely.GEOSException:
        return
    smaller = np.minimum(shapely.area(array[first]), shapely.area(array[second]))
    share = common / smaller
    for pair in np.flatnonzero(share > 1e-9).tolist():
        one, two = known[int(first[pair])], known[int(second[pair])]
        percent = max(0.01, math.floor(float(share[pair]) * 10000) / 100)
        is_sliver = share[pair] < OVERLAP_REFUSED
        log.add(
            Fault(
                code="UNITS_OVERLAP",
                detail=f"Units '{str(ids[one])[:64]}' and '{str(ids[two])[:64]}' overlap by {percent} % of the smaller"
                + (
                    "; the sliver is removed when territories are drawn."
                    if is_sliver
                    else "; send units that only touch."
                ),
                params={"unit_ids": [str(ids[one]), str(ids[two])], "percent": percent},
                severity="warning" if is_sliver else "error",
                **origin.place(two, "geometry"),
            )
        )
