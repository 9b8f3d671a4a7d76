"""Centers for reps without a home, before a job's long search: found, improved with real alignments, written down.

Owns how much of a job's time goes there, and what an answer for chosen centers still proves. Imports neither the web
nor the database.
"""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from app.datasets.tables import DatasetTables
from app.jobs.solver_files import SolverFiles
from app.scenarios.center import Centers
from app.scenarios.center_placing import Placing
from app.scenarios.columns import numbers
from app.scenarios.place_costs import has_place_costs
from app.scenarios.planning import Plan, plan
from app.scenarios.row_order import ordered
from app.scenarios.schemas import Criteria, Search
from optimizer.alignment import Alignment
from optimizer.location.params import LocationParams
from optimizer.params import SolveParams
from optimizer.result import Outcome, Result
from optimizer.solve import solve
from optimizer.stop import AnyOf, Cancelled, GapBelow, MaxRuntime

PLACING_SHARE: Final = 0.25
"""Share of the time limit that the search for centers may take."""
PROOF_SHARE: Final = 0.05
"""Share of the time limit that a bound on all places may take."""
PROOF_STEPS: Final = 400
"""Steps of that bound where work counts and not the clock."""
ROUND_SHARE: Final = 0.1
"""Share of the time limit that an alignment by which centers move may take."""
ROUNDS: Final = 2
ROUGH_GAP: Final = 0.02
"""Such an alignment need not be better than this."""
TRIALS_PER_ACCOUNT: Final = 10_000
LEAST_TRIALS: Final = 1_000_000
MOST_TRIALS: Final = 60_000_000


def placed(
    tables: DatasetTables,
    criteria: Criteria,
    search: Search,
    *,
    files: SolverFiles,
    known: Centers,
    stop: threading.Event,
    threads: int,
    tell: Callable[[], None],
) -> Plan:
    """Return the plan of a question with a center for every rep, and write centers that were placed.

    Parameters
    ----------
    tables, criteria, search
        The question.
    files
        Where all placed centers are written.
    known
        Centers that stand already.
    stop
        Ends the search for centers with the best so far.
    threads
        Runs at the same time.
    tell
        Called before centers are sought.

    Raises
    ------
    ProblemError
        When the data do not allow to plan.
    """
    placing = Placing(tables, criteria, known=known)
    planned = plan(tables, criteria, centers=known) if not len(placing.free) else None
    if planned is None:
        tell()
        if search.deterministic:  # the order of rows must not show in where centers are
            found = ordered(tables)
            placing = Placing(found, criteria, known=known)
            centers = _placed(found, criteria, search, placing, stop=stop, threads=threads).centers
            planned = plan(tables, criteria, centers={**known, **centers})
        else:
            planned = _placed(tables, criteria, search, placing, stop=stop, threads=threads)
    files.write_centers(planned.centers)
    if placing.placement is not None:
        files.write_placement(placing.placement)
    return planned


def _placed(
    tables: DatasetTables, criteria: Criteria, search: Search, placing: Placing, *, stop: threading.Event, threads: int
) -> Plan:
    """Return the plan with centers that were sought, and moved to where they serve real alignments best."""
    started, limit_s = time.monotonic(), PLACING_SHARE * search.time_limit_s

    def elapsed() -> float:
        if stop.is_set():
            return 1.0
        return 0.0 if search.deterministic else (time.monotonic() - started) / limit_s

    trials = min(max(TRIALS_PER_ACCOUNT * tables.accounts.num_rows, LEAST_TRIALS), MOST_TRIALS)
    centers = placing.first(
        seed=search.seed,
        params=LocationParams(trials=trials, threads=threads),
        elapsed=elapsed,
        stop_proof=_proof_limit(search, stop),
    )
    planned = plan(tables, criteria, centers=centers)
    return _settled(tables, criteria, search, placing, planned, stop=stop, threads=threads)


def _proof_limit(search: Search, stop: threading.Event) -> Callable[[], bool]:
    """Return what ends the search for a bound: its share of the time from the first step on, or so many steps."""
    ends: list[float] = []
    steps = itertools.count()

    def is_over() -> bool:
        if search.deterministic:
            return next(steps) >= PROOF_STEPS
        if not ends:
            ends.append(time.monotonic() + PROOF_SHARE * search.time_limit_s)
        return stop.is_set() or time.monotonic() >= ends[0]

    return is_over


def unproven_for(result: Result, tables: DatasetTables, centers: Centers) -> Result:
    """Return a result for chosen centers as one of the question in which they are free.

    Its bound holds for these centers only, so nothing is proven of the objective. That nothing keeps the limits stays
    proven, unless a rep without a home has a largest distance, or costs that depend on the place: elsewhere the
    accounts could be near enough, or allowed.
    """
    if not centers:
        return result
    limited = ~np.isnan(numbers(tables.reps, "max_distance_km"))
    reach = any(
        is_limited and rep_id in centers
        for rep_id, is_limited in zip(tables.reps.column("id").to_pylist(), limited.tolist(), strict=True)
    )
    outcome = Outcome.FEASIBLE if result.outcome is Outcome.OPTIMAL else result.outcome
    nothing = replace(
        result, outcome=outcome, lower_bound=None, bound_source=None, certified_bound=None, multipliers=None
    )
    if result.outcome is Outcome.INFEASIBLE and (reach or has_place_costs(tables)):
        return replace(nothing, outcome=Outcome.UNKNOWN, conflicts=(), relaxations=())
    return nothing


def _settled(
    tables: DatasetTables,
    criteria: Criteria,
    search: Search,
    placing: Placing,
    planned: Plan,
    *,
    stop: threading.Event,
    threads: int,
) -> Plan:
    """Return the plan after centers have moved to where they serve real alignments best."""
    initial: Alignment | None = None
    params = SolveParams(threads=threads, deterministic=search.deterministic, wants_remedies=False)
    for _ in range(ROUNDS):
        if stop.is_set():
            return planned
        limit = AnyOf((Cancelled(stop), MaxRuntime(ROUND_SHARE * search.time_limit_s), GapBelow(ROUGH_GAP)))
        found = solve(planned.problem, planned.criteria, limit, seed=search.seed, params=params, initial=initial)
        if found.alignment is None:
            return planned
        initial = found.alignment
        better = placing.better(planned, initial.rep)
        if better is None:
            return planned
        planned = plan(tables, criteria, centers=better)
    return planned
