"""`python -m benchmarks gap`: published instances one after the other, as a table and as JSON."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import gap
from benchmarks.machine import machine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which instances, and how long each may take."""
    parser.add_argument("--instances", type=Path, required=True, metavar="DIR")
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of each")
    parser.add_argument("--json", type=Path, help="where to write the measurements")


def run(options: argparse.Namespace) -> None:
    """Solve the instances and print a row for each."""
    _line(gap.COLUMNS)
    rows = []
    for path, best_known in gap.instances(options.instances, options.names):
        solved = gap.run(path, best_known=best_known, time_limit_s=options.seconds, seed=options.seed)
        rows.append(gap.as_data(solved))
        _line(_text(rows[-1][column]) for column in gap.COLUMNS)
        if options.json:
            options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def _line(cells: Iterable[str]) -> None:
    sys.stdout.write("  ".join(f"{cell:>16}" for cell in cells) + "\n")
    sys.stdout.flush()


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
