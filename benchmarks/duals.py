"""`python -m benchmarks duals`: the linear program's exact value, against a plain solver where that is small enough.

Sizes × seeds × seconds on realignments; the plain solver is HiGHS (scipy) on the program over all pairs.
"""

import argparse
import sys
import time
from typing import Any, Final

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from benchmarks.instances import VARIANTS, realignment
from optimizer.search.dual import DualSolution, solve_dual
from optimizer.search.dual_params import DualParams
from optimizer.search.model import Model
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime

PLAIN_PAIRS: Final = 60_000
"""Up to so many pairs the plain solver runs as well."""
COLUMNS: Final = "size", "seed", "variant", "seconds", "to 1 %", "to 0.1 %", "steps", "bound", "exact", "plain", "its s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which realignments, and how long each may take."""
    parser.add_argument("--sizes", nargs="+", default=["500x10", "2000x25", "10000x100"], metavar="ACCOUNTSxREPS")
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103])
    parser.add_argument("--variants", nargs="+", default=["plain"], choices=VARIANTS)
    parser.add_argument("--seconds", type=float, default=300.0)


def run(options: argparse.Namespace) -> None:
    """Measure what the command line asks for."""
    _compile()
    _line(COLUMNS)
    for size in options.sizes:
        num_accounts, num_reps = (int(part) for part in size.split("x"))
        for variant in options.variants:
            for seed in options.seeds:
                instance = realignment(num_accounts=num_accounts, num_reps=num_reps, seed=seed, variant=variant)
                model = build_model(instance.problem, instance.criteria)
                _line((size, seed, variant, *_measured(model, options.seconds)))


def _measured(model: Model, seconds: float) -> tuple[Any, ...]:
    """Solve the dual, and the plain program where it is small; return the cells of the row."""
    begin = time.perf_counter()
    seen: list[tuple[float, float]] = []
    solution = solve_dual(
        model,
        stop=MaxRuntime(seconds),
        params=DualParams(),
        on_bound=lambda bound, _: seen.append((time.perf_counter() - begin, bound)),
    )
    taken = time.perf_counter() - begin
    plain, its_seconds = _plain(model) if model.cost.size <= PLAIN_PAIRS else (None, None)
    return (
        f"{taken:.2f}",
        *(_when(seen, solution, part) for part in (0.01, 0.001)),
        sum(entry["steps"] for entry in solution.statistics["rounds"]),
        f"{solution.lower_bound:.7g}",
        "infeasible" if solution.infeasible else solution.is_exact,
        "-" if plain is None else f"{plain:.7g}",
        "-" if its_seconds is None else f"{its_seconds:.2f}",
    )


def _when(seen: list[tuple[float, float]], solution: DualSolution, part: float) -> str:
    """Return after how many seconds the bound was within a part of its end."""
    enough = solution.lower_bound - part * abs(solution.lower_bound)
    return next((f"{seconds:.2f}" for seconds, bound in seen if bound >= enough), "-")


def _plain(model: Model) -> tuple[float | None, float]:
    """Solve the program over all pairs; measure limits only, None where there is more or it is infeasible."""
    if model.soft or len(model.corrections.column) or np.isfinite(model.share_upper).any():
        return None, 0.0
    begin = time.perf_counter()
    item, column = np.nonzero(np.isfinite(model.cost))
    entry = np.arange(len(item))
    blocks, limits = [], []
    for load in range(model.num_loads):
        sums = sparse.csr_array((model.amount[item, load], (column, entry)), shape=(model.num_columns, len(item)))
        for sign, limit in ((1, model.upper[load]), (-1, -model.lower[load])):
            kept = np.flatnonzero(np.isfinite(limit))
            blocks.append(sign * sums[kept])
            limits.append(limit[kept])
    result = linprog(
        model.cost[item, column].astype(np.float64),
        A_ub=sparse.vstack(blocks),
        b_ub=np.concatenate(limits),
        A_eq=sparse.csr_array((np.ones(len(item)), (item, entry)), shape=(model.num_items, len(item))),
        b_eq=np.ones(model.num_items),
        method="highs",
    )
    return float(result.fun) if result.status == 0 else None, time.perf_counter() - begin


def _compile() -> None:
    """Compile the kernels on a small problem of each precision, outside the measured time."""
    model = _small_model()
    solve_dual(model, stop=MaxRuntime(60.0))


def _small_model() -> Model:
    instance = realignment(num_accounts=200, num_reps=5, seed=1)
    return build_model(instance.problem, instance.criteria)


def _line(cells: tuple[Any, ...]) -> None:
    sys.stdout.write("  ".join(f"{cell!s:>10}" for cell in cells) + "\n")
    sys.stdout.flush()
