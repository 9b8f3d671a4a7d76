"""The best alignment so far, what is proven, and when to stop: the one place where the steps of the pipeline meet.

Nothing counts as feasible here that the model's float rows do not keep, and nothing is reported that
:func:`optimizer.violations` refuses.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.problem import IntArray, Problem
from optimizer.result import Progress, StopReason
from optimizer.search.clock import Clock
from optimizer.search.evaluation import alignment_of, columns_of, keeps_rows, loads_of, model_objective, row_excess
from optimizer.search.model import Model, Multipliers
from optimizer.stop import SearchState, StopCriterion
from optimizer.validation import violations

REPORT_EVERY_S: Final = 0.5
"""Seconds between progress reports, unless the first feasible alignment was found."""
PROVEN: Final = 1e-9
"""Relative gap that counts as none."""

ProgressCallback = Callable[[Progress], None]


class Incumbent:
    """What the search has found and proven.

    Parameters
    ----------
    problem, criteria, model
        The question, and its formulation.
    stop, clock
        When to end, and what time it is.
    on_progress
        Is told what is new; None for nobody.
    """

    def __init__(
        self,
        problem: Problem,
        criteria: Criteria,
        model: Model,
        *,
        stop: StopCriterion,
        clock: Clock,
        on_progress: ProgressCallback | None,
    ) -> None:
        self.model = model
        self.stop = stop
        self.clock = clock
        self.columns: IntArray | None = None
        self.objective: float | None = None
        self.lower_bound: float | None = None
        self.bound_source: str | None = None
        self.certified_bound: float | None = None
        self.multipliers: Multipliers | None = None
        self.least_violating: IntArray | None = None
        self.first_feasible_s: float | None = None
        self.phase = "checking"
        self._least_excess = np.inf
        self._is_proven = False
        self._question = (problem, criteria)
        self._on_progress = on_progress
        self._improved_at = 0.0
        self._reported_at = -np.inf
        self._reported: IntArray | None = None

    def offer(self, columns: IntArray) -> bool:
        """Take a choice of columns if it is the best; return whether it was."""
        if not keeps_rows(self.model, columns):
            self._offer_violating(columns)
            return False
        objective = model_objective(self.model, columns)
        if self.objective is not None and objective >= self.objective:
            return False
        is_first = self.columns is None
        self.columns, self.objective = np.array(columns), objective
        self._improved_at = self.clock.elapsed_s
        if is_first:
            self.first_feasible_s = self.clock.wall_s
        self.report(now=is_first)
        return True

    def offer_alignment(self, alignment: Alignment) -> None:
        """Offer an alignment from outside; it may breach anything, then it is only a place to begin."""
        columns = columns_of(self.model, alignment)
        allowed = np.isfinite(self.model.cost[np.arange(self.model.num_items), np.maximum(columns, 0)]) & (columns >= 0)
        cheapest = np.argmin(self.model.cost, axis=1).astype(np.int32)
        self.offer(np.where(allowed, columns, cheapest).astype(np.int32))

    def raise_bound(self, bound: float, *, source: str, multipliers: Multipliers | None = None) -> None:
        """Take a lower bound if it is the highest; a certificate's also when only the highest of its kind.

        An infinite one says nothing (prices that had no time give it) and is left out.
        """
        if not np.isfinite(bound):
            return
        if source == "certificate" and (self.certified_bound is None or bound > self.certified_bound):
            self.certified_bound, self.multipliers = bound, multipliers
        if self.lower_bound is None or bound > self.lower_bound:
            self.lower_bound, self.bound_source = bound, source
            self._improved_at = self.clock.elapsed_s

    def prove(self) -> None:
        """Take note that the best alignment was proven optimal by two solvers."""
        self._is_proven = True
        if self.objective is not None:
            self.raise_bound(self.objective, source="search")

    @property
    def is_proven(self) -> bool:
        """True when nothing better is possible."""
        if self._is_proven:
            return True
        if self.objective is None or self.certified_bound is None:
            return False
        return self.objective - self.certified_bound <= PROVEN * abs(self.objective)

    @property
    def best_effort(self) -> IntArray | None:
        """The best feasible choice, else the least violating one, else None."""
        return self.columns if self.columns is not None else self.least_violating

    def stop_reason(self) -> StopReason | None:
        """Return why to end now, or None."""
        if self.is_proven:
            return StopReason.PROVED
        elapsed = self.clock.elapsed_s
        bound = self.lower_bound
        if bound is not None and self.objective is not None:
            bound = min(bound, self.objective)
        return self.stop(
            SearchState(
                elapsed_s=elapsed,
                objective=self.objective,
                lower_bound=bound,
                feasible=self.columns is not None,
                stale_s=elapsed - self._improved_at,
            )
        )

    def num_violations(self) -> int:
        """Return how many limits the best alignment breaches; 0 while there is none."""
        if self.columns is not None or self.least_violating is None:
            return 0
        by_column, by_total = row_excess(self.model, loads_of(self.model, self.least_violating))
        return int((by_column > 0).sum() + (by_total > 0).sum())

    def seconds_left(self) -> float:
        """Return how long a solver may still take by the wall; infinite when work is what counts."""
        left = self.stop.time_left_s(self.clock.elapsed_s)
        return left if left == 0 or not self.clock.by_work else np.inf

    def proceed(self) -> bool:
        """Report what is new and return whether to go on."""
        self.report()
        return self.stop_reason() is None

    def enter(self, phase: str) -> None:
        """Begin a phase, as it stands in progress reports."""
        self.phase = phase
        self.report()

    def report(self, *, now: bool = False) -> None:
        """Tell what is known, at most every so often."""
        if self._on_progress is None:
            return
        elapsed = self.clock.wall_s
        if not now and elapsed - self._reported_at < REPORT_EVERY_S:
            return
        self._reported_at = elapsed
        alignment = None
        if self.columns is not None and self._reported is not self.columns:
            candidate = alignment_of(self.model, self.columns)
            if not violations(*self._question, candidate):
                alignment = candidate
                self._reported = self.columns
        bound = self.lower_bound
        if bound is not None and self.objective is not None:
            bound = min(bound, self.objective)
        self._on_progress(
            Progress(
                phase=self.phase,
                elapsed_s=elapsed,
                objective=self.objective,
                lower_bound=bound,
                violations=None if self.best_effort is None else self.num_violations(),
                alignment=alignment,
            )
        )

    def _offer_violating(self, columns: IntArray) -> None:
        model = self.model
        if self.columns is not None or not np.isfinite(model.cost[np.arange(model.num_items), columns]).all():
            return
        excess = relative_excess(model, columns)
        if excess < self._least_excess:
            self._least_excess, self.least_violating = excess, np.array(columns)


def relative_excess(model: Model, columns: IntArray) -> float:
    """Return the sum of all breaches of limits, each relative to its load's mean over the columns."""
    load = loads_of(model, columns)
    by_column, by_total = row_excess(model, load)
    size = np.maximum(load.mean(axis=1), 1e-12)
    return float((by_column.sum(axis=1) / size).sum() + (by_total / size).sum())
