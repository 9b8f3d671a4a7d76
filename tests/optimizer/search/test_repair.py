import numpy as np

from optimizer.search.bound import zero_multipliers
from optimizer.search.losses import Losses
from optimizer.search.repair import RepairParams, repair
from tests.optimizer.search.sixty_accounts import nothing_found


def test_a_breached_alignment_becomes_feasible() -> None:
    """Everything with the nearest rep breaches every band; repair ends within all of them."""
    incumbent = nothing_found(0.03)
    incumbent.offer(incumbent.model.cost.argmin(axis=1).astype(np.int32))
    assert incumbent.columns is None
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    assert repair(incumbent, losses, RepairParams(), seed=0)
    assert incumbent.columns is not None


def test_a_feasible_alignment_is_left_alone() -> None:
    """Where nothing is breached, repair changes nothing."""
    incumbent = nothing_found(0.99)
    incumbent.offer((np.arange(60) % 5).astype(np.int32))
    assert incumbent.columns is not None
    before = incumbent.columns
    assert repair(incumbent, Losses(incumbent.model, zero_multipliers(incumbent.model)), RepairParams(), seed=0)
    assert incumbent.columns is before
