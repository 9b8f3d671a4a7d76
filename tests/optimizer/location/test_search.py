"""The search for centers against brute force, on a handful of points."""

import itertools
from typing import Any

import numpy as np
import pytest

from optimizer.exceptions import InvalidParameter, InvalidProblem
from optimizer.location.params import LocationParams
from optimizer.location.question import LocationQuestion
from optimizer.location.search import locate

PARAMS = LocationParams(starts=2, trials=60_000, steps=10, threads=1)


def question(points: np.ndarray, *, columns: int, most: float = np.inf, **more: Any) -> LocationQuestion:
    """Ask for so many centers among points that are items of amount 1 (or ``amount``) and places at once."""
    count = len(points)
    cost = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.argsort(cost, axis=1, kind="stable")[:, 1 : min(count, 7)]
    amount = np.asarray(more.pop("amount", np.ones(count)), dtype=float)[:, None]
    given: dict[str, Any] = {
        "cost": cost,
        "amount": amount,
        "lower": np.full((columns, 1), more.pop("least", 0.0)),
        "upper": np.full((columns, 1), most),
        "center": np.full(columns, -1),
        "place_of": np.arange(count),
        "near": near,
        "near_places": near,
    }
    return LocationQuestion(**given | more)


def best_by_hand(asked: LocationQuestion) -> float:
    """Return the least cost over all places and all assignments that keep the limits."""
    free = np.flatnonzero(asked.is_free)
    least = np.inf
    owners = np.array(list(itertools.product(range(asked.num_columns), repeat=asked.num_items)))
    load = np.stack([(owners == column) @ asked.amount[:, 0] for column in range(asked.num_columns)], axis=1)
    right = ((load <= asked.upper[:, 0] + 1e-9) & (load >= asked.lower[:, 0] - 1e-9)).all(axis=1)
    if asked.banned is not None:
        right &= ~asked.banned[owners, np.arange(asked.num_items)].any(axis=1)
    owners = owners[right]
    for places in itertools.product(asked.candidates, repeat=len(free)):
        center = asked.center.copy()
        center[free] = places
        least = min(least, float(asked.cost[center[owners], np.arange(asked.num_items)].sum(axis=1).min()))
    return least


@pytest.mark.parametrize("seed", range(6))
def test_small_questions_are_solved_as_by_hand(seed: int) -> None:
    """With uneven amounts and a tight largest load, the cost found is the least over all places and assignments."""
    random = np.random.default_rng(seed)
    amount = random.integers(1, 5, 7).astype(float)
    asked = question(random.random((7, 2)), columns=2, amount=amount, most=float(np.ceil(amount.sum() * 0.55)))
    found = locate(asked, params=PARAMS)
    assert found.breaches == 0
    assert found.cost == pytest.approx(best_by_hand(asked), rel=1e-9)
    assert found.cost == pytest.approx(asked.cost[found.center[found.owner], np.arange(7)].sum(), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_fixed_centers_stay_and_free_ones_fill_the_gap(seed: int) -> None:
    """Of three centers one stands where it is told; the others are the best beside it."""
    random = np.random.default_rng(100 + seed)
    asked = question(random.random((6, 2)), columns=3, most=3.0, center=np.array([2, -1, -1]))
    found = locate(asked, params=PARAMS)
    assert found.center[0] == 2
    assert found.breaches == 0
    assert found.cost == pytest.approx(best_by_hand(asked), rel=1e-9)


def test_another_candidate_never_makes_the_best_worse() -> None:
    """The least cost over more places is never above that over fewer, and the search finds both."""
    random = np.random.default_rng(7)
    points = random.random((6, 2))
    costs = []
    for allowed in (2, 4, 6):
        place_of = np.where(np.arange(6) < allowed, np.arange(6), -1)
        near = question(points, columns=2).near_places
        asked = question(points, columns=2, most=4.0, place_of=place_of, near_places=np.where(near < allowed, near, -1))
        costs.append(locate(asked, params=PARAMS).cost)
        assert costs[-1] == pytest.approx(best_by_hand(asked), rel=1e-9)
    assert costs == sorted(costs, reverse=True)


def test_what_is_banned_is_not_done() -> None:
    """An item that a column may not have goes to the other one, however far."""
    points = np.array([[0.0, 0], [1, 0], [2, 0], [10, 0], [11, 0], [12, 0]])
    banned = np.zeros((2, 6), dtype=np.bool_)
    banned[0, 3:] = True
    banned[1, 0] = True
    asked = question(points, columns=2, banned=banned)
    found = locate(asked, params=PARAMS)
    assert not banned[found.owner, np.arange(6)].any()
    assert found.cost == pytest.approx(best_by_hand(asked), rel=1e-9)


def test_the_same_seed_gives_the_same_answer() -> None:
    """Limits in trials: two searches with two threads agree in every place and every owner."""
    asked = question(np.random.default_rng(3).random((40, 2)), columns=4, most=12.0)
    params = LocationParams(starts=3, trials=40_000, steps=5, threads=2)
    one, two = locate(asked, seed=5, params=params), locate(asked, seed=5, params=params)
    assert one.center.tolist() == two.center.tolist()
    assert one.owner.tolist() == two.owner.tolist()


def test_a_single_item_and_a_single_column_are_a_question() -> None:
    """One item without neighbors gets the only center at its own place."""
    asked = question(np.zeros((1, 2)), columns=1, near=np.zeros((1, 0)), near_places=np.zeros((1, 1)))
    assert (locate(asked, params=PARAMS).cost, asked.candidates.tolist()) == (0.0, [0])


def test_a_question_that_does_not_fit_is_refused() -> None:
    """Shapes must agree, a place must exist, and a search needs trials."""
    with pytest.raises(InvalidProblem, match="amount"):
        question(np.zeros((3, 2)), columns=1, amount=np.ones(2))
    with pytest.raises(InvalidProblem, match="not there"):
        question(np.zeros((3, 2)), columns=1, center=np.array([3]))
    with pytest.raises(InvalidParameter, match="trials"):
        LocationParams(trials=0)
