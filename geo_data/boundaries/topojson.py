"""Read TopoJSON topologies: shared arcs become polygons whose common borders match vertex by vertex.

Owns the format (quantized, delta-coded arcs). Refuses nothing that a valid topology may hold, and reads
polygons only: points and lines are skipped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_data.antimeridian import cut_at_antimeridian, needs_cut

__all__ = ["TopologyFeature", "num_vertices", "polygonal_objects", "read_topology"]

_SMALLEST_RING = 4  # quantization collapses the tiniest lakes and islands to fewer points


@dataclass(frozen=True, slots=True)
class TopologyFeature:
    """One polygonal feature of a topology.

    Attributes
    ----------
    id
        The feature's id as text; empty where the topology has none.
    name
        Its ``name`` property; empty where there is none.
    geometry
        A valid MultiPolygon in degrees within ±180; empty where quantization collapsed it to a point.
    properties
        All its properties.
    """

    id: str
    name: str
    geometry: shapely.MultiPolygon
    properties: Mapping[str, Any] = field(default_factory=dict)


def polygonal_objects(topology: Mapping[str, Any]) -> dict[str, int]:
    """Count the polygonal features of each object of a topology, by its name.

    Parameters
    ----------
    topology
        A parsed TopoJSON document.
    """
    return {name: len(_polygonal(item)) for name, item in topology["objects"].items()}


def num_vertices(topology: Mapping[str, Any], name: str) -> int:
    """Count the vertices that an object of a topology unfolds to, before unfolding it.

    Parameters
    ----------
    topology
        A parsed TopoJSON document.
    name
        Key of the object.
    """
    lengths = [len(arc) for arc in topology["arcs"]]
    return sum(
        lengths[index if index >= 0 else ~index]
        for item in _polygonal(topology["objects"][name])
        for rings in (item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]])
        for ring in rings
        for index in ring
    )


def _polygonal(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    members = item.get("geometries", [item])
    return [member for member in members if member["type"] in ("Polygon", "MultiPolygon")]


def read_topology(topology: Mapping[str, Any], name: str) -> tuple[TopologyFeature, ...]:
    """Decode the polygonal features of one object of a topology.

    Parameters
    ----------
    topology
        A parsed TopoJSON document.
    name
        Key of the object, a geometry collection or a single geometry.

    Raises
    ------
    KeyError
        When the topology has no such object.
    """
    arcs = _decoded_arcs(topology)
    features = []
    for item in _polygonal(topology["objects"][name]):
        parts = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
        polygons = [polygon for part in parts if (polygon := _polygon(part, arcs)) is not None]
        # Topologies are stitched across the antimeridian: a ring may jump from +180 to -180 in one step.
        pieces = [cut_at_antimeridian(polygon) if needs_cut(polygon) else polygon for polygon in polygons]
        geometry = shapely.MultiPolygon(shapely.get_parts(pieces).tolist())
        if not geometry.is_valid:
            repaired = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
            geometry = shapely.MultiPolygon(shapely.get_parts(repaired).tolist())
        properties = item.get("properties") or {}
        label = str(properties.get("name", ""))
        features.append(
            TopologyFeature(id=str(item.get("id", "")), name=label, geometry=geometry, properties=properties)
        )
    return tuple(features)


def _decoded_arcs(topology: Mapping[str, Any]) -> list[NDArray[np.float64]]:
    transform = topology.get("transform")
    if transform is None:
        return [np.asarray(arc, dtype=np.float64) for arc in topology["arcs"]]
    scale, shift = np.asarray(transform["scale"]), np.asarray(transform["translate"])
    return [np.cumsum(np.asarray(arc, dtype=np.int64), axis=0) * scale + shift for arc in topology["arcs"]]


def _polygon(rings: Sequence[Sequence[int]], arcs: Sequence[NDArray[np.float64]]) -> shapely.Polygon | None:
    shell, *holes = (_ring(indices, arcs) for indices in rings)
    if len(shell) < _SMALLEST_RING:
        return None
    return shapely.Polygon(shell, [hole for hole in holes if len(hole) >= _SMALLEST_RING])


def _ring(indices: Sequence[int], arcs: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    # A negative index is the arc ~index walked backwards; each arc begins where the last one ended.
    pieces = [arcs[index] if index >= 0 else arcs[~index][::-1] for index in indices]
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])
