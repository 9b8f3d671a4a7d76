"""`python -m benchmarks gap`: published instances one after the other, as a table and as JSON."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from benchmarks import gap
from benchmarks.apart import measure_apart
from benchmarks.gap_peers import PEERS
from benchmarks.machine import machine
from optimizer.params import SolveParams

KILL_AFTER: Final = 120.0
"""Seconds beyond its time after which a plain solver is ended."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which instances, and how long each may take."""
    parser.add_argument("--instances", type=Path, required=True, metavar="DIR")
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of each")
    parser.add_argument("--compare", action="store_true", help="plain CP-SAT and HiGHS too, in the same seconds")
    parser.add_argument("--json", type=Path, help="where to write the measurements")


def run(options: argparse.Namespace) -> None:
    """Solve the instances and print a row for each."""
    columns = [*gap.COLUMNS]
    if options.compare:
        columns += [f"{peer}_{what}" for peer in PEERS for what in ("cost", "gap_percent")]
    gap.compile_first()
    _line(columns)
    rows = []
    for path, best_known in gap.instances(options.instances, options.names):
        solved = gap.run(path, best_known=best_known, time_limit_s=options.seconds, seed=options.seed)
        rows.append(gap.as_data(solved))
        if options.compare:
            rows[-1] |= _peers(path, seconds=options.seconds, seed=options.seed)
        _line(_text(rows[-1][column]) for column in columns)
        if options.json:
            options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def _peers(path: Path, *, seconds: float, seed: int) -> dict[str, Any]:
    """Return what plain solvers reach on the same instance in the same seconds, on as many threads.

    Each in a process of its own: HiGHS keeps the number of threads of the first model that a process solves.
    """
    found: dict[str, Any] = {}
    for peer in PEERS:
        asked = {"peer": peer, "path": str(path.resolve()), "time_limit_s": seconds, "seed": seed}
        answer = measure_apart(
            "gap_peer", asked | {"threads": SolveParams().threads}, kill_after_s=seconds + KILL_AFTER
        )
        found |= {f"{peer}_{what}": answer.get(what) for what in ("cost", "gap_percent", "error")}
    return found


def _line(cells: Iterable[str]) -> None:
    sys.stdout.write("  ".join(f"{cell:>16}" for cell in cells) + "\n")
    sys.stdout.flush()


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
