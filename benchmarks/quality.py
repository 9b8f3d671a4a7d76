"""The optimizer's table: proven gaps on realignments of every size, each alignment audited on the raw numbers."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.instances import realignment
from benchmarks.machine import peak_memory_gb
from optimizer.params import SolveParams
from optimizer.result import Progress
from optimizer.solve import solve
from optimizer.stop import MaxRuntime, relative_gap
from optimizer.validation import violations

LIMITS_S: Final = {"500x10": 5.0, "2000x25": 5.0, "10000x100": 10.0, "50000x300": 60.0, "100000x1000": 300.0}
"""Seconds for each size of the quality bars."""
OTHER_LIMIT_S: Final = 30.0
COLUMNS: Final = ("size", "variant", "seed", "outcome", "gap_percent", "first_feasible_s", "seconds", "violations")


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One solve.

    Attributes
    ----------
    first_feasible_s, bound_s, seconds
        Until the first feasible alignment, until the last better bound, and in all.
    gap_percent
        Proven gap at the end; None without an alignment or a bound.
    violations
        Counted on the raw numbers.
    """

    size: str
    variant: str
    seed: int
    time_limit_s: float
    outcome: str
    objective: float | None
    lower_bound: float | None
    gap_percent: float | None
    first_feasible_s: float | None
    bound_s: float | None
    seconds: float
    peak_memory_gb: float
    violations: int | None
    curve: list[tuple[float, float | None, float | None]]


def measure(*, size: str, seed: int, variant: str, time_limit_s: float | None) -> Measurement:
    """Solve one instance and audit the answer; compilation happens before the clock starts."""
    num_accounts, num_reps = (int(part) for part in size.split("x"))
    small = realignment(num_accounts=200, num_reps=5, seed=seed)
    solve(small.problem, small.criteria, MaxRuntime(1.5))
    instance = realignment(num_accounts=num_accounts, num_reps=num_reps, seed=seed, variant=variant)
    limit = time_limit_s or LIMITS_S.get(size, OTHER_LIMIT_S)
    curve: list[tuple[float, float | None, float | None]] = []

    def note(progress: Progress) -> None:
        curve.append((round(progress.elapsed_s, 3), progress.objective, progress.lower_bound))

    result = solve(instance.problem, instance.criteria, MaxRuntime(limit), params=SolveParams(), on_progress=note)
    gap = None
    if result.objective is not None and result.lower_bound is not None and not result.violations:
        gap = 100.0 * relative_gap(result.objective, result.lower_bound)
    audited = None
    if result.alignment is not None:
        audited = len(violations(instance.problem, instance.criteria, result.alignment))
    bounds = [point for point in curve if point[2] is not None]
    return Measurement(
        size=size,
        variant=variant,
        seed=seed,
        time_limit_s=limit,
        outcome=str(result.outcome),
        objective=result.objective,
        lower_bound=result.lower_bound,
        gap_percent=gap,
        first_feasible_s=result.statistics.get("first_feasible_s"),
        bound_s=next((point[0] for point in bounds if point[2] == bounds[-1][2]), None),
        seconds=result.statistics["seconds"],
        peak_memory_gb=peak_memory_gb(),
        violations=audited,
        curve=curve,
    )


def measure_apart(arguments: Iterable[str]) -> str:
    """Measure in a process of its own, so that memory is its own, and return the measurement as JSON."""
    command = [sys.executable, "-m", "benchmarks", "one", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def rows_of(measurements: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return the table's rows, ready to print."""
    return [[_text(measurement[column]) for column in COLUMNS] for measurement in measurements]


def as_data(measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as plain data."""
    return asdict(measurement)


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
