"""Layers from GeoJSON (RFC 7946): a FeatureCollection of polygons in WGS 84."""

import json
from collections.abc import Mapping
from typing import Any

import shapely

from geo_data.exceptions import UnreadableLayerError
from geo_data.layer import Layer, LayerFault, RawLayer, build_layer, foreign_crs_fault

__all__ = ["read_layer"]

_ACCEPTED_CRS = ("CRS84", "CRS:84", "OGC:CRS84", "EPSG:4326", "EPSG::4326")


def read_layer(
    data: bytes, *, max_vertices: int = 2_000_000, id_property: str | None = None
) -> tuple[Layer, tuple[LayerFault, ...]]:
    """Read a GeoJSON FeatureCollection of polygons.

    Parameters
    ----------
    data
        The file, UTF-8, with or without byte order mark.
    max_vertices
        Largest number of vertices, at least 1.
    id_property
        The property that holds the ids; Feature.id, else properties.id, where left out.

    Returns
    -------
    Layer, tuple of LayerFault
        What could be read, and everything that was found; a fault of severity error means: refuse.

    Raises
    ------
    UnreadableLayerError
        When the bytes are not JSON or not a FeatureCollection.
    """
    document = _parsed(data)
    raw = RawLayer()
    foreign = _foreign_crs(document)
    if foreign is not None:
        raw.faults.append(foreign_crs_fault(foreign))
        return build_layer(raw)
    for index, feature in enumerate(document["features"]):
        properties = _properties(feature)
        raw.ids.append(_id(feature, properties) if id_property is None else properties.get(id_property))
        raw.properties.append(properties)
        raw.shapes.append(_shape(feature, index, raw.faults))
    return build_layer(raw, max_vertices=max_vertices)


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableLayerError(f"the layer is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise UnreadableLayerError("the layer is not a GeoJSON FeatureCollection")
    if not isinstance(document.get("features"), list):
        raise UnreadableLayerError("the FeatureCollection has no list of features")
    return document


def _foreign_crs(document: Mapping[str, Any]) -> str | None:
    crs = document.get("crs")
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name", crs)) if isinstance(properties, dict) else str(crs)
    return None if name.upper().endswith(_ACCEPTED_CRS) else name[:64]


def _properties(feature: Any) -> Mapping[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _id(feature: Any, properties: Mapping[str, Any]) -> object:
    value = feature.get("id") if isinstance(feature, dict) else None
    return properties.get("id") if value is None else value


def _shape(feature: Any, index: int, faults: list[LayerFault]) -> shapely.Geometry | None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        has = "no geometry" if kind is None else f"the geometry {str(kind)[:64]}"
        detail = f"the feature has {has}, not Polygon or MultiPolygon"
        faults.append(LayerFault("INVALID_GEOMETRY", detail, "send polygons", index=index))
        return None
    try:
        return shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError) as error:
        detail = f"the feature's rings cannot be read: {str(error)[:120]}"
        faults.append(LayerFault("INVALID_GEOMETRY", detail, "close each ring and give it four points", index=index))
        return None
