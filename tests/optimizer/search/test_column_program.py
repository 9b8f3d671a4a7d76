"""The cheapest set of one column, by an integer program, against all sets."""

import itertools
import math

import numpy as np
import pytest

from optimizer.search.bound import valid_multipliers
from optimizer.search.column_program import least_cost
from optimizer.search.exchange_sets import value_of
from optimizer.search.exchange_space import can_price, price_space
from optimizer.search.rows import build_model
from tests.optimizer.random_problems import Mix, random_problem
from tests.optimizer.search.test_exchanges import random_prices


@pytest.mark.parametrize("seed", range(40))
def test_the_program_meets_the_cheapest_of_all_sets(seed: int) -> None:
    """At any prices the bound is the cheapest set's cost, limits and soft balance counted, and never above it."""
    problem, criteria = random_problem(seed, mix=Mix(most_reps=4))
    model = build_model(problem, criteria)
    if not can_price(model) or not 0 < model.num_items <= 10:
        return
    prices = valid_multipliers(model, random_prices(model, seed))
    nothing = np.zeros(0)
    space = price_space(
        model,
        prices,
        start=np.zeros(1, dtype=np.int64),
        column=nothing.astype(np.int64),
        cost=nothing,
        amount=np.zeros((0, model.num_loads)),
    )
    worth = np.random.default_rng(seed).normal(0.0, 3.0, model.num_items)
    cheapest = math.inf
    for chosen in itertools.product((0.0, 1.0), repeat=model.num_items):
        load = np.array(chosen) @ model.amount
        values = [value_of(space, 0, kind, load[kind]) for kind in range(model.num_loads)]
        cheapest = min(cheapest, float(np.array(chosen) @ worth) + sum(values))
    found = least_cost(space, 0, worth=worth, amount=np.array(model.amount), seconds=60.0, seed=0)
    if math.isinf(cheapest):
        return
    assert found.bound <= cheapest + 1e-7 * (1.0 + abs(cheapest))
    assert found.bound == pytest.approx(cheapest, abs=1e-4 * (1.0 + abs(cheapest)))
