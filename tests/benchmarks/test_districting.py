"""The audit of the districting benchmarks, and how a state's counties become a question."""

import numpy as np
import pytest

from benchmarks.districting import county_question
from benchmarks.free_runs import faults
from optimizer.design.free_centers import FreeAnswer
from optimizer.result import Outcome

STATE = {
    "nodes": [["1", "A", 10, -100.0, 40.0], ["2", "B", 10, -99.0, 40.0], ["3", "C", 20, -98.0, 40.0]],
    "edges": [[0, 1, 1.0], [1, 2, 1.0]],
}


def answer(column: list[int], objective: float) -> FreeAnswer:
    """Return an answer that claims a cost."""
    return FreeAnswer(outcome=Outcome.FEASIBLE, column=np.array(column), objective=objective)


def test_a_county_costs_its_people_times_squared_miles() -> None:
    """One degree of longitude at 40 degrees north is 53.06 miles on WGS 84."""
    question = county_question(STATE, districts=2, limits=(20, 20))
    assert question.distance.diagonal().tolist() == [0.0, 0.0, 0.0]
    assert question.distance[2, 1] == pytest.approx(20 * 53.06**2, rel=1e-3)
    assert question.distance[1, 2] == pytest.approx(question.distance[2, 1] / 2)


def test_the_audit_counts_what_is_wrong() -> None:
    """Right is no fault; then a cost that is not theirs, two districts out of band, one of them in pieces."""
    question = county_question(STATE, districts=2, limits=(20, 20))
    cost = float(question.distance[0, 1])
    assert faults(question, answer([0, 0, 1], cost)) == 0
    assert faults(question, answer([0, 0, 1], 2 * cost)) == 1
    assert faults(question, answer([0, 1, 0], float(min(question.distance[2, 0], question.distance[0, 2])))) == 3
    assert faults(question, FreeAnswer(outcome=Outcome.INFEASIBLE)) is None
