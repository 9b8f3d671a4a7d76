"""Which polygons are neighbors: by a shared edge (rook) or also by a shared corner (queen)."""

from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["adjacent_pairs", "shared_border_km"]

_KM_PER_DEGREE = 111.195


def adjacent_pairs(geometry: NDArray[np.object_], *, kind: Literal["rook", "queen"]) -> NDArray[np.int64]:
    """Find the neighbors among polygons.

    Parameters
    ----------
    geometry
        Valid polygons, empty ones allowed. Shape ``(units,)``.
    kind
        ``"rook"``: they share a piece of border; ``"queen"``: a corner is enough. Overlapping polygons
        are neighbors in both.

    Returns
    -------
    ndarray
        Pairs of positions, the smaller first, ascending. Shape ``(pairs, 2)``.
    """
    first, second = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    once = first < second
    pairs = np.column_stack((first[once], second[once])).astype(np.int64)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    if kind == "queen" or not len(pairs):
        return pairs
    shared = shapely.intersection(geometry[pairs[:, 0]], geometry[pairs[:, 1]])
    return pairs[_holds_line_or_area(shared)]


def shared_border_km(geometry: NDArray[np.object_], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Measure the border that each pair of polygons shares, for cut edges.

    Parameters
    ----------
    geometry
        Valid polygons in degrees. Shape ``(units,)``.
    pairs
        Pairs of positions. Shape ``(pairs, 2)``.

    Returns
    -------
    ndarray
        Kilometers, with longitudes shortened by the cosine of the middle latitude. Shape ``(pairs,)``.
    """
    if not len(pairs):
        return np.empty(0)
    shared = shapely.intersection(geometry[pairs[:, 0]], geometry[pairs[:, 1]])
    bounds = shapely.bounds(shared)
    middle = np.nan_to_num((bounds[:, 1] + bounds[:, 3]) / 2)
    flattened = [
        shapely.transform(item, lambda points, k=scale: points * (k, 1.0))
        for item, scale in zip(shared.tolist(), np.cos(np.radians(middle)).tolist(), strict=True)
    ]
    lengths: NDArray[np.float64] = shapely.length(np.array(flattened, dtype=object)) * _KM_PER_DEGREE
    return lengths


def _holds_line_or_area(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = (shapely.length(geometry) > 0) | (shapely.area(geometry) > 0)
    return held
