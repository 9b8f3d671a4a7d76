"""Exchanges among a few columns, and the bound from whole columns, against every answer of small problems."""

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.problem import Problem
from optimizer.search.bound import lower_bound, zero_multipliers
from optimizer.search.clock import Clock
from optimizer.search.column_bound import ColumnBound
from optimizer.search.evaluation import columns_of, keeps_rows, model_objective
from optimizer.search.exchange_space import can_price
from optimizer.search.exchanges import ExchangeParams, ExchangeSearch, neighboring_parts
from optimizer.search.incumbent import Incumbent
from optimizer.search.losses import Losses
from optimizer.search.model import Corrections, LoadName, Model, Multipliers
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime
from tests.optimizer.brute_force import EveryAlignment, brute_force
from tests.optimizer.random_problems import Mix, random_problem

SEEDS = range(80)


def random_prices(model: Model, seed: int) -> Multipliers:
    """Return some prices of the limits, of the size of the costs; most of them 0."""
    rng = np.random.default_rng(seed)
    scale = float(np.abs(model.cost[np.isfinite(model.cost)]).mean()) / max(float(model.amount.mean()), 1e-9)

    def some(limit: np.ndarray) -> np.ndarray:
        drawn = scale * rng.exponential(1.0, limit.shape) * (rng.random(limit.shape) < 0.4)
        return np.where(np.isfinite(limit), drawn, 0.0)

    zero = zero_multipliers(model)
    soft = np.array([some(np.where(soft.target > 0, 0.0, np.inf)) for soft in model.soft]).reshape(zero.soft.shape)
    return Multipliers(
        upper=some(model.upper),
        lower=some(model.lower),
        share_upper=zero.share_upper,
        share_lower=zero.share_lower,
        total=some(model.total_upper),
        soft=soft * rng.choice([-0.2, 0.2], zero.soft.shape),
    )


def _started(problem: Problem, criteria: Criteria, model: Model, every: EveryAlignment, seed: int) -> Incumbent:
    """Return an incumbent at some right alignment, not the best where there is another."""
    incumbent = Incumbent(problem, criteria, model, stop=MaxRuntime(20.0), clock=Clock(by_work=True), on_progress=None)
    right = np.flatnonzero(every.is_right)
    order = right[np.argsort(-every.objective[right], kind="stable")]
    for index in order[: 1 + seed % 3][::-1]:
        columns = columns_of(model, Alignment(every.rep[index]))
        if (columns >= 0).all() and incumbent.offer(columns):
            break
    return incumbent


@pytest.mark.parametrize("seed", SEEDS)
def test_exchanging_all_columns_finds_the_best_at_any_prices(seed: int) -> None:
    """Where a group holds all columns, lists are whole: from any right alignment the best one is found."""
    problem, criteria = random_problem(seed, mix=Mix(most_reps=4))
    model = build_model(problem, criteria)
    every = brute_force(problem, criteria)
    if not every.is_feasible or not can_price(model):
        return
    incumbent = _started(problem, criteria, model, every, seed)
    if incumbent.columns is None:
        return
    prices = random_prices(model, seed)
    size = model.num_columns
    ExchangeSearch(
        model,
        prices,
        Losses(model, prices),
        ExchangeParams(per_item=size),
        seed=seed,
        threads=1,
    ).improve(incumbent, size)
    assert keeps_rows(model, incumbent.columns)
    assert model_objective(model, incumbent.columns) == pytest.approx(every.optimum, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bound_from_whole_columns_lies_between_the_prices_and_the_truth(seed: int) -> None:
    """At any prices, and however the items' prices move, no bound exceeds the best objective."""
    problem, criteria = random_problem(seed, mix=Mix(most_reps=4))
    model = build_model(problem, criteria)
    every = brute_force(problem, criteria)
    if not every.is_feasible or not can_price(model):
        return
    incumbent = _started(problem, criteria, model, every, seed)
    if incumbent.columns is None or every.optimum is None:
        return
    prices = random_prices(model, seed)
    bound = ColumnBound(model, prices, threads=2)
    lost = Losses(model, prices).by_column(incumbent.columns)
    bound.improve(incumbent, lost, rounds=8)
    bound.sharpen(incumbent, lost)
    size = abs(every.optimum) + 1.0
    assert bound.bound <= every.optimum + 1e-9 * size
    assert bound.bound >= lower_bound(model, prices) - 1e-6 * size
    assert (bound.inevitable >= 0).all()


def test_what_whole_items_cannot_fill_raises_the_bound() -> None:
    """A column must hold 5 and items weigh 4: two of the three must come, where prices would cut one to a quarter."""
    problem, criteria = random_problem(0)
    model = _two_columns()
    prices = Multipliers(**{**vars(zero_multipliers(model)), "lower": np.array([[0.25, 0.0]])})
    assert lower_bound(model, prices) == pytest.approx(1.25)
    incumbent = Incumbent(problem, criteria, model, stop=MaxRuntime(5.0), clock=Clock(by_work=True), on_progress=None)
    incumbent.columns, incumbent.objective = np.array([0, 0, 1], dtype=np.int32), 2.0
    bound = ColumnBound(model, prices, threads=1)
    bound.improve(incumbent, np.array([0.75, 0.0]), rounds=20)
    assert bound.bound == pytest.approx(2.0, rel=1e-6)


def test_parts_hold_every_column_once() -> None:
    """Columns on a ring, in three parts: none is missing and none is twice, and sizes differ by few."""
    near = np.column_stack([(np.arange(20) + 1) % 20, (np.arange(20) - 1) % 20, np.full(20, -1)])
    parts = neighboring_parts(near, 3, np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(20))
    assert {len(part) for part in parts} <= {6, 7, 8}


def _two_columns() -> Model:
    """Return three items of weight 4, that cost 1 in the first column and nothing in the second."""
    return Model(
        item_of_account=np.arange(3, dtype=np.int32),
        column_rep=np.arange(2, dtype=np.int32),
        cost=np.array([[1.0, 0.0]] * 3),
        current=np.full(3, -1),
        loads=(LoadName(kind="measure", measure="workload"),),
        amount=np.full((3, 1), 4.0),
        corrections=Corrections(start=np.zeros(4, np.int32), column=np.zeros(0, np.int32), delta=np.zeros((0, 1))),
        lower=np.array([[5.0, -np.inf]]),
        upper=np.full((1, 2), np.inf),
        share_lower=np.full((1, 2), -np.inf),
        share_upper=np.full((1, 2), np.inf),
        total_upper=np.array([np.inf]),
        counts_unassigned=np.zeros(1, dtype=np.bool_),
    )
