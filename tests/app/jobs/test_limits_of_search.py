"""What a solver is given besides its question: threads, and how long it may take before it is ended."""

import os

import pytest

from app.jobs.solver_files import CORES_VARIABLE
from app.jobs.solver_process import DETERMINISTIC_THREADS, threads_of
from app.jobs.solver_watch import longest_s
from app.scenarios.schemas import Search


def test_a_deterministic_search_has_the_same_threads_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many cores a machine has; else a search takes all of them, and a setting decides for both."""
    monkeypatch.delenv(CORES_VARIABLE, raising=False)
    for cores in (1, 64):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        assert threads_of(Search(deterministic=True)) == DETERMINISTIC_THREADS
        assert threads_of(Search()) == cores
    monkeypatch.setenv(CORES_VARIABLE, "3")
    assert threads_of(Search(deterministic=True)) == threads_of(Search()) == 3


def test_the_clock_ends_only_what_hangs() -> None:
    """A search by the clock gets twice its time and a minute at least; one that counts work far more."""
    assert longest_s({"time_limit_s": 5, "deterministic": False}) == 65
    assert longest_s({"time_limit_s": 100, "deterministic": False}) == 300
    assert longest_s({"time_limit_s": 100, "deterministic": True}) == 5100
