"""The model says the same as score and violations, and every limit became the row that it should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Target, Unassigned
from optimizer.items import items_of
from optimizer.score import score
from optimizer.search.evaluation import (
    alignment_of,
    columns_of,
    keeps_rows,
    loads_of,
    model_objective,
    row_excess,
    totals_of,
)
from optimizer.search.rows import build_model
from optimizer.validation import violations
from tests.optimizer.random_problems import Mix, random_problem
from tests.optimizer.small_problems import alignment_to, capacities, grid_3x3, line_of_four, pair_amounts, two_islands


def names(criteria: Criteria, **fields: object) -> list[tuple[str, str]]:
    """Return kind and measure of the loads on a line of four."""
    return [(load.kind, load.measure) for load in build_model(line_of_four(**fields), criteria).loads]


def test_items_are_families_in_order_of_their_first_accounts() -> None:
    """A0 and A3 are item 0, A1 item 1, A2 item 2."""
    items = items_of(line_of_four(family=np.array([9, 4, 5, 9])), Criteria())
    assert items.item_of_account.tolist() == [0, 1, 2, 0]
    assert items.accounts_of(0).tolist() == [0, 3]
    assert items.sum(np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [5, 2, 3]


def test_columns_are_the_active_reps_and_unassigned() -> None:
    """A rep who left has no column; staying unassigned is the last one where it is allowed."""
    problem = grid_3x3(active=np.array([True, False, True]))
    assert build_model(problem, Criteria()).column_rep.tolist() == [0, 2]
    assert build_model(problem, Criteria(unassigned=Unassigned(allowed=True))).column_rep.tolist() == [0, 2, -1]


def test_only_what_is_limited_becomes_a_load() -> None:
    """No limit, no load; a capacity, a balance or a budget makes one."""
    assert names(Criteria()) == []
    assert names(Criteria(), capacity_max=capacities(2, 1, [9.0, 9.0], default=np.inf)) == [("measure", "workload")]
    assert names(Criteria(balance=(Balance(measure="accounts"),))) == [("measure", "accounts")]
    assert names(Criteria(balance=(Balance(measure="accounts", weight=0),))) == []
    out = Criteria(disruption=Disruption(budgets=(Budget(scope=BudgetScope.OUT, measure="workload", limit=1),)))
    assert names(out) == [("stay", "workload")]


def test_costs_are_weighted_and_relative() -> None:
    """The nearest alignment costs exactly the weight of travel."""
    cost = build_model(line_of_four(), Criteria(travel_weight=30)).cost
    assert cost[[0, 1, 2, 3], [0, 0, 1, 1]].sum() == pytest.approx(30)


def test_what_is_not_allowed_costs_infinity() -> None:
    """Water closes a pair, a lock all but one."""
    problem = two_islands(locked=np.array([True, False, False, False]))
    assert np.isinf(build_model(problem, Criteria()).cost).tolist() == [[False, True]] * 2 + [[True, False]] * 2
    free = build_model(problem, Criteria(unassigned=Unassigned(allowed=True))).cost
    assert np.isinf(free[:, 2]).tolist() == [True, False, False, False]


def test_moving_is_priced_where_it_happens() -> None:
    """A3 holds 4 of 10 h: away from R1 it costs 0.4 of the weight, unassigned as well; staying is free."""
    criteria = Criteria(disruption=Disruption(weight=10, measure="workload"), unassigned=Unassigned(allowed=True))
    assert build_model(line_of_four(), criteria).cost[3].tolist() == pytest.approx([4, 0, 4])


def test_a_constant_total_is_folded_into_loads() -> None:
    """20 % around 5 h are loads from 4 to 6, with a trace of tolerance."""
    model = build_model(line_of_four(), Criteria(balance=(Balance(measure="workload", tolerance=0.2, hard=True),)))
    assert model.lower[0] == pytest.approx([4, 4])
    assert model.upper[0] == pytest.approx([6, 6])
    assert np.isinf(model.share_upper).all()


@pytest.mark.parametrize("cause", ["unassigned", "pairs"])
def test_a_moving_total_becomes_shares(cause: str) -> None:
    """Where the total moves the band is a share of it; given targets stay loads."""
    pairs = pair_amounts((0, 0, [np.nan, 2.0])) if cause == "pairs" else None
    problem = line_of_four(pair_amounts=pairs, target=capacities(2, 0, [2.0, 2.0], default=np.nan))
    criteria = Criteria(
        balance=(
            Balance(measure="accounts", target=Target.GIVEN, tolerance=0.5, hard=True),
            Balance(measure="workload", tolerance=0.2, hard=True),
        ),
        unassigned=Unassigned(allowed=cause == "unassigned"),
    )
    model = build_model(problem, criteria)
    assert model.share_upper[1, :2] == pytest.approx([0.6, 0.6])
    assert model.share_lower[1, :2] == pytest.approx([0.4, 0.4])
    assert np.isinf(model.upper[1]).all()
    assert model.upper[0, :2] == pytest.approx([3, 3])


def test_budgets_are_loads() -> None:
    """What moves in, what moves at all and what stays are loads with limits."""
    limits = tuple(Budget(scope=scope, measure="workload", limit=3.0) for scope in BudgetScope)
    model = build_model(line_of_four(), Criteria(disruption=Disruption(budgets=limits)))
    load = loads_of(model, np.array([0, 1, 1, 0], dtype=np.int32))
    assert load.tolist() == [[4, 2], [1, 3]]
    assert totals_of(model, load).tolist() == [6, 4]
    assert model.upper[0] == pytest.approx([3, 3])
    assert model.lower[1].tolist() == [-np.inf, pytest.approx(4)]
    assert model.total_upper.tolist() == [pytest.approx(3), np.inf]
    by_column, by_total = row_excess(model, load)
    assert by_column.tolist() == [[pytest.approx(1), 0], [0, pytest.approx(1)]]
    assert by_total.tolist() == [pytest.approx(3), 0]


def test_members_of_a_family_move_for_themselves() -> None:
    """A1 is with R0, A2 with R1: together with R1 only the 2 h of A1 move."""
    problem = line_of_four(family=np.array([0, 1, 1, 3]))
    total = Budget(scope=BudgetScope.TOTAL, measure="workload", limit=9)
    model = build_model(problem, Criteria(disruption=Disruption(budgets=(total,))))
    assert totals_of(model, loads_of(model, np.array([0, 1, 1], dtype=np.int32))).tolist() == [2]
    assert model.current.tolist() == [0, -1, 1]


def test_a_split_family_has_no_column() -> None:
    """What a choice of columns cannot say becomes −1."""
    model = build_model(line_of_four(family=np.array([0, 1, 1, 3])), Criteria())
    assert columns_of(model, alignment_to([0, 0, 1, 1])).tolist() == [0, -1, 1]
    assert columns_of(model, alignment_to([0, 0, 0, -1])).tolist() == [0, 0, -1]


def test_a_team_that_left_has_no_columns() -> None:
    """Without active reps there is a model, and nothing is allowed in it."""
    model = build_model(line_of_four(active=np.array([False, False])), Criteria(travel_weight=1))
    assert model.cost.shape == (4, 0)
    assert not model.has_unassigned


def test_blocks_do_not_change_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arithmetic in blocks of a few rows gives the same model as in one."""
    mix = Mix(most_accounts=7, family=1.0)
    whole = [build_model(*random_problem(seed, mix=mix)).cost for seed in range(20)]
    monkeypatch.setattr("optimizer.permissions.CHUNK_PAIRS", 5)
    for seed in range(20):
        assert np.array_equal(build_model(*random_problem(seed, mix=mix)).cost, whole[seed])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 100_000))
def test_the_models_objective_is_the_score(seed: int) -> None:
    """For every allowed choice the model's objective and rows agree with score and violations."""
    problem, criteria = random_problem(seed)
    model = build_model(problem, criteria)
    column = _any_choice(model.cost, seed)
    if column is None:
        return
    alignment = alignment_of(model, column)
    assert model_objective(model, column) == pytest.approx(
        score(problem, criteria, alignment).objective, rel=1e-9, abs=1e-12
    )
    assert keeps_rows(model, column) == (violations(problem, criteria, alignment) == ())
    assert np.array_equal(columns_of(model, alignment), column)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
def test_float32_travel_gives_float32_costs(seed: int) -> None:
    """Large problems save memory; their objective agrees to five digits."""
    problem, criteria = random_problem(seed)
    if problem.travel is None:
        return
    problem = problem.replace(travel=problem.travel.astype(np.float32))
    model = build_model(problem, criteria)
    assert model.cost.dtype == np.float32
    column = _any_choice(model.cost, seed)
    if column is not None:
        value = score(problem, criteria, alignment_of(model, column)).objective
        assert model_objective(model, column) == pytest.approx(value, rel=1e-5, abs=1e-6)


def _any_choice(cost: np.ndarray, seed: int) -> np.ndarray | None:
    """Return a random allowed column for every item, None where one has none."""
    allowed = np.isfinite(cost)
    if not allowed.any(axis=1).all():
        return None
    luck = np.random.default_rng(seed).random(cost.shape)
    chosen: np.ndarray = np.argmax(np.where(allowed, luck, -1.0), axis=1).astype(np.int32)
    return chosen
