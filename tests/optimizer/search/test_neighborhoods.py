import numpy as np

from optimizer.alignment import Alignment
from optimizer.search.bound import zero_multipliers
from optimizer.search.losses import Losses
from optimizer.search.neighborhoods import NeighborhoodParams, Neighborhoods
from optimizer.search.repair import RepairParams, repair
from optimizer.validation import violations
from tests.optimizer.search.sixty_accounts import nothing_found, sixty_accounts


def test_neighborhoods_only_improve_and_keep_the_criteria() -> None:
    """From a feasible alignment that ignores travel, pairs and triples of reps never make it dearer, nor wrong."""
    incumbent = nothing_found(0.05)
    losses = Losses(incumbent.model, zero_multipliers(incumbent.model))
    incumbent.offer((np.arange(60) % 5).astype(np.int32))
    repair(incumbent, losses, RepairParams(), seed=0)
    before = incumbent.objective
    assert before is not None
    Neighborhoods(incumbent.model, losses, NeighborhoodParams(largest=3), 0, 2).improve(incumbent)
    assert incumbent.objective is not None
    assert incumbent.objective <= before
    problem, criteria = sixty_accounts(0.05)
    assert incumbent.columns is not None
    from_model = incumbent.model.column_rep[incumbent.columns]
    assert violations(problem, criteria, Alignment(from_model)) == ()
