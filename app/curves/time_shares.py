"""One time limit for many questions.

Time that a question leaves over is shared among those that follow. Where limits count work instead of seconds, every
question gets the same part from the beginning, so that the same input gives the same answer.
"""

from collections.abc import Callable
from typing import Final

LEAST_S: Final = 0.05
"""A question that is asked at all gets so much."""


class TimeShares:
    """Divide a time limit.

    Parameters
    ----------
    total_s
        Seconds for all questions; of work, where ``by_work``.
    by_work
        True gives fixed parts.
    clock
        Returns the seconds that have passed since the curve began.
    """

    def __init__(self, total_s: float, *, by_work: bool, clock: Callable[[], float]) -> None:
        self._total_s, self._by_work, self._clock = total_s, by_work, clock
        self._part_s: float | None = None

    def next_s(self, questions: float) -> float | None:
        """Return the seconds for the next question of so many that are left; None when the time is over.

        A part of a question is time that is left for others.
        """
        questions = max(1.0, questions)
        if self._by_work:
            if self._part_s is None:
                self._part_s = max(LEAST_S, self._total_s / questions)
            return self._part_s
        left_s = self._total_s - self._clock()
        return None if left_s <= 0 else max(LEAST_S, left_s / questions)
