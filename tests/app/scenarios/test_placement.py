"""The bound on placed centers: below what the best places cost, by trying them all, and silent where none is valid."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from app.scenarios.center_placing import Placing
from app.scenarios.placement import Placement, placement_of
from app.scenarios.schemas import Criteria
from geo_data.distances import distance_matrix_km
from tests.app.scenarios.test_center_placing import PARAMS, asked, texas

ROAD = 1.3
TRAVEL = {"weight": 50, "road_factor": ROAD}


def distances() -> np.ndarray:
    """Return the kilometers between all accounts."""
    lat, lon = (texas().accounts.column(name).to_numpy() for name in ("lat", "lon"))
    return np.asarray(distance_matrix_km(lat, lon, lat, lon))


def least(cost: np.ndarray, *, each: int | None) -> float:
    """Return the least cost of three places, with so many accounts each, or with any number."""
    best = np.inf
    for places in itertools.combinations(range(len(cost)), 3):
        mine = cost[list(places)]
        if each is None:
            best = min(best, float(mine.min(axis=0).sum()))
            continue
        slots = np.repeat(mine, each, axis=0)
        best = min(best, float(slots[linear_sum_assignment(slots)].sum()))
    return best


def proven(criteria: Criteria, **tables: Any) -> Placement | None:
    """Return what is proven of a question with three free reps."""
    placing = Placing(texas(**tables), criteria, known={})
    placing.first(seed=0, params=PARAMS, stop_proof=lambda: False)
    return placing.placement


def test_the_bound_is_the_travel_of_the_best_places() -> None:
    """Four accounts each: the bound is not above the best of all 220 choices of places, and within 2 % of it."""
    best = ROAD * least(distances(), each=4)
    placement = proven(asked(travel=TRAVEL))
    assert placement is not None
    assert placement.weights == {"travel": 1.0}
    assert 0.98 * best <= placement.lower_bound <= best
    told = placement_of(placement.to_json()).told([{"name": "travel", "raw": 2 * best}])
    assert told["gap"] == pytest.approx(1 - placement.lower_bound / (2 * best))


def test_a_soft_balance_does_not_bind_the_bound() -> None:
    """With a balance that may be broken at a price the bound is below the best places for any loads."""
    homes = {0: (30.27, -97.74), 1: (30.28, -97.73)}
    soft = [{"measure": "workload", "tolerance": 0.1, "hard": False}]
    placement = proven(asked(balance=soft, travel=TRAVEL))
    assert placement is not None
    assert placement.lower_bound <= ROAD * least(distances(), each=None)
    far = proven(asked(balance=soft, travel=TRAVEL), homes=homes)
    hard = proven(asked(travel=TRAVEL), homes=homes)
    assert far is not None
    assert hard is not None
    assert far.lower_bound < hard.lower_bound


def test_travel_and_compactness_are_bounded_together() -> None:
    """Both terms on one scale: the bound is not above the best places' weighted sum, told in kilometers of travel."""
    placement = proven(asked(travel=TRAVEL, compactness={"weight": 25}))
    assert placement is not None
    assert list(placement.weights) == ["travel", "compactness"]
    cost = ROAD * distances() + placement.weights["compactness"] * 10.0 * distances() ** 2
    assert 0.95 * least(cost, each=4) <= placement.lower_bound <= least(cost, each=4) * (1 + 1e-6)


@pytest.mark.parametrize(
    "criteria",
    [
        {"unassigned": {"allowed": True, "weight": 10}},
        {"travel": {"weight": 0}},
        {"travel": TRAVEL | {"barriers": [{"name": "Lake", "cost_km": 5, "geometry": None}]}},
    ],
)
def test_no_bound_is_told_where_none_is_valid(criteria: dict[str, Any]) -> None:
    """Accounts without a rep, barriers, and questions that do not count distances have none."""
    ring = [[-97.0, 31.0], [-96.9, 31.0], [-96.9, 31.1], [-97.0, 31.0]]
    for barrier in criteria.get("travel", {}).get("barriers", []):
        barrier["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    assert proven(asked(**criteria), reach=500.0) is None


def test_joined_accounts_and_thinned_places_have_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question with more accounts or candidates than are weighed one by one is not the scenario's."""
    with monkeypatch.context() as patched:
        patched.setattr("app.scenarios.center_clumps.MOST_ITEMS", 6)
        patched.setattr("app.scenarios.center_clumps.ITEMS_PER_REP", 1)
        assert proven(asked(travel=TRAVEL)) is None
    monkeypatch.setattr("app.scenarios.center_question.thinned", lambda places, most=5: np.arange(min(len(places), 5)))
    assert proven(asked(travel=TRAVEL)) is None
