"""What columns lose against the bound."""

import numpy as np

from optimizer.search.bound import zero_multipliers
from optimizer.search.losses import Losses
from tests.optimizer.search.sixty_accounts import nothing_found


def test_what_columns_lose_adds_up_to_the_gap() -> None:
    """The losses by column are the difference between the objective and the bound of the same prices."""
    incumbent = nothing_found(0.05)
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    columns = (np.arange(60) % 5).astype(np.int32)
    items = np.arange(60)
    expected = incumbent.model.cost[items, columns].sum() - incumbent.model.cost.min(axis=1).sum()
    assert np.isclose(losses.by_column(columns).sum(), expected)
