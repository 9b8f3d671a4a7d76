"""Find centers: several runs from different seeds side by side, then the best goes on alone.

Owns how the work is shared among runs and threads, and when to end. Limits count trials, so that a seed gives the same
answer everywhere; whoever limits by the clock says stop.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from optimizer.location.params import LocationParams
from optimizer.location.question import Located, LocationQuestion
from optimizer.location.run import LocationRun, space_of

KICKS_AT_ONCE: Final = 10
"""Trials of closing and opening between looks at the clock."""
PROBE: Final = 10
"""Trials per item by which the speed is told where the clock limits."""
COOLED: Final = 0.6
"""Share of a run's time in which it may cool."""

Elapsed = Callable[[], float]


def locate(
    question: LocationQuestion,
    *,
    seed: int = 0,
    params: LocationParams | None = None,
    elapsed: Elapsed = lambda: 0.0,
) -> Located:
    """Return places for the free centers, with an assignment that keeps the limits where one was found.

    Parameters
    ----------
    question
        What is asked.
    seed
        Of everything random.
    params
        Of the search; the defaults when None.
    elapsed
        Asked between chunks of work for the share of the time that is over; from 1 on the search ends with the best so
        far. Where it always says 0, only trials count.
    """
    params = params or LocationParams()
    space = space_of(question)
    shared = (1.0 - params.kept_for_best) if params.starts > 1 else 1.0
    each = max(1, int(params.trials * shared / params.starts))
    cooling = min(int(each * params.first_share), params.cooling_trials_per_item * question.num_items)
    rounds = math.ceil(params.starts / params.threads)

    def start(number: int) -> LocationRun:
        until = shared * (number // params.threads + 1) / rounds
        run = LocationRun(question, space, params, seed=seed + number)
        affordable = _affordable(run, question, trials=cooling, elapsed=elapsed, until=until)
        _cool(run, params, trials=affordable, is_over=lambda: elapsed() >= until)
        _improve(run, question, params, trials=each - cooling, is_over=lambda: elapsed() >= until)
        return run

    with ThreadPoolExecutor(max_workers=min(params.threads, params.starts)) as pool:
        runs = list(pool.map(start, range(params.starts)))
    best = min(runs, key=lambda run: run.best.rank)
    if params.starts > 1 and params.kept_for_best > 0:
        best.back_to_best()
        rest = params.trials - params.starts * each
        _improve(best, question, params, trials=rest, is_over=lambda: elapsed() >= 1)
    return best.best


def _affordable(run: LocationRun, question: LocationQuestion, *, trials: int, elapsed: Elapsed, until: float) -> int:
    """Return how many trials of cooling fit the time, all of them where only trials count."""
    begun, probe = elapsed(), PROBE * question.num_items
    run.anneal(0, probe)
    spent = elapsed() - begun
    return trials if spent <= 0 else min(trials, int(probe * COOLED * max(0.0, until - begun) / spent))


def _cool(run: LocationRun, params: LocationParams, *, trials: int, is_over: Callable[[], bool]) -> None:
    for step in range(params.steps):
        if is_over():
            return
        run.anneal(step, max(1, trials // params.steps))


def _improve(
    run: LocationRun,
    question: LocationQuestion,
    params: LocationParams,
    *,
    trials: int,
    is_over: Callable[[], bool],
) -> None:
    around = min(params.around, question.num_columns)
    of_one = max(1, params.trials_per_item * question.num_items * around // question.num_columns)
    for _ in range(max(1, trials // (of_one * KICKS_AT_ONCE))):
        if is_over():
            return
        run.kick(KICKS_AT_ONCE)
