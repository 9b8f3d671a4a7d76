"""What the solver's process tells while it runs: progress lines, and the best alignments as files.

Checking and writing happen in a thread of their own, so that the search does not wait for them. Imports neither the
web nor the database.
"""

import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import numpy as np

from app.jobs.judgement import Judge, Judged, gap
from app.jobs.proofs import Bound
from app.jobs.solver_files import CERTIFICATE, SolverFiles
from app.scenarios.planning import Plan
from optimizer.alignment import Alignment
from optimizer.result import Progress

MIN_SECONDS_BETWEEN_LINES: Final = 0.2
MIN_SECONDS_BETWEEN_SAVES: Final = 2.0
SAVE_AFTER_FRACTION: Final = 0.25
"""A better alignment is saved when this fraction of the elapsed time has passed since the last was."""

Tell = Callable[..., None]


def line_writer(descriptor: int) -> Tell:
    """Return a function that writes one JSON line a message to a file descriptor, safe across threads."""
    lock = threading.Lock()

    def tell(kind: str, **content: Any) -> None:
        line = json.dumps({"type": kind, **content}, allow_nan=False).encode() + b"\n"
        with lock:
            while line:
                line = line[os.write(descriptor, line) :]

    return tell


class Reporter:
    """Turn the optimizer's progress into lines, and its best alignments into checked files.

    Parameters
    ----------
    plan, judge
        What is solved, and who checks it.
    files
        Where alignments are written.
    tell
        Sends a line to the worker.
    software
        Versions and seed for the summaries.

    Attributes
    ----------
    files, software
        As given.
    """

    def __init__(
        self, plan: Plan, judge: Judge, *, files: SolverFiles, tell: Tell, software: Mapping[str, Any]
    ) -> None:
        self._plan = plan
        self._judge = judge
        self.files = files
        self._tell = tell
        self.software = dict(software)
        self._last_line_s = -1.0
        self._last_phase = ""
        self._moved: int | None = None
        self._numbers = 0
        self._offered: tuple[Alignment, Progress] | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._saver = threading.Thread(target=self._save_offers, name="alignment-saver", daemon=True)
        self._saver.start()

    def __call__(self, progress: Progress) -> None:
        """Take one progress of the optimizer; returns at once."""
        if progress.alignment is not None:
            self._moved = int(np.count_nonzero(progress.alignment.moved(self._plan.problem.current)))
            if progress.violations == 0:
                self._offer(progress.alignment, progress)
        now = time.monotonic()
        is_due = now - self._last_line_s >= MIN_SECONDS_BETWEEN_LINES or progress.phase != self._last_phase
        if is_due:
            self._last_line_s, self._last_phase = now, progress.phase
            self._tell("progress", **self.line(progress))

    def line(self, progress: Progress) -> dict[str, Any]:
        """Return the progress body without its clock, which the worker keeps."""
        return {
            "phase": progress.phase,
            "objective": progress.objective,
            "lower_bound": progress.lower_bound,
            "gap": gap(progress.objective, progress.lower_bound) if progress.violations == 0 else None,
            "violations": progress.violations,
            "moved_accounts": self._moved,
        }

    def write(self, alignment: Alignment, judged: Judged, *, certificate: Mapping[str, Any] | None = None) -> str:
        """Write an alignment's files, and the certificate of its bound, and return their name."""
        self._numbers += 1
        if certificate is not None:
            self.files.write_json(CERTIFICATE, certificate)
        name = f"alignment-{self._numbers}"
        summary = judged.summary(software=self.software)
        self.files.write_alignment(name, self._plan.assignments(alignment), summary, is_of_question=True)
        return name

    def close(self) -> None:
        """End the saving thread; what it still writes is waited for."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._saver.join()

    def _offer(self, alignment: Alignment, progress: Progress) -> None:
        with self._changed:
            self._offered = alignment, progress
            self._changed.notify()

    def _save_offers(self) -> None:
        started = last = time.monotonic()
        is_first = True
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._offered is not None or self._closed)
                if not is_first:
                    pause = max(MIN_SECONDS_BETWEEN_SAVES, SAVE_AFTER_FRACTION * (last - started))
                    self._changed.wait_for(lambda: self._closed, timeout=last + pause - time.monotonic())
                if self._closed:
                    return
                assert self._offered is not None
                (alignment, progress), self._offered = self._offered, None
            is_first = not self._saved(alignment, progress) and is_first
            last = time.monotonic()

    def _saved(self, alignment: Alignment, progress: Progress) -> bool:
        """Save an alignment; False where it breaks a criterion, or want of room or memory leaves that for later."""
        try:
            return self._save(alignment, progress)
        except (OSError, MemoryError):
            with suppress(OSError):  # the log may have no room either
                traceback.print_exc()
            return False

    def _save(self, alignment: Alignment, progress: Progress) -> bool:
        report = self._judge.report(alignment)
        if report.violations:
            return False
        bound = Bound(lower_bound=progress.lower_bound, source=None if progress.lower_bound is None else "search")
        name = self.write(alignment, Judged(report=report, outcome="feasible", bound=bound))
        self._tell("alignment", name=name, objective=report.objective)
        return True
