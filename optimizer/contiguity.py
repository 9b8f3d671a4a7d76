"""Connected territories: how many pieces the units of each rep are in, and units that several reps share.

Owns what contiguity means. A territory has the units of its accounts; units without any account belong to whoever
needs them as a connection; a unit whose accounts have no rep connects nobody; accounts without a unit do not count.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from optimizer.alignment import Alignment
from optimizer.units import Units

Positions = npt.NDArray[np.int64]


def shared_units(units: Units, alignment: Alignment) -> Positions:
    """Return the units whose accounts have several reps, ascending; nobody is no rep."""
    unit, _ = _holders(units, alignment)
    held, count = np.unique(unit, return_counts=True)
    return held[count > 1]


def num_pieces(units: Units, alignment: Alignment, *, num_reps: int) -> Positions:
    """Return how many pieces each territory is in, 0 without a unit. Shape ``(reps,)``."""
    return _num_pieces(units, *_holders(units, alignment), num_reps=num_reps)


def pieces_around(
    units: Units, alignment: Alignment, members: npt.NDArray[Any], *, num_reps: int
) -> tuple[Positions, Positions]:
    """Return how many pieces each territory would be in without and with some accounts. Each of shape ``(reps,)``.

    Parameters
    ----------
    members
        Accounts that go together. Shape ``(members,)``.
    """
    rest = alignment.rep.copy()
    rest[members] = -1
    unit, rep = _holders(units, Alignment(rest))
    own = np.unique(units.unit[members])
    own = own[own >= 0].astype(np.int64)
    everybody = np.arange(num_reps)
    with_unit = np.concatenate([unit, np.repeat(own, num_reps)])
    with_rep = np.concatenate([rep, np.tile(everybody, len(own))])
    return (
        _num_pieces(units, unit, rep, num_reps=num_reps),
        _num_pieces(units, with_unit, with_rep, num_reps=num_reps),
    )


def _num_pieces(units: Units, unit: Positions, rep: Positions, *, num_reps: int) -> Positions:
    """Return how many pieces each territory is in, given every pair (unit, rep).

    Notes
    -----
    One search over a graph whose nodes are pairs (unit, rep): units with accounts, and connected parts of the map
    without accounts beside each rep who borders on them. O(neighbors).
    """
    key = np.unique(unit * num_reps + rep)
    first, second = units.graph.origin, units.graph.neighbor
    within = _joined(key, first, second, num_reps)
    beside = _beside_empty(key, first, second, units.empty_part, num_reps)
    num_nodes = len(key) + len(beside.parts)
    ends = (np.concatenate([within[0], beside.holder]), np.concatenate([within[1], len(key) + beside.node]))
    links = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(num_nodes, num_nodes))
    _, label = connected_components(links, directed=False)
    pieces = np.unique(label[: len(key)].astype(np.int64) * num_reps + key % num_reps)
    return np.bincount(pieces % num_reps, minlength=num_reps)


def _holders(units: Units, alignment: Alignment) -> tuple[Positions, Positions]:
    """Return every pair (unit, rep) once, sorted."""
    rep = alignment.rep.astype(np.int64)
    counts = (units.unit >= 0) & (rep >= 0)
    pairs = np.unique(np.stack([units.unit[counts].astype(np.int64), rep[counts]]), axis=1)
    return pairs[0], pairs[1]


def _joined(key: Positions, first: Positions, second: Positions, num_reps: int) -> tuple[Positions, Positions]:
    """Return the positions of the pairs (unit, rep) that are neighbors with the same rep."""
    start = np.searchsorted(key // num_reps, first, side="left")
    count = np.searchsorted(key // num_reps, first, side="right") - start
    holder = np.repeat(start - (np.cumsum(count) - count), count) + np.arange(count.sum())
    wanted = np.repeat(second, count) * num_reps + key[holder] % num_reps
    place = np.minimum(np.searchsorted(key, wanted), max(0, len(key) - 1))
    there = key[place] == wanted if len(key) else np.zeros(0, dtype=np.bool_)
    return holder[there], place[there]


class _Beside:
    """Which pairs (unit, rep) border on which empty part; a part is a node of its own for every rep beside it."""

    def __init__(self, holder: Positions, node: Positions, parts: Positions) -> None:
        self.holder, self.node, self.parts = holder, node, parts


def _beside_empty(key: Positions, first: Positions, second: Positions, part: Positions, num_reps: int) -> _Beside:
    onto = part[second] >= 0
    first, beyond = first[onto], part[second[onto]]
    start = np.searchsorted(key // num_reps, first, side="left")
    count = np.searchsorted(key // num_reps, first, side="right") - start
    holder = np.repeat(start - (np.cumsum(count) - count), count) + np.arange(count.sum())
    parts, node = np.unique(np.repeat(beyond, count) * num_reps + key[holder] % num_reps, return_inverse=True)
    return _Beside(holder, node, parts)
