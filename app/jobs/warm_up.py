"""Compile the search's kernels before a job's clock starts.

Solves a small made-up question until each compiled step has run once, in both precisions. What was compiled is kept
in numba's cache, so that the next process only loads it. The kernels that only some questions need take twice as long
to compile as all others: a question that waits for the first process after an update does not wait for them in vain.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from app.datasets.tables import DatasetTables
from app.jobs.kernel_cache import marker
from app.scenarios.places import free_reps
from app.scenarios.schemas import Criteria as AskedCriteria
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


Step = Callable[[], None]
PRECISIONS: Final = (np.float64, np.float32)
SPECIAL: Final[tuple[Step, ...]] = (compile_patterns, compile_design, compile_location)
"""Compile what only some questions need."""


def warm_up(*, hurry: threading.Event, needed: Callable[[], Sequence[Step]] = lambda: SPECIAL) -> None:
    """Run each compiled step of the search once.

    Parameters
    ----------
    hurry
        Once set, a question waits. What is compiled already is not run any further then: it is loaded soon enough
        when it is used. Of what is not, only what that question needs is compiled.
    needed
        Returns the special steps that the question needs; called once ``hurry`` is set.
    """
    done = marker()
    if done is not None and done.exists():
        _load(hurry)
        return
    for dtype in PRECISIONS:
        _solve_small(dtype, hurry=threading.Event())
    compile_columns()
    for step in SPECIAL:
        if hurry.is_set():
            for wanted in needed():
                wanted()
            return
        step()
    if done is not None:
        done.touch()


def _load(hurry: threading.Event) -> None:
    """Run what is compiled already, as long as nobody waits."""
    for dtype in PRECISIONS:
        if not hurry.is_set():
            _solve_small(dtype, hurry=hurry)
    for step in (compile_columns, *SPECIAL):
        if not hurry.is_set():
            step()


def special_steps(tables: DatasetTables, criteria: AskedCriteria) -> tuple[Step, ...]:
    """Return the special steps that a question may need; in doubt they are among them."""
    steps: list[Step] = []
    hard = {balance.measure for balance in criteria.balance if balance.hard}
    is_soft = any(not balance.hard and balance.weight > 0 for balance in criteria.balance)
    if len(hard) < 2 and not is_soft:  # columns with one limit each are knapsacks
        steps.append(compile_patterns)
    if criteria.contiguity != "off":
        steps.append(compile_design)
    if len(free_reps(tables, criteria, {})):
        steps.append(compile_location)
    return tuple(steps)


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
