"""Who serves made-up accounts: homes, roles, working hours, skills and managers of the reps."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geo_data.distances import unit_vectors
from geo_data.synthetic.demand import SKILLS
from geo_data.synthetic.locations import Locations, spatial_order

__all__ = ["Role", "Team", "draw_homes", "draw_roles", "draw_team"]

_ROUNDS = 4  # of moving homes towards the middle of the accounts around them
_LEAST_SHARE = 0.5  # of a rep's fair number of accounts: nobody is hired to live where there is nothing to do
_TEAM_SIZE = 8  # reps under one manager
_FTE = ((1.0, 0.86), (0.8, 0.09), (0.5, 0.05))
_SKILL_SHARE = 0.6

Points = NDArray[np.float64]
"""Unit vectors, shape ``(points, 3)``."""


class Role(StrEnum):
    """What a seat is at the moment."""

    INCUMBENT = "incumbent"
    OPEN_SEAT = "open seat"
    NEW_HIRE = "new hire"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Team:
    """The reps, in one order for all fields.

    Attributes
    ----------
    role
        What each seat is.
    home
        Position of the account location next to which the rep lives. Shape ``(reps,)``.
    fte
        Full-time equivalents, 0.5 to 1. Shape ``(reps,)``.
    has_skill
        Whether each rep has each of `SKILLS`. Shape ``(reps, skills)``.
    manager
        Number of the manager, from 0. Shape ``(reps,)``.
    """

    role: tuple[Role, ...]
    home: NDArray[np.int64]
    fte: NDArray[np.float64]
    has_skill: NDArray[np.bool_]
    manager: NDArray[np.int64]


def draw_roles(num_reps: int, rng: np.random.Generator) -> tuple[Role, ...]:
    """Deal out the seats: mostly incumbents, some open, a new hire, one or two who have left.

    Teams of fewer than five stay whole, so that every tiny problem has a rep for its accounts.
    """
    roles = [Role.INCUMBENT] * num_reps
    special: list[Role] = []
    if num_reps >= 5:
        special += [Role.OPEN_SEAT] * max(1, round(0.02 * num_reps))
    if num_reps >= 6:
        special += [Role.LEFT] * (1 if num_reps < 30 else 2)
    if num_reps >= 8:
        special.append(Role.NEW_HIRE)
    for seat, role in zip(rng.permutation(num_reps).tolist(), special, strict=False):
        roles[seat] = role
    return tuple(roles)


def draw_homes(locations: Locations, num_reps: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Settle reps among the accounts, most of them in the middle of their surroundings.

    Parameters
    ----------
    locations
        The accounts.
    num_reps
        At least 1.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        Position of the account next to which each rep lives. Shape ``(reps,)``.
    """
    points = unit_vectors(locations.lat, locations.lon)
    start = rng.choice(len(points), size=num_reps, replace=num_reps > len(points))
    centers = points[start]
    for _ in range(_ROUNDS):
        _, owner = KDTree(centers).query(points)
        centers = _middles(points, owner, centers)
        _leave_empty_country(centers, points, owner, rng)
    _, owner = KDTree(centers).query(points)
    _, settled = KDTree(points).query(centers)
    rooted = rng.random(num_reps) < 0.2  # near some old customer, not in the middle of all of them
    order = rng.permutation(len(points))
    some_account = settled.copy()
    some_account[owner[order]] = order
    homes: NDArray[np.int64] = np.where(rooted, some_account, settled).astype(np.int64)
    return homes


def _middles(points: Points, owner: NDArray[np.int64], centers: Points) -> Points:
    total = np.zeros_like(centers)
    np.add.at(total, owner, points)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 0, total / np.where(length > 0, length, 1), centers)


def _leave_empty_country(centers: Points, points: Points, owner: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Move centers with too little around them, such as islands, into the fullest surroundings."""
    count = np.bincount(owner, minlength=len(centers))
    for center in np.flatnonzero(count < _LEAST_SHARE * len(points) / len(centers)).tolist():
        fullest = int(np.argmax(count))
        if count[fullest] < 2:
            return
        centers[center] = points[rng.choice(np.flatnonzero(owner == fullest))]
        count[fullest] //= 2


def draw_team(locations: Locations, roles: tuple[Role, ...], rng: np.random.Generator) -> Team:
    """Give every seat a home, working hours, skills and a manager.

    Parameters
    ----------
    locations
        The accounts.
    roles
        The seats, at least one.
    rng
        Source of randomness.

    Notes
    -----
    Along a curve through the homes, one of any two neighboring seats in service has each skill, so that
    nobody has to cross the country for a certificate.
    """
    num_reps = len(roles)
    home = draw_homes(locations, num_reps, rng)
    order = spatial_order(locations.lat[home], locations.lon[home])
    values, chances = zip(*_FTE, strict=True)
    fte = rng.choice(values, size=num_reps, p=chances)
    fte[[role is not Role.INCUMBENT for role in roles]] = 1.0
    has_skill = rng.random((num_reps, len(SKILLS))) < _SKILL_SHARE
    serving = [seat for seat in order.tolist() if roles[seat] is not Role.LEFT]
    has_skill[serving[0]] = True
    for before, seat in pairwise(serving):
        has_skill[seat] |= ~has_skill[before]
    if len(serving) <= 3:
        has_skill[serving] = True
    manager = np.empty(num_reps, dtype=np.int64)
    manager[order] = np.arange(num_reps) // _TEAM_SIZE
    return Team(role=roles, home=home, fte=fte, has_skill=has_skill, manager=manager)
