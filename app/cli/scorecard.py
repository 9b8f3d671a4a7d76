"""Print a scorecard: the numbers that an ops manager quotes, before and after."""

from typing import Any

from rich.console import Console
from rich.table import Table

Json = dict[str, Any]


def print_scorecard(console: Console, alignment: Json, scorecard: Json) -> None:
    """Print the team's figures per measure, then travel, moves and the proven gap."""
    team = scorecard["team"]
    console.print(_fairness_table(team["measures"]))
    counts = alignment["counts"]
    shares = team["disruption"]["share"]
    shares_text = ", ".join(f"{share:.1%} of {measure}" for measure, share in shares.items())
    console.print(f"Travel: {_travel(team)}")
    console.print(
        f"Moves: {counts['moved']:,} of {counts['accounts']:,} accounts" + (f" ({shares_text})" if shares else "")
    )
    console.print(f"Result: [bold]{gap_sentence(alignment)}[/]")


def gap_sentence(alignment: Json) -> str:
    """Say in words what was proven of an alignment."""
    outcome, gap = alignment["outcome"], alignment["gap"]
    if outcome == "optimal":
        return "the best possible alignment, proven"
    if gap is None:
        return f"{outcome}, no bound is known"
    return f"{outcome}, within {gap:.2%} of the best possible alignment (proven)"


def _travel(team: Json) -> str:
    after, before = team["travel_km"], (team.get("before") or {}).get("travel_km")
    if after is None:
        return "unknown"
    return f"{after:,.0f} km" if before is None else f"{before:,.0f} km → {after:,.0f} km a year"


def _fairness_table(measures: Json) -> Table:
    table = Table(title="Fairness, before → after", title_justify="left")
    table.add_column("measure")
    for heading in ("reps within ±5 %", "±10 %", "±15 %", "max/min", "Gini"):
        table.add_column(heading, justify="right")
    for name, after in measures.items():
        before = after.get("before")
        table.add_row(
            name,
            *(_change(before, after, key, "{:.0%}") for key in ("within_5", "within_10", "within_15")),
            _change(before, after, "max_min_ratio", "{:.2f}"),
            _change(before, after, "gini", "{:.3f}"),
        )
    return table


def _change(before: Json | None, after: Json, key: str, form: str) -> str:
    new = _number(after[key], form)
    return new if before is None else f"{_number(before[key], form)} → [bold]{new}[/]"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
