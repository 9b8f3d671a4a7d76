"""The linear program's value by rounds of pricing, against the program written out in full."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.search.bound import lower_bound
from optimizer.search.dual import solve_dual
from optimizer.search.dual_params import DualParams
from optimizer.search.model import Model, Multipliers
from optimizer.search.rows import build_model
from optimizer.stop import MaxRuntime
from tests.optimizer.brute_force import brute_force
from tests.optimizer.random_problems import Mix, random_problem
from tests.optimizer.search.full_program import linear_program_value, pair_amounts
from tests.optimizer.search.test_bound import line_of_four

LONG = MaxRuntime(60)


def changed(model: Model, **changes: object) -> Model:
    """Return the model with some fields changed."""
    return Model(**{**{name: getattr(model, name) for name in model.__dataclass_fields__}, **changes})


def clustered(num_items: int, num_columns: int, *, seed: int, tolerance: float = 0.05) -> Model:
    """Return items and reps in the plane, one measure in a band around the mean, and float32 costs."""
    rng = np.random.default_rng(seed)
    places, homes = rng.random((num_items, 2)), rng.random((num_columns, 2))
    work = rng.lognormal(0, 0.7, (num_items, 1))
    mean = work.sum() / num_columns
    line = line_of_four()
    none = np.full((1, num_columns), np.inf)
    return changed(
        line,
        item_of_account=np.arange(num_items),
        column_rep=np.arange(num_columns),
        cost=np.hypot(*(places[:, None, :] - homes[None, :, :]).transpose(2, 0, 1)).astype(np.float32),
        current=np.full(num_items, -1),
        amount=work,
        corrections=type(line.corrections)(
            start=np.zeros(num_items + 1, dtype=np.int32),
            column=np.zeros(0, dtype=np.int32),
            delta=np.zeros((0, 1)),
        ),
        lower=np.full((1, num_columns), (1 - tolerance) * mean),
        upper=np.full((1, num_columns), (1 + tolerance) * mean),
        share_lower=-none,
        share_upper=none,
    )


def test_the_line_of_four_is_solved_to_its_optimum() -> None:
    """The linear program of the line has the integral value 10, and its accounts are not split."""
    solution = solve_dual(line_of_four(), stop=LONG)
    assert solution.is_exact
    assert solution.lower_bound == pytest.approx(10.0, abs=1e-5)
    assert solution.primal is not None
    assert solution.primal.column.tolist() == [0, 0, 1, 1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_bound_is_the_value_of_the_full_program(seed: int) -> None:
    """On random problems with every criterion the bound meets the program's value, and infeasible ones are named."""
    problem, criteria = random_problem(seed, mix=Mix(most_accounts=12, most_reps=4))
    model = build_model(problem, criteria)
    solution = solve_dual(model, stop=LONG)
    value = linear_program_value(model)
    if value is None:
        assert solution.infeasible
        return
    assert not solution.infeasible
    scale = max(1.0, abs(value))
    assert solution.lower_bound <= value + 1e-9 * scale
    assert solution.lower_bound == pytest.approx(value, abs=2e-5 * scale)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_feasible_is_called_infeasible(seed: int) -> None:
    """What brute force finds feasible is not refuted, and its optimum is not below the bound."""
    problem, criteria = random_problem(seed)
    truth = brute_force(problem, criteria)
    solution = solve_dual(build_model(problem, criteria), stop=LONG)
    if truth.optimum is not None:
        assert not solution.infeasible
        assert solution.lower_bound <= truth.optimum


def test_an_infeasible_program_comes_with_its_proof() -> None:
    """With room for 3 of 4 accounts the multipliers bound the program without costs above 0."""
    model = line_of_four()
    full = changed(model, upper=np.array([[2.0, 1.0]]))
    solution = solve_dual(full, stop=LONG)
    assert solution.infeasible
    assert lower_bound(changed(full, cost=np.zeros((4, 2))), solution.multipliers) > 0


def test_no_allowed_column_is_infeasible_at_once() -> None:
    """An account that nobody may serve needs no program."""
    cost = np.array(line_of_four().cost)
    cost[0] = np.inf
    solution = solve_dual(changed(line_of_four(), cost=cost), stop=LONG)
    assert solution.infeasible
    assert solution.lower_bound == math.inf


def test_bounds_only_rise_and_each_is_proven_by_its_multipliers() -> None:
    """Every reported bound is what its multipliers prove, and better than the one before."""
    model = clustered(300, 8, seed=1)
    seen: list[tuple[float, Multipliers]] = []
    solution = solve_dual(model, stop=LONG, on_bound=lambda bound, prices: seen.append((bound, prices)))
    bounds = [bound for bound, _ in seen]
    assert bounds == sorted(bounds)
    assert bounds[-1] == solution.lower_bound
    for bound, multipliers in seen:
        assert lower_bound(model, multipliers) == pytest.approx(bound, rel=1e-9)


def test_few_pairs_lead_to_the_same_value_as_all() -> None:
    """Starting from three columns an item, pricing brings in what is missing."""
    model = clustered(400, 12, seed=2)
    value = linear_program_value(model)
    solution = solve_dual(model, stop=LONG, params=DualParams(max_columns=3))
    assert solution.is_exact
    assert solution.lower_bound == pytest.approx(value, rel=2e-6)


def test_a_sampled_start_leads_to_the_same_value() -> None:
    """Prices learned from a sample change the way, not the end."""
    model = clustered(900, 6, seed=4)
    near = solve_dual(model, stop=LONG, params=DualParams(sample_items=20))
    far = solve_dual(model, stop=LONG, params=DualParams(sample_items=1000))
    assert near.is_exact
    assert near.lower_bound == pytest.approx(far.lower_bound, rel=2e-6)


def test_a_warm_start_needs_fewer_steps() -> None:
    """The multipliers of the same model lead back to its value in fewer steps."""
    model = clustered(600, 10, seed=5)
    cold = solve_dual(model, stop=LONG)
    warm = solve_dual(model, stop=LONG, start=cold.multipliers)
    assert warm.lower_bound == pytest.approx(cold.lower_bound, rel=2e-6)
    assert steps_of(warm.statistics["rounds"]) < steps_of(cold.statistics["rounds"])


def steps_of(rounds: list[dict[str, int]]) -> int:
    """Return the interior-point steps of all rounds."""
    return sum(entry["steps"] for entry in rounds)


def test_the_fractional_alignment_keeps_the_limits_and_splits_few_items() -> None:
    """Shares sum to 1, loads lie in their bands, and no more items are split than there are active rows."""
    model = clustered(500, 10, seed=6)
    primal = solve_dual(model, stop=LONG).primal
    assert primal is not None
    assert np.allclose(np.bincount(primal.item, weights=primal.value), 1.0)
    loads = np.zeros((model.num_columns, model.num_loads))
    np.add.at(loads, primal.column, pair_amounts(model)[primal.item, primal.column] * primal.value[:, None])
    assert (model.upper * (1 + 1e-3) >= loads.T).all()
    assert (model.lower * (1 - 1e-3) <= loads.T).all()
    assert len(primal.item) - model.num_items <= 2 * model.num_columns


def test_the_same_model_gives_the_same_bytes() -> None:
    """Two runs agree in every bit of bound and multipliers, items with a single column among theirs."""
    model = clustered(800, 12, seed=7)
    cost = np.array(model.cost)
    cost[::5, 1:] = np.inf
    model = changed(model, cost=cost, lower=np.full((1, 12), -np.inf), upper=3 * np.array(model.upper))
    first, second = solve_dual(model, stop=LONG), solve_dual(model, stop=LONG)
    assert first.lower_bound == second.lower_bound
    assert first.multipliers.upper.tobytes() == second.multipliers.upper.tobytes()


def test_out_of_time_the_first_bound_is_still_valid() -> None:
    """Stopped at once, the bound at zero prices is returned and nothing is claimed exact."""
    model = clustered(300, 8, seed=8)
    solution = solve_dual(model, stop=MaxRuntime(1e-9))
    assert not solution.is_exact
    assert solution.lower_bound == pytest.approx(float(model.cost.min(axis=1).sum()), rel=1e-5)
