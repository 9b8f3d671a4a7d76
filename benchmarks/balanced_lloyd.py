"""Equal-count clusters with this optimizer: assign within the counts, move the centers to the means, and again.

The optimizer has fixed centers; the loop around it moves them. Each assignment begins with the one before.
"""

import math
import time
from typing import Any, Final

import numpy as np

from benchmarks.zip_points import Floats, Question, inertia_of, means, plain_lloyd, question
from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import ACCOUNTS, Problem
from optimizer.solve import solve
from optimizer.stop import AnyOf, GapBelow, MaxRuntime

FLOAT32_PAIRS: Final = 20_000_000
COARSE_GAP: Final = 2e-3
"""Proven gap that ends an assignment while the centers move far."""
FINE_GAP: Final = 2e-4
"""The same near the end."""
SETTLED: Final = 1e-4
"""Relative fall of the inertia that is no longer worth a round."""
MOST_ROUNDS: Final = 300
FIRST_ROOM: Final = 0.8
"""Fraction by which the counts may be beyond their limits in the first round."""
NARROWING: Final = 0.6
"""What is left of it after each round."""
LEAST_ROOM: Final = 0.01
"""Less room than this is none."""
ROUND_SHARE: Final = 0.05
"""Of the time that one round may take, and at least ``LEAST_ROUND_S``."""
LEAST_ROUND_S: Final = 2.0


def measure(*, size: str, seed: int, tolerance: float, time_limit_s: float, threads: int) -> dict[str, Any]:
    """Cluster the points of a size, and return time, inertia and counts."""
    asked = question(size=size, seed=seed, tolerance=tolerance)
    _warm_up(threads)
    return cluster(asked, time_limit_s=time_limit_s, threads=threads)


def cluster(asked: Question, *, time_limit_s: float, threads: int) -> dict[str, Any]:
    """Alternate balanced assignment and means until the inertia settles or the time is over.

    Notes
    -----
    Plain centers stand where counts are far off, on islands for example. So the counts are narrowed round by round,
    and a round that did not keep them still moves the centers; only alignments that keep them are answers.
    """
    begin = time.perf_counter()
    clusters = len(asked.start)
    centers = plain_lloyd(asked.points, asked.start)
    best: tuple[float, Alignment] | None = None
    alignment: Alignment | None = None
    gap, rounds, last_gap = COARSE_GAP, 0, None
    while rounds < MOST_ROUNDS:
        left = time_limit_s - (time.perf_counter() - begin)
        if left <= 0:
            break
        room = FIRST_ROOM * NARROWING**rounds
        stop = AnyOf((GapBelow(gap), MaxRuntime(min(left, max(LEAST_ROUND_S, ROUND_SHARE * time_limit_s)))))
        problem, criteria = assignment_problem(asked, centers, room=room if room > LEAST_ROOM else 0.0)
        result = solve(problem, criteria, stop, params=SolveParams(threads=threads), initial=alignment)
        rounds += 1
        if result.alignment is None:
            break
        alignment, label = result.alignment, result.alignment.rep.astype(np.int64)
        centers = means(asked.points, label, centers)
        if room > LEAST_ROOM or result.violations:
            continue
        inertia = inertia_of(asked.points, label, clusters)
        has_settled = best is not None and inertia > best[0] * (1 - SETTLED)
        if best is None or inertia < best[0]:
            best = (inertia, alignment)
            last_gap = _gap(result.objective, result.lower_bound)
        if has_settled and gap == FINE_GAP:
            break
        gap = FINE_GAP if has_settled else gap
    return {**_found(best, clusters), "seconds": time.perf_counter() - begin, "rounds": rounds, "gap_percent": last_gap}


def assignment_problem(asked: Question, centers: Floats, *, room: float = 0.0) -> tuple[Problem, Criteria]:
    """Return the assignment of the points to fixed centers: squared distances, counts as hard capacities.

    Parameters
    ----------
    room
        Fraction by which the counts may be beyond their limits.
    """
    count, clusters = len(asked.points), len(centers)
    dtype: Any = np.float32 if count * clusters >= FLOAT32_PAIRS else np.float64
    inertia = np.empty((count, clusters), dtype=dtype)
    for place, center in enumerate(centers):
        inertia[:, place] = ((asked.points - center) ** 2).sum(axis=1)
    problem = Problem(
        measures=(ACCOUNTS,),
        amount=np.ones((count, 1)),
        current=np.full(count, -1),
        family=np.arange(count, dtype=np.int32),
        locked=np.zeros(count, dtype=np.bool_),
        fte=np.ones(clusters),
        active=np.ones(clusters, dtype=np.bool_),
        capacity_min=np.full((clusters, 1), float(math.ceil(asked.fewest * (1 - room)))),
        capacity_max=np.full((clusters, 1), float(math.floor(asked.most * (1 + room)))),
        target=np.full((clusters, 1), np.nan),
        inertia=inertia,
    )
    return problem, Criteria(compactness_weight=50.0)


def _found(best: tuple[float, Alignment] | None, clusters: int) -> dict[str, Any]:
    if best is None:
        return {"outcome": "unknown", "inertia_km2": None, "fewest": None, "most": None}
    counts = np.bincount(best[1].rep, minlength=clusters)
    return {
        "outcome": "feasible",
        "inertia_km2": best[0],
        "fewest": int(counts.min()),
        "most": int(counts.max()),
    }


def _gap(objective: float | None, bound: float | None) -> float | None:
    if objective is None or bound is None or not math.isfinite(bound):
        return None
    return 100.0 * max(0.0, objective - bound) / abs(objective)


def _warm_up(threads: int) -> None:
    """Compile or load the kernels in both precisions before the clock starts."""
    small = question(size="400x8", seed=0, tolerance=0.02)
    problem, criteria = assignment_problem(small, small.start)
    for dtype in (np.float64, np.float32):
        if problem.inertia is not None:
            inertia = problem.inertia.astype(dtype)
            solve(problem.replace(inertia=inertia), criteria, MaxRuntime(3.0), params=SolveParams(threads=threads))
