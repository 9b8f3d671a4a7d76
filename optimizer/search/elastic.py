"""The elastic model: every hard wish may be broken at a price, in integers for CP-SAT.

Owns the choice of an alignment whose violations are cheapest to forgive. It need not be exact to the last digit:
what is to change is read off the alignment afterwards, by :func:`optimizer.changes.relaxation_for`. What the data rule
out stays ruled out, families stay together.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from optimizer.alignment import Alignment
from optimizer.change_prices import Prices
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria
from optimizer.load_ranges import amount_at_rep
from optimizer.measures import Float64Array, serves_today
from optimizer.problem import FloatArray, Problem
from optimizer.search.clock import Clock
from optimizer.search.elastic_pairs import ElasticPairs
from optimizer.stop import SearchState, StopCriterion
from optimizer.targets import has_moving_total, target_loads, target_share

STEPS: Final = 10_000
"""Steps of a tolerance in one unit of deviation."""
FINE_STEPS: Final = 1_000_000
"""Steps of a share in one unit; a multiple of ``STEPS``."""
LARGEST: Final = 10**9
"""Integer units of the largest total, where amounts are not exact in fewer."""
LONGEST_S: Final = 10.0
"""Seconds, by the wall or of deterministic time, that a model may take at most."""
POLL_S: Final = 0.05
"""Seconds between looks at the stop criterion."""
DECIMALS: Final = 4
"""Decimal places up to which amounts are taken as exact."""


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
        self._pairs = ElasticPairs(problem, criteria, kinds=self._kinds, prices=prices)
        self._reps = self._pairs.reps
        self._model = cp_model.CpModel()
        self._choice = [self._model.new_bool_var("") for _ in range(len(self._pairs.item))]
        charged = np.flatnonzero(self._pairs.price)
        self._price: list[Any] = [self._choice[pair] for pair in charged]
        self._weight: list[float] = self._pairs.price[charged].tolist()
        self._add_items()
        for rep in sorted(set(criteria.frozen_reps)):
            self._release_frozen(rep)
        for measure in range(len(problem.measures)):
            self._limit_measure(measure)
        for budget in criteria.disruption.budgets:
            self._limit_moves(budget)

    def solve(self, *, stop: StopCriterion, clock: Clock, threads: int, seed: int) -> Alignment | None:
        """Return an alignment of small price, None where none was found before the criterion said stop.

        By work one thread and a deterministic limit make the answer the same each time.
        """
        left = min(stop.time_left_s(clock.elapsed_s), LONGEST_S)
        if not left > 0:
            return None
        self._model.minimize(cp_model.LinearExpr.weighted_sum(self._price, self._weight))
        solver = cp_model.CpSolver()
        solver.parameters.random_seed = seed % 2**31
        solver.parameters.num_workers = 1 if clock.by_work else threads
        if clock.by_work:
            solver.parameters.max_deterministic_time = left
        else:
            solver.parameters.max_time_in_seconds = left
        with _stopping(solver, stop, clock):
            status = solver.solve(self._model)
        clock.charge(float(solver.response_proto.deterministic_time))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        chosen = [pair for pair, choice in enumerate(self._choice) if solver.boolean_value(choice)]
        return self._pairs.alignment(np.array(chosen, dtype=np.int64))

    def _add_items(self) -> None:
        start = np.searchsorted(self._pairs.item, np.arange(self._pairs.num_items + 1))
        for item in range(self._pairs.num_items):
            self._model.add_exactly_one(self._choice[start[item] : start[item + 1]])

    def _add_price(self, variable: Any, weight: float) -> None:
        self._price.append(variable)
        self._weight.append(weight)

    def _release_frozen(self, rep: int) -> None:
        released = self._model.new_bool_var("")
        self._add_price(released, self._prices.frozen)
        for pair in self._pairs.breaking_frozen(rep):
            self._model.add_implication(self._choice[pair], released)

    def _limit_measure(self, measure: int) -> None:
        """Write capacity and hard balance of one measure as rows on integer loads."""
        problem, reps = self._problem, self._reps
        name = problem.measures[measure]
        wish = next((wish for wish in self._criteria.balance if wish.measure == name and wish.hard), None)
        smallest, largest = problem.capacity_min[reps, measure], problem.capacity_max[reps, measure]
        if wish is None and not smallest.any() and not np.isfinite(largest).any():
            return
        amount = np.column_stack([self._pairs.items.sum(amount_at_rep(problem, int(rep), measure)) for rep in reps])
        scale, is_exact = _scale(amount)
        units = np.rint(amount * scale)
        most = int(units.max(axis=1).sum())
        margin = 0 if is_exact else self._pairs.num_items
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
        moves = self._pairs.has_stranded or has_moving_total(problem, self._criteria, wish.measure)
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
        pairs = np.flatnonzero(self._pairs.column == column)
        load = self._model.new_int_var(0, max(most, 0), "")
        amounts = [int(units[self._pairs.item[pair], column]) for pair in pairs]
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
        groups = [None] if budget.scope is BudgetScope.TOTAL else self._reps.tolist()
        for rep in groups:
            pairs, moved = self._pairs.moved(own, budget.scope, rep)
            amounts = [int(amount) for amount in np.rint(moved * scale)]
            spent = cp_model.LinearExpr.weighted_sum([self._choice[pair] for pair in pairs], amounts)
            self._model.add(spent - over <= limit)


@contextmanager
def _stopping(solver: cp_model.CpSolver, stop: StopCriterion, clock: Clock) -> Iterator[None]:
    """End the solver soon after somebody has said stop; its own limits know the time."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_S):
            if stop(SearchState(elapsed_s=0.0 if clock.by_work else clock.elapsed_s)) is not None:
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="elastic-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


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
