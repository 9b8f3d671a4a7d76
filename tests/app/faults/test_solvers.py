"""Solvers that die: why is told by the signal and by their last words."""

import signal

import pytest

from app.jobs.supervision import _loss


@pytest.mark.parametrize(
    ("number", "said", "code"),
    [
        (signal.SIGKILL, "", "OUT_OF_MEMORY"),
        (signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'", "OUT_OF_MEMORY"),
        (signal.SIGSEGV, "Fatal Python error: Segmentation fault", "SOLVER_CRASHED"),
    ],
)
def test_last_words_tell_why(number: int, said: str, code: str) -> None:
    """Want of memory is told from other crashes, however the solver died of it."""
    assert _loss(number, said).code == code
