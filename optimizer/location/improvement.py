"""Improve an answer region by region, side by side: some columns that lie together are solved whole, all others stay.

Owns which regions are tried, how large they grow, and what of an answer is taken over. In the spirit of the local
phase of Gnägi and Baumann (2021, doi 10.1016/j.cor.2021.105304) and of Stefanello, de Araújo and Müller (2015, doi
10.1111/itor.12103); what is left of a region after fixing by prices is small.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from optimizer.location.question import Located, LocationQuestion, Positions
from optimizer.location.region import Outcome, Region, RegionParams, breached_columns
from optimizer.location.region_sets import has_sets
from optimizer.problem import BoolArray, FloatArray

FIRST: Final = 10.0
INNER: Final = 0.25
"""Share of a region's columns, those nearest to its first one, that count as tried with it."""
MORE: Final = 2.0
"""Factor of the effort of regions once the whole has been tried."""
AGAIN: Final = 0.25
"""Share of the columns in regions that are tried once more then."""
APART: Final = 0.5
"""Share of regions whose second half lies elsewhere: a center can be too many here and missing there, which no region
that lies together sees."""
LEAST_APART: Final = 4
"""Columns of such a region at least."""
PAIRS_SHARE: Final = 0.5
"""Share of the time that is left for the whole question by pairs, where sets may follow."""
LUCK: Final = 0.5
"""How much of a column's rank is chance."""


@dataclass(frozen=True, kw_only=True)
class ImprovementParams:
    """How regions grow.

    Attributes
    ----------
    items
        Items of the first regions, about; at least ``columns`` columns.
    columns
        Columns of the first regions at least.
    growth
        Factor by which regions grow once none of a size is better.
    most_pairs
        Pairs of a program of a part.
    most_whole_pairs
        Pairs of the program of the whole question.
    seconds
        Time limit of one program of a part.
    threads
        Regions at the same time.
    few_items
        Items per column up to which regions are solved by sets of items.
    some_items
        Items per column up to which these serve the bound, and the whole question where pairs have not solved it.
    set_items
        Items of the first regions then, about.
    most_sets
        Sets to choose from in such regions at first.
    set_seconds
        Time limit of one choice at first.
    """

    items: int = 30
    columns: int = 3
    growth: float = 1.5
    most_pairs: int = 4_000
    most_whole_pairs: int = 60_000
    seconds: float = 8.0
    threads: int = 2
    few_items: float = 9.5
    some_items: float = 13.0
    set_items: int = 70
    most_sets: int = 4_000
    set_seconds: float = 8.0


class Improvement:
    """An answer that gets better.

    Parameters
    ----------
    question
        What is asked: see :func:`is_regional`.
    located
        An answer within its limits.
    price
        Of the items, for the first bound of each region. Shape ``(items,)``.
    bound
        No answer of the question costs less.
    params
        How regions grow.
    seed
        Of the order of regions.
    step
        What costs are multiples of; 0 where they are of any size.
    time_left
        Seconds that are left, asked before each region.
    """

    def __init__(
        self,
        question: LocationQuestion,
        located: Located,
        price: FloatArray,
        *,
        bound: float,
        params: ImprovementParams,
        seed: int,
        step: float,
        time_left: Callable[[], float],
    ) -> None:
        self._question, self._price, self._params = question, price, params
        self._step, self._time_left = step, time_left
        self.best, self.bound = located, bound
        self.is_optimal = False
        self._random = np.random.default_rng(seed)
        self._lock = threading.Condition()
        self._busy: BoolArray = np.zeros(question.num_columns, dtype=np.bool_)
        self._is_tried: BoolArray = np.zeros(question.num_columns, dtype=np.bool_)
        per_column = question.num_items / question.num_columns
        self._is_by_sets = is_by_sets(question, params)
        self._turns_to_sets = not self._is_by_sets and is_bounded_by_sets(question, params)
        first = params.set_items if self._is_by_sets else params.items
        self._size = min(question.num_columns, max(params.columns, round(first / per_column)))
        self._effort = 1.0
        self.regions = self.better = 0

    def run(self) -> Located:
        """Solve regions until the time is over or the whole question is answered; return the best."""
        with ThreadPoolExecutor(self._params.threads) as pool:
            for done in [pool.submit(self._work, number) for number in range(self._params.threads)]:
                done.result()
        return self.best

    def _work(self, number: int) -> None:
        while True:
            with self._lock:
                columns = self._next()
                while columns is None and self._busy.any() and self._time_left() > 0:
                    self._lock.wait(0.2)
                    columns = self._next()
                if columns is None or self._time_left() <= 0 or self.is_optimal:
                    return
                inner = columns[: max(1, int(INNER * len(columns))) if self._is_by_sets else 1]
                columns = np.sort(columns)
                self._busy[columns] = True
                region = Region(self._question, self.best, columns)
            outcome = None
            try:
                outcome = self._solved(region)
            finally:
                with self._lock:
                    self._busy[columns] = False
                    self._is_tried[inner] = True
                    if outcome is not None:
                        self._take(region, outcome)
                    self._lock.notify_all()

    def _solved(self, region: Region) -> Outcome:
        params, left = self._params, self._time_left()
        is_whole = len(region.columns) == self._question.num_columns
        how = RegionParams(
            most_pairs=params.most_whole_pairs if is_whole else params.most_pairs,
            is_proof=is_whole,
            step=self._step,
            steps=400 if is_whole else 150,
            most_sets=int(self._effort * params.most_sets) if self._is_by_sets else 0,
        )
        seconds = left * (PAIRS_SHARE if self._turns_to_sets else 1.0) if is_whole else min(left, params.seconds)
        if self._is_by_sets:
            seconds = min(left, self._effort * params.set_seconds)
        return region.solve(self._price, how, seconds=seconds, stop=lambda: self._time_left() <= 0)

    def _next(self) -> Positions | None:
        """Return the columns of the next region, the one it grew from first; None where there is none now."""
        count = self._question.num_columns
        if self._is_tried.all():
            if self._busy.any() or (self._size == count and not self._is_by_sets):
                return None
            self._grow()
        if self._size == count:
            if self._busy.any():
                return None
            self._is_tried[:] = True
            return np.arange(count)
        wanted = np.flatnonzero(~self._is_tried & ~self._busy)
        if not len(wanted):
            return None
        near = self._near(self._dear(wanted))
        region = near[: self._size]
        if self._size < LEAST_APART or self._random.random() >= APART or len(near) <= self._size:
            return region
        here = near[: (self._size + 1) // 2]
        there = self._near(self._dear(near[self._size :]))
        there = there[~np.isin(there, here)]
        return np.concatenate([here, there[: self._size - len(here)]])

    def _dear(self, columns: Positions) -> int:
        """Return one of some columns, by how dear it is and by luck."""
        rank = self._slack()[columns] * (1.0 - LUCK * self._random.random(len(columns)))
        return int(columns[np.argmax(rank)])

    def _near(self, column: int) -> Positions:
        """Return a column and all others that are free to be tried, nearest first."""
        around = self._around(column)
        around = around[~self._busy[around]]
        return np.concatenate([[column], around[around != column]])

    def _grow(self) -> None:
        """Go on with larger regions, or with more effort for smaller ones when even the whole has been tried."""
        count = self._question.num_columns
        if self._size < count:
            self._size = min(count, max(self._size + 1, int(self._size * self._params.growth)))
        else:
            self._effort *= MORE
            self._size = max(1, int(AGAIN * count))
        self._is_tried[:] = False

    def _slack(self) -> FloatArray:
        """Return how much dearer each territory is than its items' prices allow. Shape ``(columns,)``."""
        best = self.best
        cost = self._question.cost[best.center[best.owner], np.arange(len(best.owner))]
        slack = np.bincount(best.owner, cost - self._price, minlength=self._question.num_columns)
        slack += 1e-12 - slack.min()
        # what breaches a limit comes first
        return np.asarray(slack + FIRST * slack.max() * breached_columns(self._question, best.owner), dtype=np.float64)

    def _around(self, column: int) -> Positions:
        """Return all columns, those first whose items are nearest to a column's center."""
        best, question = self.best, self._question
        count = np.bincount(best.owner, minlength=question.num_columns)
        far = np.bincount(best.owner, question.cost[best.center[column]], minlength=question.num_columns)
        mean = np.where(count > 0, far / np.maximum(count, 1), np.inf)
        mean[column] = -1.0
        return np.argsort(mean, kind="stable")

    def _take(self, region: Region, outcome: Outcome) -> None:
        self.regions += 1
        is_whole = len(region.columns) == self._question.num_columns
        if outcome.center is not None and outcome.owner is not None:
            better = self._with(region, outcome.center, outcome.owner)
            if better is not None:
                self.better += 1
                self.best = better
                self._is_tried[region.columns] = False
        if is_whole:
            self.bound = max(self.bound, min(outcome.bound, self.best.cost))
            self.is_optimal = outcome.is_done
            self._is_tried[:] = not self._turns_to_sets
            self._is_by_sets |= self._turns_to_sets
            self._turns_to_sets = False

    def _with(self, region: Region, center: Positions, owner: Positions) -> Located | None:
        """Return the answer with a region's, where that is better and within all limits."""
        question, best = self._question, self.best
        new_center, new_owner = best.center.copy(), best.owner.copy()
        new_center[region.columns] = center
        new_owner[region.items] = owner
        if question.is_exclusive and len(np.unique(new_center)) < len(new_center):
            return None
        cost = float(question.cost[new_center[new_owner], np.arange(len(new_owner))].sum())
        better = replace(
            best,
            center=new_center,
            owner=new_owner,
            cost=cost,
            breaches=int(breached_columns(question, new_owner).sum()),
        )
        return better if better.rank < best.rank else None


def is_regional(question: LocationQuestion) -> bool:
    """Return whether regions can be solved whole: free columns alike, and no price of leaving."""
    free = np.flatnonzero(question.is_free)
    if not len(free) or question.leaving is not None or not question.is_exclusive:
        return False
    first = free[0]
    alike = bool((question.upper[free] == question.upper[first]).all())
    alike &= bool((question.lower[free] == question.lower[first]).all())
    if question.banned is not None:
        alike &= bool((question.banned[free] == question.banned[first]).all())
    if question.reach is not None:
        alike &= bool((question.reach[free] == question.reach[first]).all())
    return alike


def is_by_sets(question: LocationQuestion, params: ImprovementParams) -> bool:
    """Return whether regions are solved by sets of items: few items a column, and one sum that limits them."""
    return question.num_items <= params.few_items * question.num_columns and has_sets(question)


def is_bounded_by_sets(question: LocationQuestion, params: ImprovementParams) -> bool:
    """Return whether sets of items serve the bound, and the whole question: somewhat more items a column may do."""
    return question.num_items <= params.some_items * question.num_columns and has_sets(question)
