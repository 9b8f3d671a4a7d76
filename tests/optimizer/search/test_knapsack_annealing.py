import numpy as np
import pytest

from optimizer.search.knapsack_annealing import anneal_columns
from optimizer.search.knapsack_columns import knapsack_model
from tests.optimizer.search.generalized_assignment import every_answer, random_assignment


@pytest.mark.parametrize("band", [False, True])
def test_cooling_reaches_the_optimum_of_small_problems_from_anywhere(*, band: bool) -> None:
    """From all items in one column, breaching its limit, it ends at the cheapest answer and says what that costs."""
    solved = 0
    for seed in range(4):
        model = random_assignment(num_items=8, seed=seed, band=band)
        choice, cost = every_answer(model)
        found = knapsack_model(model)
        assert found is not None
        if len(cost) == 0:
            continue
        kernel = found.knapsacks
        place = np.zeros(8, dtype=np.int64)
        column, item = (grid.ravel() for grid in np.indices(kernel.cost.shape))
        best = anneal_columns(
            kernel.cost,
            kernel.amount,
            kernel.limit,
            np.zeros(kernel.cost.shape),
            item,
            column,
            np.full(len(kernel.room), 1.5),
            place,
            200_000,
            10.0,
            0.2,
            0.0,
            np.array([12345 + seed], dtype=np.uint64),
        )
        assert (choice == place).all(axis=1).any()
        assert best * found.unit == pytest.approx(model.cost[np.arange(8), place].sum())
        solved += best * found.unit == pytest.approx(cost.min())
    assert solved >= 3
