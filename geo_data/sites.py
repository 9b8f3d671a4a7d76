"""The points that share out the map: one site for each distinct place of a rep's accounts.

Where accounts of several reps lie in one place, the place becomes as many sites on a tiny circle around
it. Their cells are equal sectors that meet in the place itself, each turned towards the rep's other
accounts, so that everyone's account lies on the border of their own territory.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

__all__ = ["GRID_DEGREES", "Sites", "place_sites"]

GRID_DEGREES = 1e-6
"""Coordinates of the map are multiples of this many degrees: about 11 cm."""

_NEAREST_DISTINCT = 3e-6  # degrees, 0.3 m: nearer places of different reps cannot be told apart on the grid
_RESOLUTION = 5e-8  # of the map's width: what a diagram in floating point tells apart
_LARGEST_RADIUS = 2e-4  # degrees, 20 m


@dataclass(frozen=True, slots=True)
class Sites:
    """Distinct points with their owners.

    Attributes
    ----------
    x, y
        Plane coordinates in degrees. Shape ``(sites,)``.
    owner
        Position of the rep. Shape ``(sites,)``.
    place
        Number of the shared place that a site was split from, -1 for all others. Shape ``(sites,)``.
    shared_x, shared_y
        Plane coordinates of the shared places. Shape ``(places,)``.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    owner: NDArray[np.int64]
    place: NDArray[np.int64]
    shared_x: NDArray[np.float64]
    shared_y: NDArray[np.float64]


def place_sites(x: NDArray[np.float64], y: NDArray[np.float64], owner: NDArray[np.int64]) -> Sites:
    """Reduce accounts to distinct sites, and split the places that several reps share.

    Parameters
    ----------
    x, y
        Plane coordinates in degrees. Shape ``(accounts,)``, at least one.
    owner
        Position of each account's rep, from 0. Shape ``(accounts,)``.
    """
    keys = np.column_stack((np.rint(x / GRID_DEGREES), np.rint(y / GRID_DEGREES), owner)).astype(np.int64)
    _, first = np.unique(keys, axis=0, return_index=True)
    first.sort()
    x, y, owner = x[first], y[first], owner[first]
    place = _shared_places(x, y, owner)
    alone = place < 0
    center_x, center_y = _first_members(x, y, place)
    ring = _rings(x, y, owner, place=place, center=np.column_stack((center_x, center_y)))
    return Sites(
        x=np.concatenate((x[alone], ring.x)),
        y=np.concatenate((y[alone], ring.y)),
        owner=np.concatenate((owner[alone], ring.owner)),
        place=np.concatenate((np.full(int(alone.sum()), -1, dtype=np.int64), ring.place)),
        shared_x=center_x,
        shared_y=center_y,
    )


def _shared_places(x: NDArray[np.float64], y: NDArray[np.float64], owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give a number to each place where sites of different reps are too near to be told apart; -1 elsewhere."""
    nearest = max(_NEAREST_DISTINCT, _RESOLUTION * float(np.ptp(x) + np.ptp(y)))
    pairs = KDTree(np.column_stack((x, y))).query_pairs(nearest, output_type="ndarray")
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    place = np.full(len(x), -1, dtype=np.int64)
    count = 0
    for first, second in pairs.tolist():
        # A chain of near places is cut where both ends already have a place: small circles, not a street.
        if place[first] < 0 and place[second] < 0:
            place[[first, second]] = count
            count += 1
        elif place[first] < 0 or place[second] < 0:
            place[[first, second]] = max(place[first], place[second])
    return place


def _first_members(
    x: NDArray[np.float64], y: NDArray[np.float64], place: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    numbers, first = np.unique(place, return_index=True)
    members = first[numbers >= 0]
    return x[members], y[members]


@dataclass(frozen=True, slots=True)
class _Rings:
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    owner: NDArray[np.int64]
    place: NDArray[np.int64]


def _rings(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    owner: NDArray[np.int64],
    *,
    place: NDArray[np.int64],
    center: NDArray[np.float64],
) -> _Rings:
    """Set one site per rep on a circle around each shared place, in the order of where the reps are."""
    shared = np.flatnonzero(place >= 0)
    members = np.unique(np.column_stack((place[shared], owner[shared])), axis=0)
    number, rep = members[:, 0], members[:, 1]
    count = np.bincount(owner)
    middle_x = np.bincount(owner, weights=x) / np.maximum(count, 1)
    middle_y = np.bincount(owner, weights=y) / np.maximum(count, 1)
    bearing = np.arctan2(middle_y[rep] - center[number, 1], middle_x[rep] - center[number, 0])
    order = np.lexsort((bearing, number))
    number, rep, bearing = number[order], rep[order], bearing[order]
    size = np.bincount(number, minlength=len(center))
    start = np.concatenate(([0], np.cumsum(size)[:-1])).astype(np.int64)
    rank = np.arange(len(number)) - start[number]
    angle = bearing[start[number]] + 2 * np.pi * rank / size[number]
    radius = _radii(np.column_stack((x[place < 0], y[place < 0])), center)[number]
    return _Rings(
        x=center[number, 0] + radius * np.cos(angle),
        y=center[number, 1] + radius * np.sin(angle),
        owner=rep,
        place=number,
    )


def _radii(others: NDArray[np.float64], center: NDArray[np.float64]) -> NDArray[np.float64]:
    gap = np.full(len(center), np.inf)
    if len(others) and len(center):
        gap = KDTree(others).query(center)[0]
    if len(center) > 1:
        gap = np.minimum(gap, KDTree(center).query(center, k=[2])[0][:, 0])
    return np.minimum(0.25 * gap, _LARGEST_RADIUS)
