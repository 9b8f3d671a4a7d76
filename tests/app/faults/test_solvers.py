"""Solvers that die: why is told by the exit code and by their last words."""

import signal

import pytest

from app.jobs.losses import EXIT_NO_ROOM, loss_of_exit


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
