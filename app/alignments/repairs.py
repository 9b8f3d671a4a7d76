"""Level ``repaired`` of an explanation: an item goes to another rep, and one to three other items make room for it.

An item may be followed by a whole group of units, where a territory that must be connected fell apart.

Owns a small greedy search around one forced change: whoever is then beyond a limit gives or takes the item that mends
most for the least. What comes out is verified: it breaks nothing that the alignment did not break before.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from app.alignments.breaches import violations_json
from app.alignments.columns import Floats, Integers
from app.alignments.situations import Situation
from app.alignments.unit_groups import unit_groups
from optimizer.alignment import Alignment
from optimizer.standing import ChosenPairs, Standing
from optimizer.tolerances import slack
from optimizer.what_if import WhatIf
from optimizer.what_if_breaches import may_serve

MOST_FOLLOW_UPS: Final = 3
MOST_CANDIDATES: Final = 40
"""So many items of each rep concerned are tried, the nearest first."""

NOTABLE: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Repair:
    """One forced change with its follow-up moves.

    Parameters
    ----------
    situation
        The alignment after all of it.
    changed
        The accounts whose rep differs, ascending.
    violations
        What it breaks that was not broken, or not so much; empty in a full repair.
    """

    situation: Situation
    changed: Integers
    violations: list[dict[str, Any]]


@dataclass(frozen=True)
class Repairs:
    """How to look for follow-up moves.

    Parameters
    ----------
    time_limit_s
        Seconds for all alternatives of one explanation together, > 0.
    most_alternatives
        So many alternatives are repaired at most, the best first.
    clock
        Seconds that only grow.
    """

    time_limit_s: float = 1.5
    most_alternatives: int = 3
    clock: Callable[[], float] = time.monotonic

    def find(self, situation: Situation, members: Integers, goals: list[int]) -> dict[int, Repair]:
        """Return the repairs found, by the rep that the item goes to; none that is no better than the direct change."""
        ends = self.clock() + self.time_limit_s
        before = violations_json(situation)
        found: dict[int, Repair] = {}
        for goal in goals[: self.most_alternatives]:
            if self.clock() >= ends:
                break
            search = _Search(situation, members, goal, is_over=lambda: self.clock() >= ends)
            made = search.run()
            if made is None:
                continue
            worse = _worse(before, made)
            if not worse:
                found[goal] = Repair(made, np.flatnonzero(made.owner != situation.owner), worse)
        return found


def worse_than(before: Situation, after: Situation) -> list[dict[str, Any]]:
    """Return what an alignment breaks that another one does not break, or not so much."""
    return _worse(violations_json(before), after)


def _worse(before: list[dict[str, Any]], after: Situation) -> list[dict[str, Any]]:
    known = {_key(violation): float(violation["by"]) for violation in before}
    return [
        violation
        for violation in violations_json(after)
        if violation["by"] > known.get(_key(violation), 0.0) + slack(float(violation["limit"]))
    ]


class _Search:
    """The greedy search around one forced change."""

    def __init__(self, situation: Situation, members: Integers, goal: int, *, is_over: Callable[[], bool]) -> None:
        self._before, self._members, self._goal, self._is_over = situation, members, goal, is_over
        self._limits = _limits(situation.standing)

    def run(self) -> Situation | None:
        """Return the alignment after the change and its follow-up moves; None where none helps."""
        at = moved(self._before, self._members, self._goal)
        touched = np.unique(np.append(self._before.owner[self._members], self._goal))
        helped = False
        for _ in range(MOST_FOLLOW_UPS):
            step = self._best_step(at, touched[touched >= 0])
            if step is None:
                break
            members, goal = step
            touched = np.unique(np.concatenate([touched, at.owner[members], [goal]]))
            at = moved(at, members, goal)
            helped = True
        return at if helped else None

    def _best_step(self, at: Situation, touched: Integers) -> tuple[Integers, int] | None:
        """Return the item and rep that mend most, and among those cost least; None where nothing is better."""
        best: tuple[tuple[float, float], Integers, int] | None = None
        for members in self._candidates(at, touched):
            if self._is_over():
                break
            change = at.what_if(members)
            allowed = may_serve(change)
            allowed[at.owner[members]] = False
            goals = np.flatnonzero(allowed)
            if not len(goals):
                continue
            excess, price = np.round(self._excess_change(change)[goals], 9), change.price[goals]
            place = int(np.lexsort((price, excess))[0])
            merit = float(excess[place]), float(price[place])
            if merit < (-NOTABLE, 0.0) or (merit[0] == 0 and merit[1] < -NOTABLE):
                best = min(best or (merit, members, int(goals[place])), (merit, members, int(goals[place])), key=_merit)
        return None if best is None else best[1:]

    def _candidates(self, at: Situation, touched: Integers) -> Iterator[Integers]:
        """Yield items of the touched reps, nearest to the other touched reps first, and items near who lacks load."""
        if (at.standing.pieces[touched] > 1).any():
            yield from unit_groups(at, self._members, self._goal)
        forced = set(self._members.tolist())
        seen: set[int] = set()
        for accounts in self._pools(at, touched):
            count = 0
            for account in accounts.tolist():
                members = at.item_of(account)
                first = int(members[0])
                if first in seen or forced.intersection(members.tolist()):
                    continue
                seen.add(first)
                yield members
                count += 1
                if count == MOST_CANDIDATES:
                    break

    def _pools(self, at: Situation, touched: Integers) -> Iterator[Integers]:
        if (at.standing.pieces[touched] > 1).any():
            yield self._beside(at)
        lowest, _ = self._limits
        lacking = [rep for rep in touched.tolist() if (at.standing.load[rep] < lowest[rep] - slack(lowest[rep])).any()]
        over = [rep for rep in touched.tolist() if self._is_above(at, rep)]
        for rep in over or ([self._goal] if not lacking else []):
            mine = np.flatnonzero(at.owner == rep)
            others = touched[touched != rep]
            yield mine[np.argsort(_least_distance(at, mine, others), kind="stable")]
        for rep in lacking:
            theirs = np.flatnonzero((at.owner != rep) & (at.owner >= 0))
            distance = at.facts.distance_km(np.full(at.columns.num_accounts, rep))[theirs]
            yield theirs[np.argsort(np.nan_to_num(distance), kind="stable")]

    def _beside(self, at: Situation) -> Integers:
        """Return the accounts in units beside the forced item's: what it is parted from, and what it leaves behind."""
        units = at.standing.problem.units
        if units is None:
            return np.zeros(0, dtype=np.int64)
        own = np.unique(units.unit[self._members])
        beside = units.graph.neighbor[np.isin(units.graph.origin, own)]
        return np.flatnonzero(np.isin(units.unit, np.setdiff1d(beside, own)))

    def _is_above(self, at: Situation, rep: int) -> bool:
        _, highest = self._limits
        return bool((at.standing.load[rep] > highest[rep] + slack(highest[rep])).any())

    def _excess_change(self, change: WhatIf) -> Floats:
        """Return how much farther beyond limits everything is altogether, for each rep. Shape ``(reps,)``.

        Loads count in shares of their limits, each piece of a territory beyond one counts 1.
        """
        load = change.standing.load
        before = _relative_excess(load, self._limits)
        without = _relative_excess(change.load_without, self._limits)
        mine = _relative_excess(change.load_with, self._limits)
        excess = float((without - before).sum()) + mine - without
        return excess if change.pieces is None else excess + change.pieces.change


def moved(situation: Situation, members: Integers, goal: int) -> Situation:
    """Return the alignment with an item at another rep; what belongs to other pairs is taken over."""
    owner = situation.owner.copy()
    owner[members] = goal
    after = replace(situation, owner=owner)
    chosen = situation.standing.chosen
    own = after.facts.chosen_of(members, goal)

    def updated(whole: Any, part: Any) -> Any:
        if whole is None:
            return None
        copy = whole.copy()
        copy[members] = part
        return copy

    standing = Standing(
        problem=situation.standing.problem,
        criteria=situation.standing.criteria,
        references=situation.standing.references,
        alignment=Alignment(owner.astype(np.int32)),
        chosen=ChosenPairs(
            travel=updated(chosen.travel, own.travel),
            inertia=updated(chosen.inertia, own.inertia),
            is_impossible=updated(chosen.is_impossible, own.is_impossible),
            is_mismatched=updated(chosen.is_mismatched, own.is_mismatched),
        ),
    )
    after.__dict__["standing"] = standing  # what the property would reckon, without another pass over all accounts
    return after


def _limits(standing: Standing) -> tuple[Floats, Floats]:
    """Return the tightest limits of every load, by capacity and hard balance. Each of shape ``(reps, measures)``."""
    problem = standing.problem
    lowest, highest = problem.capacity_min.astype(np.float64), problem.capacity_max.astype(np.float64)
    for wish in standing.criteria.balance:
        if wish.hard:
            k = problem.measure_index(wish.measure)
            target = standing.target[:, k]
            lowest[:, k] = np.maximum(lowest[:, k], (1 - wish.tolerance) * target)
            highest[:, k] = np.minimum(highest[:, k], (1 + wish.tolerance) * target)
    lowest[~problem.active], highest[~problem.active] = 0.0, np.inf
    return lowest, highest


def _relative_excess(load: Floats, limits: tuple[Floats, Floats]) -> Floats:
    """Return how far each rep is beyond its limits, in shares of them, all measures together. Shape ``(reps,)``."""
    lowest, highest = limits
    over = np.maximum(0.0, load - highest) / np.where(np.isfinite(highest) & (highest > 0), highest, 1.0)
    under = np.maximum(0.0, lowest - load) / np.where(lowest > 0, lowest, 1.0)
    total: Floats = (over + under).sum(axis=1)
    return total


def _least_distance(at: Situation, accounts: Integers, reps: Integers) -> Floats:
    """Return how far each account is from the nearest of some reps; 0 where nothing is known."""
    if not len(reps):
        return np.zeros(len(accounts))
    distance = [at.facts.distance_km(np.full(at.columns.num_accounts, rep))[accounts] for rep in reps.tolist()]
    nearest: Floats = np.nan_to_num(np.min(distance, axis=0))
    return nearest


def _merit(step: tuple[tuple[float, float], Integers, int]) -> tuple[float, float]:
    return step[0]


def _key(violation: dict[str, Any]) -> tuple[Any, ...]:
    families = tuple(violation["account_ids"][:1]) if violation["criterion"] == "families" else ()
    return violation["criterion"], violation["measure"], violation["rep_id"], families
