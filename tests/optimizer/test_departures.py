"""One rep leaves: the arithmetic of room and the estimate of who takes over, by hand and by brute force."""

import itertools
from typing import Any

import numpy as np
import pytest

from optimizer.departures import Departures, Neighborhood, departures
from optimizer.uncertainty import Balanced


def three_reps(taker: list[list[int]], *, capacity: list[float] | None = None, **changes: Any) -> Departures:
    """Return what happens when one of three equal reps leaves, 100 hours in all, a band of ±20 %.

    The first has 20 + 20, the second 30, the third 30: without the first, 50 each would be fair, 60 at most.
    """
    values: dict[str, Any] = {
        "owner": [0, 0, 1, 2],
        "amount": [20, 20, 30, 30],
        "share": np.full(3, 1 / 3),
        "fixed": np.full(3, np.nan),
        "tolerance": 0.2,
    }
    limits = np.full(3, np.inf) if capacity is None else np.array(capacity)
    return departures(
        Balanced(**(values | changes)), Neighborhood(taker=np.array(taker, dtype=np.int64), capacity_max=limits)
    )


def test_the_nearest_with_room_takes_each_account() -> None:
    """The second rep has room for one of the two (30 + 20 of 60), the third takes the other: both at 100."""
    found = three_reps([[1, 2], [1, 2], [0, 2], [0, 1]])
    assert found.load.tolist() == [40, 30, 30]
    assert found.room[0] == pytest.approx(2 * 30)
    assert found.num_takers[0] == 2
    assert found.num_outside[0] == 0
    assert found.largest_deviation[0] == pytest.approx(0.0)
    assert found.beyond_room.tolist() == [0, 0, 0]


def test_without_room_the_nearest_is_pushed() -> None:
    """Where nobody may carry more than 40, each 20 goes to the nearest all the same, and the sum of room says so."""
    found = three_reps([[1, 2], [1, 2], [0, 2], [0, 1]], capacity=[40, 40, 40])
    assert found.room[0] == pytest.approx(20)
    assert found.beyond_room[0] == 40
    assert (found.num_takers[0], found.most_pushed[0]) == (1, 1)
    assert found.largest_deviation[0] == pytest.approx(70 / 50 - 1)
    assert found.num_outside[0] == 2  # 70 and 30 of 50 each


def test_what_nobody_near_may_serve_is_not_placed() -> None:
    """An account without takers is counted, and weighs on nobody."""
    found = three_reps([[-1, -1], [2, -1], [-1, -1], [-1, -1]])
    assert found.not_placed.tolist() == [20, 30, 30]
    assert (found.num_takers[0], found.most_pushed[0]) == (1, 2)
    assert (found.num_takers[1], found.most_pushed[1]) == (0, -1)
    assert np.isnan(found.largest_deviation[1])


def test_given_targets_do_not_move() -> None:
    """With 40 given each and 48 at most, two reps who have 30 have room for 36."""
    found = three_reps([[1, 2], [1, 2], [0, 2], [0, 1]], share=np.full(3, np.nan), fixed=np.full(3, 40.0))
    assert found.room[0] == pytest.approx(36)
    assert found.beyond_room[0] == 40  # 20 does not fit into the 18 of anyone


def test_the_last_rep_leaves_nobody() -> None:
    """Of a team of one, nobody takes over and there is no room."""
    one = Balanced(
        owner=np.array([0]), amount=np.array([5.0]), share=np.ones(1), fixed=np.full(1, np.nan), tolerance=0.1
    )
    found = departures(one, Neighborhood(taker=np.zeros((1, 0), dtype=np.int64), capacity_max=np.full(1, np.inf)))
    assert (found.room[0], found.not_placed[0], found.num_outside[0]) == (0, 5, 0)


@pytest.mark.parametrize("seed", range(8))
def test_no_takeover_fits_where_the_sum_of_room_does_not(seed: int) -> None:
    """Against every way to share out a small territory: room below the load means that none keeps all upper ends.

    And the estimate, which is one of these ways, loses no account.
    """
    draw = np.random.default_rng(seed)
    owner, amount = np.sort(draw.integers(0, 3, 10)), draw.integers(1, 30, 10).astype(np.float64)
    balanced = Balanced(owner=owner, amount=amount, share=np.full(3, 1 / 3), fixed=np.full(3, np.nan), tolerance=0.1)
    taker = np.array([[other for other in draw.permutation(3) if other != rep] for rep in owner])
    found = departures(balanced, Neighborhood(taker=taker, capacity_max=np.full(3, np.inf)))
    target = balanced.load.sum() / 2
    for rep in range(3):
        mine = np.flatnonzero(owner == rep)
        others = [other for other in range(3) if other != rep]
        fits = False
        for choice in itertools.product(others, repeat=len(mine)):
            load = balanced.load.copy()
            np.add.at(load, np.array(choice, dtype=np.int64), amount[mine])
            fits |= bool((load[others] <= 1.1 * target + 1e-9).all())
        room = np.maximum(0, 1.1 * target - balanced.load[others]).sum()
        assert found.room[rep] == pytest.approx(room)
        if found.beyond_room[rep] == 0 and (balanced.load[others] <= 1.1 * target).all():
            assert fits
        if found.load[rep] > found.room[rep] + 1e-9:
            assert not fits
        assert found.not_placed[rep] == 0


def test_every_account_is_taken_once() -> None:
    """For 20,000 accounts of 200 reps, the takers get what the leaver had, whatever the order of the blocks."""
    draw = np.random.default_rng(2)
    owner = draw.integers(0, 200, 20_000)
    taker = (owner[:, None] + draw.integers(1, 200, (20_000, 4))) % 200
    balanced = Balanced(
        owner=owner,
        amount=draw.lognormal(3, 1, 20_000),
        share=np.full(200, 1 / 200),
        fixed=np.full(200, np.nan),
        tolerance=0.15,
    )
    found = departures(balanced, Neighborhood(taker=taker, capacity_max=np.full(200, np.inf)))
    assert found.load == pytest.approx(balanced.load)
    assert (found.num_takers > 50).all()
    assert found.not_placed.sum() == 0
    assert (found.room >= 0.15 * balanced.load.sum() - 1e-6).all()  # the bands' ends add up to 115 % of the total
