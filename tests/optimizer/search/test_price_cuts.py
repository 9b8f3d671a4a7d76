"""Item prices by cutting planes."""

import numpy as np
import pytest

from optimizer.problem import FloatArray
from optimizer.search.price_cuts import Positions, PriceCuts

COSTS = (
    {(): 0.0, (0,): 1.0, (1,): 2.0, (0, 1): 5.0},
    {(): 0.0, (0,): 2.0, (1,): 1.0, (0, 1): 4.0},
)
"""What each set of two items costs in each of two columns: 2 in all at best, one item in each."""


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize("home", [[0, 0], [0, 1], [1, 0]])
def test_prices_rise_to_what_whole_columns_prove(home: list[int], size: float) -> None:
    """From any first prices and in any unit, the bound comes to the best alignment's cost and never beyond."""
    price: FloatArray = size * np.array([-0.5, 0.25])
    best = price
    cuts = PriceCuts(np.array(home), price, unit=size, num_columns=2)
    proven = -np.inf
    for _ in range(60):
        value, held = _cheapest(price, size)
        bound = float(price.sum() + value.sum())
        assert bound <= 2.0 * size * (1.0 + 1e-9)
        cuts.add(price, value, held)
        cuts.learn(bound - proven)
        if bound > proven:
            best, proven = price, bound
        step = cuts.step(best, proven)
        assert step is not None
        assert step.gain >= -1e-6 * size
        price = step.price
    assert proven == pytest.approx(2.0 * size, rel=1e-6)


def test_a_step_stays_in_its_box() -> None:
    """Prices move no farther from the best ones than the box allows, and less far after a step that did not help."""
    price = np.zeros(2)
    cuts = PriceCuts(np.array([0, 0]), price, unit=1.0, num_columns=2)
    cuts.add(price, *_cheapest(price, 1.0))
    first = cuts.step(price, 0.0)
    cuts.learn(0.0)
    second = cuts.step(price, 0.0)
    assert first is not None
    assert second is not None
    assert 0.0 < float(np.abs(second.price).max()) < float(np.abs(first.price).max()) <= 0.1


def _cheapest(price: FloatArray, size: float) -> tuple[FloatArray, list[Positions]]:
    """Return what the cheapest set of each column costs at some prices, and the set."""
    value, held = [], []
    for costs in COSTS:
        cost, chosen = min((size * cost - sum(price[item] for item in items), items) for items, cost in costs.items())
        value.append(cost)
        held.append(np.array(chosen, dtype=np.int64))
    return np.array(value), held
