"""Neighbors of the bundled units, reckoned once and for all: bridging the world's islands takes seconds each time.

Owns how they are found: by a hash of the units' own geometry, so that nothing else can be mistaken for them. The file
is made by :mod:`geo_data.bundled_neighbors`.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["COLUMNS", "FILE", "key_of", "known_neighbors"]

Arrays = Mapping[str, NDArray[Any]]
COLUMNS = ("first", "second", "shared_m", "bridged", "bridge_km")
"""What is kept of each, as in `geo_data.adjacency.Adjacency`."""

FILE = "neighbors.npz"
"""Name of the file in this folder."""


def known_neighbors(units: Sequence[bytes | shapely.Geometry] | NDArray[np.object_], kind: str) -> Arrays | None:
    """Return the neighbors among units that ship with the package, None for any others.

    Parameters
    ----------
    units
        Polygons as WKB or as geometries. Shape ``(units,)``.
    kind
        ``"rook"`` or ``"queen"``.
    """
    known = _known()
    if not any(name.startswith(f"{len(units)}:") for name in known):
        return None
    key = key_of(units, kind)
    if f"{key}:first" not in known:
        return None
    return {column: known[f"{key}:{column}"] for column in COLUMNS}


def key_of(units: Sequence[bytes | shapely.Geometry] | NDArray[np.object_], kind: str) -> str:
    """Return the name under which the neighbors of these units are kept: their number, the kind and their hash."""
    digest = hashlib.sha256()
    for unit in units:
        content = unit if isinstance(unit, bytes) else shapely.to_wkb(unit)
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return f"{len(units)}:{kind}:{digest.hexdigest()}"


@cache
def _known() -> Arrays:
    packed = resources.files(__package__).joinpath(FILE).read_bytes()
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}
