"""The rest of a question as a mixed-integer program: which places are chosen, and who serves each item from there.

Owns the program, its scale, and how HiGHS is asked, for programs of sets, too. Limits hold for every chosen row,
smallest loads and further measures included.
"""

import datetime
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from optimizer.location.question import Positions
from optimizer.location.rows import Rows
from optimizer.problem import FloatArray

SCALE: Final = 1e4
"""Size of the cutoff after scaling, so that the solver's absolute tolerances mean little."""
FEASIBILITY: Final = 1e-7
NOTHING_BELOW: Final = (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED)
"""What HiGHS says when no answer is below the cutoff; costs are never unbounded here."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Program:
    """Rows with the limits of each.

    Attributes
    ----------
    rows
        Places and pairs that may be used.
    amount
        Shape ``(items, limits)``.
    lower, upper
        Shape ``(rows, limits)``.
    below
        Answers must cost less than this.
    """

    rows: Rows
    amount: FloatArray
    lower: FloatArray
    upper: FloatArray
    below: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Solved:
    """What a solver said.

    Attributes
    ----------
    row
        The row of every item, or None.
    bound
        No answer below the cutoff costs less.
    is_over
        True where the solver says that nothing better is left.
    """

    row: Positions | None
    bound: float
    is_over: bool


def solve_program(program: Program, *, seconds: float, threads: int = 1, seed: int = 0) -> Solved:
    """Solve with HiGHS within a time.

    The cutoff is not told to the solver: a row of all pairs makes its linear programs slower than it is worth.
    """
    rows = program.rows
    pairs, places = len(rows.item), len(rows.room)
    scale = SCALE / max(abs(program.below), 1e-12)
    model = _model(program, scale)
    result = highs_result(model, seconds=seconds, seed=seed)
    if result is None:
        return Solved(row=None, bound=-math.inf, is_over=False)
    reason = result.termination.reason
    if reason in NOTHING_BELOW:
        return Solved(row=None, bound=program.below, is_over=True)
    is_optimal = reason == mathopt.TerminationReason.OPTIMAL
    bound = result.termination.objective_bounds.dual_bound / scale
    if result.has_primal_feasible_solution() and result.objective_value() >= program.below * scale:
        return Solved(row=None, bound=min(bound, program.below), is_over=is_optimal)
    row: Positions | None = None
    if result.has_primal_feasible_solution():
        value = np.array(result.variable_values(list(model.variables())[places : places + pairs]))
        taken = np.flatnonzero(value > 0.5)
        if len(taken) == len(rows.weight) and len(np.unique(rows.item[taken])) == len(rows.weight):
            row = np.empty(len(rows.weight), dtype=np.int64)
            row[rows.item[taken]] = rows.pair_row[taken]
    return Solved(row=row, bound=bound, is_over=row is not None and is_optimal)


def highs_result(
    model: mathopt.Model, *, seconds: float, seed: int, is_presolved: bool = True
) -> mathopt.SolveResult | None:
    """Solve a scaled program with HiGHS within a time; None where the solver breaks."""
    params = mathopt.SolveParameters(
        random_seed=seed % (2**31),
        presolve=None if is_presolved else mathopt.Emphasis.OFF,
        time_limit=datetime.timedelta(seconds=max(0.01, seconds)),
        relative_gap_tolerance=1e-9,
        absolute_gap_tolerance=1e-9,
    )
    params.highs.double_options["primal_feasibility_tolerance"] = FEASIBILITY
    params.highs.double_options["mip_feasibility_tolerance"] = FEASIBILITY
    try:
        return mathopt.solve(model, mathopt.SolverType.HIGHS, params=params)
    except Exception:  # noqa: BLE001  # whatever breaks inside the solver, it has said nothing
        return None


def _model(program: Program, scale: float) -> mathopt.Model:
    """Return the program: a variable for each row and each pair; items served once, limits, pairs only where chosen."""
    rows = program.rows
    pairs, places, items = len(rows.item), len(rows.room), len(rows.weight)
    pair_row = rows.pair_row
    pair_variable = places + np.arange(pairs)
    at: list[Positions] = [rows.item]
    of: list[Positions] = [pair_variable]
    value: list[FloatArray] = [np.ones(pairs)]
    lower, upper = [1.0] * items, [1.0] * items
    free = np.flatnonzero(rows.column < 0)
    at.append(np.full(len(free), items))
    of.append(free)
    value.append(np.ones(len(free)))
    # places without usable pairs are not there: a column without items may stand on one of them
    lower.append(rows.num_free if (program.lower[free] > 0).any() else -math.inf)
    upper.append(rows.num_free)
    for limit in range(program.amount.shape[1]):
        for bounds, sign in ((program.upper[:, limit], 1.0), (program.lower[:, limit], -1.0)):
            if not (np.isfinite(bounds).all() and (sign * bounds > 0 if sign > 0 else bounds > 0).any()):
                continue
            size = max(float(np.abs(bounds).max()), 1e-12)
            at += [len(lower) + pair_row, len(lower) + np.arange(places)]
            of += [pair_variable, np.arange(places)]
            value += [sign * program.amount[rows.item, limit] / size, -sign * bounds / size]
            lower += [-math.inf] * places
            upper += [0.0] * places
    at += [len(lower) + np.arange(pairs)] * 2
    of += [pair_variable, pair_row]
    value += [np.ones(pairs), np.full(pairs, -1.0)]
    lower += [-math.inf] * pairs
    upper += [0.0] * pairs
    cost = rows.cost * scale
    return proto_model(
        (np.concatenate(at), np.concatenate(of), np.concatenate(value)),
        (lower, upper),
        np.concatenate([np.zeros(places), cost]),
        least=np.concatenate([(rows.column >= 0).astype(float), np.zeros(pairs)]),
    )


def proto_model(
    matrix: tuple[Positions, Positions, FloatArray],
    limits: tuple[list[float], list[float]],
    cost: FloatArray,
    *,
    least: FloatArray,
) -> mathopt.Model:
    """Return a program of variables that are 0 or 1.

    Parameters
    ----------
    matrix
        Row, variable and coefficient of every entry.
    limits
        Lower and upper limit of every row.
    cost
        Shape ``(variables,)``.
    least
        Smallest values. Shape ``(variables,)``.
    """
    proto = model_pb2.ModelProto()
    count = len(cost)
    variables = proto.variables
    variables.ids.extend(range(count))
    variables.lower_bounds.extend(least.tolist())
    variables.upper_bounds.extend([1.0] * count)
    variables.integers.extend([True] * count)
    used = np.flatnonzero(cost)
    proto.objective.linear_coefficients.ids.extend(used.tolist())
    proto.objective.linear_coefficients.values.extend(cost[used].tolist())
    constraints = proto.linear_constraints
    constraints.ids.extend(range(len(limits[0])))
    constraints.lower_bounds.extend(limits[0])
    constraints.upper_bounds.extend(limits[1])
    row, column, value = matrix
    order = np.lexsort((column, row))
    order = order[value[order] != 0]
    entries = proto.linear_constraint_matrix
    entries.row_ids.extend(row[order].tolist())
    entries.column_ids.extend(column[order].tolist())
    entries.coefficients.extend(value[order].tolist())
    return mathopt.Model.from_model_proto(proto)
