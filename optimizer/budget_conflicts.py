"""Budgets that are too small for what must move anyway.

Owns two proofs: accounts that may not stay where they are, and reps whose load today lies outside what they may
carry, so that at least so much must leave or come. How little of a budget's measure that takes is a fractional
knapsack: first what sheds most per unit of budget.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from optimizer.criteria import Budget, BudgetScope
from optimizer.load_ranges import LoadRanges
from optimizer.measures import Float64Array, Positions, serves_today, sum_by
from optimizer.permissions import columns_by_rep
from optimizer.problem import ACCOUNTS, BoolArray, FloatArray, IntArray
from optimizer.result import Cause, Conflict
from optimizer.tolerances import slack

FORCED: Final = Cause(kind="forced")


def budget_conflicts(ranges: LoadRanges) -> Iterator[Conflict]:
    """Yield the budgets that forced moves, or loads out of range today, exceed."""
    budgets = ranges.criteria.disruption.budgets
    if not budgets:
        return
    served = serves_today(ranges.problem)
    column = columns_by_rep(ranges.reps, num_reps=ranges.problem.num_reps)[ranges.problem.current]
    column = np.where(served, column, -1).astype(np.int32)
    must_leave = np.zeros(ranges.problem.num_accounts, dtype=np.bool_)
    account = np.flatnonzero(served)
    must_leave[account] = ~ranges.allowed[ranges.items.item_of_account[account], column[account]]
    for budget in budgets:
        yield from _forced_moves(ranges, budget, column, must_leave)
        if budget.scope is not BudgetScope.IN:
            yield from _overloads(ranges, budget, column)
        if budget.scope is not BudgetScope.OUT:
            yield from _underloads(ranges, budget, column)


def _conflict(
    ranges: LoadRanges,
    budget: Budget,
    cause: Cause,
    *,
    demand: float,
    reps: tuple[int, ...],
    accounts: tuple[int, ...] = (),
) -> Conflict:
    return Conflict(
        code="BUDGET_TOO_SMALL",
        accounts=accounts,
        reps=reps,
        measure=budget.measure,
        demand=demand,
        capacity=budget.limit,
        cause=replace(cause, scope=budget.scope.value),
    )


def _is_over(budget: Budget, demand: float) -> bool:
    return demand > budget.limit + slack(budget.limit) + slack(demand)


def _forced_moves(ranges: LoadRanges, budget: Budget, column: IntArray, must_leave: BoolArray) -> Iterator[Conflict]:
    """Add up the accounts that no alignment leaves with their current rep, in all or by rep."""
    amount = ranges.problem.amount[:, ranges.problem.measure_index(budget.measure)]
    account = np.flatnonzero(must_leave)
    if not len(account):
        return
    if budget.scope is BudgetScope.TOTAL:
        demand = float(amount[account].sum())
        if _is_over(budget, demand):
            yield _conflict(ranges, budget, FORCED, demand=demand, reps=(), accounts=tuple(account.tolist()))
        return
    place = column[account]
    if budget.scope is BudgetScope.IN:
        item = ranges.items.item_of_account[account]
        only = ranges.must_assign[item] & (ranges.num_allowed[item] == 1)
        account, place = account[only], np.argmax(ranges.allowed[item[only]], axis=1)
    spent = sum_by(place, amount[account], count=len(ranges.reps))
    for rep in np.flatnonzero(spent > budget.limit):
        if _is_over(budget, float(spent[rep])):
            mine = tuple(account[place == rep].tolist())
            reps = (int(ranges.reps[rep]),)
            yield _conflict(ranges, budget, FORCED, demand=float(spent[rep]), reps=reps, accounts=mine)


def _overloads(ranges: LoadRanges, budget: Budget, column: IntArray) -> Iterator[Conflict]:
    """Compare what reps must shed to come under their upper limits with the budget for moves out."""
    for measure, amount in _own_measures(ranges):
        today = _load_today(ranges, amount, column)
        highest = ranges.highest[:, measure]
        finite = np.where(np.isfinite(highest), highest, 0.0)
        excess = np.where(np.isfinite(highest), today - finite - slack(finite), 0.0)
        needed = {int(rep): float(excess[rep]) for rep in np.flatnonzero(excess > slack(today))}
        loads = _Loads(ranges.problem.measures[measure], today, highest)
        yield from _too_little_to_shed(ranges, budget, needed, loads=loads, amount=amount, column=column)


def _underloads(ranges: LoadRanges, budget: Budget, column: IntArray) -> Iterator[Conflict]:
    """Compare what reps must gain from others to reach their lower limits with the budget for moves in."""
    price = ranges.problem.amount[:, ranges.problem.measure_index(budget.measure)]
    for measure, amount in _own_measures(ranges):
        lowest = ranges.lowest[:, measure]
        if not (lowest > 0).any():
            continue
        served = column >= 0
        today, free = _load_today(ranges, amount, column), float(amount[~served].sum())
        lack = lowest - slack(lowest) - today
        needy = np.flatnonzero(lack > slack(today) + slack(free))
        groups = [needy] if budget.scope is BudgetScope.TOTAL else [needy[[rep]] for rep in range(len(needy))]
        curve = PriceCurve(price[served], amount[served], budget.measure == ACCOUNTS)
        for group in groups:
            gain = float(lack[group].sum()) - free
            needed = curve.least(gain) if gain > slack(free) else 0.0
            if _is_over(budget, needed):
                cause = _Loads(ranges.problem.measures[measure], today, lowest).cause("gain", group)
                yield _conflict(ranges, budget, cause, demand=needed, reps=tuple(ranges.reps[group].tolist()))


def _load_today(ranges: LoadRanges, amount: FloatArray, column: IntArray) -> Float64Array:
    served = column >= 0
    return sum_by(column[served], amount[served], count=len(ranges.reps))


def _own_measures(ranges: LoadRanges) -> Iterator[tuple[int, FloatArray]]:
    """Yield the measures whose amounts do not depend on the rep: position and amounts of the accounts."""
    pairs = ranges.problem.pair_amounts
    for measure in range(len(ranges.problem.measures)):
        if pairs is None or np.isnan(pairs.amount[:, measure]).all():
            yield measure, ranges.problem.amount[:, measure]


def _too_little_to_shed(
    ranges: LoadRanges,
    budget: Budget,
    excess: dict[int, float],
    *,
    loads: "_Loads",
    amount: FloatArray,
    column: IntArray,
) -> Iterator[Conflict]:
    """Yield where the least that must leave is more than the budget: of each rep, or of all together."""
    price = ranges.problem.amount[:, ranges.problem.measure_index(budget.measure)]
    least = {}
    for rep, needed in excess.items():
        mine = np.flatnonzero(column == rep)
        least[rep] = PriceCurve(price[mine], amount[mine], budget.measure == ACCOUNTS).least(needed)
    if budget.scope is BudgetScope.TOTAL:
        total = sum(least.values())
        if _is_over(budget, total):
            group = np.array(sorted(least))
            reps = tuple(ranges.reps[group].tolist())
            yield _conflict(ranges, budget, loads.cause("shed", group), demand=total, reps=reps)
        return
    for rep, needed in least.items():
        if _is_over(budget, needed):
            cause = loads.cause("shed", np.array([rep]))
            yield _conflict(ranges, budget, cause, demand=needed, reps=(int(ranges.reps[rep]),))


@dataclass(frozen=True, eq=False)
class _Loads:
    """Loads today and their limits, for the words of a conflict. Shapes ``(active reps,)``."""

    measure: str
    today: Float64Array
    limit: Float64Array

    def cause(self, kind: str, group: Positions) -> Cause:
        """Return what some reps have today, and what they may or must have, added up."""
        return Cause(
            kind=kind,
            measure=self.measure,
            amount=float(self.today[group].sum()),
            limit=float(self.limit[group].sum()),
        )


@dataclass(frozen=True, eq=False)
class PriceCurve:
    """The least that amounts of accounts can cost: the fractional knapsack, sorted once for many questions.

    Parameters
    ----------
    price, amount
        Of each account, ≥ 0. Shape ``(accounts,)``.
    is_count
        True where prices are counts, so that a part of an account is a whole one.
    """

    price: FloatArray
    amount: FloatArray
    is_count: bool

    def __post_init__(self) -> None:
        holds = self.amount > 0
        price, amount = self.price[holds], self.amount[holds]
        order = np.lexsort((price, price / amount))
        object.__setattr__(self, "price", price[order])
        object.__setattr__(self, "amount", amount[order])

    @cached_property
    def _gathered(self) -> Float64Array:
        return np.cumsum(self.amount, dtype=np.float64)

    @cached_property
    def _paid(self) -> Float64Array:
        return np.concatenate([[0.0], np.cumsum(self.price, dtype=np.float64)])

    def least(self, needed: float) -> float:
        """Return a lower bound on the price of accounts that bring at least ``needed``, > 0.

        The accounts with the most amount per price first, the last one in part. Where all together do not suffice,
        the price of all of them: another proof tells that.
        """
        whole = int(np.searchsorted(self._gathered, needed, side="left"))
        paid = float(self._paid[whole])
        if whole == len(self.amount):
            return paid
        before = float(self._gathered[whole - 1]) if whole else 0.0
        part = float(self.price[whole]) * (needed - before) / float(self.amount[whole])
        # a part of an account that is worth counting only through rounding is left out: the bound stays one
        return float(np.ceil(paid + part - 1e-6)) if self.is_count else paid + part
