"""Give every move its week: as few weeks as the caps allow, urgent moves first, loads below their ceilings.

Owns the order of aims. First the fewest weeks: what a rep must give or receive this week, to be done in time, is
worth more than anything else. Then urgent moves, then as many moves as possible, those first whose new rep has room.
Families of several accounts are placed before single ones, largest first. What still lifts a rep above both its load
before and after is then taken down in :mod:`optimizer.transition_loads`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.graph.python import min_cost_flow

from optimizer.exceptions import InvalidParameter
from optimizer.transition import (
    NOBODY,
    Flags,
    Integers,
    Transition,
    families_over_cap,
    family_release,
    weeks_needed,
)
from optimizer.transition_loads import Peaks

MUST: Final = 10**9
"""Worth of a move without which the last week would be late; above that of all others together."""
URGENT: Final = 100
"""Worth of an urgent move: it displaces two others at most."""
ROOMY: Final = 2
"""Worth of a move to a rep who has room for it; 1 without."""


def schedule(transition: Transition, *, cap: int) -> Integers:
    """Return the week of every move, from 0. Shape ``(moves,)``.

    Parameters
    ----------
    transition
        What moves.
    cap
        Accounts that a rep gives, and accounts that it receives, in a week at most; ≥ 1.

    Raises
    ------
    InvalidParameter
        When the cap is below 1, or below what one family needs.

    Notes
    -----
    One minimum cost flow a week over the pairs of reps. Without families and releases the number of weeks is
    :func:`optimizer.transition.fewest_weeks`: what must go this week is then a flow that exists (see there).
    """
    if cap < 1:
        raise InvalidParameter("the cap must be at least 1")
    if families_over_cap(transition, cap=cap):
        raise InvalidParameter("a family has more accounts than the cap; raise the cap or let families split")
    made = _Weeks(transition, cap).run()
    return Peaks(transition, made, cap=cap).lowered()


@dataclass(frozen=True, eq=False)
class _Open:
    """What may go in one week: single moves by position, and how many each rep may and must still take of them."""

    moves: Integers
    most: tuple[Integers, Integers]
    must: tuple[Integers, Integers]


class _Weeks:
    """Goes through the weeks, one after another, until all has moved."""

    def __init__(self, transition: Transition, cap: int) -> None:
        self._transition, self._cap = transition, cap
        self._sides = transition.sides
        self._release = family_release(transition)
        self._week = np.full(transition.num_moves, NOBODY, dtype=np.int64)
        self._load = transition.load.copy()
        self._ceiling = transition.ceiling()
        self._families = _families(transition)

    def run(self) -> Integers:
        """Return the week of every move."""
        week = 0
        while (left := np.flatnonzero(self._week == NOBODY)).size:
            week = max(week, int(self._release[left].min()))
            end = week + max(
                weeks_needed(side[left], self._release[left], cap=self._cap, week=week) for side in self._sides
            )
            used = self._place_families(week)
            left = np.flatnonzero(self._week == NOBODY)
            singles = left[(self._release[left] <= week) & ~self._families.is_large[left]]
            most = tuple(self._cap - count for count in used)
            later = self._cap * (end - 1 - week)
            must = tuple(
                np.clip(self._counted(side, left) - later, 0, np.minimum(room, self._counted(side, singles)))
                for side, room in zip(self._sides, most, strict=True)
            )
            chosen = self._choose(_Open(singles, (most[0], most[1]), (must[0], must[1])))
            self._go(chosen, week)
            week += 1
        return self._week

    def _counted(self, side: Integers, moves: Integers) -> Integers:
        reps = side[moves]
        return np.bincount(reps[reps >= 0], minlength=self._transition.num_reps).astype(np.int64)

    def _place_families(self, week: int) -> tuple[Integers, Integers]:
        """Move whole families while the caps allow, urgent and large ones first; return what each rep has used."""
        used = np.zeros((2, self._transition.num_reps), dtype=np.int64)
        for members in self._families.large:
            if self._week[members[0]] != NOBODY or self._release[members[0]] > week:
                continue
            wanted = np.stack([self._counted(side, members) for side in self._sides])
            if np.all((used + wanted <= self._cap) | (wanted == 0)):
                used += wanted
                self._go(members, week)
        return used[0], used[1]

    def _go(self, moves: Integers, week: int) -> None:
        transition = self._transition
        self._week[moves] = week
        source, goal = transition.source[moves], transition.goal[moves]
        np.subtract.at(self._load, source[source >= 0], transition.given[moves][source >= 0])
        np.add.at(self._load, goal[goal >= 0], transition.taken[moves][goal >= 0])

    def _choose(self, open_: _Open) -> Integers:
        """Return the single moves that go this week."""
        if not len(open_.moves):
            return open_.moves
        worth = self._worth(open_.moves)
        source, goal = (side[open_.moves] for side in self._sides)
        kinds, kind, count = np.unique(np.stack([source, goal, worth]), axis=1, return_inverse=True, return_counts=True)
        taken = _flow(kinds, count, open_, num_reps=self._transition.num_reps)
        order = np.argsort(kind.ravel(), kind="stable")
        rank = np.arange(len(order)) - np.repeat(np.r_[0, np.cumsum(count)[:-1]], count)
        chosen: Integers = open_.moves[order[rank < np.repeat(taken, count)]]
        return np.sort(chosen)

    def _worth(self, moves: Integers) -> Integers:
        transition = self._transition
        goal = transition.goal[moves]
        fits = self._load[goal] + transition.taken[moves] <= self._ceiling[goal] * (1 + 1e-12)
        has_room = (goal < 0) | np.all(fits, axis=1)
        return np.where(transition.is_urgent[moves], URGENT, 0) + np.where(has_room, ROOMY, 1)


def _flow(kinds: Integers, count: Integers, open_: _Open, *, num_reps: int) -> Integers:
    """Return how many moves of each kind (source, goal, worth) go, worth the most together.

    The flow circulates: out of a hub to the sources, over the kinds to the goals, and back. What a rep must move has
    arcs of its own, whose worth is above all the rest. Whoever is not limited is one more node of each side.
    """
    hub = 2 * (num_reps + 1)
    source = np.where(kinds[0] < 0, num_reps, kinds[0])
    goal = num_reps + 1 + np.where(kinds[1] < 0, num_reps, kinds[1])
    total = int(count.sum())
    tails, heads, capacities, costs = [source], [goal], [count], [-kinds[2]]
    for number, (most, must) in enumerate(zip(open_.most, open_.must, strict=True)):
        nodes = number * (num_reps + 1) + np.arange(num_reps + 1)
        ends = (np.full(num_reps + 1, hub), nodes)
        for limit, cost in ((np.r_[must, 0], -MUST), (np.r_[most - must, total], 0)):
            tails.append(ends[number])
            heads.append(ends[1 - number])
            capacities.append(limit)
            costs.append(np.full(num_reps + 1, cost))
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        *(np.concatenate(part) for part in (tails, heads, capacities, costs))
    )
    status = solver.solve()
    if status != solver.OPTIMAL:  # zero flow is always possible: anything else is a fault of ours
        raise AssertionError(f"a week's flow ended with {status}")
    return np.asarray(solver.flows(arcs[: len(count)]), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Families:
    """The families of several moves, urgent and large ones first, and which moves belong to one."""

    large: list[Integers]
    is_large: Flags


def _families(transition: Transition) -> _Families:
    _, number, count = np.unique(transition.family, return_inverse=True, return_counts=True)
    number = number.ravel()
    order = np.argsort(number, kind="stable")
    members = np.split(order, np.cumsum(count)[:-1]) if len(count) else []
    large = [group for group in members if len(group) > 1]
    large.sort(key=lambda group: (not transition.is_urgent[group].any(), -len(group), int(group[0])))
    return _Families(large, count[number] > 1)
