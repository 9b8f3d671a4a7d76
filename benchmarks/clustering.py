"""`python -m benchmarks clustering`: equal-count clusters, ours against the library k-means-constrained.

Both begin with the same k-means++ centers and keep the same smallest and largest counts. The library is no dependency:
name a Python that has it with --peer-python (``python -m venv PEER && PEER/bin/pip install k-means-constrained``).
"""

import argparse
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.apart import measure_apart, run_apart
from benchmarks.machine import ROOT
from benchmarks.results import Results, Row, add_result_arguments
from benchmarks.tables import number, seconds, size_name, write_line, write_table
from benchmarks.zip_points import count_limits, inertia_of, question
from optimizer.params import SolveParams

PEER: Final = "k-means-constrained"
SIZES: Final = ("1000x10", "5000x50", "10000x100", "30000x100", "100000x100")
HEADER: Final = ("points × clusters", "seed", "method", "time", "inertia", "counts", "allowed", "rounds", "memory")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which sizes, the band of the counts, and the Python that has the peer."""
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), metavar="POINTSxCLUSTERS")
    parser.add_argument("--seeds", nargs="+", type=int, default=[101])
    parser.add_argument("--tolerance", type=float, default=0.02, help="of the counts around their mean")
    parser.add_argument("--seconds", type=float, default=900.0, help="each may take so long")
    parser.add_argument("--threads", type=int, default=SolveParams().threads)
    parser.add_argument("--peer-python", type=Path, help=f"a Python that has {PEER}; without it, that row says so")
    add_result_arguments(parser, "clustering")


def run(options: argparse.Namespace) -> None:
    """Cluster every size with both, and print a row for each."""
    results = Results(options.json, command="clustering", resume=options.resume)
    rows = []
    for size in options.sizes:
        for seed in options.seeds:
            for method in ("ours", PEER):
                asked = {
                    "method": method,
                    "size": size,
                    "seed": seed,
                    "tolerance": options.tolerance,
                    "time_limit_s": options.seconds,
                    "threads": options.threads if method == "ours" else 1,
                }
                rows.append(results.row(asked, partial(_measured, asked, options.peer_python)))
                write_line(_line(rows[-1]))
    write_line(())
    write_table(HEADER, map(_line, rows), markdown=options.markdown)


def _measured(asked: dict[str, Any], peer_python: Path | None) -> dict[str, Any]:
    if asked["method"] == "ours":
        return measure_apart("clustering", {name: value for name, value in asked.items() if name != "method"})
    if peer_python is None:
        return {"outcome": "failed", "error": f"{PEER} is not installed", "peak_memory_gb": 0.0}
    return _peer(asked, peer_python)


def _peer(asked: dict[str, Any], peer_python: Path) -> dict[str, Any]:
    """Let the library cluster in its own process, and judge its labels as ours are."""
    given = question(size=asked["size"], seed=asked["seed"], tolerance=asked["tolerance"])
    clusters = len(given.start)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "points.npy", given.points)
        np.save(folder / "start.npy", given.start)
        limits = {"fewest": given.fewest, "most": given.most, "seed": asked["seed"]}
        (folder / "limits.json").write_text(json.dumps(limits))
        command = [str(peer_python.absolute()), str(ROOT / "benchmarks" / "k_means_peer.py"), name]
        told = run_apart(command, kill_after_s=asked["time_limit_s"])
        if "seconds" not in told:
            return told
        label = np.load(folder / "label.npy")
    counts = np.bincount(label, minlength=clusters)
    is_kept = counts.min() >= given.fewest and counts.max() <= given.most
    return {
        **told,
        "outcome": "feasible" if is_kept else "unknown",
        "inertia_km2": inertia_of(given.points, label, clusters),
        "fewest": int(counts.min()),
        "most": int(counts.max()),
    }


def _line(row: Row) -> list[str]:
    asked = row["asked"]
    count, clusters = (int(part) for part in asked["size"].split("x"))
    fewest, most = count_limits(count / clusters, asked["tolerance"])
    found = row.get("inertia_km2") is not None
    return [
        size_name(asked["size"]),
        str(asked["seed"]),
        asked["method"],
        seconds(row["seconds"]) if found else str(row.get("error", "nothing found")),
        f"{row['inertia_km2']:.5g} km²" if found else "–",
        f"{number(row['fewest'])} to {number(row['most'])}" if found else "–",
        f"{number(fewest)} to {number(most)}",
        str(row.get("rounds", "–")),
        f"{row['peak_memory_gb']:.2f} GB",
    ]
