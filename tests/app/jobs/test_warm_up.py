"""What is compiled before a job's clock starts, and what a question does not wait for."""

import threading
from pathlib import Path
from typing import Any

import pytest

from app.jobs.kernel_cache import CACHE_VARIABLE, marker
from app.jobs.warm_up import special_steps, warm_up
from app.scenarios.schemas import Criteria
from optimizer.design.warm_up import compile_design
from optimizer.location.warm_up import compile_location
from optimizer.search.pattern_warm_up import compile_patterns
from tests.app.alignments.line import rep_rows, tables

HARD, SOFT = {"measure": "workload", "hard": True}, {"measure": "accounts", "weight": 50}
TRAVEL: dict[str, Any] = {"weight": 50}


def waiting() -> threading.Event:
    """Return an event that is set."""
    event = threading.Event()
    event.set()
    return event


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"balance": [HARD, SOFT], "travel": TRAVEL}, ()),
        ({"balance": [HARD, {**SOFT, "hard": True}], "travel": TRAVEL}, ()),
        ({"balance": [HARD], "travel": TRAVEL}, (compile_patterns,)),
        ({"balance": [HARD, {**SOFT, "weight": 0}], "travel": TRAVEL}, (compile_patterns,)),
        ({"balance": [HARD, SOFT], "contiguity": "rook"}, (compile_design,)),
    ],
)
def test_questions_ask_for_the_kernels_of_their_kind(criteria: dict[str, Any], expected: tuple[Any, ...]) -> None:
    """One limit a rep may be a knapsack, connection needs the search for it, all else what every question needs."""
    assert special_steps(tables(reps=rep_rows()[:3]), Criteria.model_validate(criteria)) == expected


def test_reps_without_a_home_ask_for_the_search_for_centers() -> None:
    """An open seat that has no place, where distances count, is placed by a search of its own."""
    criteria = Criteria.model_validate({"balance": [HARD, SOFT], "travel": TRAVEL})
    assert special_steps(tables(), criteria) == (compile_location,)


def test_a_question_that_waits_has_compiled_what_it_needs_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is marked as compiled, the question's own steps are run, and the others are left for later."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    done: list[str] = []
    warm_up(hurry=waiting(), needed=lambda: [lambda: done.append("own")])
    assert done == ["own"]
    mark = marker()
    assert mark is not None
    assert not mark.exists()


def test_nothing_is_run_for_a_question_where_all_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the mark is there, a question that waits is answered at once."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    mark = marker()
    assert mark is not None
    mark.touch()
    done: list[str] = []
    warm_up(hurry=waiting(), needed=lambda: [lambda: done.append("own")])
    assert done == []
