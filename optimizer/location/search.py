"""Find centers: several runs from different seeds side by side, then the best goes on alone.

Owns how the work is shared among runs and threads, and when to end. Limits count trials, so that a seed gives the same
answer everywhere; whoever limits by the clock says stop.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from optimizer.location.params import LocationParams
from optimizer.location.question import Located, LocationQuestion
from optimizer.location.run import LocationRun, space_of

KICKS_AT_ONCE: Final = 10
"""Trials of closing and opening between looks at the clock."""
KEPT_FOR_BEST: Final = 0.5
"""Share of the work that the best run gets after all have ended."""

Stop = Callable[[], bool]


def locate(
    question: LocationQuestion,
    *,
    seed: int = 0,
    params: LocationParams | None = None,
    stop: Stop = lambda: False,
    on_better: Callable[[Located], None] | None = None,
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
    stop
        Asked between chunks of work; True ends the search with the best so far.
    on_better
        Called from the threads of the search with every better answer of a run.
    """
    params = params or LocationParams()
    space = space_of(question)
    shared = (1.0 - KEPT_FOR_BEST) if params.starts > 1 else 1.0
    each = max(1, int(params.trials * shared / params.starts))

    def start(number: int) -> LocationRun:
        run = LocationRun(question, space, params, seed=seed + number)
        _cool(run, params, trials=int(each * params.first_share), stop=stop)
        _improve(run, question, params, trials=int(each * (1 - params.first_share)), stop=stop, on_better=on_better)
        return run

    with ThreadPoolExecutor(max_workers=min(params.threads, params.starts)) as pool:
        runs = list(pool.map(start, range(params.starts)))
    best = min(runs, key=_rank)
    if params.starts > 1:
        best.back_to_best()
        rest = params.trials - params.starts * each
        _improve(best, question, params, trials=rest, stop=stop, on_better=on_better)
    assert best.best is not None, "a run begins with an answer"
    return best.best


def _rank(run: LocationRun) -> tuple[int, float]:
    assert run.best is not None, "a run begins with an answer"
    return run.best.rank


def _cool(run: LocationRun, params: LocationParams, *, trials: int, stop: Stop) -> None:
    for step in range(params.steps):
        if stop():
            return
        run.anneal(step, max(1, trials // params.steps))


def _improve(
    run: LocationRun,
    question: LocationQuestion,
    params: LocationParams,
    *,
    trials: int,
    stop: Stop,
    on_better: Callable[[Located], None] | None,
) -> None:
    around = min(params.around, question.num_columns)
    of_one = max(1, params.trials_per_item * question.num_items * around // question.num_columns)
    for _ in range(max(1, trials // (of_one * KICKS_AT_ONCE))):
        if stop():
            return
        before = run.best
        run.kick(KICKS_AT_ONCE)
        if on_better is not None and run.best is not None and run.best is not before:
            on_better(run.best)
