"""One line per size and variant: how many are feasible, the worst and the median gap against the bars."""

from collections.abc import Iterable
from statistics import median
from typing import Final

from benchmarks.bars import BARS, MOST_MEMORY_GB
from benchmarks.results import Row
from benchmarks.tables import percent, seconds, size_name

HEADER: Final = (
    "accounts × reps",
    "criteria",
    "limit",
    "feasible",
    "worst gap",
    "must",
    "median gap",
    "aim",
    "feasible after (worst)",
    "1 % after (median)",
    "0.5 % after (median)",
    "memory",
    "must holds",
)


def summary(rows: Iterable[Row]) -> list[list[str]]:
    """Return the lines, in the order in which the rows came."""
    groups: dict[tuple[str, str, float], list[Row]] = {}
    for row in rows:
        asked = row["asked"]
        groups.setdefault((asked["size"], asked["variant"], asked["time_limit_s"]), []).append(row)
    return [_line(size, variant, limit_s, group) for (size, variant, limit_s), group in groups.items()]


def _line(size: str, variant: str, limit_s: float, rows: list[Row]) -> list[str]:
    gaps = [row["gap_percent"] for row in rows if row.get("gap_percent") is not None]
    bar = BARS.get(size)
    memory = max(row["peak_memory_gb"] for row in rows)
    return [
        size_name(size),
        variant,
        f"{limit_s:g} s",
        feasible_of(rows),
        percent(max(gaps, default=None)),
        "–" if bar is None else f"{bar.must_percent:g} %",
        percent(median(gaps) if gaps else None),
        "–" if bar is None else f"{bar.aim_percent:g} %",
        seconds(largest(rows, "first_feasible_s"), 2),
        seconds(middle(rows, "one_percent_s")),
        seconds(middle(rows, "half_percent_s")),
        f"{memory:.2f} GB",
        "–" if bar is None else _verdict(rows, gaps, most=bar.must_percent, memory_gb=memory),
    ]


def feasible_of(rows: list[Row]) -> str:
    """Return ``k of n`` and, where there are any, how many are optimal and how many have no alignment at all."""
    count = sum(row.get("gap_percent") is not None and row["violations"] == 0 for row in rows)
    optimal = sum(row["outcome"] == "optimal" for row in rows)
    none = sum(row["outcome"] == "infeasible" for row in rows)
    more = [f"{optimal} optimal" if optimal else "", f"{none} proven infeasible" if none else ""]
    said = ", ".join(part for part in more if part)
    return f"{count} of {len(rows)}" + (f" ({said})" if said else "")


def largest(rows: list[Row], name: str) -> float | None:
    """Return the largest value; None where a run never got there."""
    values = [row.get(name) for row in rows if row["outcome"] != "infeasible"]
    return None if not values or None in values else max(value for value in values if value is not None)


def middle(rows: list[Row], name: str) -> float | None:
    """Return the median, where never is later than any time; None where that is the median."""
    values = [row.get(name) for row in rows if row["outcome"] != "infeasible"]
    found = median(float("inf") if value is None else value for value in values) if values else float("inf")
    return None if found == float("inf") else found


def _verdict(rows: list[Row], gaps: list[float], *, most: float, memory_gb: float) -> str:
    """Return yes, or by how much it does not hold."""
    missing = sum(row["outcome"] not in ("infeasible", "optimal", "feasible") for row in rows)
    breached = sum(bool(row.get("violations")) for row in rows if row.get("gap_percent") is not None)
    faults = [f"{missing} without an alignment"] if missing else []
    if breached:
        faults.append(f"{breached} not kept")
    if gaps and max(gaps) > most:
        faults.append(f"by {max(gaps) - most:.2f} too wide")
    if memory_gb > MOST_MEMORY_GB:
        faults.append(f"{memory_gb - MOST_MEMORY_GB:.1f} GB too much")
    return "; ".join(faults) or "yes"
