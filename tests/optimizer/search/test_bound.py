"""The Lagrangian bound: valid whatever the multipliers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.search.bound import column_prices, lower_bound, zero_multipliers
from optimizer.search.model import Corrections, LoadName, Model, Multipliers
from optimizer.search.reduced_costs import cheapest_columns, near_columns, reduced_costs
from optimizer.search.rows import build_model
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import random_problem
from tests.optimizer.search.full_program import pair_amounts


def line_of_four() -> Model:
    """Four accounts of workload 1 at 0, 1, 2, 9 on a line; reps at 0 and 10 who carry at most 2 each.

    Nearest reps would give loads of 3 and 1. At a price of 6 for the first rep's workload the account at 2 is
    indifferent: it costs 2 + 6 there and 8 here. The bound is 0 + 1 + 2 + 1 + 3 · 6 − 2 · 6 = 10, the optimum.
    """
    places, reps = np.array([0.0, 1.0, 2.0, 9.0]), np.array([0.0, 10.0])
    none = np.full((1, 2), np.inf)
    return Model(
        item_of_account=np.arange(4, dtype=np.int32),
        column_rep=np.arange(2, dtype=np.int32),
        cost=np.abs(places[:, None] - reps[None, :]),
        current=np.full(4, -1, dtype=np.int32),
        loads=(LoadName(kind="measure", measure="workload"),),
        amount=np.ones((4, 1)),
        corrections=Corrections(
            start=np.zeros(5, dtype=np.int32), column=np.zeros(0, dtype=np.int32), delta=np.zeros((0, 1))
        ),
        lower=-none,
        upper=np.full((1, 2), 2.0),
        share_lower=-none,
        share_upper=none,
        total_upper=np.array([np.inf]),
        counts_unassigned=np.array([False]),
    )


def priced(model: Model, **changes: np.ndarray) -> Multipliers:
    """Return multipliers that price nothing but what is given."""
    zero = zero_multipliers(model)
    names = ("upper", "lower", "share_upper", "share_lower", "total", "soft")
    return Multipliers(**{name: changes.get(name, getattr(zero, name)) for name in names})


def random_multipliers(model: Model, rng: np.random.Generator) -> Multipliers:
    """Return multipliers of any size, some of them 0; those of soft balance of either sign."""
    shape = (model.num_loads, model.num_columns)
    size = 10.0 ** rng.uniform(-4, 0)

    def some(shape: tuple[int, ...]) -> np.ndarray:
        return np.where(rng.random(shape) < 0.5, rng.exponential(size, shape), 0.0)

    soft = (len(model.soft), model.num_columns)
    return Multipliers(
        upper=some(shape),
        lower=some(shape),
        share_upper=some(shape),
        share_lower=some(shape),
        total=some((model.num_loads,)),
        soft=some(soft) * rng.choice([-1.0, 1.0], soft),
    )


def test_the_bound_of_the_line_is_its_optimum_at_the_right_price() -> None:
    """A price of 6 on the first rep's limit proves the optimum of 10, worked out by hand."""
    model = line_of_four()
    assert lower_bound(model, zero_multipliers(model)) == pytest.approx(4.0)
    assert lower_bound(model, priced(model, upper=np.array([[6.0, 0.0]]))) == pytest.approx(10.0)


def test_a_multiplier_of_the_wrong_sign_or_of_no_limit_proves_nothing() -> None:
    """Negative prices, and prices of infinite limits, leave the bound as it is without them."""
    model = line_of_four()
    wrong = priced(model, upper=np.array([[-6.0, 0.0]]), lower=np.array([[5.0, 5.0]]))
    assert lower_bound(model, wrong) == pytest.approx(4.0)


def test_an_item_without_a_column_makes_the_bound_infinite() -> None:
    """Nothing is feasible when an item may go nowhere."""
    model = line_of_four()
    cost = np.array(model.cost)
    cost[2] = np.inf
    blocked = Model(**{**{name: getattr(model, name) for name in model.__dataclass_fields__}, "cost": cost})
    assert lower_bound(blocked, zero_multipliers(blocked)) == math.inf


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_bound_is_above_the_optimum(seed: int) -> None:
    """Random multipliers of random problems with every criterion prove nothing that brute force refutes."""
    problem, criteria = random_problem(seed)
    model = build_model(problem, criteria)
    optimum = brute_force(problem, criteria).optimum
    bound = lower_bound(model, random_multipliers(model, np.random.default_rng(seed)))
    if optimum is not None:
        assert bound <= optimum


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_reduced_costs_are_costs_plus_priced_amounts(seed: int) -> None:
    """All pairs, their minima and the near columns agree with a plain sum over the loads."""
    problem, criteria = random_problem(seed)
    model = build_model(problem, criteria)
    prices = column_prices(model, random_multipliers(model, np.random.default_rng(seed)))
    expected = model.cost + np.einsum("icl,lc->ic", pair_amounts(model), prices)
    assert np.allclose(reduced_costs(model, prices), expected)
    assert np.allclose(reduced_costs(model, prices, rows=slice(1, 2)), expected[1:2])
    assert np.allclose(cheapest_columns(model, prices)[1], expected.min(axis=1))
    near = near_columns(model, prices, width=math.inf, most=2)
    allowed = np.isfinite(expected).sum(axis=1)
    assert (near.count == np.minimum(allowed, min(2, model.num_columns))).all()
    for item in range(model.num_items):
        found = expected[item, near.column[item, : near.count[item]]]
        assert np.allclose(found, np.sort(expected[item])[: near.count[item]])


def test_costs_in_float32_prove_no_more_than_their_float64_originals() -> None:
    """Rounding costs to float32 never lifts the bound above that of the exact costs."""
    rng = np.random.default_rng(3)
    model = line_of_four()
    fields = {name: getattr(model, name) for name in model.__dataclass_fields__}
    for _ in range(50):
        exact = rng.random((4, 2)) / 3
        wide, narrow = Model(**{**fields, "cost": exact}), Model(**{**fields, "cost": exact.astype(np.float32)})
        multipliers = priced(model, upper=rng.random((1, 2)))
        assert lower_bound(narrow, multipliers) <= lower_bound(wide, multipliers)
