"""`python -m benchmarks cpmp`: published capacitated p-median instances against their best known values.

Every point is a customer and a candidate center; p centers are chosen and no center serves more than its capacity. The
files were collected without a license: they are read from where they lie.
"""

import argparse
import csv
import gzip
import json
import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from benchmarks.machine import machine
from optimizer.location.answer import AnswerParams, answer
from optimizer.location.question import Located, LocationQuestion
from optimizer.location.warm_up import compile_regions
from optimizer.stop import relative_gap

NEIGHBORS: Final = 12
NEAR_PLACES: Final = 24
ROW_POINTS: Final = 3.0
"""Height of a row of the map, in mean distances of points."""
CLOCK_SECONDS: Final = 0.02
COLUMNS: Final = (
    "name",
    "points",
    "centers",
    "cost",
    "best_known",
    "above_percent",
    "gap_percent",
    "faults",
    "seconds",
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One published instance, solved."""

    name: str
    points: int
    centers: int
    cost: float
    best_known: float
    above_percent: float
    gap_percent: float | None
    faults: int
    seconds: float
    clock: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which instances, and how long each may take."""
    parser.add_argument("--instances", type=Path, required=True, metavar="DIR")
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=300.0, help="time limit of each")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--cpu", action="store_true", help="count seconds of CPU time over all threads, for a machine that is not alone"
    )
    parser.add_argument("--json", type=Path, help="where to write the measurements")


def run(options: argparse.Namespace) -> None:
    """Solve the instances and print a row for each."""
    compile_regions()
    _line(COLUMNS)
    rows = []
    for path, known in instances(options.instances, options.names):
        step = 1.0 if known["metric"] == "floor" else 0.0
        params = AnswerParams(seconds=options.seconds, threads=options.threads, seed=options.seed, step=step)
        solved = solve(path, known, params, by_cpu=options.cpu)
        rows.append(asdict(solved))
        _line(_text(rows[-1][column]) for column in COLUMNS)
        if options.json:
            options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def instances(folder: Path, names: list[str] | None) -> list[tuple[Path, dict[str, str]]]:
    """Return the files with their row of best known values, those named or all."""
    with (folder / "best_known.csv").open() as lines:
        known = {row["instance"]: row for row in csv.DictReader(lines)}
    paths = {path.name.split(".")[0]: path for path in sorted((folder / "instances").glob("*.txt*"))}
    return [(path, known[name]) for name, path in paths.items() if name in known and (not names or name in names)]


def read_question(path: Path, *, metric: str) -> LocationQuestion:
    """Return a file as a question: every point an item and a place, places exclusive."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        numbers = np.array(lines.read().split(), dtype=np.float64)
    count, centers = int(numbers[0]), int(numbers[1])
    points = along_rows(numbers[2:].reshape(count, 4))
    cost = cdist(points[:, :2], points[:, :2])
    if metric == "floor":
        cost = np.floor(cost + 1e-9)
    _, near = KDTree(points[:, :2]).query(points[:, :2], k=min(count, NEAR_PLACES + 1))
    near = np.asarray(near[:, 1:], dtype=np.int64)
    return LocationQuestion(
        cost=cost,
        amount=points[:, 3:4],
        lower=np.zeros((centers, 1)),
        upper=np.full((centers, 1), points[0, 2]),
        center=np.full(centers, -1),
        place_of=np.arange(count),
        near=near[:, :NEIGHBORS],
        near_places=near,
        is_exclusive=True,
    )


def along_rows(points: np.ndarray) -> np.ndarray:
    """Return points in an order in which near ones are near: rows of the map, there and back again.

    The names of points mean nothing, and the search reads costs of near points together.
    """
    extent = np.ptp(points[:, :2], axis=0)
    height = max(float(np.sqrt(extent[0] * extent[1] / len(points))) * ROW_POINTS, 1e-12)
    row = np.floor((points[:, 1] - points[:, 1].min()) / height).astype(np.int64)
    return points[np.lexsort((np.where(row % 2 == 0, points[:, 0], -points[:, 0]), row))]


def solve(path: Path, known: dict[str, str], params: AnswerParams, *, by_cpu: bool) -> Run:
    """Solve one file, audit the answer on its numbers, and compare."""
    question = read_question(path, metric=known["metric"])

    now = cpu_clock(params.threads) if by_cpu else time.monotonic

    started = now()
    found = answer(question, params, now=now)
    best = float(known["best_known"])
    bound = found.lower_bound
    return Run(
        name=known["instance"],
        points=question.num_items,
        centers=question.num_columns,
        cost=found.cost,
        best_known=best,
        above_percent=100.0 * (found.cost / best - 1.0),
        gap_percent=None if bound is None else 100.0 * relative_gap(found.cost, min(bound, found.cost)),
        faults=faults(question, found),
        seconds=now() - started,
        clock="cpu" if by_cpu else "wall",
    )


def cpu_clock(threads: int) -> Callable[[], float]:
    """Return a clock of CPU time over all threads: as much as so many seconds on that many free cores.

    It is asked between any two linear programs, and asking the system may take longer than those: every 20 ms will do.
    """
    seen = [-math.inf, 0.0]

    def now() -> float:
        wall = time.monotonic()
        if wall - seen[0] > CLOCK_SECONDS:
            seen[:] = [wall, time.process_time() / threads]
        return seen[1]

    return now


def faults(question: LocationQuestion, found: Located) -> int:
    """Return what is wrong with an answer by its numbers: loads, centers twice, a cost that does not add up."""
    load = np.bincount(found.owner, question.amount[:, 0], minlength=question.num_columns)
    cost = question.cost[found.center[found.owner], np.arange(question.num_items)].sum()
    wrong = int((load > question.upper[:, 0] + 1e-9).sum()) + question.num_columns - len(set(found.center.tolist()))
    return wrong + int(abs(cost - found.cost) > 1e-6 * max(1.0, cost))


def _line(cells: Iterable[str]) -> None:
    sys.stdout.write("  ".join(f"{cell:>14}" for cell in cells) + "\n")
    sys.stdout.flush()


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
