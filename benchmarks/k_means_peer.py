"""Cluster points with the library k-means-constrained; run by the Python that has it, not by this project's.

``python k_means_peer.py FOLDER`` reads points.npy, start.npy and limits.json, writes label.npy and prints one line of
JSON. It needs numpy and k-means-constrained, nothing of this project.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np


def main(folder: Path) -> None:
    """Cluster once from the given centers."""
    from k_means_constrained import KMeansConstrained  # type: ignore[import-not-found]  # not a dependency

    points, start = np.load(folder / "points.npy"), np.load(folder / "start.npy")
    limits = json.loads((folder / "limits.json").read_text())
    method = KMeansConstrained(
        n_clusters=len(start),
        size_min=limits["fewest"],
        size_max=limits["most"],
        init=start,
        n_init=1,
        random_state=limits["seed"],
    )
    begin = time.perf_counter()
    method.fit(points)
    seconds = time.perf_counter() - begin
    np.save(folder / "label.npy", method.labels_.astype(np.int64))
    told = {"seconds": seconds, "rounds": int(method.n_iter_), "version": version("k-means-constrained")}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
