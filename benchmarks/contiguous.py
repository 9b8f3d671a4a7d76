"""`python -m benchmarks contiguous`: connected, compact territories of units around given reps, workload within 5 %.

Counties: those of the 48 contiguous US states, real borders, bridges to islands included. Cells: random points, denser
around some, neighbors by Delaunay triangulation, as many as there are ZIP code areas. One account a unit, lognormal
workload; reps at centers of a few rounds of Lloyd's method.
"""

import argparse
import time
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import Delaunay

from benchmarks.free_runs import THREADS
from benchmarks.results import Results, add_result_arguments
from benchmarks.tables import number, percent, seconds, write_line, write_table
from geo_data.adjacency import neighbors
from geo_data.boundaries import us_counties
from geo_data.distances import distance_matrix_km
from optimizer.criteria import Balance, Contiguity, Criteria
from optimizer.design.warm_up import compile_design
from optimizer.params import SolveParams
from optimizer.problem import ACCOUNTS, Problem
from optimizer.result import Progress, StopReason
from optimizer.solve import solve
from optimizer.stop import MaxRuntime, SearchState, relative_gap
from optimizer.units import Units
from optimizer.validation import violations

SIZES: Final = {"counties": 50, "cells": 250}
"""Kind of units, and number of reps."""
NUM_CELLS: Final = 33_000
OUTSIDE: Final = ("02", "15")
"""FIPS codes of Alaska and Hawaii; those above 56 are territories."""
LAST_STATE: Final = "56"
LLOYD_ROUNDS: Final = 8
COLUMNS: Final = (
    "units", "reps", "seed", "outcome", "feasible after", "at the end", "proven gap", "end", "CPU", "violations",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which units, seeds and limits."""
    parser.add_argument("--units", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--deterministic", action="store_true", help="count work instead of the wall's seconds")
    parser.add_argument("--by-cpu", action="store_true", help="count CPU seconds per thread")
    add_result_arguments(parser, "contiguous")


def run(options: argparse.Namespace) -> None:
    """Solve one after the other and print a row for each."""
    results = Results(options.json, command="contiguous", resume=options.resume)
    write_line(COLUMNS)
    rows = []
    for kind in options.units:
        for seed in options.seeds:
            asked = {"units": kind, "seed": seed, "seconds": options.seconds, "deterministic": options.deterministic}
            asked["by_cpu"] = options.by_cpu
            rows.append(results.row(asked, partial(_measure, asked)))
            write_line(_cells(rows[-1]))
    if options.markdown:
        write_table(COLUMNS, map(_cells, rows), markdown=True)


def question(kind: str, *, num_reps: int, seed: int) -> tuple[Problem, Criteria]:
    """Return units of one kind with reps: balance of workload within 5 %, compactness, connected."""
    rng = np.random.default_rng(seed)
    place, first, second = _counties() if kind == "counties" else _cells_of(rng)
    num_units = len(place)
    workload = rng.lognormal(0.0, 0.7, num_units)
    centers = _lloyd(place, workload, num_reps, rng)
    distance = distance_matrix_km(place[:, 0], place[:, 1], centers[:, 0], centers[:, 1])
    problem = Problem(
        measures=(ACCOUNTS, "workload"),
        amount=np.column_stack([np.ones(num_units), workload]),
        current=np.full(num_units, -1),
        family=np.arange(num_units, dtype=np.int32),
        locked=np.zeros(num_units, dtype=np.bool_),
        fte=np.ones(num_reps),
        active=np.ones(num_reps, dtype=np.bool_),
        capacity_min=np.zeros((num_reps, 2)),
        capacity_max=np.full((num_reps, 2), np.inf),
        target=np.full((num_reps, 2), np.nan),
        inertia=workload[:, None] * distance**2,
        units=Units(num_units=num_units, unit=np.arange(num_units, dtype=np.int32), first=first, second=second),
    )
    criteria = Criteria(
        balance=(Balance(measure="workload", tolerance=0.05, hard=True),),
        compactness_weight=100.0,
        contiguity=Contiguity.ROOK,
    )
    return problem, criteria


def _counties() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    geometry = [
        one.geometry
        for one in us_counties()
        if str(one.id)[:2] <= LAST_STATE and str(one.id)[:2] not in OUTSIDE and not one.geometry.is_empty
    ]
    points = shapely.point_on_surface(np.array(geometry, dtype=object))
    found = neighbors(geometry, "rook")
    return np.column_stack([shapely.get_y(points), shapely.get_x(points)]), found.first, found.second


def _cells_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    towns = rng.uniform((30.0, -120.0), (48.0, -75.0), (200, 2))
    near = towns[rng.integers(len(towns), size=NUM_CELLS // 2)] + rng.normal(0.0, 0.7, (NUM_CELLS // 2, 2))
    far = rng.uniform((30.0, -120.0), (48.0, -75.0), (NUM_CELLS - len(near), 2))
    place = np.concatenate([near, far])
    corners = Delaunay(place).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    return place, pairs[:, 0], pairs[:, 1]


def _lloyd(
    place: np.ndarray, workload: npt.NDArray[np.float64], num_reps: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return centers among which the workload is spread, unevenly still. Shape ``(reps, 2)``."""
    centers = place[rng.choice(len(place), num_reps, replace=False, p=workload / workload.sum())]
    for _ in range(LLOYD_ROUNDS):
        nearest = np.argmin(((place[:, None] - centers) ** 2).sum(axis=2), axis=1)
        total = np.maximum(np.bincount(nearest, weights=workload, minlength=num_reps), 1e-9)
        for axis in range(2):
            moved = np.bincount(nearest, weights=workload * place[:, axis], minlength=num_reps) / total
            centers[:, axis] = np.where(total > 1e-9, moved, centers[:, axis])
    return centers


class _CpuRuntime:
    """Stop after so many CPU seconds per thread, for machines that others use, too."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._began = seconds, time.process_time()

    @property
    def elapsed_s(self) -> float:
        return (time.process_time() - self._began) / THREADS

    def __call__(self, state: SearchState) -> StopReason | None:
        return StopReason.TIME_LIMIT if self.elapsed_s >= self._seconds else None

    def time_left_s(self, elapsed_s: float) -> float:
        return max(0.0, self._seconds - self.elapsed_s)


def _measure(asked: dict[str, Any]) -> dict[str, Any]:
    problem, criteria = question(asked["units"], num_reps=SIZES[asked["units"]], seed=asked["seed"])
    compile_design()
    curve: list[tuple[float, float | None]] = []
    began, watch = time.perf_counter(), _CpuRuntime(asked["seconds"])

    def note(progress: Progress) -> None:
        elapsed = watch.elapsed_s if asked["by_cpu"] else progress.elapsed_s
        curve.append((round(elapsed, 2), progress.objective))

    result = solve(
        problem,
        criteria,
        watch if asked["by_cpu"] else MaxRuntime(asked["seconds"]),
        seed=asked["seed"],
        params=SolveParams(deterministic=asked["deterministic"]),
        on_progress=note,
    )
    gap = None
    if result.objective is not None and result.lower_bound is not None:
        gap = 100.0 * relative_gap(result.objective, result.lower_bound)
    audited = None if result.alignment is None else len(violations(problem, criteria, result.alignment))
    return {
        "outcome": str(result.outcome),
        "units": problem.num_accounts,
        "reps": problem.num_reps,
        "objective": result.objective,
        "gap_percent": gap,
        "first_feasible_s": next((after for after, objective in curve if objective is not None), None),
        "seconds": time.perf_counter() - began,
        "cpu_s": THREADS * watch.elapsed_s,
        "violations": audited,
        "curve": curve,
    }


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        f"{number(row['units'])} {row['asked']['units']}",
        row["reps"],
        row["asked"]["seed"],
        row["outcome"],
        seconds(row["first_feasible_s"]),
        row["objective"],
        percent(row["gap_percent"]),
        seconds(row["seconds"]),
        seconds(row["cpu_s"]),
        row["violations"],
    )
