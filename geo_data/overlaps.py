"""Find units that claim the same land."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Overlap", "find_overlaps"]

_NEGLIGIBLE = 1e-6  # of the smaller unit: rounding of coordinates


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two units that share land.

    Attributes
    ----------
    first, second
        Positions of the units, the smaller first.
    share
        Shared land as a fraction of the smaller unit, in (0, 1].
    """

    first: int
    second: int
    share: float


def find_overlaps(geometry: NDArray[np.object_]) -> tuple[Overlap, ...]:
    """List the pairs of polygons that overlap by more than a millionth of the smaller one.

    Parameters
    ----------
    geometry
        Valid polygons. Shape ``(units,)``.

    Notes
    -----
    A pass over the edges of the coverage finds the units that can be concerned; only they are intersected.
    """
    if len(geometry) < 2:
        return ()
    suspect = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometry)))
    if not suspect.size:
        return ()
    left, right = shapely.STRtree(geometry[suspect]).query(geometry[suspect], predicate="intersects")
    once = left < right
    first, second = suspect[left[once]], suspect[right[once]]
    shared = shapely.area(shapely.intersection(geometry[first], geometry[second]))
    smaller = np.minimum(shapely.area(geometry[first]), shapely.area(geometry[second]))
    share = shared / np.where(smaller > 0, smaller, 1.0)
    found = np.flatnonzero(share > _NEGLIGIBLE)
    found = found[np.lexsort((second[found], first[found]))]
    return tuple(
        Overlap(first=int(first[pair]), second=int(second[pair]), share=float(min(share[pair], 1.0)))
        for pair in found.tolist()
    )
