"""The same problem said in another way: other rows, other numbers, another unit, other last bits of the same travel."""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.problem import PairAmounts, Problem


@dataclass(frozen=True, eq=False)
class Retold:
    """A problem said in another way, and how its alignments read in the first way.

    Attributes
    ----------
    accounts, reps
        Which account, and which rep, of the first problem stands at each place. Shapes ``(accounts,)``, ``(reps,)``.
    """

    problem: Problem
    criteria: Criteria
    accounts: np.ndarray
    reps: np.ndarray

    def in_first_words(self, alignment: Alignment) -> np.ndarray:
        """Return the rep of every account of the first problem. Shape ``(accounts,)``."""
        rep = np.full(len(self.accounts), -1)
        rep[self.accounts] = np.where(alignment.rep >= 0, self.reps[alignment.rep], -1)
        return rep


def shuffled(problem: Problem, criteria: Criteria, *, seed: int) -> Retold:
    """Shuffle accounts and reps, and give families other numbers."""
    rng = np.random.default_rng(seed)
    accounts, reps = rng.permutation(problem.num_accounts), rng.permutation(problem.num_reps)
    account_place, rep_place = np.argsort(accounts).astype(np.int32), np.argsort(reps).astype(np.int32)
    pairs = problem.pair_amounts
    if pairs is not None:
        mixed = rng.permutation(len(pairs.account))
        pairs = PairAmounts(
            account=account_place[pairs.account[mixed]], rep=rep_place[pairs.rep[mixed]], amount=pairs.amount[mixed]
        )
    changed = problem.replace(
        amount=problem.amount[accounts],
        current=np.where(problem.current >= 0, rep_place[problem.current], -1)[accounts],
        family=rng.permutation(int(problem.family.max()) + 1)[problem.family][accounts],
        locked=problem.locked[accounts],
        pair_amounts=pairs,
        **{name: getattr(problem, name)[reps] for name in ("fte", "active", "capacity_min", "capacity_max", "target")},
        **{
            name: None if matrix is None else matrix[np.ix_(accounts, reps)]
            for name in ("travel", "inertia", "possible", "mismatch")
            for matrix in (getattr(problem, name),)
        },
    )
    wishes = criteria.replace(
        locks=tuple((int(account_place[account]), int(rep_place[rep])) for account, rep in reversed(criteria.locks)),
        forbid=tuple((int(account_place[account]), int(rep_place[rep])) for account, rep in reversed(criteria.forbid)),
        frozen_reps=tuple(int(rep_place[rep]) for rep in criteria.frozen_reps),
    )
    return Retold(changed, wishes, accounts, reps)


def in_another_unit(problem: Problem, criteria: Criteria, *, measure: str, factor: float) -> Retold:
    """Say a measure in another unit: its amounts, limits, targets and budgets times a factor."""
    index = problem.measure_index(measure)

    def scaled(value: np.ndarray) -> np.ndarray:
        changed = value.astype(np.float64)
        changed[:, index] *= factor
        return changed

    pairs = problem.pair_amounts
    if pairs is not None:
        pairs = replace(pairs, amount=scaled(pairs.amount))
    names = ("amount", "capacity_min", "capacity_max", "target")
    changed = problem.replace(pair_amounts=pairs, **{name: scaled(getattr(problem, name)) for name in names})
    budgets = tuple(
        replace(budget, limit=budget.limit * factor) if budget.measure == measure else budget
        for budget in criteria.disruption.budgets
    )
    wishes = criteria.replace(disruption=replace(criteria.disruption, budgets=budgets))
    return Retold(changed, wishes, np.arange(problem.num_accounts), np.arange(problem.num_reps))


def with_noise(problem: Problem, criteria: Criteria, *, seed: int) -> Retold:
    """Move all travel and inertia by a few units in the last place, as turned longitudes do; equal rows alike."""
    rng = np.random.default_rng(seed)
    changes = {}
    for name in ("travel", "inertia"):
        matrix = getattr(problem, name)
        if matrix is not None:
            _, same = np.unique(matrix, return_inverse=True)
            noise = 1 + rng.uniform(-4e-16, 4e-16, int(same.max()) + 1)
            changes[name] = matrix * noise[same.reshape(matrix.shape)]
    changed = problem.replace(**changes)
    return Retold(changed, criteria, np.arange(problem.num_accounts), np.arange(problem.num_reps))
