"""`python -m benchmarks quality|gap`: a table on the screen, and JSON with machine, versions and seeds beside it."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import gap, quality
from benchmarks.instances import VARIANTS
from benchmarks.machine import machine


def main(arguments: list[str] | None = None) -> None:
    """Measure what the command line asks for."""
    options = _parser().parse_args(arguments)
    if options.command == "one":
        measured = quality.measure(
            size=options.size, seed=options.seed, variant=options.variant, time_limit_s=options.seconds
        )
        sys.stdout.write(json.dumps(quality.as_data(measured)) + "\n")
        return
    rows = _quality(options) if options.command == "quality" else _gap(options)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def _quality(options: argparse.Namespace) -> list[dict[str, Any]]:
    _line(quality.COLUMNS)
    rows = []
    for size in options.sizes:
        for variant in options.variants:
            for seed in options.seeds:
                command = ["--size", size, "--seed", str(seed), "--variant", variant]
                if options.seconds:
                    command += ["--seconds", str(options.seconds)]
                rows.append(json.loads(quality.measure_apart(command)))
                _line(quality.rows_of(rows[-1:])[0])
    return rows


def _gap(options: argparse.Namespace) -> list[dict[str, Any]]:
    _line(gap.COLUMNS)
    rows = []
    for path, best_known in gap.instances(options.instances, options.names):
        rows.append(
            gap.as_data(gap.run(path, best_known=best_known, time_limit_s=options.seconds or 60.0, seed=options.seed))
        )
        _line([_text(rows[-1][column]) for column in gap.COLUMNS])
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    table = commands.add_parser("quality", help="proven gaps on realignments of every size")
    table.add_argument("--sizes", nargs="+", default=list(quality.LIMITS_S), metavar="ACCOUNTSxREPS")
    table.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103, 104, 105])
    table.add_argument("--variants", nargs="+", default=["plain"], choices=VARIANTS)
    published = commands.add_parser("gap", help="generalized assignment against best known values")
    published.add_argument("--instances", type=Path, required=True, metavar="DIR")
    published.add_argument("--names", nargs="+")
    published.add_argument("--seed", type=int, default=0)
    one = commands.add_parser("one", help="a single measurement as JSON")
    one.add_argument("--size", required=True)
    one.add_argument("--seed", type=int, required=True)
    one.add_argument("--variant", default="plain", choices=VARIANTS)
    for command in (table, published, one):
        command.add_argument("--seconds", type=float, help="time limit, instead of the bar's")
    for command in (table, published):
        command.add_argument("--json", type=Path, help="where to write the measurements")
    return parser


def _line(cells: Any) -> None:
    sys.stdout.write("  ".join(f"{cell:>16}" for cell in cells) + "\n")
    sys.stdout.flush()


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
