"""Write RFC 7946 GeoJSON: six decimals, right-hand rule, no crs member, always MultiPolygon.

Returns plain dictionaries; turning them into bytes is the caller's. Geometries must already be cut at the
antimeridian, as everything that `geo_data` draws is.

References
----------
Butler et al. (2016), The GeoJSON Format, RFC 7946, https://www.rfc-editor.org/rfc/rfc7946
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely

from geo_data.sites import GRID_DEGREES

__all__ = ["feature_collection", "multipolygon", "point", "polygon_feature"]

_DECIMALS = 6


def multipolygon(geometry: shapely.Geometry) -> dict[str, Any]:
    """Write polygons as a MultiPolygon geometry.

    Parameters
    ----------
    geometry
        A valid Polygon or MultiPolygon in degrees, possibly empty. Off the grid of 1e-6 degrees it is
        rounded in a way that keeps it valid; a coverage is kept only when it is on the grid already.

    Returns
    -------
    dict
        ``{"type": "MultiPolygon", "coordinates": …}``; empty coordinates for an empty geometry.
    """
    coordinates = shapely.get_coordinates(geometry)
    if not np.array_equal(coordinates, coordinates.round(_DECIMALS)):
        geometry = shapely.set_precision(geometry, GRID_DEGREES)
    parts = shapely.get_parts(shapely.orient_polygons(geometry, exterior_cw=False))
    return {"type": "MultiPolygon", "coordinates": [_rings(part) for part in parts.tolist()]}


def point(lat: float, lon: float) -> dict[str, Any]:
    """Write a place as a Point geometry.

    Parameters
    ----------
    lat, lon
        Degrees WGS 84.
    """
    return {"type": "Point", "coordinates": [round(lon, _DECIMALS), round(lat, _DECIMALS)]}


def polygon_feature(feature_id: str, geometry: shapely.Geometry, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Write one polygonal feature.

    Parameters
    ----------
    feature_id
        Becomes the feature's id, byte for byte.
    geometry
        As in `multipolygon`.
    properties
        JSON values by name.
    """
    return {
        "type": "Feature",
        "id": feature_id,
        "properties": dict(properties),
        "geometry": multipolygon(geometry),
    }


def feature_collection(features: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Collect features, in their order."""
    return {"type": "FeatureCollection", "features": list(features)}


def _rings(polygon: shapely.Polygon) -> list[Any]:
    return [shapely.get_coordinates(ring).round(_DECIMALS).tolist() for ring in (polygon.exterior, *polygon.interiors)]
