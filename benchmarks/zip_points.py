"""Points to cluster: ZIP codes of the United States on the sphere, and counts that the clusters must keep."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from geo_data.distances import EARTH_RADIUS_KM, unit_vectors
from geo_data.gazetteer.tables import read_columns

FILE: Final = "us_zip_points.csv.gz"
JITTER_DEGREES: Final = 0.02
"""Standard deviation around a ZIP point that is used again: about 2 km."""
LLOYD_ROUNDS: Final = 50
"""Of the plain, unbalanced method, before the counts matter."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """Points, where the clusters begin, and how many points each may have.

    Attributes
    ----------
    points
        In km, on the sphere; squared distances are those of the chords. Shape ``(points, 3)``.
    start
        k-means++ centers. Shape ``(clusters, 3)``.
    fewest, most
        Points that a cluster may have.
    """

    points: Floats
    start: Floats
    fewest: int
    most: int


def question(*, size: str, seed: int, tolerance: float) -> Question:
    """Return points × clusters of a size; ZIP points are used again, moved a little, where they do not suffice."""
    count, clusters = (int(part) for part in size.split("x"))
    rng = np.random.default_rng([seed, 17])
    columns = read_columns(FILE)
    known = np.array([columns["lat"], columns["lon"]], dtype=np.float64)
    rounds = math.ceil(count / known.shape[1])
    drawn = np.concatenate([rng.permutation(known.shape[1]) for _ in range(rounds)])[:count]
    place = known[:, drawn]
    place[:, known.shape[1] :] += rng.normal(0, JITTER_DEGREES, place[:, known.shape[1] :].shape)
    points = EARTH_RADIUS_KM * unit_vectors(place[0], place[1])
    fewest, most = count_limits(count / clusters, tolerance)
    return Question(
        points=points,
        start=_plus_plus(points, clusters, rng),
        fewest=fewest,
        most=most,
    )


def count_limits(mean: float, tolerance: float) -> tuple[int, int]:
    """Return the smallest and the largest count within a tolerance of the mean, rounded outward."""
    return math.floor(mean * (1 - tolerance)), math.ceil(mean * (1 + tolerance))


def plain_lloyd(points: Floats, centers: Floats) -> Floats:
    """Move centers to the means of the points nearest to them until they rest; counts do not matter."""
    before = np.inf
    for _ in range(LLOYD_ROUNDS):
        distance, nearest = KDTree(centers).query(points)
        inertia = float(distance @ distance)
        if inertia > before * (1 - 1e-4):
            break
        before, centers = inertia, means(points, nearest, centers)
    return centers


def means(points: Floats, label: Ints, centers: Floats) -> Floats:
    """Return the mean of each cluster's points, the former center where it has none. Shape ``(clusters, 3)``."""
    count = np.bincount(label, minlength=len(centers))
    total = np.stack([np.bincount(label, weights=axis, minlength=len(centers)) for axis in points.T], axis=1)
    result: Floats = np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], centers)
    return result


def inertia_of(points: Floats, label: Ints, clusters: int) -> float:
    """Return the sum of squared distances to the cluster's mean, in km²."""
    away = points - means(points, label, np.zeros((clusters, 3)))[label]
    return float((away**2).sum())


def _plus_plus(points: Floats, clusters: int, rng: np.random.Generator) -> Floats:
    """Draw centers among the points, each in proportion to its squared distance from those before it."""
    chosen = [int(rng.integers(len(points)))]
    nearest = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    for _ in range(clusters - 1):
        chosen.append(int(rng.choice(len(points), p=nearest / nearest.sum())))
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return points[chosen]
