"""A solver in a thread of its own, which may be left behind, but not when the interpreter ends."""

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from typing import Final

from optimizer.search.solver_answer import Answer

PATIENCE_AT_EXIT_S: Final = 10.0
"""For all that were left behind, when the interpreter ends: one that returns to an interpreter that ends aborts it."""

_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class BackgroundRun:
    """Work that cannot be interrupted, in a thread that nobody has to wait for.

    Parameters
    ----------
    work
        Returns a solver's answer; begins at once.

    Attributes
    ----------
    answer, error
        What came of it, None until then.
    """

    def __init__(self, work: Callable[[], Answer]) -> None:
        self._work = work
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        _threads.add(self._thread)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the work has ended, with an answer or an error."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Return when the work has ended, or the time is over."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.answer = self._work()
        except Exception as error:  # noqa: BLE001  # raised again where the answer is taken
            self.error = error


@atexit.register
def _wait_for_those_left_behind() -> None:
    give_up = time.monotonic() + PATIENCE_AT_EXIT_S
    for thread in list(_threads):
        thread.join(max(0.0, give_up - time.monotonic()))
