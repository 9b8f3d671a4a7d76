"""`python -m benchmarks plots`: the charts of docs/benchmarks.md, drawn from the JSON of `quality`.

Drawn are plain realignments: the proven gap over time for each size, the times to a feasible alignment, to 1 % and to
0.5 % over the number of accounts, and objective and bound over time of one run.
"""

import argparse
import math
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.results import Row, read_rows
from benchmarks.summary import middle
from benchmarks.svg import Axis, Line, chart
from benchmarks.tables import size_name, write_line
from optimizer.stop import relative_gap

LEAST_GAP_PERCENT: Final = 0.01
"""Smaller gaps are drawn here: a logarithmic axis has no 0."""
TIMES: Final = (
    ("first_feasible_s", "first feasible"),
    ("one_percent_s", "gap of 1 %"),
    ("half_percent_s", "gap of 0.5 %"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the measurements are and where the charts go."""
    parser.add_argument("--from", dest="sources", nargs="+", type=Path, required=True, metavar="JSON")
    parser.add_argument("--into", type=Path, default=Path("docs/images"), metavar="DIR")


def run(options: argparse.Namespace) -> None:
    """Draw what the measurements hold and name each file."""
    rows = [row for row in read_rows(options.sources).get("quality", []) if row["asked"]["variant"] == "plain"]
    drawn = {"gap-over-time.svg": gap_over_time(rows), "time-over-size.svg": time_over_size(rows)}
    drawn["one-run.svg"] = one_run(rows)
    options.into.mkdir(parents=True, exist_ok=True)
    for name, text in drawn.items():
        if text is None:
            write_line((f"{name}: no measurements",))
            continue
        (options.into / name).write_text(text)
        write_line((options.into / name,))


def gap_over_time(rows: list[Row]) -> str | None:
    """Return the median proven gap of the seeds over time, a line for each size; None without any."""
    lines = []
    for size, group in _by_size(rows).items():
        lines.append(Line(name=size_name(size), points=tuple(_median_gaps(group)), is_stepped=True))
    if not any(line.points for line in lines):
        return None
    return chart(
        "Proven gap over time, median of the seeds",
        across=Axis(title="time since the start (s)", is_log=True),
        up=Axis(title="proven gap (%)", is_log=True),
        lines=lines,
    )


def time_over_size(rows: list[Row]) -> str | None:
    """Return the median times to a feasible alignment and to small gaps, over the accounts; None without any."""
    groups = _by_size(rows)
    lines = []
    for name, title in TIMES:
        found = [(float(size.split("x")[0]), middle(group, name)) for size, group in groups.items()]
        points = tuple(sorted((accounts, max(when, 0.01)) for accounts, when in found if when is not None))
        lines.append(Line(name=title, points=points, has_marks=True))
    if not any(line.points for line in lines):
        return None
    return chart(
        "Time over size, median of the seeds",
        across=Axis(title="accounts", is_log=True),
        up=Axis(title="time since the start (s)", is_log=True),
        lines=lines,
    )


def one_run(rows: list[Row]) -> str | None:
    """Return objective and bound over time of one run near 10,000 × 100; None without any."""
    found = [row for row in rows if row.get("gap_percent") is not None]
    if not found:
        return None
    row = min(found, key=lambda row: abs(math.log(float(row["asked"]["size"].split("x")[0]) / 1e4)))
    objective = [(when, value) for when, value, _ in row["curve"] if value is not None]
    first = objective[0][0]
    bound = [(when, value) for when, _, value in row["curve"] if value is not None and when >= first]
    asked = row["asked"]
    return chart(
        f"Objective and proven bound, {size_name(asked['size'])}, seed {asked['seed']}",
        across=Axis(title="time since the start (s)"),
        up=Axis(title="objective (weighted, no unit)"),
        lines=[
            Line(name="objective", points=tuple(objective), is_stepped=True),
            Line(name="lower bound", points=tuple(bound), is_stepped=True),
        ],
    )


def _by_size(rows: list[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(row["asked"]["size"].split("x")[0])):
        if "curve" in row:
            groups.setdefault(row["asked"]["size"], []).append(row)
    return groups


def _median_gaps(rows: list[Row]) -> list[tuple[float, float]]:
    """Return the median gap at every time at which any seed reported, from when the median has one."""
    times = sorted({when for row in rows for when, _, _ in row["curve"] if when > 0})
    points: list[tuple[float, float]] = []
    for when in times:
        gap = median(_gap_at(row, when) for row in rows)
        if math.isfinite(gap):
            points.append((when, max(100.0 * gap, LEAST_GAP_PERCENT)))
    return points


def _gap_at(row: Row, when: float) -> float:
    """Return the last gap that was reported by then, infinity where there was none."""
    known = [
        relative_gap(objective, bound)
        for time, objective, bound in row["curve"]
        if time <= when and objective is not None and bound is not None
    ]
    return known[-1] if known else math.inf
