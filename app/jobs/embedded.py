"""The worker that ``territory serve`` brings along: a child process, watched and restarted.

A solver that takes all memory or crashes takes the worker at most, never the API. The child ends when this process
dies, because its standard input is a pipe from here.
"""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import structlog

from app.jobs.worker import PARENT_OPTION
from app.settings import Settings

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
HEALTHY_AFTER_S = 60.0
ENDING_PATIENCE_S = 20.0


class EmbeddedWorker:
    """Run one worker process beside the API; a context manager.

    Parameters
    ----------
    settings
        The service's own; they reach the child as environment variables.
    """

    def __init__(self, settings: Settings) -> None:
        self._environment = {**os.environ, **settings_environment(settings)}
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name="embedded-worker", daemon=True)

    @property
    def process_id(self) -> int | None:
        """The operating system's number of the worker process, None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the worker and keep it running."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker in order: it gives its jobs back to the queue."""
        self._ending.set()
        with self._lock:
            if self._process is not None:
                with suppress(ProcessLookupError):
                    self._process.terminate()
        self._thread.join(timeout=ENDING_PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _supervise(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._ending.is_set():
            started = time.monotonic()
            with self._lock:
                if self._ending.is_set():
                    return
                self._process = self._spawn()
            code = self._wait(self._process)
            if self._ending.is_set():
                return
            pause_s = (
                FIRST_PAUSE_S if time.monotonic() - started > HEALTHY_AFTER_S else min(2 * pause_s, LONGEST_PAUSE_S)
            )
            structlog.get_logger("territory.jobs").error("worker died", exit_code=code, restart_in_s=pause_s)
            self._ending.wait(pause_s)

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "app.jobs.worker", PARENT_OPTION],
            stdin=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for the service, which ends its worker in order
        )

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
        return code


def settings_environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables that make equal settings in a child process."""
    values: dict[str, Any] = settings.model_dump(mode="json")
    return {
        f"TERRITORY_{name.upper()}": json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in values.items()
        if value is not None
    }
