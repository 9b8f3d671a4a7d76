"""Compile the search's kernels before a job's clock starts.

Solves a small made-up question until each compiled step has run once, in both precisions. What was compiled is kept
in numba's cache, so that the next process only loads it.
"""

import threading

import numpy as np
import numpy.typing as npt

from app.jobs.kernel_cache import marker
from optimizer.criteria import Balance, Criteria, Disruption
from optimizer.design.warm_up import compile_design
from optimizer.location.warm_up import compile_location
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.result import Progress
from optimizer.search.column_warm_up import compile_columns
from optimizer.search.pattern_warm_up import compile_patterns
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, MaxRuntime

NUM_ACCOUNTS, NUM_REPS = 120, 6
LONGEST_S = 120.0
_LAST_PHASES = frozenset({"repair", "exact", "neighborhoods"})


def warm_up(*, hurry: threading.Event) -> None:
    """Run each compiled step of the search once.

    Parameters
    ----------
    hurry
        Once set, what is compiled already is not run any further: it is loaded soon enough when it is used.
    """
    done = marker()
    is_compiled = done is not None and done.exists()
    wanted = hurry if is_compiled else threading.Event()
    for dtype in (np.float64, np.float32):
        if not wanted.is_set():
            _solve_small(dtype, hurry=wanted)
    if not wanted.is_set():
        compile_patterns()
        compile_design()
        compile_columns()
        compile_location()
    if done is not None and not is_compiled:
        done.touch()


def _solve_small(dtype: npt.DTypeLike, *, hurry: threading.Event) -> None:
    enough = threading.Event()

    def watch(progress: Progress) -> None:
        if progress.phase in _LAST_PHASES:
            enough.set()

    random = np.random.default_rng(0)
    accounts, reps = random.random((NUM_ACCOUNTS, 2)), random.random((NUM_REPS, 2))
    distance = np.linalg.norm(accounts[:, None] - reps[None], axis=2)
    problem = Problem(
        measures=("accounts", "workload"),
        amount=np.column_stack((np.ones(NUM_ACCOUNTS), random.uniform(1, 9, NUM_ACCOUNTS))),
        current=np.arange(NUM_ACCOUNTS, dtype=np.int32) % np.int32(NUM_REPS),
        family=np.arange(NUM_ACCOUNTS, dtype=np.int32),
        locked=np.zeros(NUM_ACCOUNTS, np.bool_),
        fte=np.ones(NUM_REPS),
        active=np.ones(NUM_REPS, np.bool_),
        capacity_min=np.zeros((NUM_REPS, 2)),
        capacity_max=np.full((NUM_REPS, 2), np.inf),
        target=np.full((NUM_REPS, 2), np.nan),
        travel=distance.astype(dtype),
    )
    criteria = Criteria(
        balance=(Balance(measure="workload", tolerance=0.05, hard=True), Balance(measure="accounts", tolerance=0.05)),
        travel_weight=50.0,
        disruption=Disruption(weight=10.0),
    )
    stop = AnyOf((Cancelled(enough), Cancelled(hurry), MaxRuntime(LONGEST_S)))
    solve(problem, criteria, stop, params=SolveParams(threads=1), on_progress=watch)
