import numpy as np
import pytest

from optimizer.search.knapsack import raise_prices
from optimizer.search.knapsack_columns import KnapsackModel, knapsack_model
from optimizer.search.knapsack_dives import Dives
from optimizer.search.model import Model
from tests.optimizer.search.generalized_assignment import every_answer, random_assignment


def _dives(model: Model) -> Dives:
    found = knapsack_model(model)
    assert found is not None
    dives = Dives(found, np.zeros(1, dtype=np.int64))
    dives.begin(
        found.knapsacks.cost.min(axis=0) + 1.0, aim=float(found.knapsacks.cost.min(axis=0).sum()), most_work=1e8
    )
    return dives


def _random(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 2**63, size=1, dtype=np.uint64)


def _keeps(found: KnapsackModel, place: np.ndarray) -> bool:
    kernel, items = found.knapsacks, np.arange(len(place))
    load = np.bincount(place, weights=kernel.amount[place, items], minlength=len(kernel.room))
    return bool(((load >= kernel.limit[:, 0] - 1e-9) & (load <= kernel.limit[:, 1] + 1e-9)).all())


def test_dives_on_everything_keep_the_limits_and_come_close_to_the_optimum() -> None:
    """Nearly all of ten dives on each of ten small problems end with an answer, the best of ten 2 % above the least."""
    asked = ended = 0
    above = []
    for seed in range(10):
        model = random_assignment(num_items=8, seed=seed)
        choice, cost = every_answer(model)
        if len(cost) == 0:
            continue
        dives, random = _dives(model), _random(seed)
        found = [place for place in (dives.whole(random)[0] for _ in range(10)) if place is not None]
        asked, ended = asked + 10, ended + len(found)
        for place in found:
            assert (choice == place).all(axis=1).any()
        above.append(min(model.cost[np.arange(8), place].sum() for place in found) / cost.min() - 1.0)
    assert ended > 0.8 * asked
    assert np.mean(above) < 0.02


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("band", [False, True])
def test_a_dive_on_some_columns_never_makes_an_alignment_worse(*, whole: bool, band: bool) -> None:
    """It keeps true limits, least loads too, and other columns, and takes what costs more only when allowed."""
    changed = 0
    for seed in range(5):
        model = random_assignment(num_items=10, num_columns=3, seed=seed, fill=0.7, whole=whole, band=band)
        choice, cost = every_answer(model)
        if len(cost) == 0:
            continue
        dives, random = _dives(model), _random(seed)
        kernel, items = dives.model.knapsacks, np.arange(10)
        for most_more in (0.0, 0.0, 0.0, 5.0):
            place = choice[cost.argmax()].astype(np.int64)
            before = place.copy()
            group = np.sort(np.random.default_rng(seed).permutation(3)[:2])
            is_changed, work = dives.part(place, group, random, most_more=most_more)
            assert work > 0
            assert is_changed == bool((place != before).any())
            assert _keeps(dives.model, place)
            assert np.array_equal(place[~np.isin(before, group)], before[~np.isin(before, group)])
            more = kernel.cost[place, items].sum() - kernel.cost[before, items].sum()
            assert more <= most_more + 1e-6
            changed += is_changed
    assert changed > 0


def test_the_fractional_answer_covers_items_and_its_prices_nearly_reach_the_best_bound() -> None:
    """Means sum to one for each item, nearly; the bound at its prices is within 0.2 % of what long search finds."""
    dives = _dives(random_assignment(num_items=60, num_columns=6, seed=3))
    kernel = dives.model.knapsacks
    cheapest, tail = kernel.cost.min(axis=0), np.empty((61, kernel.room.max() + 1))

    def bound(price: np.ndarray, steps: int) -> float:
        goal = float(cheapest.sum()) * 1.5
        value, _ = raise_prices(
            kernel.cost, kernel.units, kernel.room, kernel.spare, price, goal, np.inf, steps, 20, tail
        )
        return float(value)

    best = bound(cheapest + 1.0, 600)
    dives.begin(cheapest + 1.0, aim=1.003 * best, most_work=1e9)
    assert dives.fractions is not None
    assert np.abs(dives.fractions.mean.sum(axis=0) - 1.0).mean() < 0.1
    assert bound(dives.fractions.price.copy(), 1) >= best * 0.998


def test_a_halted_dive_ends_without_an_answer() -> None:
    """Once told to stop, dives return nothing and change nothing."""
    dives = _dives(random_assignment(num_items=10, seed=1))
    dives.halt[0] = 1
    place = np.zeros(10, dtype=np.int64)
    assert dives.whole(_random(0))[0] is None
    assert not dives.part(place, np.array([0, 1]), _random(0), most_more=0.0)[0]


def test_the_same_random_numbers_give_the_same_dives() -> None:
    """Two runs of dives from one seed agree in every column, and go on to other answers."""
    model = random_assignment(num_items=40, num_columns=5, seed=2)
    first, second = _dives(model), _dives(model)
    one, two = _random(7), _random(7)
    for _ in range(3):
        here, there = first.whole(one)[0], second.whole(two)[0]
        assert (here is None) == (there is None)
        if here is not None and there is not None:
            assert np.array_equal(here, there)
    assert np.array_equal(one, two)
