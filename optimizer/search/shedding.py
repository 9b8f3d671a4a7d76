"""Shed what is over the maximums: as few items as it takes leave over-full reps, for nobody or for reps with room.

Turns the alignment of one remedy, larger maximums, into the beginning of another: accounts left out, or reps added.
Owns no proof: whether the outcome keeps the wishes is for :func:`optimizer.violations` to say.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from optimizer.alignment import UNASSIGNED, Alignment
from optimizer.criteria import Criteria
from optimizer.items import Items, items_of
from optimizer.measures import Float64Array, Positions, assigned_amount, loads
from optimizer.permissions import required_reps
from optimizer.problem import BoolArray, Problem
from optimizer.score import alignment_targets
from optimizer.tolerances import slack

BELOW: Final = 0.999
"""Part of a band's upper end that is filled: targets fall a little more with each whole account that leaves."""
EVEN: Final = 0.1
"""Reps who take are filled evenly, to this part of their capacity; among those the nearest takes."""


def shed(problem: Problem, criteria: Criteria, alignment: Alignment, *, goals: Sequence[int] = ()) -> Alignment:
    """Return an alignment in which no rep carries more than its maximums, as far as items can leave.

    Parameters
    ----------
    problem, criteria
        Whose maximums and permissions count.
    alignment
        Over-full in places.
    goals
        Reps who take what leaves, as far as they may have it and have room; without any it stays unassigned.

    Notes
    -----
    From a rep that is over, the smallest item that ends the excess leaves, else the largest one, and so on. Reps who
    take and then still carry less than they must get what costs least travel from those who can spare it.
    O(items log items · goals).
    """
    items = items_of(problem, criteria)
    size = items.sum(assigned_amount(problem, alignment))
    load = loads(problem, alignment)
    owner = alignment.rep[items.account[items.start[:-1]]]
    free = _may_leave(problem, criteria, items)
    rep_of_account = np.array(alignment.rep)
    kept = load if goals else np.minimum(load, problem.capacity_max)
    most = most_loads(problem, criteria, kept)
    taking = _Taking(problem, criteria, items, load, goals, most=most)
    for rep in np.flatnonzero((load > most).any(axis=1)).tolist():
        own = np.flatnonzero((owner == rep) & free)
        while len(own) and (load[rep] > most[rep]).any():
            over = load[rep] - most[rep]
            parts = np.divide(over, most[rep], out=np.full_like(over, -1.0), where=(over > 0) & (most[rep] > 0))
            measure = int(np.argmax(parts))
            place = _leaver(size[own, measure], float(over[measure]))
            if place is None:
                break
            item = int(own[place])
            own = np.delete(own, place)
            goal = taking.goal(item, size[item]) if goals else UNASSIGNED
            if goal is None:
                continue
            rep_of_account[items.accounts_of(item)] = goal
            load[rep] -= size[item]
            if goal >= 0:
                load[goal] += size[item]
    shedded = Alignment(rep=rep_of_account)
    return shedded if not goals else _filled(problem, criteria, shedded, items=items, free=free, taking=taking)


def _filled(
    problem: Problem, criteria: Criteria, alignment: Alignment, *, items: Items, free: BoolArray, taking: "_Taking"
) -> Alignment:
    """Return an alignment in which those who take carry what they must at least, as far as others can spare it."""
    size = items.sum(assigned_amount(problem, alignment))
    load = loads(problem, alignment)
    least = least_loads(problem, criteria, load)
    owner = alignment.rep[items.account[items.start[:-1]]].copy()
    rep_of_account = np.array(alignment.rep)
    for goal in taking.goals.tolist():
        can_give = np.flatnonzero(free & (owner >= 0) & ~np.isin(owner, taking.goals))
        for item in can_give[np.argsort(taking.detour(can_give, owner[can_give], goal), kind="stable")].tolist():
            if (load[goal] >= least[goal]).all():
                break
            giver = int(owner[item])
            fits = (load[goal] + size[item] <= taking.most(goal)).all()
            if not fits or (load[giver] - size[item] < least[giver]).any() or not taking.may_have(item, goal):
                continue
            rep_of_account[items.accounts_of(item)] = goal
            owner[item] = goal
            load[giver] -= size[item]
            load[goal] += size[item]
    return Alignment(rep=rep_of_account)


def most_loads(problem: Problem, criteria: Criteria, load: Float64Array) -> Float64Array:
    """Return what each rep may carry by maximums and hard bands at these loads. Shape ``(reps, measures)``."""
    most = problem.capacity_max + slack(problem.capacity_max)
    target = alignment_targets(problem, criteria, load)
    for wish in criteria.balance:
        if wish.hard:
            measure = problem.measure_index(wish.measure)
            band = (1.0 + wish.tolerance) * target[:, measure] * BELOW
            most[:, measure] = np.fmin(most[:, measure], band)
    return most


def least_loads(problem: Problem, criteria: Criteria, load: Float64Array) -> Float64Array:
    """Return what each rep must carry at least by minimums and hard bands. Shape ``(reps, measures)``."""
    least = np.array(problem.capacity_min, dtype=np.float64)
    target = alignment_targets(problem, criteria, load)
    for wish in criteria.balance:
        if wish.hard:
            measure = problem.measure_index(wish.measure)
            band = np.nan_to_num((1.0 - wish.tolerance) * target[:, measure])
            least[:, measure] = np.maximum(least[:, measure], band)
    return least


def _leaver(size: Float64Array, excess: float) -> int | None:
    """Return the place of the smallest item that ends an excess, else of the largest one; None where nothing helps."""
    enough = np.flatnonzero(size >= excess)
    if len(enough):
        return int(enough[np.argmin(size[enough])])
    largest = int(np.argmax(size))
    return largest if size[largest] > 0 else None


def _may_leave(problem: Problem, criteria: Criteria, items: Items) -> BoolArray:
    """Tell which items nothing holds where they are. Shape ``(items,)``."""
    free = np.ones(items.num_items, dtype=np.bool_)
    account, _ = required_reps(problem, criteria)
    free[items.item_of_account[account]] = False
    return free


class _Taking:
    """The reps who take what leaves: who may have an item, and has room, and is near.

    Parameters
    ----------
    problem, criteria, items
        The question.
    load
        Present loads; read anew for each item. Shape ``(reps, measures)``.
    goals
        The reps.
    most
        What each rep may carry. Shape ``(reps, measures)``.
    """

    def __init__(
        self,
        problem: Problem,
        criteria: Criteria,
        items: Items,
        load: Float64Array,
        goals: Sequence[int],
        *,
        most: Float64Array,
    ) -> None:
        self._problem, self._items, self._load = problem, items, load
        self.goals = self._goals = np.array(goals, dtype=np.int64)
        self._is_hard = criteria.eligibility.hard
        self._forbidden = set(criteria.forbid)
        self._all_most = most
        self._most = most[self._goals]

    def goal(self, item: int, size: Float64Array) -> int | None:
        """Return who takes an item; None where nobody can."""
        load = self._load[self._goals]
        fits = (load + size <= self._most).all(axis=1) & self._may_have(item)
        if not fits.any():
            return None
        limited = np.isfinite(self._most) & (self._most > 0)
        fill = np.divide(load, self._most, out=np.zeros_like(load), where=limited).max(axis=1)
        fits &= fill <= fill[fits].min() + EVEN
        place = np.flatnonzero(fits)
        travel = self._problem.travel
        if travel is None:
            return int(self._goals[place[0]])
        away = travel[np.ix_(self._items.accounts_of(item), self._goals[place])].sum(axis=0)
        return int(self._goals[place[np.argmin(away)]])

    def most(self, goal: int) -> Float64Array:
        """Return what a goal may carry at most. Shape ``(measures,)``."""
        limit: Float64Array = self._all_most[goal]
        return limit

    def may_have(self, item: int, goal: int) -> bool:
        """Tell whether nothing rules out that a goal has an item."""
        return bool(self._may_have(item)[self._goals == goal].all())

    def detour(self, item: Positions, owner: Positions, goal: int) -> Float64Array:
        """Return how much more travel items are at a goal than where they are, by their first accounts."""
        travel = self._problem.travel
        if travel is None:
            return np.zeros(len(item))
        account = self._items.account[self._items.start[item]]
        more: Float64Array = np.asarray(travel[account, goal] - travel[account, owner], dtype=np.float64)
        return more

    def _may_have(self, item: int) -> BoolArray:
        problem, members = self._problem, self._items.accounts_of(item)
        pairs = np.ix_(members, self._goals)
        may = np.ones(len(self._goals), dtype=np.bool_)
        if problem.possible is not None:
            may &= problem.possible[pairs].all(axis=0)
        if self._is_hard and problem.mismatch is not None:
            may &= ~problem.mismatch[pairs].any(axis=0)
        if self._forbidden:
            may &= [
                not any((member, goal) in self._forbidden for member in members.tolist())
                for goal in self._goals.tolist()
            ]
        return may
