"""Local search on all cores: the same start, different dice, the best of them goes on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from optimizer.problem import IntArray
from optimizer.search.bound import column_prices
from optimizer.search.candidates import candidate_columns
from optimizer.search.clock import TRIALS_PER_S
from optimizer.search.incumbent import Incumbent
from optimizer.search.local_search import LocalSearch, LocalSearchParams
from optimizer.search.model import Multipliers

LONGEST: float = 0.5
"""Share of the time left that one cycle may take; cut short while hot it would be worth nothing."""
LIKELY: float = 0.06
"""Share of the time left that a cycle takes on small problems, where the usual trials take none."""
MANY: float = 8.0
"""No cycle is longer than this many usual ones."""
MOST_TRIALS: float = 2.5e7
"""Trials of the usual cycle on large models: exchanges do the rest better."""
RESTART: float = 0.5
"""First temperature of a cycle that goes on from a feasible state, relative to the first cycle's."""


def anneal_from(
    incumbent: Incumbent,
    start: IntArray,
    *,
    multipliers: Multipliers,
    params: LocalSearchParams,
    effort: float,
    threads: int,
    seed: int,
    proceed: Callable[[], bool] | None = None,
) -> None:
    """Cool from a start once on every thread, and offer what is found to the incumbent.

    Parameters
    ----------
    start
        A choice of columns, feasible or not. Shape ``(items,)``.
    multipliers
        What the limits are worth.
    effort
        Share of a full cycle's trials.
    proceed
        Asked after each chunk whether to go on; the incumbent when None.
    """
    searches = _searches(incumbent, start, multipliers, params, seeds=range(seed * threads, (seed + 1) * threads))
    trials = _trials(incumbent, params, effort)
    go_on = proceed or incumbent.proceed
    cycles = [search.cool(params, trials=trials) for search in searches]
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        while True:
            done = list(pool.map(_next, cycles))
            if all(trials is None for trials in done):
                break
            incumbent.clock.charge(max(trials or 0 for trials in done) / TRIALS_PER_S)
            for search in searches:
                found = search.best
                if found is not None and search.best_objective < best:
                    best = search.best_objective
                    incumbent.offer(found)
            if not go_on():
                break
    for search in searches:
        incumbent.offer(search.columns)


def _searches(
    incumbent: Incumbent, start: IntArray, multipliers: Multipliers, params: LocalSearchParams, *, seeds: range
) -> list[LocalSearch]:
    """Return one search a seed, all at the start, on the same pairs of small reduced cost."""
    model = incumbent.model
    keep = (start,) if incumbent.columns is None else (start, incumbent.columns)
    candidates = candidate_columns(model, column_prices(model, multipliers), per_item=params.per_item, keep=keep)
    searches = [LocalSearch(model, candidates, multipliers=multipliers, seed=seed) for seed in seeds]
    for search in searches:
        search.start_from(start)
    return searches


def _trials(incumbent: Incumbent, params: LocalSearchParams, effort: float) -> int:
    """Return the trials of one cycle, which the time that is left affords."""
    affordable = incumbent.stop.time_left_s(incumbent.clock.elapsed_s) * TRIALS_PER_S
    wanted = min(float(params.trials_per_item * incumbent.model.num_items), MOST_TRIALS)
    if np.isfinite(affordable):
        wanted = max(wanted, min(LIKELY * affordable, MANY * wanted))
    return max(params.steps, int(min(effort * wanted, LONGEST * affordable)))


def reheated(params: LocalSearchParams, *, share: float = RESTART) -> LocalSearchParams:
    """Return the parameters of a cycle that goes on from a good state, at a share of the first temperature."""
    return replace(params, hot=max(params.cold, params.hot * share))


def _next(cycle: Iterator[int]) -> int | None:
    return next(cycle, None)
