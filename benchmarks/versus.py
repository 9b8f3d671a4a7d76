"""`python -m benchmarks versus`: the pipeline against general solvers on the same realignments, in the same seconds.

Each run has a process of its own, with two threads. Building the general solvers' programs is not counted against
them; a process that does not end by itself is ended.
"""

import argparse
from functools import partial
from typing import Any, Final

from benchmarks.apart import measure_apart
from benchmarks.bars import BARS, OTHER_LIMIT_S
from benchmarks.results import Results, Row, add_result_arguments
from benchmarks.tables import percent, seconds, size_name, write_line, write_table
from optimizer.params import SolveParams

SOLVERS: Final = {"ours": "this optimizer", "cp_sat": "plain CP-SAT", "highs": "plain HiGHS (MathOpt)"}
HEADER: Final = (
    "accounts × reps",
    "seed",
    "solver",
    "limit",
    "outcome",
    "own gap",
    "gap to the best bound",
    "feasible after",
    "building",
    "ended after",
    "memory",
)
GRACE: Final = 10.0
"""Times the limit that a process may take in all, building included, before it is ended; at least ``LEAST_GRACE_S``."""
LEAST_GRACE_S: Final = 180.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which realignments, which solvers, and the limit of all of them."""
    parser.add_argument("--sizes", nargs="+", default=["500x10", "2000x25", "10000x100"], metavar="ACCOUNTSxREPS")
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103])
    parser.add_argument("--solvers", nargs="+", default=list(SOLVERS), choices=list(SOLVERS))
    parser.add_argument("--seconds", type=float, help="time limit of all, instead of the bar's")
    parser.add_argument("--threads", type=int, default=SolveParams().threads)
    add_result_arguments(parser, "versus")


def run(options: argparse.Namespace) -> None:
    """Give each problem to each solver, and print a row for each."""
    results = Results(options.json, command="versus", resume=options.resume)
    rows: list[Row] = []
    for size in options.sizes:
        limit_s = options.seconds or (BARS[size].seconds if size in BARS else OTHER_LIMIT_S)
        for seed in options.seeds:
            for solver in options.solvers:
                asked = {
                    "solver": solver,
                    "size": size,
                    "seed": seed,
                    "time_limit_s": limit_s,
                    "threads": options.threads,
                }
                rows.append(results.row(asked, partial(_measured, asked)))
                write_line(_progress(rows[-1]))
    write_line(())
    write_table(HEADER, lines_of(rows), markdown=options.markdown)


def _measured(asked: dict[str, Any]) -> dict[str, Any]:
    patience_s = max(LEAST_GRACE_S, GRACE * asked["time_limit_s"])
    if asked["solver"] != "ours":
        return measure_apart("plain", asked, kill_after_s=patience_s)
    ours = {name: value for name, value in asked.items() if name != "solver"}
    return measure_apart("quality", {**ours, "variant": "plain"}, kill_after_s=patience_s)


def lines_of(rows: list[Row]) -> list[list[str]]:
    """Return a line for each run; the best bound of all solvers measures every one's objective."""
    best: dict[tuple[str, int], float] = {}
    for row in rows:
        key, bound = (row["asked"]["size"], row["asked"]["seed"]), row.get("lower_bound")
        if bound is not None:
            best[key] = max(bound, best.get(key, bound))
    return [_line(row, best.get((row["asked"]["size"], row["asked"]["seed"]))) for row in rows]


def _line(row: Row, best_bound: float | None) -> list[str]:
    asked, objective = row["asked"], row.get("objective")
    distance = None
    if objective and best_bound is not None and row["outcome"] in ("feasible", "optimal"):
        distance = 100.0 * max(0.0, objective - best_bound) / abs(objective)
    return [
        size_name(asked["size"]),
        str(asked["seed"]),
        SOLVERS[asked["solver"]],
        f"{asked['time_limit_s']:g} s",
        _outcome(row),
        percent(row.get("gap_percent")),
        percent(distance),
        seconds(row.get("first_feasible_s"), 2),
        seconds(row.get("build_s")),
        seconds(row.get("seconds")),
        f"{row['peak_memory_gb']:.2f} GB",
    ]


def _outcome(row: Row) -> str:
    if row["outcome"] in ("killed", "failed"):
        return str(row["error"])
    if row["outcome"] == "unknown":
        return f"{row['violations']} limits broken" if row.get("violations") else "nothing found"
    return str(row["outcome"])


def _progress(row: Row) -> tuple[object, ...]:
    asked = row["asked"]
    return (size_name(asked["size"]), asked["seed"], asked["solver"], _outcome(row), percent(row.get("gap_percent")))
