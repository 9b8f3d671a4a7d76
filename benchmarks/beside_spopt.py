"""`python -m benchmarks spopt`: the published p-medians and districts, ours beside the library spopt.

Both get the same instances and the same seconds; what either answers is judged here, on the numbers of the file. The
library is no dependency: name a Python that has it (``python -m venv PEER && PEER/bin/pip install spopt``).
"""

import argparse
import csv
import gzip
import json
import tempfile
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any, Final

import numpy as np

from benchmarks import cpmp
from benchmarks.apart import measure_apart, run_apart
from benchmarks.districting import county_question
from benchmarks.free_runs import THREADS, Question, answered, is_connected
from benchmarks.machine import ROOT
from benchmarks.results import Results, Row, add_result_arguments
from benchmarks.tables import number, percent, seconds, write_line, write_table
from optimizer.design.warm_up import compile_design
from optimizer.location.answer import AnswerParams
from optimizer.location.question import Located
from optimizer.location.warm_up import compile_regions

REGIONS: Final = ("max-p", "skater", "ward", "k-means", "azp")
"""The library's ways to cut a map into connected regions."""
GRACE: Final = 3.0
"""A process may live so many times the seconds that it was given: it also builds its model."""
MILES: Final = 69.172
"""Of a degree of latitude."""
MEDIAN_HEADER: Final = ("instance", "points", "centers", "method", "cost", "best known", "above", "time", "CPU")
REGION_HEADER: Final = (
    "state", "counties", "districts", "method", "found", "connected", "population", "person-miles²", "above", "time",
    "CPU",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the instances are, which of them, the limits, and the Python that has the library."""
    parser.add_argument("--instances", type=Path, required=True, metavar="DIR", help="folder with cpmp and districting")
    parser.add_argument("--medians", nargs="*", default=["cpmp01", "cpmp05", "cpmp10", "SJC1"])
    parser.add_argument("--states", nargs="*", default=["ME", "ID", "NM", "WV", "IA", "OK"])
    parser.add_argument("--methods", nargs="*", default=list(REGIONS), choices=REGIONS, help="of the library, for maps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--by-cpu", action="store_true", help="our own runs count CPU seconds per thread")
    parser.add_argument("--python", type=Path, help="a Python that has spopt; without it, its rows say so")
    add_result_arguments(parser, "spopt")


def run(options: argparse.Namespace) -> None:
    """Solve everything with both, and print a row for each."""
    results = Results(options.json, command="spopt", resume=options.resume)
    common = {"seed": options.seed, "seconds": options.seconds, "by_cpu": options.by_cpu}
    medians, maps = [], []
    for path, known in cpmp.instances(options.instances / "cpmp", options.medians) if options.medians else []:
        for method in ("ours", "p-median"):
            asked = {**common, "instance": known["instance"], "method": method}
            medians.append(results.row(asked, partial(_median, asked, path, known, options.python)))
            write_line(_median_cells(medians[-1]))
    for state, row in _states(options.instances / "districting", options.states):
        for method in ("ours", *options.methods):
            asked = {**common, "state": row["state"], "method": method}
            maps.append(results.row(asked, partial(_map, asked, state, row, options)))
            write_line(_map_cells(maps[-1]))
    write_line(())
    write_table(MEDIAN_HEADER, map(_median_cells, medians), markdown=options.markdown)
    write_table(REGION_HEADER, map(_map_cells, maps), markdown=options.markdown)


def judged(question: Question, label: np.ndarray) -> dict[str, Any]:
    """Return what districts are worth on the file's numbers, whoever drew them.

    Parameters
    ----------
    question
        Costs by center, amounts and limits.
    label
        The district of each unit, from 0.
    """
    amount, upper, lower = question.bands.amount[:, 0], question.bands.upper[0, 0], question.bands.lower[0, 0]
    load = np.bincount(label, weights=amount)
    members = [np.flatnonzero(label == district) for district in range(len(load))]
    edges = question.edges.tolist()
    even = amount.sum() / question.bands.num_territories
    return {
        "found": len(load),
        "connected": sum(is_connected(mine.tolist(), edges) for mine in members),
        "in_band": int(((load >= lower) & (load <= upper)).sum()),
        "farthest_percent": 100.0 * float(np.abs(load / even - 1.0).max()),
        "cost": sum(float(question.distance[np.ix_(mine, mine)].sum(axis=0).min()) for mine in members),
    }


def measure(*, kind: str, path: str, name: str, seed: int, seconds: float, by_cpu: bool) -> dict[str, Any]:
    """Solve one with this project's own search, in this process."""
    if kind == "median":
        ((file, known),) = cpmp.instances(Path(path), [name])
        params = AnswerParams(
            seconds=seconds, threads=THREADS, seed=seed, step=1.0 if known["metric"] == "floor" else 0.0
        )
        compile_regions()
        begin = process_time()
        solved = cpmp.solve(file, known, params, by_cpu=by_cpu)
        return {
            "cost": solved.cost,
            "faults": solved.faults,
            "seconds": solved.seconds,
            "cpu_seconds": process_time() - begin,
        }
    ((state, row),) = _states(Path(path), [name])
    compile_design()
    begin = process_time()
    found = _our_map(state, row, seed=seed, seconds=seconds, by_cpu=by_cpu)
    return {**found, "cpu_seconds": process_time() - begin}


def _our_map(state: dict[str, Any], row: dict[str, str], *, seed: int, seconds: float, by_cpu: bool) -> dict[str, Any]:
    question = _question(state, row)
    answer, taken_s = answered(question, seconds=seconds, seed=seed, by_cpu=by_cpu)
    told = {"outcome": str(answer.outcome), "seconds": taken_s}
    return told if answer.column is None else {**told, **judged(question, np.asarray(answer.column))}


def _median(asked: dict[str, Any], path: Path, known: dict[str, str], python: Path | None) -> dict[str, Any]:
    question = cpmp.read_question(path, metric=known["metric"])
    row = {"points": question.num_items, "centers": question.num_columns, "best": float(known["best_known"])}
    if asked["method"] == "ours":
        return row | _ours("median", path.parent.parent, known["instance"], asked)
    arrays = {
        "cost": question.cost.T,
        "weight": question.amount[:, 0],
        "capacity": np.full(question.num_items, question.upper[0, 0]),
    }
    told, place = _of_peer(asked, arrays, python, count=question.num_columns)
    if place is None or (place < 0).any():
        return row | told
    center, owner = np.unique(place, return_inverse=True)
    cost = float(question.cost[place, np.arange(len(place))].sum())
    found = Located(center=center, owner=owner, cost=cost, breaches=0)
    is_right = len(center) == question.num_columns and not cpmp.faults(question, found)
    return row | told | ({"cost": cost, "faults": 0} if is_right else {"faults": 1})


def _map(asked: dict[str, Any], state: dict[str, Any], row: dict[str, str], options: argparse.Namespace) -> Row:
    question = _question(state, row)
    facts = {"units": len(question.distance), "districts": int(row["k"]), "best": float(row["objective_person_mile2"])}
    if asked["method"] == "ours":
        return facts | _ours("map", options.instances / "districting", asked["state"], asked)
    place = np.array([node[3:5] for node in state["nodes"]], dtype=np.float64) * MILES
    place[:, 0] *= np.cos(np.radians(np.mean(place[:, 1]) / MILES))
    arrays = {"place": place, "edges": question.edges, "amount": question.bands.amount[:, 0]}
    told, label = _of_peer(asked, arrays, options.python, count=int(row["k"]), least=float(row["L"]))
    return facts | told | ({} if label is None else judged(question, label))


def _ours(kind: str, path: Path, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    limits = {key: asked[key] for key in ("seed", "seconds", "by_cpu")}
    return measure_apart("spopt", {"kind": kind, "path": str(path), "name": name, **limits})


def _of_peer(
    asked: dict[str, Any], arrays: dict[str, np.ndarray], python: Path | None, **more: float
) -> tuple[dict[str, Any], np.ndarray | None]:
    """Let the library answer in its own process; return what it told, and its answer where there is one."""
    if python is None:
        return {"outcome": "failed", "error": "spopt is not installed"}, None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type] # numpy's stub takes the names for options
        (folder / "question.json").write_text(json.dumps({**asked, **more, "threads": THREADS}))
        command = [str(python.absolute()), "-I", str(ROOT / "benchmarks" / "spopt_peer.py"), name]
        told = run_apart(command, kill_after_s=GRACE * asked["seconds"])
        answer = folder / "answer.npy"
        return told, np.load(answer) if answer.exists() else None


def _states(folder: Path, names: list[str]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Return the graphs of states with what is published of them."""
    graphs = json.loads(gzip.decompress((folder / "us_county_2010_dual_graphs.json.gz").read_bytes()))["states"]
    with (folder / "hess_county_geodesic.csv").open() as lines:
        rows = {row["state"]: row for row in csv.DictReader(lines) if row["contiguity"] == "yes"}
    return [(graphs[name], rows[name]) for name in names]


def _question(state: dict[str, Any], row: dict[str, str]) -> Question:
    return county_question(state, districts=int(row["k"]), limits=(float(row["L"]), float(row["U"])))


def _above(row: Row) -> str:
    return percent(None if row.get("cost") is None else round(100.0 * (row["cost"] / row["best"] - 1.0), 2) + 0.0)


def _times(row: Row) -> tuple[str, str]:
    told = str(row.get("error", "no answer"))
    return (seconds(row["seconds"]) if "seconds" in row else told), seconds(row.get("cpu_seconds"))


def _median_cells(row: Row) -> tuple[object, ...]:
    asked, cost = row["asked"], row.get("cost")
    named = (asked["instance"], row["points"], row["centers"], asked["method"])
    return (*named, None if cost is None else f"{cost:.2f}", f"{row['best']:.2f}", _above(row), *_times(row))


def _map_cells(row: Row) -> tuple[object, ...]:
    asked, cost = row["asked"], row.get("cost")
    named = (asked["state"], row["units"], row["districts"], asked["method"])
    if cost is None:
        return (*named, *[None] * 5, *_times(row))
    band = f"{row['in_band']} in band, ±{row['farthest_percent']:.1f} %"
    return (*named, row["found"], row["connected"], band, number(round(cost)), _above(row), *_times(row))
