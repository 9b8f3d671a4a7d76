import dataclasses

import numpy as np
import pytest

from optimizer.search.integral_bound import objective_unit, rounded_up
from optimizer.search.model import Model
from tests.optimizer.search.generalized_assignment import random_assignment
from tests.optimizer.search.hand_made import plane_model, soft_band


def _with_cost(model: Model, cost: np.ndarray) -> Model:
    return dataclasses.replace(model, cost=cost)


@pytest.mark.parametrize("weight", [1.0, 0.37, 50.0 / 12_681.0, 1e-9])
def test_whole_costs_have_a_unit_at_every_weight(weight: float) -> None:
    """Whole numbers times a weight are multiples of that weight, however small it is."""
    model = random_assignment()
    whole = np.rint(model.cost / 0.37)
    whole[0, :2] = 7, 8
    assert objective_unit(_with_cost(model, weight * whole)) == pytest.approx(weight, rel=1e-9)


def test_the_unit_is_the_largest_one() -> None:
    """Multiples of 12 and 18 are multiples of 6."""
    cost = np.where(np.indices((8, 3))[0] % 2 == 0, 12.0, 18.0)
    assert objective_unit(_with_cost(random_assignment(), cost)) == pytest.approx(6.0)


def test_distances_have_no_unit() -> None:
    """Square roots have nothing in common, and a rounded bound would be wrong."""
    assert objective_unit(plane_model()) is None


def test_soft_balance_and_coarse_floats_have_no_unit() -> None:
    """Penalties are no multiples of anything, and float32 is too coarse to tell."""
    model = random_assignment()
    assert objective_unit(dataclasses.replace(model, soft=(soft_band(3, target=20.0),))) is None
    assert objective_unit(_with_cost(model, model.cost.astype(np.float32))) is None


def test_rounding_up_never_passes_the_next_multiple() -> None:
    """A bound rises to the next multiple, and noise above a multiple does not lift it to another one."""
    assert rounded_up(10.2, 0.5) == pytest.approx(10.5)
    assert rounded_up(10.5 + 1e-9, 0.5) == pytest.approx(10.5)
    assert rounded_up(10.5 - 1e-9, 0.5) == pytest.approx(10.5)
    assert rounded_up(-10.2, 0.5) == pytest.approx(-10.0)
