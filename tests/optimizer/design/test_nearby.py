"""The relaxation around a connected choice, on rows of units."""

import numpy as np
import pytest

from optimizer.criteria import Balance, Contiguity, Criteria
from optimizer.design.nearby import near_pairs, relax_nearby
from optimizer.design.nodes import nodes_of
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.search.clock import Clock
from optimizer.search.incumbent import Incumbent
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime
from optimizer.units import Units
from tests.optimizer.design.grids import grid
from tests.optimizer.small_problems import problem_of

CRITERIA = Criteria(
    balance=(Balance(measure="workload", tolerance=0.1, hard=True),),
    travel_weight=50.0,
    contiguity=Contiguity.ROOK,
    families_together=False,
)


def line_problem(travel: np.ndarray) -> Problem:
    """Return accounts of equal workload in a row of units, one each, and two reps."""
    graph, _ = grid(1, len(travel))
    once = graph.origin < graph.neighbor
    unit = np.arange(len(travel), dtype=np.int32)
    first, second = graph.origin[once].astype(np.int32), graph.neighbor[once].astype(np.int32)
    units = Units(num_units=len(travel), unit=unit, first=first, second=second)
    return problem_of(np.ones(len(travel)), num_reps=2, travel=travel, units=units)


@pytest.mark.parametrize("steps", [1, 2])
def test_what_is_far_is_left_out(steps: int) -> None:
    """On a line, a territory of its first nodes reaches as many nodes further as there are steps."""
    problem = line_problem(np.ones((6, 2)))
    assert problem.units is not None
    nodes = nodes_of(problem.units, np.arange(6, dtype=np.int32))
    near = near_pairs(nodes, np.array([0, 0, 0, 1, 1, 1]), num_columns=2, steps=steps)
    assert near[:, 0].tolist() == [True] * (3 + steps) + [False] * (3 - steps)
    assert near[:, 1].tolist() == [False] * (3 - steps) + [True] * (3 + steps)


@pytest.mark.parametrize(("steps", "is_possible"), [(1, False), (2, True)])
def test_territories_move_no_further_than_asked(steps: int, is_possible: bool) -> None:
    """Five units against one are balanced two steps on; one step cannot keep the limits, and claims no bound."""
    problem = line_problem(np.array([[0.0, 1.0]] * 3 + [[1.0, 0.0]] * 3))
    assert problem.units is not None
    model = build_model(problem, CRITERIA)
    incumbent = Incumbent(problem, CRITERIA, model, stop=MaxRuntime(600.0), clock=Clock(by_work=True), on_progress=None)
    nodes = nodes_of(problem.units, model.item_of_account)
    column = np.array([0, 0, 0, 0, 0, 1])
    found = relax_nearby(
        incumbent, (problem, CRITERIA), nodes, column, steps=steps, params=SolveParams(threads=1), seed=0
    )
    assert (found is not None) is is_possible
    if found is not None:
        assert found.rounded.tolist() == [0, 0, 0, 1, 1, 1]
    assert incumbent.lower_bound is None
