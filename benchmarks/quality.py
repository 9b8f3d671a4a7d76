"""The optimizer's table: proven gaps on realignments of every size, each alignment audited on the raw numbers."""

import argparse
import threading
from functools import partial
from typing import Any, Final

import numpy.typing as npt

from app.jobs.warm_up import warm_up as compile_kernels
from benchmarks.apart import measure_apart
from benchmarks.bars import BARS, OTHER_LIMIT_S
from benchmarks.instances import VARIANTS, Instance, realignment, travel_dtype
from benchmarks.results import Results, Row, add_result_arguments
from benchmarks.summary import HEADER, summary
from benchmarks.tables import percent, seconds, size_name, write_line, write_table
from optimizer.alignment import Alignment
from optimizer.params import SolveParams
from optimizer.result import Progress, Result
from optimizer.solve import solve
from optimizer.stop import MaxRuntime, relative_gap
from optimizer.validation import violations

COLUMNS: Final = ("size", "variant", "seed", "outcome", "gap", "feasible after", "1 % after", "0.5 % after", "memory")
WARM_UP_S: Final = 3.0
"""Seconds for a small solve before the clock starts."""

Curve = list[tuple[float, float | None, float | None]]
"""Seconds, objective and bound, as they were reported."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which realignments to solve."""
    parser.add_argument("--sizes", nargs="+", default=list(BARS), metavar="ACCOUNTSxREPS")
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103, 104, 105])
    parser.add_argument("--variants", nargs="+", default=["plain"], choices=VARIANTS)
    parser.add_argument("--seconds", type=float, help="time limit, instead of the bar's")
    parser.add_argument("--threads", type=int, default=SolveParams().threads)
    add_result_arguments(parser, "quality")


def run(options: argparse.Namespace) -> None:
    """Solve one after the other, print a row for each and the summary at the end."""
    results = Results(options.json, command="quality", resume=options.resume)
    write_line(COLUMNS)
    rows = []
    for size in options.sizes:
        for variant in options.variants:
            for seed in options.seeds:
                asked = {
                    "size": size,
                    "seed": seed,
                    "variant": variant,
                    "time_limit_s": options.seconds or (BARS[size].seconds if size in BARS else OTHER_LIMIT_S),
                    "threads": options.threads,
                }
                rows.append(results.row(asked, partial(measure_apart, "quality", asked)))
                write_line(_cells(rows[-1]))
    write_line(())
    write_table(HEADER, summary(rows), markdown=options.markdown)
    if options.markdown:
        write_table(COLUMNS, map(_cells, rows), markdown=True)


def _cells(row: Row) -> tuple[object, ...]:
    asked = row["asked"]
    return (
        size_name(asked["size"]),
        asked["variant"],
        asked["seed"],
        row["outcome"],
        percent(row.get("gap_percent"), 3),
        seconds(row.get("first_feasible_s"), 2),
        seconds(row.get("one_percent_s"), 2),
        seconds(row.get("half_percent_s"), 2),
        f"{row['peak_memory_gb']:.2f} GB",
    )


def measure(*, size: str, seed: int, variant: str, time_limit_s: float, threads: int) -> dict[str, Any]:
    """Solve one instance and audit the answer; compilation happens before the clock starts."""
    num_accounts, num_reps = (int(part) for part in size.split("x"))
    warm_up(variant, dtype=travel_dtype(num_accounts=num_accounts, num_reps=num_reps))
    instance = realignment(num_accounts=num_accounts, num_reps=num_reps, seed=seed, variant=variant)
    result, curve = solve_noted(instance, time_limit_s=time_limit_s, threads=threads)
    return {**outcome_of(instance, result), **times_of(curve), "curve": curve}


def warm_up(variant: str, *, dtype: npt.DTypeLike) -> None:
    """Compile or load the kernels as a worker does, and on a small instance of its kind; outside the measured time."""
    compile_kernels(hurry=threading.Event())
    small = realignment(num_accounts=1000, num_reps=12, seed=0, variant=variant)
    if small.problem.travel is not None:
        problem = small.problem.replace(travel=small.problem.travel.astype(dtype))
        solve(problem, small.criteria, MaxRuntime(WARM_UP_S))


def solve_noted(
    instance: Instance, *, time_limit_s: float, threads: int, initial: Alignment | None = None
) -> tuple[Result, Curve]:
    """Solve an instance and note what was known when; only alignments that were handed over count as found."""
    curve: Curve = []

    def note(progress: Progress) -> None:
        curve.append((round(progress.elapsed_s, 3), progress.objective, progress.lower_bound))

    result = solve(
        instance.problem,
        instance.criteria,
        MaxRuntime(time_limit_s),
        params=SolveParams(threads=threads),
        initial=initial,
        on_progress=note,
    )
    curve.append((round(result.statistics["seconds"], 3), _feasible_objective(result), result.lower_bound))
    return result, curve


def outcome_of(instance: Instance, result: Result) -> dict[str, Any]:
    """Return what came out: the gap, and the violations counted on the raw numbers."""
    gap = None
    if result.objective is not None and result.lower_bound is not None and not result.violations:
        gap = 100.0 * relative_gap(result.objective, result.lower_bound)
    audited = None
    if result.alignment is not None:
        audited = len(violations(instance.problem, instance.criteria, result.alignment))
    return {
        "outcome": str(result.outcome),
        "objective": result.objective,
        "lower_bound": result.lower_bound,
        "bound_source": result.bound_source,
        "gap_percent": gap,
        "first_feasible_s": result.statistics.get("first_feasible_s"),
        "seconds": result.statistics["seconds"],
        "violations": audited,
    }


def times_of(curve: Curve) -> dict[str, float | None]:
    """Return when the proven gap was at 1 % and at 0.5 %, and the last better bound; reports come twice a second."""
    bounds = [(when, bound) for when, _, bound in curve if bound is not None]
    return {
        "one_percent_s": _reached(curve, 0.01),
        "half_percent_s": _reached(curve, 0.005),
        "bound_s": next((when for when, bound in bounds if bound >= bounds[-1][1]), None),
    }


def _reached(curve: Curve, gap: float) -> float | None:
    for when, objective, bound in curve:
        if objective is not None and bound is not None and relative_gap(objective, bound) <= gap:
            return when
    return None


def _feasible_objective(result: Result) -> float | None:
    return None if result.violations else result.objective
