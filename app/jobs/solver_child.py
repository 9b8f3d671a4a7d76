"""The worker's handle on a solver process: start it, hear it, stop it, kill it.

The process' standard input is a pipe that dies with this process, so no solver outlives its worker.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from app.jobs.solver_files import CORES_VARIABLE, LOG, SolverFiles

KILL_WAIT_S = 10.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")


class SolverChild:
    """One running solver process.

    Parameters
    ----------
    files
        The folder with what is asked.
    environment
        Added to this process' own.
    """

    def __init__(self, files: SolverFiles, *, environment: Mapping[str, str]) -> None:
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with files.path(LOG).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.jobs.solver_process", str(files.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,  # Ctrl-C in a terminal is for the service, which ends its solvers in order
            )
        self._reader = threading.Thread(target=self._read, name="solver-reader", daemon=True)
        self._reader.start()

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    def next_message(self, *, timeout_s: float) -> dict[str, Any] | None:
        """Return the next line, None once the process has closed its output.

        Raises
        ------
        TimeoutError
            When nothing came in time.
        """
        try:
            return self._messages.get(timeout=timeout_s)
        except queue.Empty:
            raise TimeoutError from None

    def ask_to_stop(self) -> None:
        """Ask for the best so far; a process that has ended already does not mind."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(b"stop\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the process now and wait until it is gone."""
        self._process.kill()
        self.wait()

    def wait(self) -> int:
        """Return the exit code once the process has ended; negative is the signal that killed it."""
        try:
            code = self._process.wait(timeout=KILL_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        self._reader.join(timeout=KILL_WAIT_S)
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._messages.put(json.loads(line))
        self._messages.put(None)


def core_environment(cores: int) -> dict[str, str]:
    """Return the variables that keep a solver to so many cores; none for 0, which means all."""
    return {} if cores == 0 else dict.fromkeys((*THREAD_VARIABLES, CORES_VARIABLE), str(cores))
