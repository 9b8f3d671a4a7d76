"""Seeded small problems with every criterion mixed, small enough for brute force.

Amounts, travel and limits are multiples of 1/4, so that sums are exact and a limit may be met to the last digit.
Most are feasible, some are not; a few have no pair at all for an account.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.criteria import (
    Balance,
    Budget,
    BudgetScope,
    Criteria,
    Disruption,
    Eligibility,
    Target,
    Unassigned,
)
from optimizer.problem import PairAmounts, Problem

MEASURES = ("accounts", "workload", "potential")


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How large the problems are, and how many of them carry each criterion (a probability)."""

    most_accounts: int = 7
    most_reps: int = 3
    capacity: float = 0.5
    hard_balance: float = 0.25
    soft_balance: float = 0.5
    budget: float = 0.4
    family: float = 0.4
    lock: float = 0.3
    skill: float = 0.3
    unassigned: float = 0.25
    pair_amounts: float = 0.25
    frozen: float = 0.15
    left: float = 0.25


def random_problem(seed: int, *, mix: Mix | None = None) -> tuple[Problem, Criteria]:
    """Return the problem and criteria of a seed; the same ones every time."""
    mix = mix or Mix()
    rng = np.random.default_rng(seed)
    problem = _problem(rng, mix)
    return problem, _criteria(rng, mix, problem)


def _quarters(rng: np.random.Generator, low: float, high: float, shape: int | tuple[int, ...]) -> np.ndarray:
    return rng.integers(int(4 * low), int(4 * high) + 1, shape) / 4


def _problem(rng: np.random.Generator, mix: Mix) -> Problem:
    num_accounts = int(rng.integers(2, mix.most_accounts + 1))
    num_active = int(rng.integers(1 if rng.random() < 0.1 else 2, mix.most_reps + 1))
    num_reps = num_active + int(rng.random() < mix.left)
    active = np.ones(num_reps, dtype=np.bool_)
    if num_reps > num_active:
        active[rng.integers(num_reps)] = False
    amount = np.column_stack(
        [np.ones(num_accounts), _quarters(rng, 0, 4, num_accounts), _quarters(rng, 0, 20, num_accounts)]
    )
    current = rng.integers(-1, num_reps, num_accounts).astype(np.int32)
    family = np.arange(num_accounts, dtype=np.int32)
    if rng.random() < mix.family:
        family = rng.integers(0, max(1, num_accounts - 1), num_accounts).astype(np.int32)
    locked = (rng.random(num_accounts) < 0.2) & (current >= 0) & (rng.random() < mix.lock)
    locked &= active[current]
    total = amount.sum(axis=0)
    capacity_max = np.full((num_reps, 3), np.inf)
    capacity_min = np.zeros((num_reps, 3))
    for measure in range(3):
        if rng.random() < mix.capacity:
            room = rng.uniform(1.0, 2.2, num_reps) * total[measure] / num_active
            capacity_max[:, measure] = np.ceil(room * 4) / 4
            if rng.random() < 0.25:
                capacity_min[:, measure] = np.minimum(
                    capacity_max[:, measure], np.floor(rng.uniform(0, 0.8, num_reps) * room * 4) / 4
                )
    return Problem(
        measures=MEASURES,
        amount=amount,
        current=current,
        family=family,
        locked=locked,
        fte=rng.choice([0.5, 1.0, 1.0, 2.0], num_reps),
        active=active,
        capacity_min=capacity_min,
        capacity_max=capacity_max,
        target=np.ceil(rng.uniform(0.7, 1.3, (num_reps, 3)) * total / num_active * 4) / 4,
        travel=_quarters(rng, 0, 25, (num_accounts, num_reps)) if rng.random() < 0.9 else None,
        inertia=_quarters(rng, 0, 100, (num_accounts, num_reps)) if rng.random() < 0.5 else None,
        possible=rng.random((num_accounts, num_reps)) < 0.85 if rng.random() < 0.4 else None,
        mismatch=rng.random((num_accounts, num_reps)) < 0.2 if rng.random() < mix.skill else None,
        pair_amounts=_pair_amounts(rng, num_accounts, num_reps) if rng.random() < mix.pair_amounts else None,
    )


def _pair_amounts(rng: np.random.Generator, num_accounts: int, num_reps: int) -> PairAmounts:
    account, rep = np.nonzero(rng.random((num_accounts, num_reps)) < 0.4)
    amount = np.full((len(account), 3), np.nan)
    amount[:, 1] = _quarters(rng, 0, 6, len(account))
    if rng.random() < 0.3:
        amount[:, 2] = np.where(rng.random(len(account)) < 0.5, _quarters(rng, 0, 20, len(account)), np.nan)
    return PairAmounts(account=account.astype(np.int32), rep=rep.astype(np.int32), amount=amount)


def _criteria(rng: np.random.Generator, mix: Mix, problem: Problem) -> Criteria:
    active = np.flatnonzero(problem.active)
    locks, forbid = [], []
    if rng.random() < mix.lock:
        account = int(rng.integers(problem.num_accounts))
        if not problem.locked[account]:
            locks.append((account, int(rng.choice(active))))
    if rng.random() < mix.lock:
        forbid.append((int(rng.integers(problem.num_accounts)), int(rng.integers(problem.num_reps))))
    return Criteria(
        balance=_balance(rng, mix, problem),
        travel_weight=float(rng.integers(0, 5) * 10) if problem.travel is not None else 0.0,
        compactness_weight=float(rng.integers(0, 3) * 10) if problem.inertia is not None else 0.0,
        disruption=Disruption(
            weight=float(rng.integers(0, 4) * 10),
            measure=str(rng.choice(MEASURES)),
            budgets=_budgets(rng, mix, problem),
        ),
        families_together=bool(rng.random() < 0.8),
        eligibility=Eligibility(hard=bool(rng.random() < 0.6), weight=float(rng.integers(0, 3) * 20)),
        locks=tuple(locks),
        forbid=tuple(forbid),
        frozen_reps=(int(rng.choice(active)),) if rng.random() < mix.frozen else (),
        unassigned=Unassigned(allowed=bool(rng.random() < mix.unassigned), weight=float(rng.integers(0, 4) * 50)),
    )


def _balance(rng: np.random.Generator, mix: Mix, problem: Problem) -> tuple[Balance, ...]:
    wishes = []
    for index, measure in enumerate(MEASURES):
        hard = bool(rng.random() < mix.hard_balance)
        if not hard and rng.random() >= mix.soft_balance:
            continue
        targets = [Target.EQUAL, Target.FTE, Target.GIVEN]
        ceilings = problem.capacity_max[problem.active, index]
        if np.isfinite(ceilings).all() and ceilings.sum() > 0:
            targets.append(Target.CAPACITY)
        wishes.append(
            Balance(
                measure=measure,
                target=targets[rng.integers(len(targets))],
                tolerance=float(rng.choice([0.25, 0.5, 0.75, 0.875] if hard else [0.0, 0.125, 0.25])),
                hard=hard,
                weight=float(rng.integers(0, 4) * 20),
            )
        )
    return tuple(wishes)


def _budgets(rng: np.random.Generator, mix: Mix, problem: Problem) -> tuple[Budget, ...]:
    budgets = []
    for scope, part in ((BudgetScope.TOTAL, 0.5), (BudgetScope.IN, 0.4), (BudgetScope.OUT, 0.4)):
        if rng.random() < mix.budget:
            index = int(rng.integers(3))
            limit = rng.uniform(0.4, 2.0) * part * problem.amount[:, index].sum()
            budgets.append(Budget(scope=scope, measure=MEASURES[index], limit=float(np.floor(limit * 4) / 4)))
    return tuple(budgets)
