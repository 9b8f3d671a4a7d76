"""`python -m benchmarks districting`: US counties into districts of equal population, by moment of inertia.

Minimize population × squared geodesic miles to a center county of the district (Hess), populations within half a
percent, connected where the published row asks for it. Optimal values as published; the county graphs are facts of the
US Census.
"""

import argparse
import csv
import gzip
import json
from functools import partial
from typing import Any, Final

import numpy as np
from pyproj import Geod

from benchmarks.free_runs import Question, add_run_arguments, solve_question
from benchmarks.results import Results
from benchmarks.tables import percent, seconds, write_line, write_table
from optimizer.design.space import Bands

METERS_PER_MILE: Final = 1609.344
COLUMNS: Final = (
    "state", "counties", "districts", "connected", "outcome", "person-miles²", "published", "above", "time", "faults",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which states, and how long each may take."""
    add_run_arguments(parser, "districting")


def run(options: argparse.Namespace) -> None:
    """Solve the states one after the other and print a row for each."""
    results = Results(options.json, command="districting", resume=options.resume)
    graphs = json.loads(gzip.decompress((options.instances / "us_county_2010_dual_graphs.json.gz").read_bytes()))
    with (options.instances / "hess_county_geodesic.csv").open() as lines:
        published = list(csv.DictReader(lines))
    write_line(COLUMNS)
    rows = []
    for row in published:
        if options.names and row["state"] not in options.names:
            continue
        for seed in options.seeds:
            asked = {"state": row["state"], "connected": row["contiguity"], "seed": seed}
            asked |= {"seconds": options.seconds, "by_cpu": options.by_cpu}
            rows.append(results.row(asked, partial(_measure, graphs["states"][row["state"]], row, asked)))
            write_line(_cells(rows[-1]))
    if options.markdown:
        write_table(COLUMNS, map(_cells, rows), markdown=True)


def county_question(
    state: dict[str, Any], *, districts: int, limits: tuple[float, float], is_connected: bool = True
) -> Question:
    """Return a state's counties as a question.

    Parameters
    ----------
    state
        ``nodes`` (geoid, name, population, lon, lat, …) and ``edges`` (first, second, …).
    districts
        Number of districts.
    limits
        Smallest and largest population of a district.
    is_connected
        Whether districts hang together; else every county is beside every other one.
    """
    population = np.array([node[2] for node in state["nodes"]], dtype=np.float64)
    place = np.array([[node[3], node[4]] for node in state["nodes"]])
    node, center = (grid.ravel() for grid in np.indices((len(place), len(place))))
    meters = Geod(ellps="WGS84").inv(place[node, 0], place[node, 1], place[center, 0], place[center, 1])[2]
    miles = np.asarray(meters).reshape(len(place), -1) / METERS_PER_MILE
    np.fill_diagonal(miles, 0.0)
    every_pair = np.column_stack(np.triu_indices(len(place), 1))
    return Question(
        edges=np.array([edge[:2] for edge in state["edges"]] if is_connected else every_pair, dtype=np.int64),
        distance=population[:, None] * miles**2,
        bands=Bands(
            amount=population[:, None],
            lower=np.full((districts, 1), float(limits[0])),
            upper=np.full((districts, 1), float(limits[1])),
        ),
    )


def _measure(state: dict[str, Any], row: dict[str, str], asked: dict[str, Any]) -> dict[str, Any]:
    limits = (float(row["L"]), float(row["U"]))
    question = county_question(state, districts=int(row["k"]), limits=limits, is_connected=row["contiguity"] == "yes")
    found = solve_question(question, seconds=asked["seconds"], seed=asked["seed"], by_cpu=asked["by_cpu"])
    best = float(row["objective_person_mile2"])
    above = None if found["cost"] is None else 100.0 * (found["cost"] / best - 1.0)
    return {**found, "counties": len(state["nodes"]), "districts": int(row["k"]), "best": best, "above_percent": above}


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["asked"]["state"],
        row["counties"],
        row["districts"],
        row["asked"]["connected"],
        row["outcome"],
        row["cost"],
        row["best"],
        percent(row["above_percent"], 4),
        seconds(row["seconds"]),
        row["faults"],
    )
