import numpy as np
import pytest

from optimizer.search.knapsack_columns import knapsack_model
from optimizer.search.knapsack_dives import Dives
from optimizer.search.model import Model
from optimizer.search.pattern_trails import Follower, Trail, Trails, group_of
from tests.optimizer.search.generalized_assignment import every_answer, random_assignment


def _follower(model: Model) -> Follower:
    found = knapsack_model(model)
    assert found is not None
    return Follower(
        model=found,
        price=found.knapsacks.cost.min(axis=0) + 5.0,
        dives=Dives(found, np.zeros(1, dtype=np.int64)),
        largest=model.num_columns,
        patience=1.0,
        group_steps=200,
        most_patterns=3000,
        most_work=1_000_000,
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("band", [False, True])
def test_merging_finds_the_cheapest_answer_made_of_the_pairs_of_some(seed: int, *, band: bool) -> None:
    """A trail merged with two others ends at the cheapest of all answers that use only pairs of the three."""
    model = random_assignment(num_items=9, num_columns=3, seed=seed, band=band)
    choice, cost = every_answer(model)
    if len(cost) < 3:
        return
    follower = _follower(model)
    three = choice[np.random.default_rng(seed).permutation(len(cost))[:3]].astype(np.int64)
    trail = Trail(three[0].copy(), follower.cost(three[0]), np.random.default_rng(seed), saturated=True)
    is_made = (choice[:, None, :] == three[None]).any(axis=1).all(axis=1)
    least = cost[is_made].min()
    has_gained = follower._merge(trail, [three[1], three[2]])
    assert trail.cost * follower.model.unit == pytest.approx(least)
    assert follower.cost(trail.place) == pytest.approx(trail.cost)
    assert has_gained == (least < cost[(choice == three[0]).all(axis=1)][0] - 1e-9)
    assert (choice[is_made] == trail.place).all(axis=1).any()


def test_trails_that_end_are_remembered_once_and_go_on_from_the_best() -> None:
    """Two trails that end at one alignment leave it once; both go on from a better one."""
    model = random_assignment(num_items=9, num_columns=3, seed=1)
    choice, cost = every_answer(model)
    order = np.argsort(cost)
    trails = Trails(_follower(model), choice[order[5]].astype(np.int32), count=2, seed=0)
    for trail in trails.trails:
        trail.saturated = True
    best = choice[order[0]].astype(np.int32)
    trails.meet(best)
    assert len(trails.ends) == 1
    assert np.array_equal(trails.ends[0], choice[order[5]])
    assert all(np.array_equal(trail.place, best) for trail in trails.trails)


def test_groups_hold_different_columns_and_prefer_those_that_lose() -> None:
    """Groups are sorted, without repeats, and a column that loses much is in most of them."""
    lost, near = np.array([0.0, 0.0, 9.0, 0.0, 0.0, 0.0]), np.ones((6, 6))
    random = np.random.default_rng(0)
    groups = [group_of(random, 3, lost, near) for _ in range(50)]
    assert all(len(np.unique(group)) == 3 and (np.diff(group) > 0).all() for group in groups)
    assert sum(2 in group for group in groups) > 35
