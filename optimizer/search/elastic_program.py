"""The elastic linear program: by how much limits must give way, where whole items do not matter yet.

Owns the amounts for problems that are too large for the elastic model in integers. Its answer is a proposal: changes
under which a search then looks for an alignment. Pairs are the nearest ones; fractions of items are allowed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from ortools.linear_solver.python import model_builder

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Budget, BudgetScope, Criteria
from optimizer.load_ranges import amount_at_rep
from optimizer.measures import Float64Array, Positions, serves_today
from optimizer.problem import Problem
from optimizer.result import Change
from optimizer.search.elastic_pairs import ElasticPairs, Prices
from optimizer.targets import target_loads

NOTICED: Final = 1e-7
"""Smallest change of a limit, relative to it, that is more than the solver's noise."""

LARGEST_TOLERANCE: Final = 0.999
"""A tolerance must stay below 1."""
FRACTION: Final = 1e-3
"""Smallest part of an item that counts as breaking a wish."""


@dataclass(eq=False)
class _Rows:
    """Sparse rows while they are gathered: lower ≤ values · x ≤ upper."""

    row: list[Float64Array] = field(default_factory=list)
    column: list[Positions] = field(default_factory=list)
    value: list[Float64Array] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, columns: Positions, values: Float64Array, *, lower: float = -np.inf, upper: float = np.inf) -> None:
        self.row.append(np.full(len(columns), float(len(self.lower))))
        self.column.append(columns)
        self.value.append(values)
        self.lower.append(lower)
        self.upper.append(upper)


class ElasticProgram:
    """Pairs and elastic rows in a linear program.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    kinds
        The kinds of change that may be used; all other wishes stay hard.
    prices
        What each kind costs.
    most_pairs
        Pairs that are kept at most; the nearest ones, where there are more.
    """

    def __init__(
        self, problem: Problem, criteria: Criteria, *, kinds: Iterable[str], prices: Prices, most_pairs: int
    ) -> None:
        self._problem, self._criteria = problem, criteria
        self._kinds, self._prices = frozenset(kinds), prices
        self._pairs = ElasticPairs(problem, criteria, kinds=self._kinds, prices=prices, most_pairs=most_pairs)
        self._rows = _Rows()
        self._elastic: list[Change] = []
        self._unit: list[float] = []
        self._cost: list[float] = []
        self._add_items()
        for measure in range(len(problem.measures)):
            self._limit_measure(measure)
        for budget in criteria.disruption.budgets:
            self._limit_moves(budget)

    def proposal(self, *, time_limit_s: float) -> tuple[list[Change], Alignment] | None:
        """Return the limits that give way, and a choice for each item; None where there is no answer.

        The choice breaks every wish on pairs that any fraction breaks, and takes the largest fraction else. What it
        does to locks and other wishes is part of the proposal; its loads are not.
        """
        value = self._solve(time_limit_s)
        if value is None:
            return None
        num_pairs = len(self._pairs.item)
        changes = []
        for elastic, moved in zip(self._elastic, value[num_pairs:] * self._unit, strict=True):
            if elastic.before is not None and abs(moved) > NOTICED * max(1.0, abs(elastic.before)):
                changes.append(replace(elastic, after=elastic.before + float(moved)))
        chosen = np.zeros(self._pairs.num_items, dtype=np.int64)
        breaks = (value[:num_pairs] > FRACTION) & (self._pairs.price > 0)
        order = np.argsort(value[:num_pairs] + breaks, kind="stable")
        chosen[self._pairs.item[order]] = order
        return changes, self._pairs.alignment(chosen)

    def _solve(self, time_limit_s: float) -> Float64Array | None:
        pairs, rows = self._pairs, self._rows
        num_variables = len(pairs.item) + len(self._elastic)
        matrix = sp.csr_matrix(
            (
                np.concatenate(rows.value),
                (np.concatenate(rows.row).astype(np.int64), np.concatenate(rows.column).astype(np.int64)),
            ),
            shape=(len(rows.lower), num_variables),
        )
        make: Any = model_builder.Model
        model = make()
        model.helper.fill_model_from_sparse_data(
            np.zeros(num_variables),
            np.full(num_variables, np.inf),
            np.concatenate([pairs.price, np.array(self._cost)]),
            np.array(rows.lower),
            np.array(rows.upper),
            matrix,
        )
        solver = model_builder.Solver("glop")
        solver.set_time_limit_in_seconds(time_limit_s)
        if solver.solve(model) not in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE):
            return None
        return np.array(solver.values(model.get_variables()), dtype=np.float64)

    def _add_items(self) -> None:
        start = np.searchsorted(self._pairs.item, np.arange(self._pairs.num_items + 1))
        for item in range(self._pairs.num_items):
            columns = np.arange(start[item], start[item + 1])
            self._rows.add(columns, np.ones(len(columns)), lower=1.0, upper=1.0)

    def _give(self, change: Change, *, unit: float, price: float) -> Positions:
        """Add a variable for a limit and return its position; none where the kind may not change."""
        if change.kind not in self._kinds:
            return np.zeros(0, dtype=np.int64)
        self._elastic.append(change)
        self._unit.append(unit)
        self._cost.append(price)
        return np.array([len(self._pairs.item) + len(self._elastic) - 1])

    def _limit_measure(self, measure: int) -> None:
        problem, pairs = self._problem, self._pairs
        name = problem.measures[measure]
        wish = next((wish for wish in self._criteria.balance if wish.measure == name and wish.hard), None)
        total = float(problem.amount[:, measure].sum()) or 1.0
        price = len(pairs.reps) / total
        needed = []
        for column, rep in enumerate(pairs.reps):
            smallest, largest = problem.capacity_min[rep, measure], problem.capacity_max[rep, measure]
            if wish is None and smallest == 0 and not np.isfinite(largest):
                continue
            mine = np.flatnonzero(pairs.column == column)
            amount = pairs.items.sum(amount_at_rep(problem, int(rep), measure))[pairs.item[mine]]
            needed.append((column, mine, amount))
            for kind, limit, sign in (("capacity_max", largest, 1.0), ("capacity_min", smallest, -1.0)):
                if np.isfinite(limit) and (limit > 0 or kind == "capacity_max"):
                    change = Change(kind=kind, rep=int(rep), measure=name, before=float(limit))
                    give = self._give(change, unit=sign, price=price)
                    values = np.concatenate([sign * amount, np.full(len(give), -1.0)])
                    self._rows.add(np.concatenate([mine, give]), values, upper=sign * float(limit))
        if wish is not None:
            self._limit_balance(wish, needed, total=total)

    def _limit_balance(
        self, wish: Balance, loads: Sequence[tuple[int, Positions, Float64Array]], *, total: float
    ) -> None:
        """Write bands around the targets of the full total; one tolerance gives way for all reps."""
        pairs = self._pairs
        change = Change(kind="tolerance", measure=wish.measure, before=wish.tolerance)
        give = self._give(change, unit=1.0, price=self._prices.tolerance * len(pairs.reps))
        target = target_loads(self._problem, wish, total=total)[pairs.reps]
        for column, mine, amount in loads:
            for sign in (1.0, -1.0):
                values = np.concatenate([sign * amount, np.full(len(give), -target[column])])
                limit = sign * (1 + sign * wish.tolerance) * target[column]
                self._rows.add(np.concatenate([mine, give]), values, upper=float(limit))

    def _limit_moves(self, budget: Budget) -> None:
        problem, pairs = self._problem, self._pairs
        own = np.where(serves_today(problem), problem.amount[:, problem.measure_index(budget.measure)], 0.0)
        change = Change(kind="budget", measure=budget.measure, scope=budget.scope.value, before=budget.limit)
        give = self._give(change, unit=1.0, price=len(pairs.reps) / (float(own.sum()) or 1.0))
        groups = [None] if budget.scope is BudgetScope.TOTAL else pairs.reps.tolist()
        for rep in groups:
            columns, moved = pairs.moved(own, budget.scope, rep)
            values = np.concatenate([moved, np.full(len(give), -1.0)])
            self._rows.add(np.concatenate([columns, give]), values, upper=budget.limit)


def widened(changes: Iterable[Change], problem: Problem, *, margin: float, for_all: bool = False) -> Iterator[Change]:
    """Yield limits that give way a little more, so that whole items find room.

    Parameters
    ----------
    changes
        Changes of limits.
    problem
        Whose average territory the margin is a part of.
    margin
        In average territories, ≥ 0.
    for_all
        True to let the same limit of all other active reps give way by the margin, too.
    """
    changes = list(changes)
    for change in changes:
        if change.after is not None:
            yield replace(change, after=_beyond(change, problem, change.after, margin=margin))
    if not for_all:
        return
    known = {(change.kind, change.measure, change.rep) for change in changes}
    for kind, measure in sorted({(change.kind, str(change.measure)) for change in changes if change.rep is not None}):
        limit = getattr(problem, kind)[:, problem.measure_index(measure)]
        for rep in np.flatnonzero(problem.active & np.isfinite(limit)).tolist():
            if (kind, measure, rep) not in known:
                other = Change(kind=kind, rep=rep, measure=measure, before=float(limit[rep]))
                yield replace(other, after=_beyond(other, problem, float(limit[rep]), margin=margin))


def _beyond(change: Change, problem: Problem, limit: float, *, margin: float) -> float:
    """Return a limit with a margin, in the direction in which its kind gives way; more where it gave way far."""
    far = 2 * margin * abs(limit - (limit if change.before is None else change.before))
    if change.kind == "tolerance":
        return min(limit + margin + far, LARGEST_TOLERANCE)
    total = float(problem.amount[:, problem.measure_index(str(change.measure))].sum())
    more = far + margin * total / max(1, int(problem.active.sum()))
    return max(0.0, limit - more) if change.kind == "capacity_min" else limit + more
