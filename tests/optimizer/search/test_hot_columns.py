"""Columns that lose most are dealt out with their partners, with pairs that are dear."""

import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.problem import Problem
from optimizer.search.bound import zero_multipliers
from optimizer.search.clock import Clock
from optimizer.search.hot_columns import improve_hot_columns
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime
from optimizer.validation import violations

AMOUNT = np.array([9.0, 7.0, 6.0, 5.0, 4.0, 1.0])


def _far_rep() -> tuple[Problem, Criteria]:
    """Return six accounts, a rep in their midst and one far away who must have between 10 and 10.5 hours.

    The hours 9 + 1, 6 + 4 and 5 + 4 + 1 fit; the far rep drives least to the second pair, by a detour of 4 and 6.
    """
    problem = Problem(
        measures=("accounts", "workload"),
        amount=np.column_stack([np.ones(6), AMOUNT]),
        current=np.full(6, -1),
        family=np.arange(6, dtype=np.int32),
        locked=np.zeros(6, dtype=np.bool_),
        fte=np.ones(2),
        active=np.ones(2, dtype=np.bool_),
        capacity_min=np.array([[0.0, 0.0], [0.0, 10.0]]),
        capacity_max=np.array([[np.inf, np.inf], [np.inf, 10.5]]),
        target=np.full((2, 2), np.nan),
        travel=np.column_stack([np.ones(6), [30.0, 30.0, 7.0, 9.0, 5.0, 3.0]]),
    )
    return problem, Criteria(travel_weight=1.0)


def _incumbent(columns: list[int]) -> Incumbent:
    problem, criteria = _far_rep()
    model = build_model(problem, criteria)
    incumbent = Incumbent(problem, criteria, model, stop=MaxRuntime(20.0), clock=Clock(by_work=True), on_progress=None)
    incumbent.offer(np.array(columns, dtype=np.int32))
    return incumbent


def test_a_far_rep_gets_the_accounts_that_fit_best() -> None:
    """From 9 + 1 hours the far rep comes to 6 + 4, the cheapest accounts of as much as must be."""
    incumbent = _incumbent([1, 0, 0, 0, 0, 1])
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    improve_hot_columns(incumbent, losses, threads=2, seed=0)
    assert incumbent.columns is not None
    assert incumbent.columns.tolist() == [0, 0, 1, 0, 1, 0]
    problem, criteria = _far_rep()
    assert violations(problem, criteria, Alignment(incumbent.model.column_rep[incumbent.columns])) == ()


def test_what_cannot_be_avoided_is_left_alone() -> None:
    """A column whose whole loss is known to be inevitable is not dealt out again."""
    incumbent = _incumbent([1, 0, 0, 0, 0, 1])
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    assert incumbent.columns is not None
    lost = losses.by_column(incumbent.columns)
    improve_hot_columns(incumbent, losses, threads=2, seed=0, inevitable=lost)
    assert incumbent.columns.tolist() == [1, 0, 0, 0, 0, 1]
