"""Why a job lost its worker or its solver, as the job's problem says it if that happens too often.

A solver that was killed is tried again from the last stored alignment; one that ended by itself with an error would do
so again, and fails the job at once; want of room on the worker's disk may pass, and another worker may have some.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.jobs.solver_memory import UNLIMITED, MemoryUse

EXIT_NO_ROOM: Final = 5
"""A solver's exit code when its folder's disk is full."""

_MEMORY_WORDS: Final = (
    "MemoryError",
    "bad_alloc",
    "Cannot allocate memory",
    "out of memory",
    "can't start new thread",
)


@dataclass(frozen=True)
class Loss:
    """Why a job that lost its workers too often fails.

    Parameters
    ----------
    code
        Stable word of the error table.
    detail
        One plain sentence.
    params
        What the sentence depends on.
    """

    code: str
    detail: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def problem(self) -> dict[str, Any]:
        """Return the job's problem document, as far as it is stored."""
        return {"code": self.code, "detail": self.detail, "params": dict(self.params)}


WORKER_LOST: Final = Loss("WORKER_LOST", "The job lost its worker too often and was given up; submit it again.")
OUT_OF_MEMORY: Final = Loss("OUT_OF_MEMORY", "The solver ran out of memory; split the problem by region or add memory.")
KILLED: Final = Loss(
    "OUT_OF_MEMORY",
    "The operating system killed the solver each time, most likely for want of memory; split the problem by region or "
    "add memory.",
)
CRASHED: Final = Loss("SOLVER_CRASHED", "The solver ended unexpectedly; report the job's id.")
NEVER_READY: Final = Loss("SOLVER_CRASHED", "The solver did not get ready each time; report the job's id.")
NO_ROOM: Final = Loss("STORAGE_FULL", "The disk of the worker is full; make room, then submit the job again.")


def loss_of_exit(code: int, said: str, memory: MemoryUse = UNLIMITED) -> Loss:
    """Return why a solver ended without an answer.

    Parameters
    ----------
    code
        Its exit code; negative is the signal that killed it.
    said
        The end of what it wrote to its standard error.
    memory
        What it may take, and what it had.
    """
    if code == EXIT_NO_ROOM:
        return NO_ROOM
    if code == -signal.SIGKILL:
        return KILLED
    if any(words in said for words in _MEMORY_WORDS):
        return OUT_OF_MEMORY
    return _crash(-code, memory) if code < 0 else CRASHED


def _crash(number: int, memory: MemoryUse) -> Loss:
    """Return why a solver died of a signal: code that gets no memory may write where there is none."""
    if memory.limit <= 0:
        return Loss("SOLVER_CRASHED", "The solver crashed each time; report the job's id.", {"signal": number})
    told = {"signal": number, "memory_limit_bytes": memory.limit, "memory_bytes": memory.seen}
    if memory.is_tight:
        detail = "The solver crashed each time, near its memory limit; raise the limit or split the problem by region."
        return Loss("OUT_OF_MEMORY", detail, told)
    detail = (
        "The solver crashed each time. If its memory limit was too low for this problem, raise it or split the problem "
        "by region; otherwise report the job's id."
    )
    return Loss("SOLVER_CRASHED", detail, told)
