"""Problems with a planted conflict of a known kind, and the same ones without it.

Every problem is built around an alignment that keeps it, so that before planting it is feasible beyond doubt; limits
lie close around that alignment. Planting then makes one kind of wish impossible. Numbers are multiples of 1/4, so
that sums are exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption
from optimizer.measures import moved_amount, moved_in, moved_out
from optimizer.problem import ACCOUNTS, Problem
from optimizer.validation import violations

MEASURES: Final = (ACCOUNTS, "workload", "potential")
WORKLOAD: Final = 1

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A question and what was planted in it.

    Attributes
    ----------
    problem, criteria
        The question.
    truth
        An alignment that keeps it before planting.
    codes
        Any of these codes names what was planted; none where nothing was.
    accounts, reps
        Whom the conflict must name; empty where anybody will do.
    """

    problem: Problem
    criteria: Criteria
    truth: Alignment
    codes: frozenset[str] = frozenset()
    accounts: tuple[int, ...] = ()
    reps: tuple[int, ...] = ()


def feasible(seed: int) -> Planted:
    """Return a question that an alignment keeps, with limits, families, locks, skills and budgets."""
    rng = np.random.default_rng([seed, 41])
    num_reps = int(rng.integers(3, 11))
    num_accounts = int(num_reps * rng.integers(6, 40))
    travel, family, truth = _served(rng, num_accounts=num_accounts, num_reps=num_reps)
    current = np.where(rng.random(num_accounts) < 0.85, truth, rng.integers(0, num_reps, num_accounts))
    current = np.where(rng.random(num_accounts) < 0.05, -1, current)
    workload, potential = rng.integers(1, 60, num_accounts) / 4, rng.integers(0, 400, num_accounts) / 4
    amount = np.column_stack([np.ones(num_accounts), workload, potential])
    load = np.stack([np.bincount(truth, weights=amount[:, k], minlength=num_reps) for k in range(3)], axis=1)
    room = np.where(rng.random(load.shape) < 0.3, 0.0, np.ceil(load * rng.uniform(0, 0.15, load.shape) * 4) / 4)
    is_limited = rng.random(load.shape) < 0.7
    below = np.floor(load * rng.uniform(0.7, 1.0, load.shape) * 4) / 4
    mismatch = rng.random((num_accounts, num_reps)) < 0.15
    mismatch[np.arange(num_accounts), truth] = False
    possible = rng.random((num_accounts, num_reps)) < 0.85
    possible[np.arange(num_accounts), truth] = True
    problem = Problem(
        measures=MEASURES,
        amount=amount,
        current=current,
        family=family,
        locked=(current == truth) & (rng.random(num_accounts) < 0.05),
        fte=np.ones(num_reps),
        active=np.ones(num_reps, dtype=np.bool_),
        capacity_min=np.where(rng.random(load.shape) < 0.3, below, 0.0),
        capacity_max=np.where(is_limited, load + room, np.inf),
        target=np.maximum(load, 1.0),
        travel=travel,
        possible=possible,
        mismatch=mismatch,
    )
    alignment = Alignment(truth.astype(np.int32))
    criteria = Criteria(
        balance=_balance(rng, load),
        travel_weight=50.0,
        disruption=Disruption(weight=10.0, budgets=_budgets(rng, problem, alignment)),
        frozen_reps=_frozen(rng, current, truth),
    )
    assert not violations(problem, criteria, alignment)
    return Planted(problem=problem, criteria=criteria, truth=alignment)


def _served(rng: Rng, *, num_accounts: int, num_reps: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Return distances, families, and who serves whom: whole families, by reps that are near."""
    home, place = rng.uniform(0, 100, (num_reps, 2)), rng.uniform(0, 100, (num_accounts, 2))
    travel = np.round(np.sqrt(((place[:, None] - home[None]) ** 2).sum(axis=2)) * 4) / 4
    family = np.arange(num_accounts, dtype=np.int32)
    joined = rng.random(num_accounts) < 0.15
    family[joined] = rng.integers(0, num_accounts, joined.sum())
    noisy = travel * rng.lognormal(0.0, 0.4, travel.shape)
    together = np.zeros((num_accounts, num_reps))
    np.add.at(together, family, noisy)
    truth = together[family].argmin(axis=1)
    truth[family == family[0]] = truth[0]
    truth = truth[np.unique(family, return_index=True)[1]][np.unique(family, return_inverse=True)[1]]
    return travel, family, truth


def _balance(rng: Rng, load: np.ndarray[Any, Any]) -> tuple[Balance, ...]:
    """Return a hard balance of workload that the truth just keeps, now and then."""
    mean = load[:, WORKLOAD].mean()
    worst = float(np.abs(load[:, WORKLOAD] / mean - 1).max())
    if worst >= 0.97 or rng.random() < 0.5:
        return ()
    return (Balance(measure="workload", tolerance=worst * (1 + 1e-12) + 1e-12, hard=True),)


def _budgets(rng: Rng, problem: Problem, truth: Alignment) -> tuple[Budget, ...]:
    measure = str(rng.choice(MEASURES))
    spent = {
        BudgetScope.TOTAL: moved_amount(problem, truth, measure),
        BudgetScope.IN: float(moved_in(problem, truth, measure).max()),
        BudgetScope.OUT: float(moved_out(problem, truth, measure).max()),
    }
    return tuple(
        Budget(scope=scope, measure=measure, limit=limit) for scope, limit in spent.items() if rng.random() < 0.4
    )


def _frozen(rng: Rng, current: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> tuple[int, ...]:
    unchanged = [rep for rep in range(int(truth.max()) + 1) if ((current == rep) == (truth == rep)).all()]
    return tuple(unchanged[:1]) if rng.random() < 0.5 else ()


def bare(seed: int) -> Planted:
    """Return a question without limits, wishes and families, to plant in."""
    base = feasible(seed)
    problem = base.problem
    free = np.zeros((problem.num_reps, 3))
    loose = problem.replace(
        capacity_min=free,
        capacity_max=np.full_like(free, np.inf),
        locked=np.zeros(problem.num_accounts, dtype=np.bool_),
        family=np.arange(problem.num_accounts),
        current=np.array(base.truth.rep),
        possible=np.ones_like(problem.possible),
        mismatch=np.zeros_like(problem.mismatch),
    )
    return Planted(problem=loose, criteria=Criteria(travel_weight=50.0), truth=base.truth)


def _changed(base: Planted, *codes: str, **changes: Any) -> Planted:
    accounts, reps = changes.pop("accounts", ()), changes.pop("reps", ())
    criteria = changes.pop("criteria", base.criteria)
    problem = base.problem.replace(**changes)
    return Planted(
        problem=problem, criteria=criteria, truth=base.truth, codes=frozenset(codes), accounts=accounts, reps=reps
    )


def _table(problem: Problem, values: np.ndarray[Any, Any], *, fill: float) -> np.ndarray[Any, Any]:
    """Return limits of workload, none for the other measures. Shape ``(reps, measures)``."""
    table = np.full((problem.num_reps, 3), fill)
    table[:, WORKLOAD] = values
    return table


def nobody(rng: Rng, base: Planted) -> Planted:
    """Plant an account that nobody may serve: by skill, by the data, or by forbidden pairs."""
    account = int(rng.integers(base.problem.num_accounts))
    how = rng.integers(3)
    if how == 2:
        pairs = tuple((account, rep) for rep in range(base.problem.num_reps))
        wishes = base.criteria.replace(forbid=pairs)
        return _changed(base, "NO_ELIGIBLE_REP", criteria=wishes, accounts=(account,))
    name = ("mismatch", "possible")[how]
    matrix = np.array(getattr(base.problem, name))
    matrix[account] = name == "mismatch"
    return _changed(base, "NO_ELIGIBLE_REP", accounts=(account,), **{name: matrix})


def large_family(rng: Rng, base: Planted) -> Planted:
    """Plant a family that needs more than any rep may carry."""
    members = np.sort(rng.choice(base.problem.num_accounts, int(rng.integers(2, 5)), replace=False))
    family = np.arange(base.problem.num_accounts)
    family[members] = members[0]
    amount = base.problem.amount.copy()
    total = amount[:, WORKLOAD].sum()
    amount[members, WORKLOAD] = np.ceil(total / base.problem.num_reps)
    most = float(amount[members, WORKLOAD].sum()) - rng.integers(1, 8) / 4
    limits = _table(base.problem, np.full(base.problem.num_reps, max(most, amount[:, WORKLOAD].max())), fill=np.inf)
    accounts = tuple(members.tolist())
    return _changed(
        base, "FAMILY_EXCEEDS_ANY_CAPACITY", family=family, amount=amount, capacity_max=limits, accounts=accounts
    )


def heavy_locks(rng: Rng, base: Planted) -> Planted:
    """Plant locks that need more than their rep may carry, or a frozen rep in breach."""
    current = base.problem.current
    rep = int(rng.choice(np.unique(current)))
    own = current == rep
    most = float(base.problem.amount[own, WORKLOAD].sum()) - 0.25
    limits = np.full(base.problem.num_reps, np.inf)
    limits[rep] = most
    limits = _table(base.problem, limits, fill=np.inf)
    if rng.random() < 0.4:
        wishes = base.criteria.replace(frozen_reps=(rep,))
        return _changed(base, "LOCKS_EXCEED_CAPACITY", criteria=wishes, capacity_max=limits, reps=(rep,))
    accounts = tuple(np.flatnonzero(own).tolist())
    return _changed(base, "LOCKS_EXCEED_CAPACITY", locked=own, capacity_max=limits, accounts=accounts, reps=(rep,))


def low_capacity(rng: Rng, base: Planted) -> Planted:
    """Plant capacities below what all accounts need."""
    total = float(base.problem.amount[:, WORKLOAD].sum())
    part = rng.dirichlet(np.full(base.problem.num_reps, 20.0)) * total * rng.uniform(0.9, 0.999)
    limits = np.maximum(np.floor(part * 4) / 4, base.problem.amount[:, WORKLOAD].max())
    if limits.sum() >= total:
        limits = np.full(base.problem.num_reps, np.floor(4 * (total - 1) / base.problem.num_reps) / 4)
    return _changed(base, "CAPACITY_BELOW_TOTAL", capacity_max=_table(base.problem, limits, fill=np.inf))


def high_minimum(rng: Rng, base: Planted) -> Planted:
    """Plant smallest loads above what all accounts have."""
    total = float(base.problem.amount[:, WORKLOAD].sum())
    part = rng.dirichlet(np.full(base.problem.num_reps, 20.0)) * total * rng.uniform(1.01, 1.1)
    limits = np.ceil(part * 4) / 4
    return _changed(base, "MINIMUM_ABOVE_TOTAL", capacity_min=_table(base.problem, limits, fill=0.0))


def short_group(rng: Rng, base: Planted) -> Planted:
    """Plant accounts that only a few reps may serve, by skill or by the data, and too little room with these."""
    problem = base.problem
    reps = np.sort(rng.choice(problem.num_reps, max(1, problem.num_reps // 3), replace=False))
    accounts = np.flatnonzero(np.isin(base.truth.rep, reps))
    if len(accounts) < 2:
        accounts = np.arange(problem.num_accounts // 2)
    open_to = np.zeros(problem.num_reps, dtype=np.bool_)
    open_to[reps] = True
    needed = float(problem.amount[accounts, WORKLOAD].sum())
    biggest = float(problem.amount[accounts, WORKLOAD].max())
    limits = np.full(problem.num_reps, np.inf)
    limits[reps] = np.maximum(np.floor(4 * (needed - 1) / len(reps)) / 4, 0.0)
    if biggest > limits[reps].max():
        limits[reps[0]] = biggest
    name = "possible" if rng.random() < 0.5 else "mismatch"
    matrix = np.array(getattr(problem, name))
    matrix[accounts] = open_to if name == "possible" else ~open_to
    return _changed(
        base,
        "GROUP_SHORT_OF_CAPACITY",
        "ACCOUNT_EXCEEDS_ANY_CAPACITY",
        capacity_max=_table(problem, limits, fill=np.inf),
        **{name: matrix},
    )


def small_budget(rng: Rng, base: Planted) -> Planted:
    """Plant a budget below what must move: accounts that may not stay, a rep with too much, or one with too little."""
    problem = base.problem
    current = problem.current
    rep = int(np.argmax(np.bincount(current, minlength=problem.num_reps)))
    own = np.flatnonzero(current == rep)
    how = rng.integers(3)
    if how == 0:
        moved = own[: max(2, len(own) // 3)]
        possible = np.array(problem.possible)
        possible[moved, rep] = False
        scope = (BudgetScope.TOTAL, BudgetScope.OUT)[rng.integers(2)]
        limit = float(problem.amount[moved, WORKLOAD].sum()) - 0.25
        return _changed(base, "BUDGET_TOO_SMALL", criteria=_budget(base, scope, limit), possible=possible)
    today = np.bincount(current, weights=problem.amount[:, WORKLOAD], minlength=problem.num_reps)
    limits = np.full(problem.num_reps, np.inf)
    change = np.ceil(4 * today[rep] * rng.uniform(0.2, 0.6)) / 4
    if how == 1:
        limits[rep] = today[rep] - change
        scope = (BudgetScope.TOTAL, BudgetScope.OUT)[rng.integers(2)]
        most = _table(problem, limits, fill=np.inf)
        return _changed(base, "BUDGET_TOO_SMALL", criteria=_budget(base, scope, change - 0.25), capacity_max=most)
    least = np.zeros(problem.num_reps)
    least[rep] = today[rep] + min(change, np.floor(today.sum() - today[rep]))
    change = least[rep] - today[rep]
    scope = (BudgetScope.TOTAL, BudgetScope.IN)[rng.integers(2)]
    limit = max(0.0, change - 0.25)
    least = _table(problem, least, fill=0.0)
    return _changed(base, "BUDGET_TOO_SMALL", criteria=_budget(base, scope, limit), capacity_min=least)


def _budget(base: Planted, scope: BudgetScope, limit: float) -> Criteria:
    budget = Budget(scope=scope, measure="workload", limit=limit)
    return base.criteria.replace(disruption=Disruption(budgets=(budget,)))


def crossed_limits(rng: Rng, base: Planted) -> Planted:
    """Plant limits between whole accounts, a smallest load beyond a rep's radius, or a frozen rep with too little."""
    problem = base.problem
    how = rng.integers(3)
    rep = int(rng.integers(problem.num_reps))
    if how == 0:
        lump = float(rng.integers(8, 40))
        amount = problem.amount.copy()
        amount[:, WORKLOAD] = lump
        per_rep = max(1, problem.num_accounts // problem.num_reps)
        least, most = np.zeros(problem.num_reps), np.full(problem.num_reps, np.inf)
        least[rep], most[rep] = lump * (per_rep + 0.25), lump * (per_rep + 0.75)
        return _changed(
            base,
            "BALANCE_IMPOSSIBLE",
            amount=amount,
            capacity_min=_table(problem, least, fill=0.0),
            capacity_max=_table(problem, most, fill=np.inf),
            reps=(rep,),
        )
    near = base.truth.rep == rep
    least = np.zeros(problem.num_reps)
    least[rep] = float(problem.amount[near, WORKLOAD].sum()) + 0.25
    limits = _table(problem, least, fill=0.0)
    if how == 1:
        possible = np.array(problem.possible)
        possible[:, rep] = near
        return _changed(base, "MINIMUM_ABOVE_TOTAL", possible=possible, capacity_min=limits, reps=(rep,))
    wishes = base.criteria.replace(frozen_reps=(rep,))
    return _changed(base, "MINIMUM_ABOVE_TOTAL", criteria=wishes, capacity_min=limits, reps=(rep,))


KINDS: Final[dict[str, Callable[[Rng, Planted], Planted]]] = {
    "nobody may serve": nobody,
    "family too large": large_family,
    "locks above capacity": heavy_locks,
    "total above capacities": low_capacity,
    "minimums above total": high_minimum,
    "group short": short_group,
    "budget too small": small_budget,
    "limits cross": crossed_limits,
}
"""The kinds of conflict that are planted."""


def planted(kind: str, seed: int) -> Planted:
    """Return a question with a conflict of a kind."""
    return KINDS[kind](np.random.default_rng([seed, 43]), bare(seed))
