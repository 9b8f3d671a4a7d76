"""Departures: what the others would have to take over if one rep left, for every rep at once.

Owns the exact arithmetic of room, and an estimate of who would take what: each account to the nearest rep with room,
and to the nearest of all where none has any. Refuses to solve: the best takeover is a job.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.frozen import ReadOnly, frozen_array
from optimizer.measures import Float64Array, Positions
from optimizer.problem import BoolArray, FloatArray
from optimizer.tolerances import slack
from optimizer.uncertainty import Balanced

_BLOCK_PAIRS: Final = 2_000_000
"""Pairs of reps that are looked at together: it bounds the memory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighborhood(ReadOnly):
    """Who could take each account over.

    Attributes
    ----------
    taker
        Positions of reps, the nearest first, −1 for none; never the account's own rep. Shape ``(accounts, takers)``.
    capacity_max
        Largest load of each rep, infinite without a limit. Shape ``(reps,)``.
    """

    taker: Positions
    capacity_max: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "taker", frozen_array(self.taker, np.int64))
        object.__setattr__(self, "capacity_max", frozen_array(self.capacity_max, np.float64))

    @property
    def knows_anybody(self) -> bool:
        """Whether any account has a taker."""
        return bool((self.taker >= 0).any())


@dataclass(frozen=True, eq=False)
class Departures:
    """What would be if one rep left; arrays of shape ``(reps,)``, a line for each rep who might.

    Attributes
    ----------
    load
        What the others would have to take over. Exact.
    room
        What they have room for below the upper end of their bands and capacities. Exact; infinite without either.
    beyond_room
        Load that the estimate gave to reps without room for it.
    not_placed
        Load that the estimate had no taker for.
    num_takers
        Reps who take something over in the estimate.
    num_outside
        Reps outside their band after it.
    most_pushed
        The taker who ends farthest above its target, −1 if none has a target.
    largest_deviation
        How far above, a fraction; NaN if none has a target.
    """

    load: Float64Array
    room: Float64Array
    beyond_room: Float64Array
    not_placed: Float64Array
    num_takers: Positions
    num_outside: Positions
    most_pushed: Positions
    largest_deviation: Float64Array


@dataclass(frozen=True, eq=False)
class _Takeover:
    """Who takes how much from whom; one line a pair of reps, by ``leaver``."""

    leaver: Positions
    taker: Positions
    load: Float64Array
    beyond_room: Float64Array
    not_placed: Float64Array


def departures(balanced: Balanced, neighborhood: Neighborhood) -> Departures:
    """Reckon every rep's departure, one at a time.

    Notes
    -----
    O(accounts · takers · log) for the estimate and O(reps²) for the room; memory is bounded by the accounts' takers.
    Each account weighs for its taker what it weighs for its owner.
    """
    taken = _takeover(balanced, neighborhood)
    num_reps = balanced.num_reps
    found = Departures(
        load=balanced.load,
        room=np.zeros(num_reps),
        beyond_room=taken.beyond_room,
        not_placed=taken.not_placed,
        num_takers=np.bincount(taken.leaver[taken.load > 0], minlength=num_reps),
        num_outside=np.zeros(num_reps, dtype=np.int64),
        most_pushed=np.full(num_reps, -1, dtype=np.int64),
        largest_deviation=np.full(num_reps, np.nan),
    )
    step = max(1, _BLOCK_PAIRS // num_reps)
    for first in range(0, num_reps, step):
        _judge(found, balanced, neighborhood, taken, np.arange(first, min(num_reps, first + step)))
    return found


def upper_ends(balanced: Balanced, neighborhood: Neighborhood, leaver: Positions) -> Float64Array:
    """Return the largest load that each rep should carry after a departure; shape ``(len(leaver), reps)``.

    The smaller of its capacity and the upper end of its band; a target that is a share of the total grows, because
    fewer reps share the same total.
    """
    target = targets_after(balanced, leaver)
    end = np.where(np.isnan(target), np.inf, (1.0 + balanced.tolerance) * target)
    upper: Float64Array = np.minimum(end, neighborhood.capacity_max)
    upper[np.arange(len(leaver)), leaver] = 0.0
    return upper


def targets_after(balanced: Balanced, leaver: Positions) -> Float64Array:
    """Return the targets after each departure, NaN where there is none; shape ``(len(leaver), reps)``."""
    gone = np.nan_to_num(balanced.share[leaver])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        moving = np.where(gone < 1.0, balanced.share / (1.0 - gone), np.nan) * balanced.load.sum()
    target: Float64Array = np.where(np.isnan(balanced.fixed), moving, balanced.fixed)
    target[target <= 0] = np.nan
    target[np.arange(len(leaver)), leaver] = np.nan
    return target


def _judge(
    found: Departures, balanced: Balanced, neighborhood: Neighborhood, taken: _Takeover, leaver: Positions
) -> None:
    """Fill in the lines of some leavers."""
    line = np.arange(len(leaver))
    upper = upper_ends(balanced, neighborhood, leaver)
    found.room[leaver] = np.maximum(0.0, upper - balanced.load).sum(axis=1)
    part = slice(*np.searchsorted(taken.leaver, [leaver[0], leaver[-1] + 1]).tolist())
    added = np.zeros((len(leaver), balanced.num_reps))
    added[taken.leaver[part] - leaver[0], taken.taker[part]] = taken.load[part]
    deviation = (balanced.load + added) / targets_after(balanced, leaver) - 1.0
    found.num_outside[leaver] = (~balanced.is_in_band(deviation)).sum(axis=1)
    known = ~np.isnan(deviation) & (added > 0)
    has_any = known.any(axis=1)
    best = np.where(known, deviation, -np.inf).argmax(axis=1)
    found.most_pushed[leaver] = np.where(has_any, best, -1)
    found.largest_deviation[leaver] = np.where(has_any, deviation[line, best], np.nan)


def _takeover(balanced: Balanced, neighborhood: Neighborhood) -> _Takeover:
    """Give every account to a taker, round by round: the nearest with room, then the next nearest.

    In each round the largest accounts come first, and those that fit together into the room go.
    """
    num_reps, taker, owner, amount = balanced.num_reps, neighborhood.taker, balanced.owner, balanced.amount
    held = np.flatnonzero(owner >= 0)
    key = np.where(taker[held] >= 0, owner[held, None] * num_reps + taker[held], -1)
    pair, place = np.unique(key, return_inverse=True)
    place = place.reshape(key.shape)
    room = _room_of_pairs(balanced, neighborhood, pair)
    load = np.zeros(len(pair))
    waiting = np.arange(len(held))
    for position in range(taker.shape[1]):
        asking = place[waiting, position]
        placed = _fitting(asking, amount[held[waiting]], room)
        np.add.at(load, asking[placed], amount[held[waiting[placed]]])
        np.subtract.at(room, asking[placed], amount[held[waiting[placed]]])
        waiting = waiting[~placed]
    first = _first_taker(key[waiting])
    has_taker = first >= 0
    pushed = waiting[has_taker]
    np.add.at(load, place[pushed, first[has_taker]], amount[held[pushed]])
    lost = waiting[~has_taker]
    sums = {
        name: np.bincount(owner[held[rows]], weights=amount[held[rows]], minlength=num_reps).astype(np.float64)
        for name, rows in (("beyond_room", pushed), ("not_placed", lost))
    }
    real = pair >= 0
    return _Takeover(leaver=pair[real] // num_reps, taker=pair[real] % num_reps, load=load[real], **sums)


def _room_of_pairs(balanced: Balanced, neighborhood: Neighborhood, pair: Positions) -> Float64Array:
    """Return what each taker has room for when the leaver goes; nothing where there is no taker (a negative pair)."""
    num_reps = balanced.num_reps
    leaver, taker = np.divmod(np.maximum(pair, 0), num_reps)
    gone = np.nan_to_num(balanced.share[leaver])
    with np.errstate(divide="ignore", invalid="ignore"):
        moving = np.where(gone < 1.0, balanced.share[taker] / (1.0 - gone), np.nan) * balanced.load.sum()
    target = np.where(np.isnan(balanced.fixed[taker]), moving, balanced.fixed[taker])
    end = np.where(target > 0, (1.0 + balanced.tolerance) * target, np.inf)
    upper = np.minimum(end, neighborhood.capacity_max[taker])
    room = np.maximum(0.0, upper + slack(upper) - balanced.load[taker])
    return np.where(pair >= 0, room, -1.0)


def _fitting(asking: Positions, amount: FloatArray, room: Float64Array) -> BoolArray:
    """Return which accounts fit, the largest first, into the room of the pair that each one asks."""
    fits = np.zeros(len(asking), dtype=np.bool_)
    alone = np.flatnonzero(amount <= room[asking])
    if not len(alone):
        return fits
    order = alone[np.lexsort((-amount[alone], asking[alone]))]
    asked = asking[order]
    running = np.cumsum(amount[order])
    begin = np.searchsorted(asked, asked)
    within = running - (running[begin] - amount[order[begin]])
    fits[order] = within <= room[asked]
    return fits


def _first_taker(key: Positions) -> Positions:
    """Return the place of each row's first taker, −1 where it has none."""
    if not key.shape[1]:
        return np.full(len(key), -1, dtype=np.int64)
    is_there = key >= 0
    return np.where(is_there.any(axis=1), is_there.argmax(axis=1), -1)
