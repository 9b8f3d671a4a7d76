"""The whole problem handed to a general solver: what one gets without a pipeline.

One binary variable for each allowed pair of item and rep, one equation for each item, two inequalities for each limited
load. Time for building the program is not counted against the solver. Answers are scored and audited as ours are.
"""

import datetime
import math
import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model

from benchmarks.instances import Instance, realignment
from optimizer.problem import FloatArray
from optimizer.score import score
from optimizer.search.evaluation import alignment_of
from optimizer.search.model import Model
from optimizer.search.rows import build_model
from optimizer.stop import relative_gap
from optimizer.validation import violations

COST_UNITS: Final = 1e12
"""Integer units in the sum of every item's dearest cost, for CP-SAT."""
DECIMALS: Final = 4
"""Decimal places of an amount that CP-SAT sees: more than the instances have."""
ROW_SIZE: Final = 100.0
"""Size of a row's upper limit after scaling, for HiGHS, so that its tolerance is relative."""

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, kw_only=True)
class Found:
    """A solver's answer.

    Attributes
    ----------
    pairs
        The chosen pairs, None without an answer.
    lower_bound
        In objective units, None where none is known.
    status, first_s, seconds
        The solver's own word, seconds to the first answer (None where it does not tell) and in all.
    """

    pairs: Positions | None
    lower_bound: float | None
    status: str
    first_s: float | None
    seconds: float


def measure(*, solver: str, size: str, seed: int, time_limit_s: float, threads: int) -> dict[str, Any]:
    """Solve one realignment with ``cp_sat`` or ``highs`` and audit the answer."""
    num_accounts, num_reps = (int(part) for part in size.split("x"))
    instance = realignment(num_accounts=num_accounts, num_reps=num_reps, seed=seed)
    model = build_model(instance.problem, instance.criteria)
    item, column = np.nonzero(np.isfinite(model.cost))
    begin = time.perf_counter()
    if solver == "cp_sat":
        cp_sat, scale, variables = _integer_program(model, item, column)
        build_s = time.perf_counter() - begin
        found = _solve_cp_sat(cp_sat, scale, variables, time_limit_s=time_limit_s, threads=threads, seed=seed)
    else:
        program = _linear_program(model, item, column)
        build_s = time.perf_counter() - begin
        found = _solve_highs(program, len(item), time_limit_s=time_limit_s, threads=threads, seed=seed)
    return {**_audited(instance, model, found, item, column), "build_s": round(build_s, 3)}


def _audited(instance: Instance, model: Model, found: Found, item: Positions, column: Positions) -> dict[str, Any]:
    told = {
        "outcome": "unknown",
        "status": found.status,
        "objective": None,
        "lower_bound": found.lower_bound,
        "gap_percent": None,
        "first_feasible_s": found.first_s,
        "seconds": round(found.seconds, 3),
        "violations": None,
    }
    if found.pairs is None or len(found.pairs) != model.num_items:
        return told
    chosen = np.full(model.num_items, -1, dtype=np.int32)
    chosen[item[found.pairs]] = column[found.pairs]
    alignment = alignment_of(model, chosen)
    breached = violations(instance.problem, instance.criteria, alignment)
    objective = score(instance.problem, instance.criteria, alignment).objective
    gap = None if found.lower_bound is None or breached else 100.0 * relative_gap(objective, found.lower_bound)
    outcome = "unknown" if breached else "feasible"
    return {**told, "outcome": outcome, "objective": objective, "gap_percent": gap, "violations": len(breached)}


def _integer_program(
    model: Model, item: Positions, column: Positions
) -> tuple[cp_model.CpModel, float, list[cp_model.IntVar]]:
    """Return the program in whole numbers, its units per objective unit, and its variables."""
    program = cp_model.CpModel()
    variables = [program.new_bool_var("") for _ in range(len(item))]
    start = np.searchsorted(item, np.arange(model.num_items + 1))
    for first, last in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        program.add_exactly_one(variables[first:last])
    for load, place in np.ndindex(model.lower.shape):
        pairs = np.flatnonzero(column == place)
        amount = np.rint(model.amount[item[pairs], load] * 10**DECIMALS).astype(np.int64).tolist()
        row = cp_model.LinearExpr.weighted_sum([variables[pair] for pair in pairs.tolist()], amount)
        if math.isfinite(model.upper[load, place]):
            program.add(row <= math.floor(model.upper[load, place] * 10**DECIMALS))
        if math.isfinite(model.lower[load, place]):
            program.add(row >= math.ceil(model.lower[load, place] * 10**DECIMALS))
    cost = model.cost[item, column].astype(np.float64)
    scale = COST_UNITS / float(np.maximum.reduceat(np.abs(cost), start[:-1]).sum())
    units = np.rint(cost * scale).astype(np.int64).tolist()
    program.minimize(cp_model.LinearExpr.weighted_sum(variables, units))
    return program, scale, variables


class _FirstAnswer(cp_model.CpSolverSolutionCallback):
    """Notes when the first answer came."""

    def __init__(self) -> None:
        super().__init__()
        self.first_s: float | None = None

    def on_solution_callback(self) -> None:
        """Take note of the solver's clock, once."""
        if self.first_s is None:
            self.first_s = self.wall_time


def _solve_cp_sat(
    program: cp_model.CpModel,
    scale: float,
    variables: list[cp_model.IntVar],
    *,
    time_limit_s: float,
    threads: int,
    seed: int,
) -> Found:
    solver, first = cp_model.CpSolver(), _FirstAnswer()
    solver.parameters.num_workers = threads
    solver.parameters.max_time_in_seconds = time_limit_s
    solver.parameters.random_seed = seed
    begin = time.perf_counter()
    status = solver.solve(program, first)
    seconds = time.perf_counter() - begin
    pairs = None
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        pairs = np.flatnonzero([solver.boolean_value(variable) for variable in variables])
    return Found(
        pairs=pairs,
        lower_bound=float(solver.best_objective_bound) / scale,
        status=solver.status_name(status).lower(),
        first_s=first.first_s,
        seconds=seconds,
    )


def _linear_program(model: Model, item: Positions, column: Positions) -> mathopt.Model:
    """Return the program with float numbers, rows scaled to one size."""
    proto = model_pb2.ModelProto()
    count = len(item)
    proto.variables.ids.extend(range(count))
    proto.variables.lower_bounds.extend([0.0] * count)
    proto.variables.upper_bounds.extend([1.0] * count)
    proto.variables.integers.extend([True] * count)
    proto.objective.linear_coefficients.ids.extend(range(count))
    proto.objective.linear_coefficients.values.extend(model.cost[item, column].astype(np.float64).tolist())
    lower, upper = [1.0] * model.num_items, [1.0] * model.num_items
    rows: list[Positions] = [item]
    columns: list[Positions] = [np.arange(count)]
    values: list[FloatArray] = [np.ones(count)]
    for load, place in np.ndindex(model.lower.shape):
        pairs = np.flatnonzero(column == place)
        least, most = float(model.lower[load, place]), float(model.upper[load, place])
        factor = _row_factor(least, most)
        rows.append(np.full(len(pairs), len(lower)))
        columns.append(pairs)
        values.append(model.amount[item[pairs], load] * factor)
        lower.append(least * factor)
        upper.append(most * factor)
    proto.linear_constraints.ids.extend(range(len(lower)))
    proto.linear_constraints.lower_bounds.extend(lower)
    proto.linear_constraints.upper_bounds.extend(upper)
    _fill_matrix(proto, np.concatenate(rows), np.concatenate(columns), np.concatenate(values))
    return mathopt.Model.from_model_proto(proto)


def _row_factor(lower: float, upper: float) -> float:
    size = max((abs(limit) for limit in (lower, upper) if math.isfinite(limit)), default=0.0)
    return ROW_SIZE / size if size > 0 else 1.0


def _fill_matrix(proto: Any, row: Positions, column: Positions, value: FloatArray) -> None:
    there = value != 0
    proto.linear_constraint_matrix.row_ids.extend(row[there].tolist())
    proto.linear_constraint_matrix.column_ids.extend(column[there].tolist())
    proto.linear_constraint_matrix.coefficients.extend(value[there].tolist())


def _solve_highs(program: mathopt.Model, num_pairs: int, *, time_limit_s: float, threads: int, seed: int) -> Found:
    parameters = mathopt.SolveParameters(time_limit=datetime.timedelta(seconds=time_limit_s), random_seed=seed)
    parameters.highs.int_options["threads"] = threads
    begin = time.perf_counter()
    result = mathopt.solve(program, mathopt.SolverType.HIGHS, params=parameters)
    seconds = time.perf_counter() - begin
    bound = result.termination.objective_bounds.dual_bound
    pairs = None
    if result.has_primal_feasible_solution():
        values = np.asarray(result.variable_values(list(program.variables())[:num_pairs]))
        pairs = np.flatnonzero(values > 0.5)
    return Found(
        pairs=pairs,
        lower_bound=bound if math.isfinite(bound) else None,
        status=result.termination.reason.name.lower(),
        first_s=None,
        seconds=seconds,
    )
