"""Sets of items listed, priced and chosen, against brute force on a handful of points."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from optimizer.location.bound import lower_bound, priced_items, raised_by_sets
from optimizer.location.column_generation import SetPricing, generate
from optimizer.location.columns import Columns, joined
from optimizer.location.improvement import ImprovementParams, is_by_sets
from optimizer.location.question import LocationQuestion
from optimizer.location.region_sets import SetAnswer, has_sets, list_columns, solve_by_sets
from optimizer.location.rows import Rows, rows_of
from tests.optimizer.location.test_answer import least, question

NO_COLUMNS = Columns(
    start=np.zeros(1, dtype=np.int64),
    item=np.zeros(0, dtype=np.int64),
    row=np.zeros(0, dtype=np.int64),
    cost=np.zeros(0),
)


def rows(asked: LocationQuestion) -> Rows:
    """Return all rows of a question."""
    found = rows_of(asked, is_whole=True)
    assert found is not None
    return found


def chosen(asked: LocationQuestion, *, below: float, most_sets: int = 5_000) -> SetAnswer:
    """Solve the whole question by sets, from prices of nothing."""
    return solve_by_sets(
        rows(asked),
        np.zeros(asked.num_items),
        NO_COLUMNS,
        below=below,
        most_sets=most_sets,
        seconds=100.0,
        stop=lambda: False,
    )


def cost_of(asked: LocationQuestion, row: np.ndarray) -> float:
    """Return what an answer by rows costs, after a check of its loads and of how many places it takes."""
    used = rows(asked)
    load = np.bincount(row, asked.amount[:, 0], minlength=len(used.room))
    assert (load <= used.room).all()
    assert len(np.unique(row[used.column[row] < 0])) <= used.num_free
    dense = np.full((len(used.room), asked.num_items), np.inf)
    dense[used.pair_row, used.item] = used.cost
    return float(dense[row, np.arange(asked.num_items)].sum())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("room", [5.0, 6.0, 9.0])
def test_the_choice_among_all_sets_is_the_least_cost(seed: int, room: float) -> None:
    """What is found below a high cost is the least one, and nothing is below it."""
    asked = question(seed, room=room)
    best = least(asked)
    found = chosen(asked, below=3.0 * best)
    assert found.row is not None
    assert found.is_done
    assert cost_of(asked, found.row) == pytest.approx(best, rel=1e-6)
    assert found.bound <= best * (1 + 1e-6)
    again = chosen(asked, below=best * (1 - 1e-6))
    assert (again.row, again.is_done) == (None, True)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("most_sets", [1, 3, 10, 30])
def test_too_many_sets_leave_a_bound_that_holds(seed: int, most_sets: int) -> None:
    """With few of the sets an answer is within its limits and below what was asked, the bound not above the least."""
    asked = question(seed)
    best = least(asked)
    found = chosen(asked, below=1.5 * best, most_sets=most_sets)
    assert found.bound <= best * (1 + 1e-6)
    if found.row is not None:
        assert best * (1 - 1e-9) <= cost_of(asked, found.row) < 1.5 * best
    if found.is_done:
        assert found.bound == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_a_fixed_column_is_one_of_the_rows(seed: int) -> None:
    """One column stands where it is told with its own room; the rest is the best beside it."""
    asked = question(seed, center=np.array([2, -1, -1]), upper=np.array([[4.0], [6.0], [6.0]]))
    best = least(asked)
    found = chosen(asked, below=3.0 * best)
    assert found.row is not None
    assert cost_of(asked, found.row) == pytest.approx(best, rel=1e-6)
    assert found.bound <= best * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_prices_by_sets_bound_better_and_hold(seed: int) -> None:
    """The linear program over sets lifts the bound of rough prices, never above the least cost."""
    asked = question(seed)
    best = least(asked)
    rough = priced_items(asked, known=best, steps=3)
    assert rough is not None
    better = raised_by_sets(asked, rough, known=best, threads=1, stop=lambda: False)
    plain = lower_bound(asked, known=best)
    assert plain is not None
    assert rough.bound <= better.bound <= best * (1 + 1e-9)
    assert better.bound >= plain * (1 - 1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_the_sets_listed_are_all_that_lose_little(seed: int) -> None:
    """What is listed for a place is every set within its room whose loss keeps the bound below the cost."""
    asked = question(seed)
    used = rows(asked)
    price = np.random.default_rng(seed).random(asked.num_items)
    priced, _ = SetPricing(used).evaluate(price)
    below = priced.bound + 0.4
    found = list_columns(used, priced, below=below, most=5_000)
    assert found is not None
    last = priced.earned[priced.chosen].min()
    expected = set()
    for row, size in itertools.product(range(8), range(1, 9)):
        stead = priced.earned[row] if row in priced.chosen else last
        for items in itertools.combinations(range(8), size):
            earned = sum(price[item] - asked.cost[row, item] for item in items)
            fits = sum(asked.amount[item, 0] for item in items) <= 6.0
            if fits and priced.bound + stead - earned <= below:
                expected.add((row, items))
    listed = [
        (row, tuple(sorted(found.item[first:last].tolist())))
        for row, first, last in zip(found.row.tolist(), found.start[:-1], found.start[1:], strict=True)
    ]
    assert len(listed) == len(set(listed))
    assert set(listed) == expected
    assert list_columns(used, priced, below=below, most=len(found.row) - 1) is None


def test_equal_columns_are_joined_to_one() -> None:
    """A set of the same items at the same row is kept once."""
    asked = question(1)
    used = rows(asked)
    _, columns = SetPricing(used).evaluate(np.ones(8))
    both = joined([columns, columns])
    assert len(both.row) == len(columns.row)
    assert sorted(both.cost.tolist()) == pytest.approx(sorted(columns.cost.tolist()))


def test_two_threads_price_alike() -> None:
    """Column generation ends with the same bound for one thread and two."""
    asked = question(2)
    used = rows(asked)
    most = np.full(8, 10.0)
    one, two = (
        generate(used, np.ones(8), known=10.0, most_price=most, close=1e-9, threads=threads) for threads in (1, 2)
    )
    assert one.priced.bound == two.priced.bound


def test_sets_are_for_one_sum_and_few_items() -> None:
    """Smallest loads, two limits, and many items a column are left to programs of pairs."""
    asked = question(0)
    assert has_sets(asked)
    assert is_by_sets(asked, ImprovementParams())
    assert not is_by_sets(asked, ImprovementParams(few_items=2.0))
    assert not has_sets(replace(asked, lower=np.full((3, 1), 1.0)))
    assert not has_sets(
        replace(asked, amount=np.tile(asked.amount, 2), lower=np.zeros((3, 2)), upper=np.full((3, 2), 6.0))
    )
