"""Time as the search feels it: by the wall, or by the work that was done.

With limits in work the same input gives the same answer whatever else the machine does: each step charges what it
did at a fixed rate, and stop criteria see the sum instead of the clock.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from optimizer.result import StopReason
from optimizer.stop import SearchState, StopCriterion

TRIALS_PER_S: Final = 6e6
"""Trials of local search that count as a second."""
PAIRS_PER_S: Final = 2e7
"""Pairs in the steps of the relaxation that count as a second."""


@dataclass(eq=False)
class Clock:
    """Seconds since the search began.

    Parameters
    ----------
    by_work
        True for seconds of work instead of the wall's.
    now
        The wall's clock, in seconds.
    """

    by_work: bool = False
    now: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _work: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._began = self.now()

    @property
    def wall_s(self) -> float:
        """Seconds by the wall."""
        return self.now() - self._began

    @property
    def elapsed_s(self) -> float:
        """Seconds as stop criteria see them."""
        return self._work if self.by_work else self.wall_s

    def charge(self, seconds: float) -> None:
        """Add work that was done."""
        self._work += seconds


@dataclass(frozen=True)
class OnClock:
    """A stop criterion for a solver that measures wall time itself, asked with this search's time instead."""

    stop: StopCriterion
    clock: Clock
    until_s: float = math.inf
    """Stop at this time in any case."""

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return the criterion's answer at the search's own time."""
        elapsed = self.clock.elapsed_s
        if elapsed >= self.until_s:
            return StopReason.TIME_LIMIT
        return self.stop(replace(state, elapsed_s=elapsed))

    def time_left_s(self, elapsed_s: float) -> float:
        """Return the seconds left; infinite by work, unless nothing is left at all."""
        elapsed = self.clock.elapsed_s
        left = min(self.stop.time_left_s(elapsed), max(0.0, self.until_s - elapsed))
        return left if left == 0 or not self.clock.by_work else math.inf
