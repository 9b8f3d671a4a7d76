"""Layers from TopoJSON: one object of a topology, whose common borders match vertex by vertex."""

from collections.abc import Mapping
from typing import Any

import shapely

from geo_data.boundaries.topojson import num_vertices, polygonal_objects, read_topology
from geo_data.exceptions import EmptyLayerError, UnreadableLayerError
from geo_data.layer import Layer, LayerFault, RawLayer, build_layer

__all__ = ["read_topology_layer"]

_BROKEN = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, shapely.errors.GEOSException)


def read_topology_layer(
    topology: Mapping[str, Any],
    *,
    max_vertices: int = 2_000_000,
    layer: str | None = None,
    id_property: str | None = None,
) -> tuple[Layer, tuple[LayerFault, ...]]:
    """Read the polygons of a topology in WGS 84 degrees.

    Parameters
    ----------
    topology
        A parsed TopoJSON document.
    max_vertices
        Largest number of vertices, at least 1.
    layer
        Name of the object; where left out, the one with the most polygons, which is reported when there are others.
    id_property
        The property that holds the ids; the geometries' own id, else properties.id, where left out.

    Raises
    ------
    UnreadableLayerError
        When the document is no topology, or has no such object.
    """
    raw = RawLayer()
    try:
        name = _chosen(polygonal_objects(topology), layer, raw.faults)
        vertices = num_vertices(topology, name)
        if vertices > max_vertices:
            detail = f"the topology unfolds to {vertices:,} vertices; the limit is {max_vertices:,}"
            params = {"vertices": vertices, "limit": max_vertices}
            raw.faults.append(LayerFault("TOO_MANY", detail, "simplify the layer", params=params))
            return build_layer(raw)
        features = read_topology(topology, name)
    except UnreadableLayerError:
        raise
    except _BROKEN as error:
        raise UnreadableLayerError(
            f"the TopoJSON cannot be read: {str(error)[:120] or type(error).__name__}"
        ) from error
    for feature in features:
        own = feature.id or feature.properties.get("id")
        raw.ids.append(own if id_property is None else feature.properties.get(id_property))
        raw.properties.append(feature.properties)
        raw.shapes.append(feature.geometry)
    return build_layer(raw, max_vertices=max_vertices)


def _chosen(counts: Mapping[str, int], wanted: str | None, faults: list[LayerFault]) -> str:
    if wanted is not None and wanted not in counts:
        raise UnreadableLayerError(f"the topology has no object {wanted[:64]!r}; it has {_listed(counts)}")
    if not any(counts.values()):
        raise EmptyLayerError("the topology has no polygons")
    name = wanted if wanted is not None else max(counts, key=lambda key: counts[key])
    others = [key for key in counts if key != name]
    if wanted is None and others:
        detail = f"the file has several layers; {name[:64]!r} was taken, not {_listed(others)}"
        fix = "name another one in mapping.units as 'layer'"
        faults.append(LayerFault("UNMAPPED_COLUMN", detail, fix, severity="warning", params={"layer": name[:64]}))
    return name


def _listed(names: Mapping[str, int] | list[str]) -> str:
    return ", ".join(repr(name[:64]) for name in list(names)[:8])
