"""`python -m benchmarks warm`: what one change costs, when the search begins with the alignment from before it.

A problem is solved, one thing changes, and it is solved again from there: first feasible, and the gap at the limit.
"""

import argparse
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any, Final

import numpy as np

from benchmarks.apart import measure_apart
from benchmarks.bars import BARS, OTHER_LIMIT_S, WARM_BAR
from benchmarks.changes import CHANGES, changed
from benchmarks.instances import realignment, travel_dtype
from benchmarks.quality import outcome_of, solve_noted, times_of, warm_up
from benchmarks.results import Results, Row, add_result_arguments
from benchmarks.summary import feasible_of, largest
from benchmarks.tables import percent, seconds, size_name, write_line, write_table
from optimizer.params import SolveParams

COLUMNS: Final = ("size", "change", "seed", "gap before", "outcome", "gap", "feasible after", "0.5 % after", "ended")
HEADER: Final = (
    "accounts × reps",
    "change",
    "limit",
    "feasible",
    "worst gap",
    "must",
    "median gap",
    "aim",
    "feasible after (worst)",
    "median",
    "must holds",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which realignments and changes, and the limits of both solves."""
    parser.add_argument("--size", default="10000x100", metavar="ACCOUNTSxREPS")
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103, 104, 105])
    parser.add_argument("--changes", nargs="+", default=list(CHANGES), choices=list(CHANGES))
    parser.add_argument("--first-seconds", type=float, help="time limit of the first solve, instead of the bar's")
    parser.add_argument("--seconds", type=float, default=WARM_BAR.seconds, help="time limit after the change")
    parser.add_argument("--threads", type=int, default=SolveParams().threads)
    add_result_arguments(parser, "warm")


def run(options: argparse.Namespace) -> None:
    """Make every change to every realignment, print a row for each and the summary at the end."""
    results = Results(options.json, command="warm", resume=options.resume)
    first = BARS[options.size].seconds if options.size in BARS else OTHER_LIMIT_S
    write_line(COLUMNS)
    rows = []
    for seed in options.seeds:
        for change in options.changes:
            asked = {
                "size": options.size,
                "seed": seed,
                "change": change,
                "first_limit_s": options.first_seconds or first,
                "time_limit_s": options.seconds,
                "threads": options.threads,
            }
            rows.append(results.row(asked, partial(measure_apart, "warm", asked)))
            write_line(_cells(rows[-1]))
    write_line(())
    write_table(HEADER, summary(rows), markdown=options.markdown)
    if options.markdown:
        write_table(COLUMNS, map(_cells, rows), markdown=True)


def measure(
    *, size: str, seed: int, change: str, first_limit_s: float, time_limit_s: float, threads: int
) -> dict[str, Any]:
    """Solve, change one thing, solve again from there; both answers are audited on the raw numbers."""
    num_accounts, num_reps = (int(part) for part in size.split("x"))
    warm_up("plain", dtype=travel_dtype(num_accounts=num_accounts, num_reps=num_reps))
    instance = realignment(num_accounts=num_accounts, num_reps=num_reps, seed=seed)
    before, _ = solve_noted(instance, time_limit_s=first_limit_s, threads=threads)
    audited = outcome_of(instance, before)
    first = {"first_outcome": audited["outcome"], "first_gap_percent": audited["gap_percent"]}
    if before.alignment is None:
        return {**first, "outcome": "unknown", "gap_percent": None, "violations": None}
    later = replace(instance, problem=changed(instance, change, rng=np.random.default_rng([seed, 13])))
    after, curve = solve_noted(later, time_limit_s=time_limit_s, threads=threads, initial=before.alignment)
    kept = None if after.alignment is None else int((after.alignment.rep == before.alignment.rep).sum())
    return {**first, **outcome_of(later, after), **times_of(curve), "accounts_as_before": kept, "curve": curve}


def summary(rows: list[Row]) -> list[list[str]]:
    """Return a line for each change, and one for all."""
    groups = {change: [row for row in rows if row["asked"]["change"] == change] for change in CHANGES}
    lines = [_line(change, group) for change, group in groups.items() if group]
    return [*lines, _line("all", rows)] if len(lines) > 1 else lines


def _line(change: str, rows: list[Row]) -> list[str]:
    gaps = [row["gap_percent"] for row in rows if row.get("gap_percent") is not None]
    feasible_s = [row["first_feasible_s"] for row in rows if row.get("first_feasible_s") is not None]
    holds = len(gaps) == len(rows) and max(gaps) <= WARM_BAR.must_percent
    asked = rows[0]["asked"]
    return [
        size_name(asked["size"]),
        change,
        f"{asked['time_limit_s']:g} s",
        feasible_of(rows),
        percent(max(gaps, default=None)),
        f"{WARM_BAR.must_percent:g} %",
        percent(median(gaps) if gaps else None),
        f"{WARM_BAR.aim_percent:g} %",
        seconds(largest(rows, "first_feasible_s"), 2),
        seconds(median(feasible_s) if feasible_s else None, 2),
        "yes" if holds else "no",
    ]


def _cells(row: Row) -> tuple[object, ...]:
    asked = row["asked"]
    return (
        size_name(asked["size"]),
        asked["change"],
        asked["seed"],
        percent(row.get("first_gap_percent"), 3),
        row["outcome"],
        percent(row.get("gap_percent"), 3),
        seconds(row.get("first_feasible_s"), 2),
        seconds(row.get("half_percent_s"), 2),
        seconds(row.get("seconds"), 2),
    )
