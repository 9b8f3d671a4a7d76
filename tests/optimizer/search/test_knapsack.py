import dataclasses
import itertools

import numpy as np
import pytest

from optimizer.search.knapsack import price_pairs, raise_prices
from optimizer.search.knapsack_columns import KnapsackModel, knapsack_model
from optimizer.search.model import Model
from optimizer.search.patterns import fewest_patterns
from tests.optimizer.search.generalized_assignment import amounts, every_answer, random_assignment
from tests.optimizer.search.hand_made import plane_model, soft_band


def _kernel(model: Model) -> KnapsackModel:
    found = knapsack_model(model)
    assert found is not None
    return found


def _bound(found: KnapsackModel, *, goal: float) -> tuple[float, np.ndarray, np.ndarray]:
    kernel = found.knapsacks
    tail = np.empty((kernel.cost.shape[1] + 1, kernel.room.max() + 1))
    price = kernel.cost.min(axis=0)
    bound, _ = raise_prices(kernel.cost, kernel.units, kernel.room, kernel.spare, price, goal, np.inf, 300, 10, tail)
    return bound, price, tail


def _patterns(
    found: KnapsackModel, price: np.ndarray, tail: np.ndarray, column: int, *, slack: float, most: int
) -> tuple[int, bool, np.ndarray, np.ndarray]:
    kernel = found.knapsacks
    mask, excess = np.empty((most, 1), dtype=np.uint64), np.empty(most)
    count, is_all, _ = fewest_patterns(
        kernel.cost,
        kernel.units,
        kernel.room,
        kernel.spare,
        price,
        slack,
        kernel.amount,
        kernel.limit,
        column,
        most,
        tail,
        mask,
        excess,
    )
    return count, is_all, mask, excess


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("whole", "band"), [(True, False), (True, True), (False, False), (False, True)])
def test_the_bound_and_the_prices_of_pairs_hold(seed: int, *, whole: bool, band: bool) -> None:
    """No answer costs less than the bound, and none that uses a pair costs less than the bound with its excess."""
    model = random_assignment(num_items=7, seed=seed, whole=whole, band=band)
    choice, cost = every_answer(model)
    if len(cost) == 0:
        return
    found = _kernel(model)
    kernel = found.knapsacks
    bound, price, tail = _bound(found, goal=cost.min() / found.unit)
    assert bound <= cost.min() / found.unit + 1e-9
    excess = np.empty(kernel.cost.shape)
    price_pairs(kernel.cost, kernel.units, kernel.room, kernel.spare, price, tail, excess)
    for item, column in np.ndindex(model.num_items, model.num_columns):
        using = cost[choice[:, item] == column]
        if len(using):
            assert bound + excess[column, item] <= using.min() / found.unit + 1e-9


def test_the_bound_is_above_the_linear_relaxations() -> None:
    """Whole knapsacks know that a large item does not fit twice: the bound is the optimum where fractions save."""
    model = random_assignment(num_items=7, seed=3)
    found = _kernel(model)
    best = every_answer(model)[1].min() / found.unit
    bound, _, _ = _bound(found, goal=best)
    assert best - bound < 1.0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("whole", [True, False])
def test_patterns_are_listed_completely(seed: int, *, whole: bool) -> None:
    """Up to an excess, each set of items that fits a column is listed once, with its excess."""
    model = random_assignment(num_items=8, seed=seed, whole=whole, band=True)
    found = _kernel(model)
    kernel = found.knapsacks
    _, price, tail = _bound(found, goal=1.2 * float(kernel.cost.min(axis=0).sum()))
    use = amounts(model)
    for column in range(model.num_columns):
        worth = kernel.cost[column] - price
        fitting = {
            sum(1 << i for i in items): sum(worth[i] for i in items)
            for size in range(9)
            for items in itertools.combinations(range(8), size)
            if model.lower[0, column] <= sum(use[i, column] for i in items) <= model.upper[0, column]
        }
        count, is_all, mask, excess = _patterns(found, price, tail, column, slack=9.0, most=500)
        best = tail[0, kernel.room[column]]
        wanted = {key for key, value in fitting.items() if value - best <= 9.0 + 1e-9}
        assert is_all
        assert {int(value) for value in mask[:count, 0]} == wanted
        assert count == len(wanted)
        for value, above in zip(mask[:count, 0], excess[:count], strict=True):
            assert above == pytest.approx(fitting[int(value)] - best, abs=1e-9)


def test_too_many_patterns_are_cut_short() -> None:
    """With room for three patterns only the best ones are listed, and the rest is owned up to."""
    found = _kernel(random_assignment(num_items=8, seed=1))
    kernel = found.knapsacks
    _, price, tail = _bound(found, goal=1.2 * float(kernel.cost.min(axis=0).sum()))
    count, is_all, _, _ = _patterns(found, price, tail, 0, slack=50.0, most=3)
    assert 1 <= count <= 3
    assert not is_all


def test_other_limits_are_no_knapsacks() -> None:
    """Two limited loads at a column, limits on totals, and soft balance are left to the general search."""
    model = random_assignment()
    assert knapsack_model(dataclasses.replace(model, total_upper=np.array([50.0]))) is None
    assert knapsack_model(dataclasses.replace(model, soft=(soft_band(3, target=20.0),))) is None
    two = plane_model()
    assert knapsack_model(two) is not None
    both = np.array(two.upper)
    both[1] = 3.0
    assert knapsack_model(dataclasses.replace(two, upper=both)) is None


def test_units_are_exact_where_amounts_are_whole() -> None:
    """Whole amounts are their own units; others are rounded down, never up; what is not allowed does not fit."""
    model = random_assignment()
    cost = np.array(model.cost)
    cost[2, 1] = np.inf
    kernel = _kernel(dataclasses.replace(model, cost=cost)).knapsacks
    allowed = np.isfinite(cost.T)
    assert np.array_equal(kernel.units[allowed], np.minimum(amounts(model).T[allowed], kernel.room.max() + 1))
    assert kernel.units[1, 2] > kernel.room[1]
    rough = random_assignment(whole=False)
    found = _kernel(rough).knapsacks
    unit = rough.upper[0] / found.room
    assert (found.units * unit[:, None] <= amounts(rough).T + 1e-9).all()
