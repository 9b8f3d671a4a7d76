"""Where an alignment stands, without a matrix of pairs: loads, moves and terms from each account's own pair alone.

Owns the rescoring of an alignment whose references are known. Made for what-if questions on large problems: the
problem carries no pair matrices here; what belongs to a pair is given for the chosen pairs only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimizer.alignment import Alignment
from optimizer.contiguity import num_pieces
from optimizer.criteria import Criteria
from optimizer.frozen import ReadOnly, frozen_array
from optimizer.measures import (
    Float64Array,
    assigned_amount,
    is_moved,
    mismatched,
    moved_amount,
    serves_today,
    soft_excess,
    sum_by,
)
from optimizer.problem import BoolArray, FloatArray, IntArray, Problem
from optimizer.references import References
from optimizer.result import Term
from optimizer.score import alignment_targets


@dataclass(frozen=True, eq=False, kw_only=True)
class ChosenPairs(ReadOnly):
    """What belongs to each account's own pair.

    Attributes
    ----------
    travel, inertia
        In the units of :class:`optimizer.Problem`, 0 where unassigned; None where unknown. Shape ``(accounts,)``.
    is_impossible
        True where the data rule out the pair. Shape ``(accounts,)``.
    is_mismatched
        True where the rep lacks a required skill. Shape ``(accounts,)``.
    """

    travel: FloatArray | None
    inertia: FloatArray | None
    is_impossible: BoolArray
    is_mismatched: BoolArray

    def __post_init__(self) -> None:
        for name in ("travel", "inertia"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        for name in ("is_impossible", "is_mismatched"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.bool_))


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing(ReadOnly):
    """An alignment with all that its rescoring needs.

    Attributes
    ----------
    problem
        Accounts, reps and amounts; pair matrices are not read.
    criteria, references
        What is wanted, and what travel and compactness are divided by.
    alignment, chosen
        The reps of the accounts, and what belongs to these pairs.
    """

    problem: Problem
    criteria: Criteria
    references: References
    alignment: Alignment
    chosen: ChosenPairs

    @property
    def rep(self) -> IntArray:
        """The rep of every account. Shape ``(accounts,)``."""
        return self.alignment.rep

    @cached_property
    def amount(self) -> Float64Array:
        """What every account brings to its rep. Shape ``(accounts, measures)``."""
        return assigned_amount(self.problem, self.alignment)

    @cached_property
    def load(self) -> Float64Array:
        """The load of every rep. Shape ``(reps, measures)``."""
        held = self.rep >= 0
        rep, amount, count = self.rep[held], self.amount[held], self.problem.num_reps
        return np.stack([sum_by(rep, amount[:, k], count=count) for k in range(amount.shape[1])], axis=1)

    @cached_property
    def pieces(self) -> IntArray:
        """In how many pieces every territory is, all 0 without units. Shape ``(reps,)``."""
        problem = self.problem
        if problem.units is None:
            return np.zeros(problem.num_reps, dtype=np.int32)
        return num_pieces(problem.units, self.alignment, num_reps=problem.num_reps).astype(np.int32)

    @cached_property
    def target(self) -> Float64Array:
        """The targets as :func:`optimizer.score.alignment_targets` gives them. Shape ``(reps, measures)``."""
        return alignment_targets(self.problem, self.criteria, self.load)

    @cached_property
    def is_served(self) -> BoolArray:
        """Which accounts have an active current rep. Shape ``(accounts,)``."""
        return serves_today(self.problem)

    @cached_property
    def is_moved(self) -> BoolArray:
        """Which accounts leave an active rep. Shape ``(accounts,)``."""
        return is_moved(self.problem, self.alignment)

    @cached_property
    def pins(self) -> tuple[IntArray, IntArray]:
        """The accounts that are locked, and to whom: locks of the criteria and locked accounts, by account."""
        own = np.flatnonzero(self.problem.locked)
        wished = np.array(self.criteria.locks, dtype=np.int64).reshape(-1, 2)
        account = np.concatenate([own, wished[:, 0]])
        rep = np.concatenate([self.problem.current[own], wished[:, 1]])
        order = np.argsort(account, kind="stable")
        return account[order].astype(np.int32), rep[order].astype(np.int32)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms as :func:`optimizer.score` gives them, in its order."""
        return tuple(self._terms())

    @property
    def objective(self) -> float:
        """The sum of the weighted terms."""
        return sum(term.weighted for term in self.terms)

    def _terms(self) -> Iterator[Term]:
        problem, criteria, chosen = self.problem, self.criteria, self.chosen
        if chosen.travel is not None:
            yield Term(
                name="travel",
                raw=float(chosen.travel.sum()),
                unit=problem.travel_unit,
                weight=criteria.travel_weight,
                reference=self.references.travel,
            )
        if chosen.inertia is not None and criteria.compactness_weight > 0:
            yield Term(
                name="compactness",
                raw=float(chosen.inertia.sum()),
                unit="km²·h",
                weight=criteria.compactness_weight,
                reference=self.references.compactness,
            )
        disruption = criteria.disruption
        if disruption.weight > 0:
            yield Term(
                name="disruption",
                raw=moved_amount(problem, self.alignment, disruption.measure),
                unit=disruption.measure,
                weight=disruption.weight,
                reference=float(problem.amount[:, problem.measure_index(disruption.measure)].sum()) or 1.0,
            )
        yield from self._balance()
        yield from self._counts()

    def _balance(self) -> Iterator[Term]:
        problem, active = self.problem, self.problem.active
        for wish in self.criteria.balance:
            if wish.hard or wish.weight == 0:
                continue
            k = problem.measure_index(wish.measure)
            excess = soft_excess(self.load[active, k], self.target[active, k], tolerance=wish.tolerance)
            yield Term(
                name=f"balance:{wish.measure}",
                raw=float(excess.sum()),
                unit="deviation",
                weight=wish.weight,
                reference=float(active.sum()) or 1.0,
            )

    def _counts(self) -> Iterator[Term]:
        criteria = self.criteria
        for name, weight, is_priced, concerned in (
            ("eligibility", criteria.eligibility.weight, not criteria.eligibility.hard, self.chosen.is_mismatched),
            ("unassigned", criteria.unassigned.weight, criteria.unassigned.allowed, self.rep < 0),
        ):
            if is_priced and weight > 0:
                yield Term(
                    name=name,
                    raw=float(concerned.sum()),
                    unit="accounts",
                    weight=weight,
                    reference=float(self.problem.num_accounts),
                )


def chosen_pairs(problem: Problem, alignment: Alignment) -> ChosenPairs:
    """Read what belongs to each account's own pair from a problem's pair matrices."""
    held = np.flatnonzero(alignment.rep >= 0)
    rep = alignment.rep[held]

    def values(matrix: FloatArray | None) -> FloatArray | None:
        if matrix is None:
            return None
        value = np.zeros(problem.num_accounts)
        value[held] = matrix[held, rep]
        return value

    is_impossible = np.zeros(problem.num_accounts, dtype=np.bool_)
    if problem.possible is not None:
        is_impossible[held] = ~problem.possible[held, rep]
    return ChosenPairs(
        travel=values(problem.travel),
        inertia=values(problem.inertia),
        is_impossible=is_impossible,
        is_mismatched=mismatched(problem, alignment),
    )
