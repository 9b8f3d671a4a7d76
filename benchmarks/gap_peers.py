"""A published instance handed whole to CP-SAT and to HiGHS: one variable a pair, one row a job and an agent."""

import datetime
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ortools.math_opt.python import mathopt
from ortools.sat.python import cp_model

from benchmarks.gap import Assignment, read_assignment
from optimizer.stop import relative_gap

PEERS: Final = ("cp_sat", "highs")


@dataclass(frozen=True, kw_only=True)
class PeerAnswer:
    """What a solver reached: its cost, and the gap to its own bound in percent; None where it has none."""

    cost: float | None
    gap_percent: float | None


def measure(*, peer: str, path: str, time_limit_s: float, threads: int, seed: int) -> dict[str, Any]:
    """Return what a peer reaches on the instance of a file, as plain data."""
    given = read_assignment(Path(path))
    return asdict(solve_with(peer, given, time_limit_s=time_limit_s, threads=threads, seed=seed))


def solve_with(peer: str, given: Assignment, *, time_limit_s: float, threads: int, seed: int) -> PeerAnswer:
    """Solve an instance with ``cp_sat`` or ``highs`` in so many seconds on so many threads."""
    solver = _cp_sat if peer == "cp_sat" else _highs
    chosen, bound = solver(given, time_limit_s, threads, seed)
    if chosen is None:
        return PeerAnswer(cost=None, gap_percent=None)
    agents = np.argmax(chosen, axis=0)
    jobs = np.arange(given.cost.shape[1])
    load = np.bincount(agents, weights=given.use[agents, jobs], minlength=len(given.capacity))
    if (chosen.sum(axis=0) != 1).any() or (load > given.capacity).any():
        return PeerAnswer(cost=None, gap_percent=None)
    cost = float(given.cost[agents, jobs].sum())
    return PeerAnswer(cost=cost, gap_percent=100.0 * relative_gap(cost, bound))


def _cp_sat(given: Assignment, seconds: float, threads: int, seed: int) -> tuple[np.ndarray | None, float]:
    """Return the chosen pairs, None without an answer, and the bound. Shape ``(agents, jobs)``."""
    model, solver = cp_model.CpModel(), cp_model.CpSolver()
    agents, jobs = given.cost.shape
    take = [[model.new_bool_var("") for _ in range(jobs)] for _ in range(agents)]
    for job in range(jobs):
        model.add_exactly_one(row[job] for row in take)
    for row, use, capacity in zip(take, given.use, given.capacity, strict=True):
        model.add(cp_model.LinearExpr.weighted_sum(row, use.astype(int).tolist()) <= int(capacity))
    every = [variable for row in take for variable in row]
    model.minimize(cp_model.LinearExpr.weighted_sum(every, given.cost.ravel().astype(int).tolist()))
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = threads
    solver.parameters.random_seed = seed
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, -np.inf
    chosen = np.array([[solver.boolean_value(variable) for variable in row] for row in take])
    return chosen, float(solver.best_objective_bound)


def _highs(given: Assignment, seconds: float, threads: int, seed: int) -> tuple[np.ndarray | None, float]:
    """Return the chosen pairs, None without an answer, and the bound. Shape ``(agents, jobs)``."""
    model = mathopt.Model()
    agents, jobs = given.cost.shape
    take = [[model.add_binary_variable() for _ in range(jobs)] for _ in range(agents)]
    for job in range(jobs):
        model.add_linear_constraint(mathopt.fast_sum([row[job] for row in take]) == 1)
    for row, use, capacity in zip(take, given.use, given.capacity, strict=True):
        load = mathopt.fast_sum([amount * variable for amount, variable in zip(use.tolist(), row, strict=True)])
        model.add_linear_constraint(load <= float(capacity))
    for row, costs in zip(take, given.cost.tolist(), strict=True):
        for variable, cost in zip(row, costs, strict=True):
            model.objective.set_linear_coefficient(variable, cost)
    parameters = mathopt.SolveParameters(
        time_limit=datetime.timedelta(seconds=seconds), random_seed=seed, relative_gap_tolerance=0.0
    )
    parameters.highs.int_options["threads"] = threads
    result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters)
    bound = float(result.termination.objective_bounds.dual_bound)
    if not result.has_primal_feasible_solution():
        return None, bound
    return np.array([np.asarray(result.variable_values(row)) > 0.5 for row in take]), bound
