"""A subproblem for HiGHS through MathOpt: floats as they are, rows and costs scaled so that tolerances are small.

The second opinion beside CP-SAT. HiGHS cannot be interrupted: give it a time limit, and call it from a thread that
may be left behind.
"""

import datetime
import math
from typing import Final

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from optimizer.problem import FloatArray
from optimizer.search.solver_answer import Answer, Effort
from optimizer.search.subproblem import Positions, Subproblem

COST_SUM: Final = 1e6
"""Sum of the dearest costs after scaling, so that an absolute gap of 1e-6 means nothing."""
LIMIT_SIZE: Final = 1e2
"""Size of a row's largest limit after scaling, so that the feasibility tolerance is relative."""
LARGEST_VALUE: Final = 1e5
"""Largest coefficient of a row after scaling: a budget of 0 must not make the others infinite."""
FEASIBILITY: Final = 1e-9
"""HiGHS' primal and integer feasibility tolerance."""
NODES_PER_WORK: Final = 1000
"""Branching nodes that one unit of work stands for."""
FULL_GAP: Final = 1e-10
"""Relative gap that counts as none."""


class _Rows:
    """Rows of a linear program while they are gathered."""

    def __init__(self) -> None:
        self.row: list[Positions] = []
        self.column: list[Positions] = []
        self.value: list[FloatArray] = []
        self.lower: list[float] = []
        self.upper: list[float] = []

    def add(self, columns: Positions, values: FloatArray, lower: float, upper: float) -> None:
        """Add lower ≤ values · x ≤ upper, scaled; a row without limits is left out."""
        if not (math.isfinite(lower) or math.isfinite(upper)):
            return
        size = max(abs(limit) for limit in (lower, upper) if math.isfinite(limit))
        size = max(size, float(np.abs(values).max(initial=0.0)) * LIMIT_SIZE / LARGEST_VALUE)
        factor = LIMIT_SIZE / size if size > 0 else 1.0
        self.row.append(np.full(len(columns), len(self.lower)))
        self.column.append(columns)
        self.value.append(values * factor)
        self.lower.append(lower * factor)
        self.upper.append(upper * factor)


def solve_mixed_integer(subproblem: Subproblem, effort: Effort) -> Answer:
    """Solve a subproblem with HiGHS within an effort; its bound holds up to the solver's own tolerances."""
    scale = COST_SUM / max(_dearest(subproblem), 1e-12)
    model, num_pairs = _program(subproblem, scale)
    params = mathopt.SolveParameters(
        random_seed=effort.seed % (2**31),
        relative_gap_tolerance=max(effort.gap, FULL_GAP),
        absolute_gap_tolerance=0.0,
    )
    if math.isfinite(effort.seconds):
        params.time_limit = datetime.timedelta(seconds=max(0.01, effort.seconds))
    if math.isfinite(effort.work):
        params.node_limit = max(1, int(effort.work * NODES_PER_WORK))
    params.highs.double_options["primal_feasibility_tolerance"] = FEASIBILITY
    params.highs.double_options["mip_feasibility_tolerance"] = FEASIBILITY
    try:
        result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=params)
    except Exception:  # noqa: BLE001  # whatever breaks inside the solver, it has said nothing, and the search goes on
        return Answer()
    reason = result.termination.reason
    if reason == mathopt.TerminationReason.INFEASIBLE:
        return Answer(is_infeasible=True)
    bound = result.termination.objective_bounds.dual_bound / scale
    lower_bound = bound if math.isfinite(bound) else None
    if not result.has_primal_feasible_solution():
        return Answer(lower_bound=lower_bound)
    values = result.variable_values(list(model.variables())[:num_pairs])
    chosen = np.flatnonzero(np.asarray(values) > 0.5)
    if len(chosen) != len(subproblem.items):
        return Answer(lower_bound=lower_bound)
    is_optimal = reason == mathopt.TerminationReason.OPTIMAL and effort.gap == 0
    return Answer(chosen=chosen, is_optimal=is_optimal, lower_bound=lower_bound)


def _program(sub: Subproblem, scale: float) -> tuple[mathopt.Model, int]:
    """Return the program and the number of its variables that are pairs."""
    num_pairs = len(sub.cost)
    rows, costs = _Rows(), [sub.cost * scale]
    for item, (first, last) in enumerate(zip(sub.start[:-1], sub.start[1:], strict=True)):
        rows.row.append(np.full(last - first, item))
        rows.column.append(np.arange(first, last))
        rows.value.append(np.ones(last - first))
        rows.lower.append(1.0)
        rows.upper.append(1.0)
    for kind, column in np.ndindex(sub.base.shape):
        _add_limits(rows, sub, kind, column)
    for kind in range(len(sub.base)):
        pairs = np.flatnonzero(sub.counted[kind][sub.pair_column])
        rest = sub.fixed_total(kind)
        value = sub.amount[pairs, kind]
        rows.add(pairs, value, sub.total_lower[kind] - rest, sub.total_upper[kind] - rest)
    _add_soft(rows, sub, costs, scale)
    return _model(rows, np.concatenate(costs), num_pairs), num_pairs


def _add_limits(rows: _Rows, sub: Subproblem, kind: int, column: int) -> None:
    own = sub.pair_column == column
    pairs = np.flatnonzero(own)
    base = sub.base[kind, column]
    rows.add(pairs, sub.amount[pairs, kind], sub.lower[kind, column] - base, sub.upper[kind, column] - base)
    counted = sub.counted[kind][sub.pair_column]
    total = sub.fixed_total(kind)
    for share, sign in ((sub.share_upper[kind, column], 1.0), (sub.share_lower[kind, column], -1.0)):
        if math.isfinite(share):
            value = sign * sub.amount[:, kind] * (own - share * counted)
            used = np.flatnonzero(value)
            rows.add(used, value[used], -math.inf, sign * (share * total - base))


def _add_soft(rows: _Rows, sub: Subproblem, costs: list[FloatArray], scale: float) -> None:
    """Add a priced excess for each kink of each penalty, in shares of the target."""
    next_variable = len(sub.cost)
    for soft in sub.soft:
        amount, load = sub.amount[:, soft.load], soft.load
        counted = sub.counted[load][sub.pair_column]
        for column in np.flatnonzero(soft.target > 0):
            own = sub.pair_column == column
            base = sub.base[load, column]
            follows, target = 0.0, float(soft.target[column])
            if soft.target_share is not None:
                follows = float(soft.target_share[column])
                target = follows * sub.largest_total(load)
            fixed = follows * sub.fixed_total(load) if follows else target
            costs.append(np.array([1.0, 2.0]) * soft.price * scale)
            excess, next_variable = next_variable, next_variable + 2
            if target <= 0:  # nobody can carry anything, so that nothing is ever off
                continue
            for tier, sign in ((1.0, 1.0), (1.0, -1.0), (2.0, 1.0), (2.0, -1.0)):
                # sign · (load − aim) − tier · tolerance · aim ≤ excess · target
                share = (sign + tier * soft.tolerance) * follows
                value = amount * (sign * own - share * counted)
                pairs = np.flatnonzero(value)
                variable = excess + int(tier) - 1
                limit = (sign + tier * soft.tolerance) * fixed - sign * base
                columns = np.append(pairs, variable)
                rows.add(columns, np.append(value[pairs], -target) / target, -math.inf, limit / target)


def _model(rows: _Rows, cost: FloatArray, num_pairs: int) -> mathopt.Model:
    proto = model_pb2.ModelProto()
    count = len(cost)
    variables = proto.variables
    variables.ids.extend(range(count))
    variables.lower_bounds.extend([0.0] * count)
    variables.upper_bounds.extend([1.0] * num_pairs + [math.inf] * (count - num_pairs))
    variables.integers.extend([True] * num_pairs + [False] * (count - num_pairs))
    used = np.flatnonzero(cost)
    proto.objective.linear_coefficients.ids.extend(used.tolist())
    proto.objective.linear_coefficients.values.extend(cost[used].tolist())
    constraints = proto.linear_constraints
    constraints.ids.extend(range(len(rows.lower)))
    constraints.lower_bounds.extend(rows.lower)
    constraints.upper_bounds.extend(rows.upper)
    row, column, value = (np.concatenate(part) for part in (rows.row, rows.column, rows.value))
    there = value != 0
    matrix = proto.linear_constraint_matrix
    matrix.row_ids.extend(row[there].astype(int).tolist())
    matrix.column_ids.extend(column[there].astype(int).tolist())
    matrix.coefficients.extend(value[there].tolist())
    return mathopt.Model.from_model_proto(proto)


def _dearest(sub: Subproblem) -> float:
    """Return the sum of every item's dearest cost and of all prices."""
    total = float(np.maximum.reduceat(np.abs(sub.cost), sub.start[:-1]).sum())
    return total + sum(soft.price for soft in sub.soft)
