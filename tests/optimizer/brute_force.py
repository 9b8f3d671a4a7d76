"""Every alignment of a small problem at once: which are right, what each is worth, and the best.

Written from api.md a second time, in another form than the package: one table over all alignments instead of one
alignment after the other. Only for problems of a few thousand alignments.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Target
from optimizer.problem import Problem

FORGIVEN = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class EveryAlignment:
    """All alignments that send nothing to reps who have left.

    Attributes
    ----------
    rep
        Shape ``(alignments, accounts)``; -1 for unassigned.
    is_right
        Whether all hard criteria are kept. Shape ``(alignments,)``.
    objective
        Shape ``(alignments,)``.
    """

    rep: np.ndarray
    is_right: np.ndarray
    objective: np.ndarray

    @property
    def is_feasible(self) -> bool:
        """True when one of them is right."""
        return bool(self.is_right.any())

    @property
    def optimum(self) -> float | None:
        """The smallest objective of those that are right, None when there is none."""
        return float(self.objective[self.is_right].min()) if self.is_feasible else None

    @property
    def best(self) -> Alignment | None:
        """A right alignment of smallest objective, None when there is none."""
        if not self.is_feasible:
            return None
        return Alignment(self.rep[np.argmin(np.where(self.is_right, self.objective, np.inf))])


def brute_force(problem: Problem, criteria: Criteria) -> EveryAlignment:
    """Return every alignment with its verdict and objective."""
    choices = list(np.flatnonzero(problem.active)) + ([-1] if criteria.unassigned.allowed else [])
    grid = list(itertools.product(choices, repeat=problem.num_accounts))
    rep = np.array(grid, dtype=np.int32).reshape(-1, problem.num_accounts)
    table = _Table(problem, criteria, rep)
    return EveryAlignment(rep=rep, is_right=table.is_right(), objective=table.objective())


class _Table:
    """Columns over all alignments."""

    def __init__(self, problem: Problem, criteria: Criteria, rep: np.ndarray) -> None:
        self.problem, self.criteria, self.rep = problem, criteria, rep
        self.accounts = range(problem.num_accounts)
        self.account = np.arange(problem.num_accounts)
        self.pair_ok = self._pair_ok()
        served = (problem.current >= 0) & problem.active[problem.current]
        self.moved = served & (rep != problem.current)
        self.load = self._loads()

    def is_right(self) -> np.ndarray:
        """Return which alignments keep every hard criterion."""
        right: np.ndarray = self.pair_ok[self.account, self.rep].all(axis=1)
        if self.criteria.families_together:
            for first, second in itertools.combinations(self.account, 2):
                if self.problem.family[first] == self.problem.family[second]:
                    right &= self.rep[:, first] == self.rep[:, second]
        active = self.problem.active
        right &= _inside(self.load, self.problem.capacity_min, self.problem.capacity_max)[:, active].all(axis=(1, 2))
        for balance in self.criteria.balance:
            if balance.hard:
                load, target = self._load_and_target(balance)
                band = _inside(load, (1 - balance.tolerance) * target, (1 + balance.tolerance) * target)
                right &= band[:, active].all(axis=1)
        for budget in self.criteria.disruption.budgets:
            right &= self._keeps(budget)
        return right

    def objective(self) -> np.ndarray:
        """Return the sum of the weighted terms of each alignment."""
        problem, criteria = self.problem, self.criteria
        value = np.zeros(len(self.rep))
        for matrix, weight in (
            (problem.travel, criteria.travel_weight),
            (problem.inertia, criteria.compactness_weight),
        ):
            if matrix is not None:
                value += weight * self._pairs(matrix).sum(axis=1) / self._reference(matrix)
        own = problem.amount[:, problem.measures.index(criteria.disruption.measure)]
        value += criteria.disruption.weight * (self.moved * own).sum(axis=1) / (own.sum() or 1)
        for balance in criteria.balance:
            if not balance.hard:
                value += balance.weight * self._soft(balance) / (problem.active.sum() or 1)
        if problem.mismatch is not None and not criteria.eligibility.hard:
            value += criteria.eligibility.weight * self._pairs(problem.mismatch).sum(axis=1) / problem.num_accounts
        value += criteria.unassigned.weight * (self.rep < 0).sum(axis=1) / problem.num_accounts
        return value

    def _pair_ok(self) -> np.ndarray:
        """Return what each account may do alone; the last column is unassigned."""
        problem, criteria = self.problem, self.criteria
        ok = np.ones((problem.num_accounts, problem.num_reps + 1), dtype=bool)
        ok[:, :-1] &= problem.active
        ok[:, -1] = criteria.unassigned.allowed
        if problem.possible is not None:
            ok[:, :-1] &= problem.possible
        if problem.mismatch is not None and criteria.eligibility.hard:
            ok[:, :-1] &= ~problem.mismatch
        for forbidden in criteria.forbid:
            ok[forbidden] = False
        stay: list[tuple[int, int]] = [
            (account, int(problem.current[account])) for account in self.accounts if problem.locked[account]
        ]
        for frozen in criteria.frozen_reps:
            stay += [(account, frozen) for account in self.accounts if problem.current[account] == frozen]
            ok[problem.current != frozen, frozen] = False
        for account, rep in [*stay, *criteria.locks]:
            ok[account, np.arange(problem.num_reps + 1) != rep] = False
        return ok

    def _pairs(self, matrix: np.ndarray) -> np.ndarray:
        padded: np.ndarray = np.hstack([matrix, np.zeros((len(matrix), 1))])
        values: np.ndarray = padded[self.account, self.rep]
        return values

    def _loads(self) -> np.ndarray:
        problem = self.problem
        amount = np.repeat(problem.amount[:, None, :], problem.num_reps, axis=1)
        if problem.pair_amounts is not None:
            pairs = problem.pair_amounts
            for account, rep, own in zip(pairs.account, pairs.rep, pairs.amount, strict=True):
                amount[account, rep] = np.where(np.isnan(own), amount[account, rep], own)
        load = np.zeros((len(self.rep), problem.num_reps, len(problem.measures)))
        for account in self.account:
            for rep in range(problem.num_reps):
                load[:, rep] += np.where(self.rep[:, [account]] == rep, amount[account, rep], 0)
        return load

    def _load_and_target(self, balance: Balance) -> tuple[np.ndarray, np.ndarray]:
        problem, active = self.problem, self.problem.active
        measure = problem.measures.index(balance.measure)
        load = self.load[:, :, measure]
        if balance.target is Target.GIVEN:
            return load, np.broadcast_to(problem.target[:, measure], load.shape)
        basis = {
            Target.EQUAL: np.ones(problem.num_reps),
            Target.FTE: problem.fte,
            Target.CAPACITY: problem.capacity_max[:, measure],
        }[balance.target]
        share = np.where(active, basis, 0) / np.where(active, basis, 0).sum()
        return load, load.sum(axis=1)[:, None] * share

    def _soft(self, balance: Balance) -> np.ndarray:
        load, target = self._load_and_target(balance)
        counted = self.problem.active & (target > 0)
        size = np.abs(load - target) / np.where(target > 0, target, 1)
        cost = np.maximum(0, size - balance.tolerance) + 2 * np.maximum(0, size - 2 * balance.tolerance)
        total: np.ndarray = np.where(counted, cost, 0).sum(axis=1)
        return total

    def _keeps(self, budget: Budget) -> np.ndarray:
        problem = self.problem
        moved = self.moved * problem.amount[:, problem.measures.index(budget.measure)]
        if budget.scope is BudgetScope.TOTAL:
            return _inside(moved.sum(axis=1), -np.inf, budget.limit)
        right = np.ones(len(self.rep), dtype=bool)
        place = self.rep if budget.scope is BudgetScope.IN else np.broadcast_to(problem.current, self.rep.shape)
        for rep in range(problem.num_reps):
            right &= _inside(np.where(place == rep, moved, 0).sum(axis=1), -np.inf, budget.limit)
        return right

    def _reference(self, matrix: np.ndarray) -> float:
        together = self.criteria.families_together
        group = self.problem.family if together else self.account
        total = 0.0
        for number in set(group.tolist()):
            members = group == number
            allowed = self.pair_ok[members, :-1].all(axis=0)
            if allowed.any():
                total += float(matrix[members].sum(axis=0)[allowed].min())
        return total or 1.0


def _inside(value: np.ndarray, low: npt.ArrayLike, high: npt.ArrayLike) -> np.ndarray:
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    forgiven_low = np.where(np.isfinite(low), np.abs(low), 0) * FORGIVEN + FORGIVEN
    forgiven_high = np.where(np.isfinite(high), np.abs(high), 0) * FORGIVEN + FORGIVEN
    return (value >= low - forgiven_low) & (value <= high + forgiven_high)
