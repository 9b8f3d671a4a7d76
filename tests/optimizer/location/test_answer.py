"""Centers with a bound, solved region by region and whole, against brute force on a handful of points."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.location.answer import AnswerParams, answer
from optimizer.location.bound import lower_bound
from optimizer.location.improvement import is_regional
from optimizer.location.question import Located, LocationQuestion

PARAMS = AnswerParams(seconds=600.0, threads=2)


def solved(asked: LocationQuestion, params: AnswerParams = PARAMS) -> Located:
    """Answer with a clock that stands still: the work ends by itself."""
    return answer(asked, params, now=lambda: 0.0)


def question(seed: int, *, columns: int = 3, room: float = 6.0, **more: Any) -> LocationQuestion:
    """Ask for different places among eight points whose amounts are 1 to 3."""
    random = np.random.default_rng(seed)
    points = random.random((8, 2))
    cost = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.argsort(cost, axis=1, kind="stable")[:, 1:]
    given: dict[str, Any] = {
        "cost": cost,
        "amount": np.tile([1.0, 2.0, 3.0, 1.0], 2)[:, None],
        "lower": np.zeros((columns, 1)),
        "upper": np.full((columns, 1), room),
        "center": np.full(columns, -1),
        "place_of": np.arange(8),
        "near": near,
        "near_places": near,
        "is_exclusive": True,
    }
    return LocationQuestion(**given | more)


def least(asked: LocationQuestion) -> float:
    """Return the least cost over all places and assignments that keep limits, bans, reach; with prices of leaving."""
    columns = asked.num_columns
    owners = np.array(list(itertools.product(range(columns), repeat=asked.num_items)))
    items = np.arange(asked.num_items)
    right = np.ones(len(owners), dtype=np.bool_)
    for limit, column in np.ndindex(asked.amount.shape[1], columns):
        load = (owners == column) @ asked.amount[:, limit]
        right &= (load <= asked.upper[column, limit]) & (load >= asked.lower[column, limit])
    if asked.banned is not None:
        right &= ~asked.banned[owners, items].any(axis=1)
    owners = owners[right]
    extra = np.zeros(len(owners))
    if asked.leaving is not None and asked.home is not None:
        extra = np.where(owners != asked.home, asked.leaving, 0.0).sum(axis=1)
    free = np.flatnonzero(asked.is_free)
    best = np.inf
    for places in itertools.product(asked.candidates, repeat=len(free)):
        center = asked.center.copy()
        center[free] = places
        if asked.is_exclusive and len(set(center.tolist())) < columns:
            continue
        total = asked.cost[center[owners], items].sum(axis=1) + extra
        if asked.distance is not None and asked.reach is not None:
            far = asked.distance[center[owners], items] > asked.reach[owners]
            total = np.where(far.any(axis=1), np.inf, total)
        best = min(best, float(total.min(initial=np.inf)))
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("room", [5.0, 6.0, 9.0])
def test_small_questions_are_answered_and_proven(seed: int, room: float) -> None:
    """The cost is the least one, and the bound says so."""
    asked = question(seed, room=room)
    found = solved(asked)
    assert found.breaches == 0
    assert found.cost == pytest.approx(least(asked), rel=1e-6)
    assert found.lower_bound == pytest.approx(found.cost)
    assert len(set(found.center.tolist())) == 3


def test_whole_costs_prove_by_the_next_whole_number() -> None:
    """With costs in whole numbers a bound is a whole number, and the least cost."""
    asked = question(3)
    whole = replace(asked, cost=np.floor(10.0 * asked.cost))
    found = solved(whole, replace(PARAMS, step=1.0))
    assert found.cost == found.lower_bound == least(whole)


@pytest.mark.parametrize("seed", range(4))
def test_a_fixed_center_and_smallest_loads_are_kept(seed: int) -> None:
    """One column stands where it is told, loads are at least 3, and the rest is the best beside it, proven."""
    asked = question(seed, center=np.array([2, -1, -1]), lower=np.full((3, 1), 3.0))
    found = solved(asked)
    assert found.center[0] == 2
    assert found.breaches == 0
    assert found.cost == pytest.approx(least(asked), rel=1e-6)
    assert found.lower_bound == pytest.approx(found.cost)


@pytest.mark.parametrize("seed", range(4))
def test_a_bound_holds_for_whatever_is_asked(seed: int) -> None:
    """Columns that differ, bans, reach, prices of leaving, shared places, two measures: never above the least cost."""
    random = np.random.default_rng(seed)
    banned = random.random((2, 8)) < 0.2
    banned[:, :2] = False
    plain = question(seed, columns=2, upper=np.array([[8.0], [9.0]]))
    variants = [
        plain,
        replace(plain, is_exclusive=False),
        replace(plain, banned=banned),
        replace(plain, center=np.array([3, -1]), banned=banned),
        replace(plain, distance=plain.cost, reach=np.array([0.7, 1.2])),
        replace(plain, home=random.integers(-1, 2, 8), leaving=random.random(8)),
        replace(
            plain,
            amount=np.column_stack([plain.amount[:, 0], np.ones(8)]),
            lower=np.tile([2.0, 3.0], (2, 1)),
            upper=np.tile([9.0, 5.0], (2, 1)),
        ),
    ]
    for asked in variants:
        best = least(asked)
        if np.isfinite(best):
            bound = lower_bound(asked, known=best)
            assert bound is not None
            assert 0.0 <= bound <= best * (1 + 1e-9)


def test_what_differs_among_free_columns_is_not_solved_by_regions() -> None:
    """Free columns with other limits, and a price of leaving, are left to the search, with a bound."""
    uneven = question(0, columns=2, upper=np.array([[8.0], [9.0]]))
    leaving = question(0, columns=2, room=9.0, home=np.zeros(8, dtype=np.int64), leaving=np.ones(8))
    assert not is_regional(uneven)
    assert not is_regional(leaving)
    found = answer(uneven, replace(PARAMS, seconds=100.0), now=itertools.count().__next__)
    assert found.lower_bound is not None
    assert found.lower_bound <= found.cost
