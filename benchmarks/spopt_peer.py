"""Solve a p-median or cut a map with the library spopt; run by the Python that has it, not by this project's.

``python -I spopt_peer.py FOLDER`` reads question.json and arrays.npz, writes answer.npy and prints one line of JSON. It
needs spopt with what it brings along, nothing of this project.
"""

import json
import os
import random
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


def main(folder: Path) -> None:
    """Solve the question of a folder."""
    asked = json.loads((folder / "question.json").read_text())
    with np.load(folder / "arrays.npz") as arrays:
        given = dict(arrays)
    random.seed(asked["seed"])
    np.random.seed(asked["seed"])  # noqa: NPY002 - what the library draws from
    started = cpu_seconds()
    solver = p_median if asked["method"] == "p-median" else regions
    seconds, answer = solver(asked, given)
    np.save(folder / "answer.npy", answer)
    names = ("spopt", "pulp", "libpysal")
    told = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds() - started,
        "versions": {name: version(name) for name in names},
    }
    sys.stdout.write(json.dumps(told) + "\n")


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of the solvers that it started and that have ended."""
    return sum(os.times()[:4])


def p_median(asked: dict[str, Any], given: dict[str, np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the seconds, and the place that serves each point, -1 without an answer."""
    import pulp  # type: ignore[import-not-found]  # not a dependency
    from spopt.locate import PMedian  # type: ignore[import-not-found]  # not a dependency

    begin = time.perf_counter()
    # The library minimizes weight x cost, the published instances cost alone.
    model = PMedian.from_cost_matrix(
        given["cost"] / given["weight"][:, None],
        given["weight"],
        p_facilities=asked["count"],
        facility_capacities=given["capacity"],
    )
    solver = pulp.PULP_CBC_CMD(msg=False, timeLimit=asked["seconds"], threads=asked["threads"])
    model.problem.solve(solver)
    seconds = time.perf_counter() - begin
    value = np.array([[one.value() or 0.0 for one in row] for row in model.cli_assgn_vars])
    return seconds, np.where(value.max(axis=1) > 1 - 1e-6, value.argmax(axis=1), -1)


def regions(asked: dict[str, Any], given: dict[str, np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the seconds, and the region of each unit."""
    import geopandas
    from libpysal.weights import W  # type: ignore[import-not-found]  # not a dependency
    from spopt import region  # type: ignore[import-not-found]  # not a dependency

    place = given["place"]
    beside: dict[int, list[int]] = {unit: [] for unit in range(len(place))}
    for first, second in given["edges"].tolist():
        beside[first].append(second)
        beside[second].append(first)
    weights = W(beside, silence_warnings=True)
    data = {"x": place[:, 0], "y": place[:, 1], "amount": given["amount"]}
    frame = geopandas.GeoDataFrame(data, geometry=geopandas.points_from_xy(place[:, 0], place[:, 1]))
    attributes, count = ["x", "y"], asked["count"]
    begin = time.perf_counter()
    if asked["method"] == "max-p":
        model = region.MaxPHeuristic(frame, weights, attributes, "amount", asked["least"])
    elif asked["method"] == "skater":
        model = region.Skater(frame, weights, attributes, n_clusters=count)
    elif asked["method"] == "ward":
        model = region.WardSpatial(frame, weights, attributes, n_clusters=count)
    elif asked["method"] == "k-means":
        model = region.RegionKMeansHeuristic(place, count, weights, seed=asked["seed"])
    else:
        model = region.AZP(frame, weights, attributes, n_clusters=count, random_state=asked["seed"])
    model.solve()
    seconds = time.perf_counter() - begin
    label = np.asarray(model.labels_).astype(np.int64).ravel()
    return seconds, np.unique(label, return_inverse=True)[1]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
