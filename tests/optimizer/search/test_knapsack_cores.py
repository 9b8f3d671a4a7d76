import itertools

import numpy as np
import pytest

from optimizer.search.knapsack import fill_columns
from optimizer.search.knapsack_cores import CORE, MOST, fill_column


def _fill(cost: np.ndarray, need: np.ndarray, price: np.ndarray, *, room: int) -> tuple[float, np.ndarray, float]:
    count = len(cost)
    border, taken = np.array([1.0, 1.0]), np.zeros(count, dtype=np.uint8)
    active = np.arange(count)
    item, queue = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    line, kept = np.empty((2, room + 1), dtype=np.float32), np.empty((MOST, room + 1), dtype=np.uint8)
    for _ in range(3):
        total, _ = fill_column(
            cost,
            need,
            price,
            active,
            count,
            room,
            border,
            np.empty(count),
            np.empty(count),
            item,
            queue,
            line,
            kept,
            taken,
        )
    return total, taken.astype(np.bool_), border[0]


@pytest.mark.parametrize("seed", range(20))
def test_few_items_are_chosen_as_well_as_by_looking_at_all_choices(seed: int) -> None:
    """With no more items than a core has, the filling is the best one that fits, and its value is what it says."""
    rng = np.random.default_rng(seed)
    cost, price = rng.uniform(0, 10, 10), rng.uniform(0, 14, 10)
    need, room = rng.integers(0, 9, 10), int(rng.integers(0, 30))
    total, taken, _ = _fill(cost, need, price, room=room)
    every = np.array(list(itertools.product((False, True), repeat=10)))
    fits = every @ need <= room
    assert need[taken].sum() <= room
    assert total == pytest.approx((cost - price)[taken].sum(), abs=1e-5)
    assert total == pytest.approx((every[fits] @ (cost - price)).min(), abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_many_items_fit_and_come_close_to_the_best_filling(seed: int) -> None:
    """Beyond a core's size the filling fits, and is worth nearly what the table over all items finds."""
    rng = np.random.default_rng(seed)
    cost, price = rng.integers(10, 50, 300).astype(float), np.full(300, 45.0)
    need, room = rng.integers(5, 25, 300), 900
    total, taken, _ = _fill(cost, need, price, room=room)
    rooms = np.array([room])
    best, _ = fill_columns(
        cost[None], need[None], rooms, rooms, price, np.empty((301, room + 1)), np.zeros(300, dtype=np.int64)
    )
    assert taken.sum() > CORE
    assert need[taken].sum() <= room
    assert best - 1e-3 <= total <= best + 0.5


def test_items_that_tie_at_the_border_still_fit() -> None:
    """Where all items pay the same for a unit, the room is filled and not exceeded."""
    need = np.full(200, 3)
    total, taken, unit_price = _fill(np.zeros(200), need, np.full(200, 6.0), room=100)
    assert unit_price == pytest.approx(2.0)
    assert need[taken].sum() == 99
    assert total == pytest.approx(-198.0)
