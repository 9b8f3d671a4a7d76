"""The worker's handle on a solver process: start it, hear it, stop it, kill it.

The process' standard input is a pipe that dies with this process, so no solver outlives its worker.
"""

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.jobs.solver_files import CORES_VARIABLE
from app.jobs.solver_memory import MemoryUse, data_bytes, memory_limit

KILL_WAIT_S = 10.0
LAST_STEP_S = 5.0
"""For a process that has closed its output: it ends by itself, and its exit code says why."""
TERM_WAIT_S = 1.0
"""For a process that is asked to end; a frozen one does not hear it."""
LOG_TAIL_BYTES = 4000
BLAS_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Always 1: the search shares its work among threads itself; threads of BLAS below them cost several times the CPU
time, and sums that depend on their number would make answers depend on the machine."""


class SolverChild:
    """One solver process; it gets ready by itself and solves once.

    Parameters
    ----------
    log
        Where its standard error goes.
    environment
        Added to this process' own.
    """

    def __init__(self, log: Path, *, environment: Mapping[str, str]) -> None:
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._log = log
        self._environment = {**os.environ, **environment}
        self._memory = MemoryUse(limit=memory_limit(self._environment))
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.jobs.solver_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=self._environment,
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

    def solve(self, folder: Path) -> None:
        """Hand over the folder with the question."""
        self._order(b"solve " + os.fsencode(folder))

    def ask_to_stop(self) -> None:
        """Ask for the best so far."""
        self._order(b"stop")

    def is_alive(self) -> bool:
        """Tell whether the process is there and can still be asked."""
        return self._process.poll() is None

    @property
    def memory(self) -> MemoryUse:
        """What the process had of its memory when it was last looked at."""
        return self._memory

    def look_at_memory(self) -> None:
        """Note what the process has of its memory, where that is limited and as long as it is there."""
        limit = self._memory.limit
        seen = data_bytes(self._process.pid) if limit > 0 else None
        if seen is not None:
            self._memory = MemoryUse(limit=limit, seen=seen)

    def log_tail(self) -> str:
        """Return the end of what the process wrote to its standard error."""
        return self._log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace") if self._log.exists() else ""

    def kill(self) -> None:
        """End the process and wait until it is gone: asked first, so that an exit by force means something."""
        self._reader.join(timeout=0)
        if not self._reader.is_alive():
            self._gone_within(LAST_STEP_S)
        self._process.terminate()
        if not self._gone_within(TERM_WAIT_S):
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

    def _gone_within(self, seconds: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)
        return self._process.poll() is not None

    def _order(self, line: bytes) -> None:
        """Write a line; a process that has ended already does not mind."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._messages.put(json.loads(line))
        self._messages.put(None)


def core_environment(cores: int) -> dict[str, str]:
    """Return the variables that keep a solver to so many cores; 0 means all."""
    alone = dict.fromkeys(BLAS_VARIABLES, "1")
    return alone if cores == 0 else alone | dict.fromkeys(("NUMBA_NUM_THREADS", CORES_VARIABLE), str(cores))


class SpareSolvers:
    """Keeps one solver process ready, so that a job need not wait for imports and compilation.

    Parameters
    ----------
    folder
        Where logs are written.
    environment
        Variables for the processes.
    """

    def __init__(self, folder: Path, *, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._lock = threading.Lock()
        self._spare: SolverChild | None = None
        self._numbers = itertools.count(1)

    def prepare(self) -> None:
        """Start a spare process unless there is one; where none can start, the next job tells why."""
        with self._lock, suppress(OSError):
            if self._spare is None or not self._spare.is_alive():
                self._spare = self._start()

    def take(self) -> SolverChild:
        """Return the spare process, or a new one."""
        with self._lock:
            spare, self._spare = self._spare, None
            return spare if spare is not None and spare.is_alive() else self._start()

    def close(self) -> None:
        """End the spare process."""
        with self._lock:
            if self._spare is not None:
                self._spare.kill()
                self._spare = None

    def _start(self) -> SolverChild:
        return SolverChild(self._folder / f"solver-{next(self._numbers)}.log", environment=self._environment)
