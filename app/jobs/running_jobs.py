"""Which dispatches this worker executes at the moment."""

import threading
from collections import Counter

import structlog

from app.jobs.engine import Dispatch, Handler


class RunningJobs:
    """Knows what is executed, so that a worker's end can wait for it, and that what nobody executes is found."""

    def __init__(self) -> None:
        self._dispatches: Counter[Dispatch] = Counter()
        self._changed = threading.Condition()

    def counting(self, handler: Handler) -> Handler:
        """Return ``handler``, whose calls are counted."""

        def counted(dispatch: Dispatch) -> None:
            self._add(dispatch, 1)
            try:
                handler(dispatch)
            except Exception:
                structlog.get_logger("territory.jobs").exception("job not executed", dispatch=dispatch.id)
                raise
            finally:
                self._add(dispatch, -1)

        return counted

    def dispatches(self) -> frozenset[Dispatch]:
        """Return what is executed now."""
        with self._changed:
            return frozenset(self._dispatches)

    def wait_until_none(self, *, timeout_s: float) -> bool:
        """Wait until no job is executed; False when the time is over before."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._dispatches, timeout=timeout_s)

    def _add(self, dispatch: Dispatch, change: int) -> None:
        with self._changed:
            self._dispatches[dispatch] += change
            if not self._dispatches[dispatch]:
                del self._dispatches[dispatch]
            self._changed.notify_all()
