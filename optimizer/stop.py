"""When to end the search: small callables that local search and CP-SAT obey alike.

A criterion is asked with the state of the search and answers with the reason to stop, or None. `time_left_s` tells
solvers that take a limit of their own how long they may run.
"""

import math
import threading
from dataclasses import dataclass
from typing import Protocol

from optimizer.exceptions import InvalidParameter
from optimizer.result import StopReason


@dataclass(frozen=True, kw_only=True)
class SearchState:
    """What a stop criterion may look at.

    Attributes
    ----------
    elapsed_s
        Seconds since the search began.
    objective, lower_bound
        The best known, or None.
    feasible
        True when the best alignment keeps every hard limit.
    stale_s
        Seconds since the best alignment or the bound last improved.
    """

    elapsed_s: float
    objective: float | None = None
    lower_bound: float | None = None
    feasible: bool = False
    stale_s: float = 0.0

    @property
    def gap(self) -> float | None:
        """The proven gap as :func:`relative_gap` defines it; None while either is unknown."""
        if self.objective is None or self.lower_bound is None or not self.feasible:
            return None
        return relative_gap(self.objective, self.lower_bound)


def relative_gap(objective: float, lower_bound: float) -> float:
    """Return (objective − lower_bound) / |objective|, and 0 when they are equal."""
    if objective <= lower_bound:
        return 0.0
    return (objective - lower_bound) / abs(objective) if objective else math.inf


class StopCriterion(Protocol):
    """Decide whether the search ends now."""

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return why to stop, or None to go on."""
        ...

    def time_left_s(self, elapsed_s: float) -> float:
        """Return how many seconds a solver may still take; infinity where time does not matter."""
        ...


@dataclass(frozen=True)
class MaxRuntime:
    """Stop after so many seconds."""

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise InvalidParameter("the time limit must be above 0 s")

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return ``TIME_LIMIT`` once the time is over."""
        return StopReason.TIME_LIMIT if state.elapsed_s >= self.seconds else None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return the seconds that are left, at least 0."""
        return max(0.0, self.seconds - elapsed_s)


@dataclass(frozen=True)
class GapBelow:
    """Stop when the proven gap is at or below a fraction."""

    gap: float

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return ``GAP`` once the gap is small enough."""
        return StopReason.GAP if state.gap is not None and state.gap <= self.gap else None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return infinity: a gap knows no clock."""
        return math.inf


@dataclass(frozen=True)
class NoImprovement:
    """Stop when neither objective nor bound improved for so many seconds."""

    seconds: float

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return ``NO_IMPROVEMENT`` once a feasible search has stalled."""
        return StopReason.NO_IMPROVEMENT if state.feasible and state.stale_s >= self.seconds else None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return infinity: the patience is measured from the last improvement, not from the start."""
        return math.inf


@dataclass(frozen=True)
class Cancelled:
    """Stop when somebody else sets an event; safe across threads."""

    event: threading.Event

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return ``STOPPED`` once the event is set."""
        return StopReason.STOPPED if self.event.is_set() else None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return 0 once the event is set, infinity before."""
        return 0.0 if self.event.is_set() else math.inf


@dataclass(frozen=True)
class AnyOf:
    """Stop when one of several criteria says so; the first one named gives the reason."""

    criteria: tuple[StopCriterion, ...]

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return the first reason found."""
        for criterion in self.criteria:
            reason = criterion(state)
            if reason is not None:
                return reason
        return None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return the shortest time that any of them leaves."""
        return min((criterion.time_left_s(elapsed_s) for criterion in self.criteria), default=math.inf)
