"""Published instances of the generalized assignment problem, solved as jobs, against their best known values.

Agents are reps with a capacity of workload, jobs are accounts, the cost is the pairs' travel and the resource use the
pairs' workload. The files are MIT (fontanf/generalizedassignmentsolver, from J. E. Beasley's OR-Library and
M. Yagiura's page); they are read from where they lie.
"""

import csv
import gzip
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import ACCOUNTS, PairAmounts, Problem
from optimizer.search.pattern_warm_up import compile_patterns
from optimizer.solve import solve
from optimizer.stop import MaxRuntime, relative_gap
from optimizer.validation import violations

COLUMNS: Final = ("name", "cost", "best_known", "above_percent", "gap_percent", "outcome", "seconds")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One published instance, solved."""

    name: str
    cost: float | None
    best_known: float
    above_percent: float | None
    gap_percent: float | None
    outcome: str
    seconds: float
    violations: int | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Assignment:
    """The numbers of an instance: costs and resource use, shape ``(agents, jobs)``, and capacities, ``(agents,)``."""

    cost: np.ndarray
    use: np.ndarray
    capacity: np.ndarray


def read_assignment(path: Path) -> Assignment:
    """Return the numbers of a file."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        numbers = np.array(lines.read().split(), dtype=np.float64)
    agents, jobs = int(numbers[0]), int(numbers[1])
    cost, use = numbers[2 : 2 + 2 * agents * jobs].reshape(2, agents, jobs)
    return Assignment(cost=cost, use=use, capacity=numbers[2 + 2 * agents * jobs :][:agents])


def random_assignment(kind: str, *, agents: int, jobs: int, seed: int) -> Assignment:
    """Return an instance like the published ones of kind C, D or E, from other dice (Chu and Beasley 1997)."""
    rng = np.random.default_rng(seed)
    shape = (agents, jobs)
    if kind == "E":
        use = np.ceil(1.0 - 10.0 * np.log(1.0 - rng.random(shape)))
        cost = np.round(1000.0 / use - 10.0 * rng.random(shape))
    elif kind == "D":
        use = rng.integers(1, 101, shape).astype(np.float64)
        cost = 111.0 - use + rng.integers(-10, 11, shape)
    else:
        use, cost = rng.integers(5, 26, shape).astype(np.float64), rng.integers(10, 51, shape).astype(np.float64)
    return Assignment(cost=cost, use=use, capacity=np.floor(0.8 * use.sum(axis=1) / agents))


def as_problem(given: Assignment) -> tuple[Problem, Criteria]:
    """Return an instance as a question: agents as reps, jobs as accounts."""
    cost, use, capacity = given.cost, given.use, given.capacity
    agents, jobs = cost.shape
    account, rep = (grid.ravel() for grid in np.indices((jobs, agents)))
    limits = np.full((agents, 2), np.inf)
    limits[:, 1] = capacity
    problem = Problem(
        measures=(ACCOUNTS, "workload"),
        amount=np.column_stack([np.ones(jobs), use.min(axis=0)]),
        current=np.full(jobs, -1),
        family=np.arange(jobs, dtype=np.int32),
        locked=np.zeros(jobs, dtype=np.bool_),
        fte=np.ones(agents),
        active=np.ones(agents, dtype=np.bool_),
        capacity_min=np.zeros((agents, 2)),
        capacity_max=limits,
        target=np.full((agents, 2), np.nan),
        travel=np.ascontiguousarray(cost.T),
        pair_amounts=PairAmounts(
            account=account.astype(np.int32),
            rep=rep.astype(np.int32),
            amount=np.column_stack([np.full(jobs * agents, np.nan), use.T.ravel()]),
        ),
        travel_unit="cost",
    )
    return problem, Criteria(travel_weight=50.0)


def run(path: Path, *, best_known: float, time_limit_s: float, seed: int) -> Run:
    """Solve one file and compare its cost with the best known one."""
    problem, criteria = as_problem(read_assignment(path))
    result = solve(problem, criteria, MaxRuntime(time_limit_s), seed=seed, params=SolveParams())
    cost = gap = None
    if result.alignment is not None and not result.violations and problem.travel is not None:
        cost = float(problem.travel[np.arange(problem.num_accounts), result.alignment.rep].sum())
        if result.objective is not None and result.lower_bound is not None:
            gap = 100.0 * relative_gap(result.objective, result.lower_bound)
    audited = None if result.alignment is None else len(violations(problem, criteria, result.alignment))
    return Run(
        name=path.name.split(".")[0],
        cost=cost,
        best_known=best_known,
        above_percent=None if cost is None else 100.0 * (cost / best_known - 1.0),
        gap_percent=gap,
        outcome=str(result.outcome),
        seconds=result.statistics["seconds"],
        violations=audited,
    )


def compile_first() -> None:
    """Run every compiled step once, so that no instance's time goes into it."""
    compile_patterns()
    solve(*as_problem(random_assignment("D", agents=10, jobs=100, seed=0)), MaxRuntime(3.0))


def instances(folder: Path, names: list[str] | None) -> list[tuple[Path, float]]:
    """Return the files and best known values under a folder, those named or all."""
    with (folder / "best_known.csv").open() as lines:
        known = {row["instance"]: float(row["best_known_min"]) for row in csv.DictReader(lines)}
    found = []
    for path in sorted((folder / "instances").glob("*.txt*")):
        name = path.name.split(".")[0]
        if name in known and (not names or name in names):
            found.append((path, known[name]))
    return found


def as_data(measured: Run) -> dict[str, Any]:
    """Return a run as plain data."""
    return asdict(measured)
