"""How districts of another library are judged, and how its process is asked."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import beside_spopt
from benchmarks.districting import county_question
from tests.benchmarks.test_districting import STATE


def test_districts_are_judged_on_the_numbers_of_the_file() -> None:
    """The right cut is in band and connected; the wrong one is in two pieces, by half too large and too small."""
    question = county_question(STATE, districts=2, limits=(20, 20))
    right = beside_spopt.judged(question, np.array([0, 0, 1]))
    assert right == {
        "found": 2,
        "connected": 2,
        "in_band": 2,
        "farthest_percent": 0.0,
        "cost": float(question.distance[0, 1]),
    }
    wrong = beside_spopt.judged(question, np.array([0, 1, 0]))
    assert (wrong["connected"], wrong["in_band"], wrong["farthest_percent"]) == (1, 0, pytest.approx(50.0))


def test_without_the_library_its_row_says_so() -> None:
    """No Python and one without spopt are told as failures, never as answers."""
    asked = {"method": "skater", "seed": 0, "seconds": 60.0}
    arrays = {"place": np.zeros((2, 2)), "edges": np.array([[0, 1]]), "amount": np.ones(2)}
    told, answer = beside_spopt._of_peer(asked, arrays, None, count=1)
    assert (told["error"], answer) == ("spopt is not installed", None)
    told, answer = beside_spopt._of_peer(asked, arrays, Path(sys.executable), count=1)
    assert told["outcome"] == "failed"
    assert answer is None
