"""Budgets that are too small for what must move anyway.

Owns two proofs: accounts that may not stay where they are, and reps whose load today lies outside what they may
carry, so that at least so much must leave or come. How little of a budget's measure that takes is a fractional
knapsack: first what sheds most per unit of budget.
"""

from collections.abc import Iterator

import numpy as np

from optimizer.criteria import Budget, BudgetScope
from optimizer.load_ranges import LoadRanges
from optimizer.measures import Float64Array, serves_today, sum_by
from optimizer.permissions import columns_by_rep
from optimizer.problem import ACCOUNTS, BoolArray, FloatArray, IntArray
from optimizer.result import Conflict
from optimizer.tolerances import slack


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
    ranges: LoadRanges, budget: Budget, *, demand: float, reps: tuple[int, ...], accounts: tuple[int, ...] = ()
) -> Conflict:
    return Conflict(
        code="BUDGET_TOO_SMALL",
        accounts=accounts,
        reps=reps,
        measure=budget.measure,
        demand=demand,
        capacity=budget.limit,
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
            yield _conflict(ranges, budget, demand=demand, reps=(), accounts=tuple(account.tolist()))
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
            yield _conflict(ranges, budget, demand=float(spent[rep]), reps=(int(ranges.reps[rep]),), accounts=mine)


def _overloads(ranges: LoadRanges, budget: Budget, column: IntArray) -> Iterator[Conflict]:
    """Compare what reps must shed to come under their upper limits with the budget for moves out."""
    for measure, amount in _own_measures(ranges):
        today = _load_today(ranges, amount, column)
        highest = ranges.highest[:, measure]
        finite = np.where(np.isfinite(highest), highest, 0.0)
        excess = np.where(np.isfinite(highest), today - finite - slack(finite), 0.0)
        needed = {int(rep): float(excess[rep]) for rep in np.flatnonzero(excess > slack(today))}
        yield from _too_little_to_shed(ranges, budget, needed, amount=amount, column=column)


def _underloads(ranges: LoadRanges, budget: Budget, column: IntArray) -> Iterator[Conflict]:
    """Compare what reps must gain from others to reach their lower limits with the budget for moves in."""
    for measure, amount in _own_measures(ranges):
        lowest = ranges.lowest[:, measure]
        if not (lowest > 0).any():
            continue
        today = _load_today(ranges, amount, column)
        free = float(amount[column < 0].sum())
        lack = lowest - slack(lowest) - today
        needy = np.flatnonzero(lack > slack(today) + slack(free))
        if budget.scope is BudgetScope.IN:
            for rep in needy:
                gain = float(lack[rep]) - free
                if gain > slack(free):
                    yield from _too_little_to_gain(ranges, budget, gain, (int(rep),), amount=amount, column=column)
            continue
        gain = float(lack[needy].sum()) - free
        if gain > slack(free):
            yield from _too_little_to_gain(ranges, budget, gain, tuple(needy.tolist()), amount=amount, column=column)


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
    ranges: LoadRanges, budget: Budget, excess: dict[int, float], *, amount: FloatArray, column: IntArray
) -> Iterator[Conflict]:
    """Yield where the least that must leave is more than the budget: of each rep, or of all together."""
    price = ranges.problem.amount[:, ranges.problem.measure_index(budget.measure)]
    least = {}
    for rep, needed in excess.items():
        mine = np.flatnonzero(column == rep)
        least[rep] = least_price(price[mine], amount[mine], needed, is_count=budget.measure == ACCOUNTS)
    if budget.scope is BudgetScope.TOTAL:
        total = sum(least.values())
        if _is_over(budget, total):
            yield _conflict(ranges, budget, demand=total, reps=tuple(int(ranges.reps[rep]) for rep in sorted(least)))
        return
    for rep, needed in least.items():
        if _is_over(budget, needed):
            yield _conflict(ranges, budget, demand=needed, reps=(int(ranges.reps[rep]),))


def _too_little_to_gain(
    ranges: LoadRanges,
    budget: Budget,
    gain: float,
    columns: tuple[int, ...],
    *,
    amount: FloatArray,
    column: IntArray,
) -> Iterator[Conflict]:
    """Yield when the cheapest accounts of others that add up to a gain are more than the budget."""
    price = ranges.problem.amount[:, ranges.problem.measure_index(budget.measure)]
    others = np.flatnonzero((column >= 0) & ~np.isin(column, columns)) if len(columns) == 1 else column >= 0
    needed = least_price(price[others], amount[others], gain, is_count=budget.measure == ACCOUNTS)
    if _is_over(budget, needed):
        yield _conflict(ranges, budget, demand=needed, reps=tuple(int(ranges.reps[rep]) for rep in columns))


def least_price(price: FloatArray, amount: FloatArray, needed: float, *, is_count: bool) -> float:
    """Return a lower bound on the price of accounts whose amounts add up to at least ``needed``.

    The fractional knapsack: the accounts with the most amount per price first, the last one in part. Where all
    together do not suffice, the price of all of them: another proof tells that.

    Parameters
    ----------
    price, amount
        Of each account, ≥ 0. Shape ``(accounts,)``.
    needed
        In the unit of ``amount``, > 0.
    is_count
        True where prices are counts, so that a part of an account is a whole one.
    """
    holds = amount > 0
    price, amount = price[holds], amount[holds]
    order = np.lexsort((price, price / amount))
    gathered = np.cumsum(amount[order])
    whole = int(np.searchsorted(gathered, needed, side="left"))
    paid = float(price[order[:whole]].sum())
    if whole == len(order):
        return paid
    before = float(gathered[whole - 1]) if whole else 0.0
    last = order[whole]
    part = float(price[last]) * (needed - before) / float(amount[last])
    # a part of an account that is worth counting only through rounding is left out: the bound stays one
    return float(np.ceil(paid + part - 1e-6)) if is_count else paid + part
