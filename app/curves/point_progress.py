"""How far the search for one point of a curve is, as lines to the worker. Imports neither the web nor the database."""

import math
import time
from collections.abc import Mapping

import numpy as np

from app.jobs.judgement import gap
from app.jobs.solver_reports import MIN_SECONDS_BETWEEN_LINES, Tell
from app.scenarios.planning import Plan
from optimizer.curves.questions import Question
from optimizer.result import Progress


class PointProgress:
    """Turn the optimizer's progress on one question into lines; the phase says which point it is.

    Parameters
    ----------
    planned, question
        What is solved.
    tell
        Sends a line to the worker.
    counts
        Points done and planned.
    """

    def __init__(self, planned: Plan, question: Question, *, tell: Tell, counts: Mapping[str, int]) -> None:
        self._current, self._label = planned.problem.current, question.label
        self._tell, self._counts = tell, dict(counts)
        self._moved: int | None = None
        self._last_line_s = -1.0

    def __call__(self, progress: Progress) -> None:
        """Take one progress of the optimizer; returns at once."""
        if progress.alignment is not None:
            self._moved = int(np.count_nonzero(progress.alignment.moved(self._current)))
        now = time.monotonic()
        if now - self._last_line_s < MIN_SECONDS_BETWEEN_LINES:
            return
        self._last_line_s = now
        bound = progress.lower_bound
        bound = None if bound is None or not math.isfinite(bound) else bound
        self._tell(
            "progress",
            phase=self._label,
            objective=progress.objective,
            lower_bound=bound,
            gap=gap(progress.objective, bound) if progress.violations == 0 else None,
            violations=progress.violations,
            moved_accounts=self._moved,
            **self._counts,
        )
