"""What if one item went to another rep: the exact change of every term, for all reps at once.

Owns the arithmetic of a single change: only this item moves, everybody else stays. What it breaks stands in
:mod:`optimizer.what_if_breaches`. O(reps · measures) for all reps together; where an amount depends on the rep, O(reps)
more for each distinct amount.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.contiguity import pieces_around
from optimizer.criteria import Balance, Contiguity
from optimizer.frozen import ReadOnly, frozen_array
from optimizer.load_ranges import amount_at_rep
from optimizer.measures import Float64Array, soft_excess, sum_by
from optimizer.problem import FloatArray, IntArray, Problem
from optimizer.standing import Standing
from optimizer.targets import target_loads, target_share


@dataclass(frozen=True, eq=False, kw_only=True)
class ItemRow(ReadOnly):
    """What an item would be with each rep, its members added up.

    Attributes
    ----------
    members
        The item's accounts. Shape ``(members,)``.
    travel, inertia
        None where unknown. Shape ``(reps,)``.
    impossible, mismatched
        How many members the data rule out there, and of how many the rep lacks a skill. Shape ``(reps,)``.
    amount
        What the item brings to each rep. Shape ``(reps, measures)``.
    """

    members: IntArray
    travel: FloatArray | None
    inertia: FloatArray | None
    impossible: IntArray
    mismatched: IntArray
    amount: FloatArray

    def __post_init__(self) -> None:
        for name in ("members", "impossible", "mismatched"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int32))
        for name in ("travel", "inertia", "amount"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))


def item_row(problem: Problem, members: IntArray) -> ItemRow:
    """Read an item's row from a problem's pair matrices."""

    def total(matrix: FloatArray | None) -> FloatArray | None:
        return None if matrix is None else matrix[members].sum(axis=0, dtype=np.float64)

    amount = np.tile(problem.amount[members].sum(axis=0), (problem.num_reps, 1))
    if problem.pair_amounts is not None:
        for measure in range(amount.shape[1]):
            for rep in range(problem.num_reps):
                amount[rep, measure] = amount_at_rep(problem, rep, measure)[members].sum()
    none = np.zeros(problem.num_reps, dtype=np.int32)
    return ItemRow(
        members=members,
        travel=total(problem.travel),
        inertia=total(problem.inertia),
        impossible=none if problem.possible is None else (~problem.possible[members]).sum(axis=0),
        mismatched=none if problem.mismatch is None else problem.mismatch[members].sum(axis=0),
        amount=amount,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class TermChange:
    """How one term changes with each rep.

    Attributes
    ----------
    name
        As in :class:`optimizer.Term`.
    raw, weighted
        After less before. Shape ``(reps,)``.
    """

    name: str
    raw: FloatArray
    weighted: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Targets:
    """Targets of one measure after the change, the same for a group of reps.

    Attributes
    ----------
    reps
        Going to these reps leaves these targets. Shape ``(group,)``.
    target
        Every rep's target then. Shape ``(reps,)``.
    """

    reps: IntArray
    target: Float64Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Pieces:
    """How many pieces each territory is in. Each of shape ``(reps,)``.

    Attributes
    ----------
    before, without, with_item
        As it is, once the item is gone from where it is, and with the item as its own.
    """

    before: IntArray
    without: IntArray
    with_item: IntArray

    @property
    def change(self) -> Float64Array:
        """Pieces beyond one, after less before, all territories together, for each rep. Shape ``(reps,)``."""
        before, without, mine = (np.maximum(0, count - 1) for count in (self.before, self.without, self.with_item))
        return np.asarray((without - before).sum() + mine - without, dtype=np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class WhatIf:
    """One item moved to each rep in turn.

    Attributes
    ----------
    standing
        The alignment that is changed.
    row
        The item. Its members move together, wherever they are now.
    """

    standing: Standing
    row: ItemRow

    @cached_property
    def sources(self) -> IntArray:
        """The reps that lose a member, those that may get it back included. Shape ``(sources,)``."""
        rep = np.unique(self.standing.rep[self.row.members])
        return rep[rep >= 0]

    @cached_property
    def load_without(self) -> Float64Array:
        """Loads once the item is gone from where it is. Shape ``(reps, measures)``."""
        standing, members = self.standing, self.row.members
        rep = standing.rep[members]
        held = rep >= 0
        load = standing.load.copy()
        np.subtract.at(load, rep[held], standing.amount[members[held]])
        return load

    @cached_property
    def load_with(self) -> Float64Array:
        """Each rep's own load once the item is there. Shape ``(reps, measures)``."""
        return self.load_without + self.row.amount

    @cached_property
    def terms(self) -> tuple[TermChange, ...]:
        """The change of every term of the alignment, in its order."""
        raw = dict(self._raw())
        changes = []
        for term in self.standing.terms:
            after = raw[term.name]
            changes.append(TermChange(name=term.name, raw=after, weighted=term.weight * after / term.reference))
        return tuple(changes)

    @cached_property
    def pieces(self) -> Pieces | None:
        """The pieces of territories that must be connected; None where they need not be."""
        problem = self.standing.problem
        if self.standing.criteria.contiguity is Contiguity.OFF or problem.units is None:
            return None
        without, with_item = pieces_around(
            problem.units, self.standing.alignment, self.row.members, num_reps=problem.num_reps
        )
        return Pieces(
            before=self.standing.pieces, without=without.astype(np.int32), with_item=with_item.astype(np.int32)
        )

    @cached_property
    def price(self) -> Float64Array:
        """The change of the objective. Shape ``(reps,)``."""
        price = np.zeros(self.standing.problem.num_reps)
        for change in self.terms:
            price += change.weighted
        return price

    def targets_after(self, wish: Balance) -> Iterator[Targets]:
        """Yield the targets of a balanced measure, once for all reps that leave the same ones."""
        problem = self.standing.problem
        k = problem.measure_index(wish.measure)
        keeps_total = bool((self.standing.rep[self.row.members] >= 0).all()) and not _depends_on_rep(problem, k)
        if target_share(problem, wish) is None or keeps_total:
            yield Targets(reps=np.arange(problem.num_reps, dtype=np.int32), target=self.standing.target[:, k])
            return
        before, without = float(self.standing.load[:, k].sum()), float(self.load_without[:, k].sum())
        brought, group = np.unique(self.row.amount[:, k], return_inverse=True)
        for number, amount in enumerate(brought.tolist()):
            is_same = amount == before - without
            after = self.standing.target[:, k] if is_same else target_loads(problem, wish, total=without + amount)
            yield Targets(reps=np.flatnonzero(group == number).astype(np.int32), target=np.asarray(after, np.float64))

    def _raw(self) -> Iterator[tuple[str, FloatArray]]:
        """Yield the change of each term's raw value."""
        standing, row = self.standing, self.row
        members = row.members
        if standing.chosen.travel is not None and row.travel is not None:
            yield "travel", row.travel - float(standing.chosen.travel[members].sum())
        if standing.chosen.inertia is not None and row.inertia is not None:
            yield "compactness", row.inertia - float(standing.chosen.inertia[members].sum())
        measure = standing.problem.measure_index(standing.criteria.disruption.measure)
        yield "disruption", self.moved_after(measure) - self.moved_before(measure)
        for wish in standing.criteria.balance:
            yield f"balance:{wish.measure}", self._balance(wish)
        num_reps = standing.problem.num_reps
        yield "eligibility", row.mismatched - float(standing.chosen.is_mismatched[members].sum())
        yield "unassigned", np.full(num_reps, -float((standing.rep[members] < 0).sum()))

    def moved_before(self, measure: int) -> float:
        """Return how much of a measure of this item moves today."""
        members = self.row.members
        return float(self.standing.problem.amount[members, measure][self.standing.is_moved[members]].sum())

    def moved_after(self, measure: int) -> Float64Array:
        """Return how much of a measure of this item moves when it goes to each rep. Shape ``(reps,)``."""
        stays = self.staying(measure)
        members = self.row.members
        served = members[self.standing.is_served[members]]
        return float(self.standing.problem.amount[served, measure].sum()) - stays

    def staying(self, measure: int) -> Float64Array:
        """Return how much of the item each active rep has today, of a measure. Shape ``(reps,)``."""
        problem, members = self.standing.problem, self.row.members
        served = members[self.standing.is_served[members]]
        return sum_by(problem.current[served], problem.amount[served, measure], count=problem.num_reps)

    def _balance(self, wish: Balance) -> Float64Array:
        """Return the change of a balance's excess over all active reps. Shape ``(reps,)``."""
        problem = self.standing.problem
        k, active = problem.measure_index(wish.measure), problem.active
        change = np.empty(problem.num_reps)
        before = self._excess(self.standing.load[:, k], self.standing.target[:, k], wish)
        for targets in self.targets_after(wish):
            without = self._excess(self.load_without[:, k], targets.target, wish)
            mine = self._excess(self.load_with[:, k], targets.target, wish)
            # what does not change cancels term by term, so that no large sums are subtracted
            rest = float((without - before)[active].sum())
            change[targets.reps] = rest + (mine - without)[targets.reps]
        return change

    def _excess(self, load: Float64Array, target: Float64Array, wish: Balance) -> Float64Array:
        excess = soft_excess(load, target, tolerance=wish.tolerance)
        return np.where(self.standing.problem.active, excess, 0.0)


def _depends_on_rep(problem: Problem, measure: int) -> bool:
    pairs = problem.pair_amounts
    return pairs is not None and bool(np.isfinite(pairs.amount[:, measure]).any())
