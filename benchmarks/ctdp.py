"""`python -m benchmarks ctdp`: commercial territory design, three measures within a tolerance, connected territories.

Minimize the sum of distances of units to the best center unit of their territory. The instances and what others
reached are read from where they lie; planar graphs are solved at 5 %, what their files say was meant to be.
"""

import argparse
import csv
import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.free_runs import Question, add_run_arguments, solve_question
from benchmarks.results import Results
from benchmarks.tables import percent, seconds, write_line, write_table
from optimizer.design.space import Bands

PLANAR_TOLERANCE: Final = 0.05
COLUMNS: Final = (
    "instance",
    "units",
    "p",
    "outcome",
    "cost",
    "exact",
    "above",
    "heuristic",
    "above it",
    "time",
    "faults",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which instances, and how long each may take."""
    add_run_arguments(parser, "ctdp")


def run(options: argparse.Namespace) -> None:
    """Solve the instances one after the other and print a row for each."""
    results = Results(options.json, command="ctdp", resume=options.resume)
    known = _known(options.instances)
    write_line(COLUMNS)
    rows = []
    for row in known:
        if options.names and not any(row["instance"].startswith(name) for name in options.names):
            continue
        path = options.instances / "instances" / f"{row['instance']}.json.gz"
        for seed in options.seeds:
            asked = {"instance": row["instance"], "seed": seed, "seconds": options.seconds, "by_cpu": options.by_cpu}
            rows.append(results.row(asked, partial(_measure, path, row, asked)))
            write_line(_cells(rows[-1]))
    if options.markdown:
        write_table(COLUMNS, map(_cells, rows), markdown=True)


def _known(folder: Path) -> list[dict[str, str]]:
    """Return a row for every instance, empty values for those of which nothing was published."""
    with (folder / "best_known.csv").open() as lines:
        rows = {row["instance"]: row for row in csv.DictReader(lines)}
    names = [path.name.removesuffix(".json.gz") for path in sorted((folder / "instances").glob("*.json.gz"))]
    nothing = dict.fromkeys(("exact_mtdp_published", "optimum_proved_here", "alns_published"), "")
    return [*rows.values(), *({**nothing, "instance": name} for name in names if name not in rows)]


def unit_question(path: Path) -> Question:
    """Return an instance's file as a question."""
    data = json.loads(gzip.decompress(path.read_bytes()))
    nodes = np.array(data["nodes"], dtype=np.float64)
    place, amount = nodes[:, :2], nodes[:, 2:5]
    is_planar = data["name"].startswith("planar")
    tolerance = np.full(3, PLANAR_TOLERANCE) if is_planar else np.array(data["tolerance"])
    mean = amount.sum(axis=0) / data["p"]
    return Question(
        edges=np.array(data["edges"], dtype=np.int64)[:, :2],
        distance=np.linalg.norm(place[:, None] - place[None], axis=2),
        bands=Bands(
            amount=amount,
            lower=np.tile((1 - tolerance) * mean, (data["p"], 1)),
            upper=np.tile((1 + tolerance) * mean, (data["p"], 1)),
        ),
    )


def _measure(path: Path, row: dict[str, str], asked: dict[str, Any]) -> dict[str, Any]:
    question = unit_question(path)
    found = solve_question(question, seconds=asked["seconds"], seed=asked["seed"], by_cpu=asked["by_cpu"])
    exact = row["exact_mtdp_published"] or row["optimum_proved_here"]
    is_other = path.name.startswith("planar")  # others solved these at 50 %
    return {
        **found,
        "units": len(question.distance),
        "p": question.bands.num_territories,
        "exact": float(exact) if exact else None,
        "heuristic": float(row["alns_published"]) if row["alns_published"] and not is_other else None,
    }


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    def above(reference: float | None) -> str:
        return percent(None if row["cost"] is None or not reference else 100.0 * (row["cost"] / reference - 1.0), 3)

    return (
        row["asked"]["instance"],
        row["units"],
        row["p"],
        row["outcome"],
        row["cost"],
        row["exact"],
        above(row["exact"]),
        row["heuristic"],
        above(row["heuristic"]),
        seconds(row["seconds"]),
        row["faults"],
    )
