"""How the made-up organization came to be: families, the grown current alignment, locks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geo_data.distances import unit_vectors
from geo_data.synthetic.demand import Demand
from geo_data.synthetic.locations import Locations, spatial_order
from geo_data.synthetic.team import Role, Team

__all__ = ["Families", "draw_current", "draw_families", "draw_locked"]

_FAMILY_SHARE = 0.03
_FAMILY_REACH = 150  # members are this many places apart on the curve through the accounts, at most
_NEIGHBORS = 12
_REP_SIGMA, _ACCOUNT_SIGMA = 0.15, 0.2  # of the logarithm of the distance that people feel
_RELIEFS, _RELIEF_EXPONENT = 3, 0.2  # past realignments, each of which took a little from the overloaded
_INHERITED_SHARE, _UNSERVED_SHARE, _LOCKED_SHARE = 0.05, 0.008, 0.005
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Families:
    """Who belongs together.

    Attributes
    ----------
    members
        Positions of the accounts of each family, its head first.
    has_outside_parent
        Whether the parent company is not an account itself, per family.
    """

    members: tuple[tuple[int, ...], ...]
    has_outside_parent: tuple[bool, ...]


def draw_families(locations: Locations, num_accounts: int, rng: np.random.Generator) -> Families:
    """Join about 3 % of the accounts into families of two to six, mostly near each other."""
    order = spatial_order(locations.lat, locations.lon)
    free = np.ones(num_accounts, dtype=np.bool_)
    wanted = round(_FAMILY_SHARE * num_accounts)
    members: list[tuple[int, ...]] = []
    joined = 0
    for start in rng.permutation(num_accounts).tolist():
        if wanted - joined < 2:
            break
        size = min(int(rng.integers(2, 7)), wanted - joined)
        reach = np.unique(start + rng.integers(-_FAMILY_REACH, _FAMILY_REACH + 1, size - 1))
        positions = [start, *reach[(reach >= 0) & (reach < num_accounts) & (reach != start)].tolist()]
        family = [int(order[position]) for position in positions if free[order[position]]]
        if len(family) < 2:
            continue
        free[family] = False
        joined += len(family)
        members.append(tuple(family))
    return Families(members=tuple(members), has_outside_parent=tuple((rng.random(len(members)) < 0.15).tolist()))


def draw_current(
    locations: Locations, demand: Demand, team: Team, families: Families, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Let an alignment grow: near reps, felt distances, inherited books, families mostly whole.

    Parameters
    ----------
    locations, demand, team, families
        The organization.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        Position of the rep who has each account now, -1 for nobody. Reps in open seats and new hires have
        none; those who have left still have theirs. Shape ``(accounts,)``.
    """
    num_accounts = len(locations.lat)
    owners = np.flatnonzero([role in (Role.INCUMBENT, Role.LEFT) for role in team.role])
    homes = unit_vectors(locations.lat[team.home[owners]], locations.lon[team.home[owners]])
    near = min(_NEIGHBORS, len(owners))
    felt, rank = KDTree(homes).query(unit_vectors(locations.lat, locations.lon), k=[*range(1, near + 1)])
    charm = np.exp(_REP_SIGMA * rng.standard_normal(len(owners)))
    felt = (felt + 1e-4) * charm[rank] * np.exp(_ACCOUNT_SIGMA * rng.standard_normal(felt.shape))
    inherited = rng.random(num_accounts) < _INHERITED_SHARE
    felt[inherited] = rng.random((int(inherited.sum()), near))
    lacks = (demand.requires[:, np.newaxis, :] & ~team.has_skill[owners][rank]).any(axis=2)
    felt = np.where(lacks, felt + 10.0, felt)  # taken only when nobody near has the skill
    choice = _relieved_choice(felt, rank, workload=demand.workload, fte=team.fte[owners])
    current: NDArray[np.int64] = owners[choice]
    whole = rng.random(len(families.members)) < 0.8
    for family, is_whole in zip(families.members, whole.tolist(), strict=True):
        if is_whole:
            current[list(family)] = current[family[0]]
    current[rng.random(num_accounts) < _UNSERVED_SHARE] = NOBODY
    return current


def _relieved_choice(
    felt: NDArray[np.float64],
    rank: NDArray[np.int64],
    *,
    workload: NDArray[np.float64],
    fte: NDArray[np.float64],
) -> NDArray[np.int64]:
    every = np.arange(len(felt))
    choice: NDArray[np.int64] = rank[every, felt.argmin(axis=1)]
    burden = np.ones(len(fte))
    for _ in range(_RELIEFS):
        load = np.bincount(choice, weights=workload, minlength=len(fte)) / fte
        burden *= np.clip(load / load.mean(), 0.2, 5.0) ** _RELIEF_EXPONENT
        choice = rank[every, (felt * burden[rank]).argmin(axis=1)]
    return choice


def draw_locked(
    demand: Demand, team: Team, families: Families, current: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Lock a few accounts to their reps: never in a family, never to a rep who left or lacks a skill."""
    in_family = np.zeros(len(current), dtype=np.bool_)
    in_family[[account for family in families.members for account in family]] = True
    serving = np.array([role is not Role.LEFT for role in team.role])
    may_stay = (current != NOBODY) & serving[current] & ~in_family
    may_stay &= ~(demand.requires & ~team.has_skill[current]).any(axis=1)
    locked: NDArray[np.bool_] = may_stay & (rng.random(len(current)) < _LOCKED_SHARE)
    return locked
