"""Find centers and say how good they are: the search, a bound by prices, then regions that are solved whole.

Owns how a time is shared among the three. By the clock: the same seed need not give the same answer; the search alone
(:func:`optimizer.location.search.locate`) limits work instead.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from optimizer.location.bound import priced_items, proven, raised_by_sets
from optimizer.location.improvement import Improvement, ImprovementParams, is_bounded_by_sets, is_by_sets, is_regional
from optimizer.location.params import LocationParams
from optimizer.location.prices import Priced
from optimizer.location.question import Located, LocationQuestion
from optimizer.location.search import locate

SEARCH_SHARE: Final = 0.25
"""Share of the time that the search has where regions follow."""
SETS_SHARE: Final = 0.12
"""The same where regions are solved by sets of items, which find more than the search does."""
FEW_SHARE: Final = 0.6
"""The same where columns have few items and no sets: prices leave a wide gap there, closing and opening finds more."""
FEW: Final = 8
"""Items per column that are few."""
ALONE_SHARE: Final = 0.8
"""The same where none do."""
BOUND_SHARE: Final = 0.15
"""Share of the time that prices have."""
SETS_BOUND_SHARE: Final = 0.08
"""Share of the time of a linear program over sets of items, out of that of prices."""
COOLING_TRIALS_PER_ITEM: Final = 20_000
SMALL: Final = 300
"""Questions of fewer items are left to regions after ``SMALL_TRIALS_PER_ITEM`` trials of each run, not by the clock."""
SMALL_TRIALS_PER_ITEM: Final = 40_000
ENDLESS: Final = 10**12
CLOSE: Final = 1e-6
"""Relative gap that counts as none."""


@dataclass(frozen=True, kw_only=True)
class AnswerParams:
    """How a question is answered.

    Attributes
    ----------
    seconds
        Time in all.
    threads
        Used at the same time.
    seed
        Of everything random.
    step
        What costs are multiples of (1 for whole numbers); 0 where they are of any size.
    """

    seconds: float
    threads: int = 2
    seed: int = 0
    step: float = 0.0


def answer(
    question: LocationQuestion,
    params: AnswerParams,
    *,
    now: Callable[[], float] = time.monotonic,
    stop: Callable[[], bool] = lambda: False,
) -> Located:
    """Return places and an assignment with a lower bound on what any answer costs.

    Parameters
    ----------
    question
        What is asked.
    params
        How long, and how.
    now
        The clock, in seconds.
    stop
        Asked often; True ends with the best so far.
    """
    started = now()
    schedule = _Schedule(question, params, left=lambda: 0.0 if stop() else params.seconds - (now() - started))
    searching = _search_params(question, params, is_followed=schedule.is_followed)
    found = locate(question, seed=params.seed, params=searching, elapsed=schedule.searched)
    priced = _priced(question, found, params, schedule)
    if priced is None:
        return found
    bound = _stepped(proven(priced.bound), params.step)
    if schedule.is_followed and (found.breaches or bound < found.cost * (1.0 - CLOSE)) and schedule.left() > 0:
        found, bound = _improved(question, found, priced, params, schedule)
    if not found.breaches and bound >= found.cost * (1.0 - CLOSE):
        bound = found.cost
    return replace(found, lower_bound=bound)


class _Schedule:
    """How the time is shared among the search, prices and regions."""

    def __init__(self, question: LocationQuestion, params: AnswerParams, *, left: Callable[[], float]) -> None:
        self._seconds, self.left = params.seconds, left
        self.is_followed = is_regional(question)
        has_sets = self.is_followed and is_by_sets(question, ImprovementParams())
        self.is_bounded_by_sets = self.is_followed and is_bounded_by_sets(question, ImprovementParams())
        self._share = _search_share(question, is_followed=self.is_followed, has_sets=has_sets)
        regions = (1.0 - self._share - BOUND_SHARE) * params.seconds if self.is_followed else 0.0
        self._priced = regions
        self._priced_by_items = regions + (SETS_BOUND_SHARE * params.seconds if self.is_bounded_by_sets else 0.0)

    def searched(self) -> float:
        """Return the share of the search's time that is over."""
        return (self._seconds - self.left()) / (self._share * self._seconds)

    def is_priced_by_items(self) -> bool:
        """Return whether the time for prices by items is over."""
        return self.left() <= self._priced_by_items

    def is_priced(self) -> bool:
        """Return whether the time for all prices is over."""
        return self.left() <= self._priced


def _priced(question: LocationQuestion, found: Located, params: AnswerParams, schedule: _Schedule) -> Priced | None:
    """Return prices of items with the bound they prove; None where the question is too large for them."""
    known, threads = found.cost, params.threads
    priced = priced_items(question, known=known, threads=threads, stop=schedule.is_priced_by_items)
    if priced is None or not schedule.is_bounded_by_sets:
        return priced
    return raised_by_sets(question, priced, known=known, threads=threads, stop=schedule.is_priced)


def _improved(
    question: LocationQuestion, found: Located, priced: Priced, params: AnswerParams, schedule: _Schedule
) -> tuple[Located, float]:
    """Return what regions make of an answer, and the bound."""
    improvement = Improvement(
        question,
        found,
        priced.price,
        bound=_stepped(proven(priced.bound), params.step),
        params=ImprovementParams(threads=params.threads),
        seed=params.seed,
        step=params.step,
        time_left=schedule.left,
    )
    best = improvement.run()
    return best, best.cost if improvement.is_optimal else _stepped(improvement.bound, params.step)


def _search_share(question: LocationQuestion, *, is_followed: bool, has_sets: bool) -> float:
    if not is_followed:
        return ALONE_SHARE
    if has_sets:
        return SETS_SHARE
    return FEW_SHARE if question.num_items < FEW * question.num_columns else SEARCH_SHARE


def _stepped(bound: float, step: float) -> float:
    """Return a bound raised to the next multiple of a step."""
    if not step:
        return bound
    return float(-((-bound + CLOSE * abs(step)) // step) * step)


def _search_params(question: LocationQuestion, params: AnswerParams, *, is_followed: bool) -> LocationParams:
    if not is_followed:
        return LocationParams(threads=params.threads, trials=ENDLESS)
    each = SMALL_TRIALS_PER_ITEM * question.num_items if question.num_items < SMALL else ENDLESS
    runs = LocationParams(
        starts=params.threads, threads=params.threads, kept_for_best=0.0, trials=each * params.threads
    )
    if question.num_items < FEW * question.num_columns:
        return runs
    return replace(
        runs,
        first_share=0.5,
        cooling_trials_per_item=COOLING_TRIALS_PER_ITEM,
        hot=0.3,
        cold=0.02,
    )
