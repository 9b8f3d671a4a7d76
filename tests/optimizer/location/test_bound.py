"""The Lagrangian bound of free centers, never above what is possible."""

import itertools

import numpy as np
import pytest

from optimizer.exceptions import InvalidProblem
from optimizer.location.bound import lower_bound
from optimizer.location.params import LocationParams
from optimizer.location.question import LocationQuestion
from optimizer.location.search import locate


def p_median(seed: int, *, room: float = 7.0, **more: object) -> LocationQuestion:
    """Ask for two different places among eight points whose amounts are 1 to 3."""
    random = np.random.default_rng(seed)
    points = random.random((8, 2))
    cost = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.argsort(cost, axis=1, kind="stable")[:, 1:]
    given = {
        "cost": cost,
        "amount": np.tile([1.0, 2.0, 3.0, 1.0], 2)[:, None],
        "lower": np.zeros((2, 1)),
        "upper": np.full((2, 1), room),
        "center": np.full(2, -1),
        "place_of": np.arange(8),
        "near": near,
        "near_places": near,
        "is_exclusive": True,
    }
    return LocationQuestion(**given | more)


def least(asked: LocationQuestion) -> float:
    """Return the least cost over all pairs of different places and all assignments that fit."""
    owners = np.array(list(itertools.product((0, 1), repeat=8)))
    load = np.stack([(owners == column) @ asked.amount[:, 0] for column in (0, 1)], axis=1)
    owners = owners[(load <= asked.upper[:, 0]).all(axis=1)]
    return min(
        float(np.where(owners == 0, asked.cost[one], asked.cost[two]).sum(axis=1).min())
        for one, two in itertools.combinations(range(8), 2)
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("room", [7.0, 8.0, 14.0])
def test_the_bound_is_below_the_best_and_the_search_finds_it(seed: int, room: float) -> None:
    """The bound is positive and not above the least cost; two different centers reach that cost."""
    asked = p_median(seed, room=room)
    best = least(asked)
    found = locate(asked, params=LocationParams(starts=2, trials=60_000, steps=8, threads=1))
    assert found.breaches == 0
    assert found.cost == pytest.approx(best)
    assert len(set(found.center.tolist())) == 2
    bound = lower_bound(asked, known=found.cost)
    assert bound is not None
    assert 0.5 * best < bound <= best * (1 + 1e-9)


def test_there_is_no_bound_where_an_item_may_not_be_served() -> None:
    """An item that every column bans has no answer, and so no bound."""
    banned = np.zeros((2, 8), dtype=np.bool_)
    banned[:, 4] = True
    assert lower_bound(p_median(0, banned=banned), known=1.0) is None


def test_two_centers_need_two_places() -> None:
    """Exclusive places that are fewer than centers are refused."""
    alone = np.where(np.arange(8) == 0, 0, -1)
    with pytest.raises(InvalidProblem, match="fewer"):
        p_median(0, place_of=alone, near_places=np.zeros((8, 1), dtype=np.int64))
