"""A subproblem for CP-SAT: floats become integers on a scale that rounds to the safe side.

``inner`` rounding makes every answer truly feasible and excludes next to nothing; ``outer`` rounding excludes nothing,
so that a bound or a proof that there is no answer holds for the floats. Amounts that are whole numbers in some
decimal place are taken exactly, and both agree.
"""

import math
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from optimizer.problem import FloatArray
from optimizer.search.model import SoftBalance
from optimizer.search.solver_answer import Answer, Effort
from optimizer.search.subproblem import Positions, Subproblem

LOAD_SCALE: Final = 1e9
"""Integer units in the largest limit of a row, unless the amounts are exact in fewer."""
EXACT_LOAD_SCALE: Final = 1e12
"""The same for proofs."""
COST_SCALE: Final = 1e9
"""Integer units in the sum of the dearest costs."""
EXACT_COST_SCALE: Final = 1e16
"""The same for proofs."""
DECIMALS: Final = 6
"""Decimal places up to which amounts are taken as exact."""
SOFT_SCALE: Final = 1e7
"""Integer units in the target of a soft balance, at least."""
SOFT_SCALE_EXACT: Final = 1e12
"""The same for proofs."""
SOFT_UNITS: Final = 1e4
"""Integer cost units in one unit of excess beyond a soft tolerance, at least."""
SOFT_UNITS_EXACT: Final = 1e8
"""The same for proofs."""
WHOLE: Final = 1e-12
"""Relative distance from an integer up to which a scaled amount is one."""
SLACK_PRICE: Final = 30.0
"""What breaching a limit by its whole size costs, in multiples of the sum of the dearest costs."""


class CpSatModel:
    """A subproblem in integers, ready to solve and to stop.

    Parameters
    ----------
    subproblem
        What to solve.
    outer
        True for proofs: nothing feasible is excluded.
    elastic
        True when limits may be breached at a price.
    """

    def __init__(self, subproblem: Subproblem, *, outer: bool = False, elastic: bool = False) -> None:
        self._sub = subproblem
        self._outer = outer
        self._elastic = elastic
        self._model = cp_model.CpModel()
        self._solver = cp_model.CpSolver()
        self._chosen = [self._model.new_bool_var("") for _ in range(len(subproblem.cost))]
        self._terms: list[Any] = list(self._chosen)
        self._dearest = _dearest(subproblem)
        self._cost_scale = (EXACT_COST_SCALE if outer else COST_SCALE) / self._dearest
        cost = subproblem.cost * self._cost_scale
        self._prices: list[int] = [int(value) for value in (np.floor(cost) if outer else np.rint(cost))]
        self._add_items()
        for kind in range(subproblem.amount.shape[1]):
            self._add_load(kind)
        self._model.minimize(cp_model.LinearExpr.weighted_sum(self._terms, self._prices))

    def hint(self, chosen: Positions) -> None:
        """Tell the solver where to begin: the chosen pair of every item."""
        is_chosen = np.zeros(len(self._chosen), dtype=np.bool_)
        is_chosen[chosen[chosen >= 0]] = True
        for variable, value in zip(self._chosen, is_chosen, strict=True):
            self._model.add_hint(variable, bool(value))

    def stop(self) -> None:
        """End a running solve soon; safe from another thread."""
        self._solver.stop_search()

    def solve(self, effort: Effort) -> Answer:
        """Solve within an effort."""
        parameters = self._solver.parameters
        parameters.num_workers = effort.threads
        parameters.random_seed = effort.seed % (2**31)
        parameters.relative_gap_limit = effort.gap
        if math.isfinite(effort.seconds):
            parameters.max_time_in_seconds = max(0.0, effort.seconds)
        if math.isfinite(effort.work):
            parameters.max_deterministic_time = max(0.0, effort.work)
        status = self._solver.solve(self._model)
        work = float(self._solver.response_proto.deterministic_time)
        if status == cp_model.INFEASIBLE:
            return Answer(is_infeasible=True, work=work)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Answer(work=work)
        values = np.array([self._solver.boolean_value(variable) for variable in self._chosen])
        return Answer(
            chosen=np.flatnonzero(values),
            is_optimal=status == cp_model.OPTIMAL and effort.gap == 0,
            lower_bound=self._bound(),
            work=work,
        )

    def _bound(self) -> float:
        return float(self._solver.best_objective_bound) / self._cost_scale

    def _add_items(self) -> None:
        start = self._sub.start
        for item in range(len(self._sub.items)):
            self._model.add_exactly_one(self._chosen[start[item] : start[item + 1]])

    def _add_load(self, kind: int) -> None:
        """Add the rows of one load: limits, shares, total, soft balance."""
        sub = self._sub
        amount = sub.amount[:, kind]
        scale = _load_scale(sub, kind, exact=self._outer)
        for column in range(len(sub.columns)):
            pairs = np.flatnonzero((sub.pair_column == column) & (amount != 0))
            base = sub.base[kind, column]
            self._row(pairs, amount[pairs], sub.lower[kind, column] - base, sub.upper[kind, column] - base, scale)
            self._add_share(kind, column, scale)
        counted = np.flatnonzero(sub.counted[kind][sub.pair_column] & (amount != 0))
        rest = sub.fixed_total(kind)
        if np.ptp(_item_range(sub, counted, amount)) > 0 or sub.total_upper[kind] < np.inf:
            lower, upper = sub.total_lower[kind] - rest, sub.total_upper[kind] - rest
            self._row(counted, amount[counted], lower, upper, scale)
        for soft in sub.soft:
            if soft.load == kind:
                for aimed in np.flatnonzero(soft.target > 0):
                    self._add_soft(soft, int(aimed), scale)

    def _add_share(self, kind: int, column: int, scale: float) -> None:
        """Add load − share · total ≤ 0, or ≥ 0, for the shares that are finite."""
        sub = self._sub
        own = sub.pair_column == column
        counted = sub.counted[kind][sub.pair_column]
        total = sub.fixed_total(kind)
        for share, is_upper in ((sub.share_upper[kind, column], True), (sub.share_lower[kind, column], False)):
            if not math.isfinite(share):
                continue
            value = sub.amount[:, kind] * (own - share * counted)
            pairs = np.flatnonzero(value)
            limit = share * total - sub.base[kind, column]
            lower, upper = (-math.inf, limit) if is_upper else (limit, math.inf)
            self._row(pairs, value[pairs], lower, upper, scale)

    def _row(self, pairs: Positions, value: FloatArray, lower: float, upper: float, scale: float) -> None:
        """Add lower ≤ value · x ≤ upper, rounded to the safe side; skip what always holds."""
        most = float(np.maximum(value, 0.0).sum())
        least = float(np.minimum(value, 0.0).sum())
        variables = [self._chosen[pair] for pair in pairs]
        if math.isfinite(upper) and most > upper:
            factors, limit = _rounded(value, upper, scale, up=not self._outer)
            slack, factor = self._slack(upper, scale)
            row = cp_model.LinearExpr.weighted_sum([*variables, *slack], [*factors, *(-f for f in factor)])
            self._model.add(row <= limit)
        if math.isfinite(lower) and least < lower:
            factors, limit = _rounded(-value, -lower, scale, up=not self._outer)
            slack, factor = self._slack(lower, scale)
            row = cp_model.LinearExpr.weighted_sum([*variables, *slack], [*factors, *(-f for f in factor)])
            self._model.add(row <= limit)

    def _slack(self, limit: float, scale: float) -> tuple[list[Any], list[int]]:
        """Return a priced variable for the breach of a row, or nothing when limits are hard."""
        if not self._elastic:
            return [], []
        largest = int(scale * max(abs(limit), float(np.abs(self._sub.amount).sum()), 1e-6)) + 1
        slack = self._model.new_int_var(0, min(largest, 2**50), "")
        per_unit = SLACK_PRICE * self._dearest / max(abs(limit), 1e-6)
        self._terms.append(slack)
        self._prices.append(max(1, math.ceil(per_unit / scale * self._cost_scale)))
        return [slack], [1]

    def _add_soft(self, soft: SoftBalance, column: int, scale: float) -> None:
        """Add a priced excess for each kink of a column's penalty: 1 beyond the tolerance, 2 beyond its double."""
        sub, kind = self._sub, soft.load
        amount = sub.amount[:, kind]
        own, counted = sub.pair_column == column, sub.counted[kind][sub.pair_column]
        follows, target = 0.0, float(soft.target[column])
        if soft.target_share is not None:
            follows = float(soft.target_share[column])
            target = follows * sub.largest_total(kind)
            if target <= 0:  # nobody can carry anything, so that nothing is ever off
                return
        fixed = follows * sub.fixed_total(kind) if follows else target
        base = float(sub.base[kind, column])
        finest = SOFT_SCALE_EXACT if self._outer else SOFT_SCALE
        scale *= 10.0 ** max(0, math.ceil(math.log10(finest / (scale * target))))
        most = scale * (float(np.abs(amount).sum()) * (1.0 + follows) + abs(base) + target)
        for tier in (1.0, 2.0):
            per_unit = tier * soft.price / target / scale * self._cost_scale
            unit = max(1, math.ceil((SOFT_UNITS_EXACT if self._outer else SOFT_UNITS) / max(per_unit, 1e-12)))
            excess = self._model.new_int_var(0, int(most) // unit + 2, "")
            self._terms.append(excess)
            self._prices.append(math.floor(per_unit * unit))
            for sign in (1.0, -1.0):
                share = (sign + tier * soft.tolerance) * follows
                value = amount * (sign * own - share * counted)
                pairs = np.flatnonzero(value)
                limit = (sign + tier * soft.tolerance) * fixed - sign * base
                factors, bound = _rounded(value[pairs], limit, scale, up=not self._outer)
                variables = [*(self._chosen[pair] for pair in pairs), excess]
                row = cp_model.LinearExpr.weighted_sum(variables, [*factors, -unit])
                self._model.add(row <= bound + (unit - 1 if self._outer else 0))


def _rounded(value: FloatArray, limit: float, scale: float, *, up: bool) -> tuple[list[int], int]:
    """Return integers for value · x ≤ limit: stricter when ``up``, looser otherwise, equal where they are exact."""
    scaled = value * scale
    nearest = np.rint(scaled)
    exact = np.abs(scaled - nearest) <= WHOLE * np.maximum(1.0, np.abs(scaled))
    factors = np.where(exact, nearest, np.ceil(scaled) if up else np.floor(scaled))
    bound = limit * scale
    near = round(bound)
    all_exact = bool(exact.all())
    if up or all_exact:
        return [int(factor) for factor in factors], math.floor(bound + (1e-9 * abs(near) if all_exact else 0.0))
    return [int(factor) for factor in factors], math.ceil(bound)


def _load_scale(sub: Subproblem, kind: int, *, exact: bool) -> float:
    """Return integer units per unit of load: a power of ten when the amounts are exact in it."""
    amount = sub.amount[:, kind]
    for decimals in range(DECIMALS + 1):
        scaled = amount * 10.0**decimals
        if (np.abs(scaled - np.rint(scaled)) <= WHOLE * np.maximum(1.0, np.abs(scaled))).all():
            return float(10.0**decimals)
    largest = float(np.bincount(sub.pair_item, weights=np.abs(amount)).sum()) / max(1, len(sub.columns))
    return (EXACT_LOAD_SCALE if exact else LOAD_SCALE) / max(largest, 1e-12)


def _item_range(sub: Subproblem, counted: Positions, amount: FloatArray) -> FloatArray:
    """Return for each item the spread of what it may bring to the total, to tell whether the total moves."""
    value = np.zeros(len(amount))
    value[counted] = amount[counted]
    start = sub.start[:-1]
    if len(start) == 0:
        return np.zeros(1)
    spread = np.maximum.reduceat(value, start) - np.minimum.reduceat(value, start)
    return np.append(spread, 0.0)


def _dearest(sub: Subproblem) -> float:
    """Return the sum of every item's dearest cost, at least a tiny positive number."""
    if len(sub.items) == 0:
        return 1.0
    total = float(np.maximum.reduceat(np.abs(sub.cost), sub.start[:-1]).sum())
    return max(total + sum(soft.price for soft in sub.soft), 1e-9)
