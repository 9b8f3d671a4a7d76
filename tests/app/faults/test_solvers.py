"""Solvers that die: why is told by the exit code and by their last words."""

import signal

import pytest

from app.jobs.losses import EXIT_NO_ROOM, loss_of_exit
from app.jobs.solver_memory import MemoryUse


@pytest.mark.parametrize(
    ("exit_code", "said", "code"),
    [
        (-signal.SIGKILL, "", "OUT_OF_MEMORY"),
        (-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'", "OUT_OF_MEMORY"),
        (-signal.SIGSEGV, "Fatal Python error: Segmentation fault", "SOLVER_CRASHED"),
        (1, "MemoryError", "OUT_OF_MEMORY"),
        (1, "ImportError: libscipy.so: cannot map: Cannot allocate memory", "OUT_OF_MEMORY"),
        (4, "KeyError: 'R1'", "SOLVER_CRASHED"),
        (EXIT_NO_ROOM, "OSError: [Errno 28] No space left on device", "STORAGE_FULL"),
    ],
)
def test_last_words_tell_why(exit_code: int, said: str, code: str) -> None:
    """Want of memory and of room is told from other crashes, however the solver ended of it."""
    assert loss_of_exit(exit_code, said).code == code


@pytest.mark.parametrize(
    ("limit", "seen", "code"),
    [(0, None, "SOLVER_CRASHED"), (1000, 499, "SOLVER_CRASHED"), (1000, 500, "OUT_OF_MEMORY")],
)
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_crash_near_the_memory_limit_is_told_as_want_of_memory(
    number: int, limit: int, seen: int | None, code: str
) -> None:
    """Code that is refused memory may write where there is none: what the solver had of its limit tells it apart."""
    loss = loss_of_exit(-number, "Fatal Python error", MemoryUse(limit=limit, seen=seen))
    assert (loss.code, loss.params["signal"]) == (code, number)
    assert ("limit" in loss.detail) == (limit > 0)


def test_a_crash_under_a_limit_of_which_nothing_is_known_names_both_possibilities() -> None:
    """Where the system does not tell how much a solver had, the sentence says what to do in either case."""
    loss = loss_of_exit(-signal.SIGSEGV, "", MemoryUse(limit=1000))
    assert loss.code == "SOLVER_CRASHED"
    assert "memory limit" in loss.detail
    assert "report the job's id" in loss.detail
