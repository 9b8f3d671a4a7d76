"""Borders between the territories of a plane: the Voronoi edges between sites of different owners.

Owns the diagram and its wrap around the earth: what lies near ±180 is seen from the other side too, and
collinear, single and coincident points are ordinary cases, because a distant frame closes every cell.
Edges inside one owner's land are never built.

References
----------
Okabe, Boots, Sugihara, Chiu (2000), Spatial Tessellations, doi 10.1002/9780470317013.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree, Voronoi

from geo_data.plane import latitude_from_y
from geo_data.sites import Sites

__all__ = ["Diagram", "draw_diagram"]

_WRAP_DEGREES = 60.0  # what is farther than this from the antimeridian does not look across it
_LONGEST_EDGE = 0.5  # degrees; a longer straight line of the plane would leave its curve by over 30 m
_FRAME_POINTS = 8


@dataclass(frozen=True, slots=True)
class Diagram:
    """Borders, and who owns what lies between them.

    Attributes
    ----------
    borders
        Lines in longitude and latitude; they may go on beyond ±180.
    tree
        Index of the sites and their copies across the antimeridian, in the plane.
    owner
        Position of the rep for each entry of the tree. Shape ``(entries,)``.
    """

    borders: NDArray[np.object_]
    tree: KDTree
    owner: NDArray[np.int64]

    def owner_at(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Name the owner of the nearest site for each point of the plane. Shape ``(points,)``."""
        nearest: NDArray[np.int64] = self.tree.query(np.column_stack((x, y)))[1]
        return self.owner[nearest]


def draw_diagram(sites: Sites, *, reach_degrees: float) -> Diagram:
    """Draw the borders between sites of different owners.

    Parameters
    ----------
    sites
        At least one site.
    reach_degrees
        Borders are right within this distance of their sites, in degrees of the plane.
    """
    wrapped = [
        (np.arange(len(sites.x)), 0.0),
        (np.flatnonzero(sites.x > 180 - _WRAP_DEGREES), -360.0),
        (np.flatnonzero(sites.x < _WRAP_DEGREES - 180), 360.0),
    ]
    index = np.concatenate([positions for positions, _ in wrapped])
    x = np.concatenate([sites.x[positions] + shift for positions, shift in wrapped])
    y, owner = sites.y[index], sites.owner[index]
    first, second, start, end = _edges(x, y, owner, reach_degrees)
    seen = (np.minimum(start[:, 0], end[:, 0]) <= 180) & (np.maximum(start[:, 0], end[:, 0]) >= -180)
    lines = shapely.linestrings(np.stack((start[seen], end[seen]), axis=1))
    # Sectors of one shared place meet in it exactly, where rounding would pass it by a hair.
    place = sites.place[index]
    same = (place[first] >= 0) & (place[first] == place[second])
    bent = np.flatnonzero(same[seen])
    if bent.size:
        shared = place[first[seen][bent]]
        turn = np.round((x[first[seen][bent]] - sites.shared_x[shared]) / 360) * 360
        centers = np.column_stack((sites.shared_x[shared] + turn, sites.shared_y[shared]))
        lines[bent] = _through(start[seen][bent], centers, end[seen][bent])
    lines = shapely.segmentize(lines, _LONGEST_EDGE)
    borders = shapely.transform(lines, _to_degrees)
    return Diagram(borders=borders, tree=KDTree(np.column_stack((x, y))), owner=owner)


def _edges(
    x: NDArray[np.float64], y: NDArray[np.float64], owner: NDArray[np.int64], reach: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return both sites and both ends of every edge between different owners."""
    origin = np.array([(x.min() + x.max()) / 2, (y.min() + y.max()) / 2])
    points = np.column_stack((x, y)) - origin  # small numbers keep near sites apart in the lifted space
    radius = float(np.hypot(points[:, 0], points[:, 1]).max()) + 4 * reach + 1
    angle = 2 * np.pi * (np.arange(_FRAME_POINTS) + 0.5) / _FRAME_POINTS
    frame = radius / np.cos(np.pi / _FRAME_POINTS) * np.column_stack((np.cos(angle), np.sin(angle)))
    diagram = Voronoi(np.concatenate((points, frame)))
    pairs = np.asarray(diagram.ridge_points, dtype=np.int64)
    ends = np.asarray(diagram.ridge_vertices, dtype=np.int64)
    owners = np.concatenate((owner, np.full(_FRAME_POINTS, -1, dtype=np.int64)))[pairs]
    kept = (owners[:, 0] != owners[:, 1]) & (owners >= 0).all(axis=1) & (ends >= 0).all(axis=1)
    vertices = diagram.vertices + origin
    return pairs[kept, 0], pairs[kept, 1], vertices[ends[kept, 0]], vertices[ends[kept, 1]]


def _through(start: NDArray[np.float64], center: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.object_]:
    """Bend each edge into its center where that lies between the ends."""
    along = np.einsum("ij,ij->i", center - start, end - start)
    length = np.einsum("ij,ij->i", end - start, end - start)
    between = (along > 0) & (along < length)
    middle = np.where(between[:, np.newaxis], center, start)
    lines: NDArray[np.object_] = shapely.linestrings(np.stack((start, middle, end), axis=1))
    return lines


def _to_degrees(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack((points[:, 0], latitude_from_y(points[:, 1])))
