"""Large imports are read in processes of their own, so that the API's one interpreter goes on answering.

Reading 19 MB takes over half a second of processor time; in a thread, every other request would share the interpreter
with it. A process that an import's size has ended by the system's hand takes nothing else with it.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Final, ParamSpec, TypeVar

from app.errors import Unavailable

LARGE_BYTES: Final = 2 * 1024 * 1024
"""Smaller imports are read where they are: handing them over would take longer."""
MOST_PROCESSES: Final = 2
MOST_DIGITS: Final = 18
"""Of a length that a header announces; what is longer is too large for anybody."""
NICENESS: Final = 5
"""Between the API, which is waited for at every click, and the solvers, which have minutes."""

Asked = ParamSpec("Asked")
Read = TypeVar("Read")


class ImportProcesses:
    """Processes that read large imports, started when the first one comes."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def call(self, size: int, read: Callable[Asked, Read], *args: Asked.args, **kwargs: Asked.kwargs) -> Read:
        """Return what ``read`` returns, computed elsewhere where much is to be read; blocks, so call it in a thread.

        Parameters
        ----------
        size
            Bytes to be read.
        read
            A function of a module, whose arguments, result and errors can be pickled.

        Raises
        ------
        Unavailable
            When the process ended before it had an answer, as the system does when memory runs out.
        """
        if size < LARGE_BYTES:
            return read(*args, **kwargs)
        pool = self._started()
        try:
            return pool.submit(read, *args, **kwargs).result()
        except BrokenProcessPool:
            self._forget(pool)
            detail = "The import was ended by the system, most likely for want of memory; nothing was stored."
            raise Unavailable("UNAVAILABLE", detail) from None

    def expect(self, announced: str) -> None:
        """Start a process while a large body is still on its way.

        Parameters
        ----------
        announced
            The body's length as its header says; anything may stand there.
        """
        if not (announced.isascii() and announced.isdigit()) or int(announced[:MOST_DIGITS]) < LARGE_BYTES:
            return
        if self._pool is None:
            self._started().submit(_import_readers)

    def close(self) -> None:
        """End the processes; what waits for them is abandoned."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    MOST_PROCESSES, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
                )
            return self._pool

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        """Let the next import start a pool anew; several callers may find the same one broken."""
        with self._guard:
            if self._pool is pool:
                self._pool = None


def _import_readers() -> None:
    import_module("app.datasets.importing")


def _begin() -> None:
    """Leave interrupts to the API, let it go first, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the API to be gone: one that was killed ends no pool."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
