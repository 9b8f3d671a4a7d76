"""`python -m benchmarks one KIND ARGUMENTS`: a single measurement in this process, as one line of JSON.

The other commands start it for each of their runs, so that memory, threads and compiled code are the run's own.
"""

import argparse
import json
import sys
from importlib import import_module
from typing import Final

KINDS: Final = {
    "clustering": "benchmarks.balanced_lloyd",
    "gap_peer": "benchmarks.gap_peers",
    "quality": "benchmarks.quality",
    "spopt": "benchmarks.beside_spopt",
    "plain": "benchmarks.plain_solvers",
    "warm": "benchmarks.warm",
}
"""Name of each kind of measurement, and the module whose ``measure`` makes it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to measure."""
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("arguments", type=json.loads, help="the arguments of measure, as a JSON object")


def run(options: argparse.Namespace) -> None:
    """Measure once and print the measurement as the last line."""
    measured = import_module(KINDS[options.kind]).measure(**options.arguments)
    sys.stdout.write(json.dumps(measured) + "\n")
