"""The elastic model: every hard wish may be broken at a price, in integers for CP-SAT.

Owns the choice of an alignment whose violations are cheapest to forgive. It need not be exact to the last digit:
what is to change is read off the alignment afterwards, by :func:`optimizer.changes.relaxation_for`. What the data rule
out stays ruled out, families stay together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Eligibility
from optimizer.items import Items, items_of
from optimizer.load_ranges import amount_at_rep
from optimizer.measures import Float64Array, serves_today
from optimizer.permissions import permissions_of, required_reps
from optimizer.problem import BoolArray, FloatArray, IntArray, Problem
from optimizer.targets import has_moving_total, target_loads, target_share

STEPS: Final = 10_000
"""Steps of a tolerance in one unit of deviation."""
FINE_STEPS: Final = 1_000_000
"""Steps of a share in one unit; a multiple of ``STEPS``."""
LARGEST: Final = 10**9
"""Integer units of the largest total, where amounts are not exact in fewer."""
DECIMALS: Final = 4
"""Decimal places up to which amounts are taken as exact."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What breaking a wish costs, in average territories.

    Attributes
    ----------
    lock, eligibility, forbid
        For each account, ≥ 0.
    frozen
        For each rep, ≥ 0.
    tolerance
        For one unit of deviation, times the number of active reps, ≥ 0.
    dropped_balance
        For ending a hard balance, times the number of active reps, ≥ 0.
    unassigned
        For each account that stays without a rep although that is not allowed, ≥ 0.
    """

    lock: float = 0.1
    eligibility: float = 0.3
    forbid: float = 0.2
    frozen: float = 1.0
    tolerance: float = 1.0
    dropped_balance: float = 3.0
    unassigned: float = 2.0


class ElasticModel:
    """Items, columns and elastic rows in CP-SAT.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be used; all other wishes stay hard.
    prices
        What each kind costs.
    """

    def __init__(self, problem: Problem, criteria: Criteria, *, kinds: Iterable[str], prices: Prices) -> None:
        self._problem, self._criteria = problem, criteria
        self._kinds, self._prices = frozenset(kinds), prices
        self._items: Items = items_of(problem, criteria)
        self._column_rep, self._open = _open_pairs(problem, criteria, self._items)
        self._reps: IntArray = self._column_rep[self._column_rep >= 0]
        self._model = cp_model.CpModel()
        self._price: list[Any] = []
        self._weight: list[float] = []
        self._item, self._column = np.nonzero(self._open)
        self._choice = [self._model.new_bool_var("") for _ in range(len(self._item))]
        self._add_items()
        self._price_pairs()
        for measure in range(len(problem.measures)):
            self._limit_measure(measure)
        for budget in criteria.disruption.budgets:
            self._limit_moves(budget)

    def solve(self, *, time_limit_s: float, seed: int) -> Alignment | None:
        """Return an alignment of small price, None where none was found in time."""
        self._model.minimize(cp_model.LinearExpr.weighted_sum(self._price, self._weight))
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = time_limit_s
        solver.parameters.random_seed = seed
        solver.parameters.num_workers = 2
        if solver.solve(self._model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        chosen = np.array([solver.boolean_value(choice) for choice in self._choice], dtype=np.bool_)
        column = np.zeros(self._items.num_items, dtype=np.int32)
        column[self._item[chosen]] = self._column[chosen]
        return Alignment(self._column_rep[column][self._items.item_of_account])

    def _add_items(self) -> None:
        start = np.searchsorted(self._item, np.arange(self._items.num_items + 1))
        for item in range(self._items.num_items):
            self._model.add_exactly_one(self._choice[start[item] : start[item + 1]])

    def _add_price(self, variable: Any, weight: float) -> None:
        self._price.append(variable)
        self._weight.append(weight)

    def _price_pairs(self) -> None:
        """Price or forbid the pairs that break a wish on a pair, and link those that break a frozen rep."""
        self._charge("lock", self._broken_locks(), self._prices.lock)
        self._charge("forbid", self._broken_forbids(), self._prices.forbid)
        if self._problem.mismatch is not None and self._criteria.eligibility.hard:
            count = self._items.sum(self._problem.mismatch[:, self._reps])
            self._charge("eligibility", self._padded(count), self._prices.eligibility)
        if not self._criteria.unassigned.allowed:
            count = np.zeros(self._open.shape)
            count[:, -1] = self._items.size
            self._charge("unassigned", count, self._prices.unassigned)
        for rep in sorted(set(self._criteria.frozen_reps)):
            self._release_frozen(rep)

    def _charge(self, kind: str, count: Float64Array, price: float) -> None:
        """Charge each pair for the accounts that break a wish there; ``count`` has shape ``(items, columns)``."""
        broken = count[self._item, self._column]
        for pair in np.flatnonzero(broken):
            if kind in self._kinds:
                self._add_price(self._choice[pair], price * float(broken[pair]))
            else:
                self._model.add(self._choice[pair] == 0)

    def _padded(self, value: FloatArray) -> Float64Array:
        """Return a table over the active reps with a 0 for staying unassigned."""
        padded: Float64Array = np.hstack([value, np.zeros((len(value), 1))])
        return padded

    def _broken_locks(self) -> Float64Array:
        account, rep = required_reps(self._problem, self._criteria.replace(frozen_reps=()))
        return self._elsewhere(account, rep)

    def _elsewhere(self, account: IntArray, rep: IntArray) -> Float64Array:
        """Return how many accounts of each item would not be with the rep they should stay with."""
        count = np.zeros(self._open.shape)
        item = self._items.item_of_account[account]
        np.add.at(count, item, 1.0)
        known = self._problem.active[rep]
        np.subtract.at(count, (item[known], np.searchsorted(self._reps, rep[known])), 1.0)
        return count

    def _broken_forbids(self) -> Float64Array:
        count = np.zeros(self._open.shape)
        for account, rep in self._criteria.forbid:
            if self._problem.active[rep]:
                count[self._items.item_of_account[account], np.searchsorted(self._reps, rep)] += 1
        return count

    def _release_frozen(self, rep: int) -> None:
        own = np.flatnonzero(self._problem.current == rep).astype(np.int32)
        count = self._elsewhere(own, np.full(len(own), rep, dtype=np.int32))
        if self._problem.active[rep]:
            others = self._items.size - self._items.sum(self._problem.current == rep)
            count[:, np.searchsorted(self._reps, rep)] += others
        released = self._model.new_bool_var("")
        self._add_price(released, self._prices.frozen)
        if "frozen" not in self._kinds:
            self._model.add(released == 0)
        for pair in np.flatnonzero(count[self._item, self._column]):
            self._model.add_implication(self._choice[pair], released)

    def _limit_measure(self, measure: int) -> None:
        """Write capacity and hard balance of one measure as rows on integer loads."""
        problem, reps = self._problem, self._reps
        name = problem.measures[measure]
        wish = next((wish for wish in self._criteria.balance if wish.measure == name and wish.hard), None)
        smallest, largest = problem.capacity_min[reps, measure], problem.capacity_max[reps, measure]
        if wish is None and not smallest.any() and not np.isfinite(largest).any():
            return
        amount = np.column_stack([self._items.sum(amount_at_rep(problem, int(rep), measure)) for rep in reps])
        scale, is_exact = _scale(amount)
        units = np.rint(amount * scale)
        most = int(units.max(axis=1).sum())
        margin = 0 if is_exact else self._items.num_items
        loads = [self._load(units, column, most) for column in range(len(reps))]
        unit_price = len(reps) / max(most, 1)
        for column, load in enumerate(loads):
            if np.isfinite(largest[column]):
                over = self._slack("capacity_max", most, unit_price)
                self._model.add(load - over <= int(np.floor(largest[column] * scale + 1e-6)) - margin)
            if smallest[column] > 0:
                under = self._slack("capacity_min", int(np.ceil(smallest[column] * scale)) + margin, unit_price)
                self._model.add(load + under >= int(np.ceil(smallest[column] * scale - 1e-6)) + margin)
        if wish is not None:
            self._limit_balance(wish, loads, scale=scale, margin=margin)

    def _limit_balance(self, wish: Balance, loads: list[Any], *, scale: float, margin: int) -> None:
        """Write a hard balance as rows: shares of the assigned total where that may move, else bands of loads."""
        problem, reps = self._problem, self._reps
        total = float(problem.amount[:, problem.measure_index(wish.measure)].sum())
        target = target_loads(problem, wish, total=total)[reps] * scale
        share = target_share(problem, wish)
        moves = "unassigned" in self._kinds or has_moving_total(problem, self._criteria, wish.measure)
        wider, dropped = self._wider(wish.tolerance)
        assigned = sum(loads)
        most = int(np.ceil(total * scale)) + margin
        for column, load in enumerate(loads):
            for sign in (1, -1):
                part = 1 + sign * wish.tolerance
                if moves and share is not None:
                    factor = sign * int(np.floor(sign * part * share[reps[column]] * FINE_STEPS + 1e-6))
                    excess = sign * (FINE_STEPS * load - factor * assigned)
                else:
                    limit = int(np.floor(sign * part * target[column] * FINE_STEPS + 1e-6)) - margin * FINE_STEPS
                    excess = sign * FINE_STEPS * load - limit
                more = FINE_STEPS // STEPS * int(np.floor(target[column]))
                self._model.add(excess <= more * wider + 4 * FINE_STEPS * max(most, 1) * dropped)

    def _load(self, units: Float64Array, column: int, most: int) -> Any:
        pairs = np.flatnonzero(self._column == column)
        load = self._model.new_int_var(0, max(most, 0), "")
        amounts = [int(units[self._item[pair], column]) for pair in pairs]
        self._model.add(cp_model.LinearExpr.weighted_sum([self._choice[pair] for pair in pairs], amounts) == load)
        return load

    def _slack(self, kind: str, most: int, price: float) -> Any:
        slack = self._model.new_int_var(0, max(most, 0) if kind in self._kinds else 0, "")
        self._add_price(slack, price)
        return slack

    def _wider(self, tolerance: float) -> tuple[Any, Any]:
        """Return how much a tolerance grows, in steps, and whether the balance ends."""
        can = "tolerance" in self._kinds
        wider = self._model.new_int_var(0, int((1 - tolerance) * STEPS) - 1 if can else 0, "")
        dropped = self._model.new_bool_var("")
        if not can:
            self._model.add(dropped == 0)
        self._add_price(wider, self._prices.tolerance * len(self._reps) / STEPS)
        self._add_price(dropped, self._prices.dropped_balance * len(self._reps))
        return wider, dropped

    def _limit_moves(self, budget: Budget) -> None:
        """Write a budget as rows on what moves: in all, or by rep, over one limit that may grow."""
        problem = self._problem
        own = np.where(serves_today(problem), problem.amount[:, problem.measure_index(budget.measure)], 0.0)
        scale, is_exact = _scale(own)
        margin = 0 if is_exact else problem.num_accounts
        limit = int(np.floor(budget.limit * scale + 1e-6)) - margin
        total = int(np.ceil(own.sum() * scale)) + margin
        over = self._slack("budget", total, len(self._reps) / max(total, 1))
        groups = [None] if budget.scope is BudgetScope.TOTAL else list(self._reps)
        for rep in groups:
            moved = np.rint(self._moved(own, budget.scope, rep) * scale)[self._item, self._column]
            pairs = np.flatnonzero(moved)
            amounts = [int(moved[pair]) for pair in pairs]
            spent = cp_model.LinearExpr.weighted_sum([self._choice[pair] for pair in pairs], amounts)
            self._model.add(spent - over <= limit)

    def _moved(self, own: Float64Array, scope: BudgetScope, rep: int | None) -> Float64Array:
        """Return what each choice moves in all, into a rep or out of it. Shape ``(items, columns)``."""
        counted = own if scope is not BudgetScope.OUT else np.where(self._problem.current == rep, own, 0.0)
        moved = np.repeat(self._items.sum(counted)[:, None], self._open.shape[1], axis=1)
        for column, here in enumerate(self._reps):
            moved[:, column] -= self._items.sum(np.where(self._problem.current == here, counted, 0.0))
        if scope is BudgetScope.IN:
            moved[:, self._column_rep != rep] = 0.0
        return moved


def _open_pairs(problem: Problem, criteria: Criteria, items: Items) -> tuple[IntArray, BoolArray]:
    """Return the columns, unassigned always last, and what the data allow of them."""
    bare = Criteria(families_together=criteria.families_together, eligibility=Eligibility(hard=False))
    free = problem.replace(locked=np.zeros(problem.num_accounts, dtype=np.bool_))
    permissions = permissions_of(free, bare, items)
    column_rep = np.append(permissions.column_rep, -1).astype(np.int32)
    return column_rep, np.hstack([permissions.allowed, np.ones((items.num_items, 1), dtype=np.bool_)])


def _scale(amount: FloatArray) -> tuple[float, bool]:
    """Return integer units per unit of an amount, and whether that is exact."""
    total = float(amount.sum()) or 1.0
    for decimals in range(DECIMALS + 1):
        scale = float(10**decimals)
        if total * scale > LARGEST:
            break
        if np.abs(amount * scale - np.rint(amount * scale)).max() < 1e-9 * scale:
            return scale, True
    return LARGEST / total, False
