"""Waves of a transition: caps, families, releases, urgency, the fewest weeks, and loads in between."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.exceptions import InvalidParameter, InvalidProblem
from optimizer.transition import (
    Transition,
    families_over_cap,
    family_release,
    fewest_waves,
    fewest_weeks,
    loads_by_week,
)
from optimizer.transition_schedule import schedule


def transition(moves: list[tuple[int, int]], **more: Any) -> Transition:
    """Return a transition of accounts of load 1, alone, released at once, of reps who begin with load 10."""
    reps = more.pop("reps", 1 + max((max(move) for move in moves), default=0))
    amount = np.array(more.pop("amount", [1.0] * len(moves)), dtype=float).reshape(len(moves), 1)
    plain: dict[str, Any] = {
        "source": [source for source, _ in moves],
        "goal": [goal for _, goal in moves],
        "given": amount,
        "taken": amount,
        "family": range(len(moves)),
        "release": [0] * len(moves),
        "is_urgent": [False] * len(moves),
        "load": np.full((reps, 1), 10.0),
        "counts": [True] * reps,
    }
    return Transition(**{name: np.asarray(value) for name, value in (plain | more).items()})


def assert_keeps_the_rules(asked: Transition, week: Any, *, cap: int) -> None:
    """Hold a schedule to caps, families and releases."""
    assert week.min(initial=0) >= 0
    for side in asked.sides:
        counted = Counter((int(w), int(rep)) for w, rep in zip(week, side, strict=True) if rep >= 0)
        assert max(counted.values(), default=0) <= cap
    for number in np.unique(asked.family):
        assert len(np.unique(week[asked.family == number])) == 1
    assert np.all(week >= asked.release)


def test_one_giver_needs_as_many_weeks_as_its_accounts_over_the_cap() -> None:
    """Rep 0 gives five accounts, two a week: three weeks, and each rep who receives one is done at once."""
    asked = transition([(0, 1), (0, 2), (0, 3), (0, 4), (0, 5)])
    week = schedule(asked, cap=2)
    assert fewest_weeks(asked, cap=2) == fewest_waves(asked, cap=2) == 3
    assert sorted(week.tolist()) == [0, 0, 1, 1, 2]


def test_nothing_moves_in_no_week() -> None:
    """Without moves there is no week."""
    asked = transition([], reps=2)
    assert schedule(asked, cap=1).tolist() == []
    assert fewest_weeks(asked, cap=1) == 0


def test_a_held_account_waits_and_the_others_do_not() -> None:
    """The account released in week 4 goes in week 4; its neighbors go at once."""
    asked = transition([(0, 1), (0, 1), (0, 1)], release=[0, 4, 0])
    assert schedule(asked, cap=5).tolist() == [0, 4, 0]
    assert (fewest_weeks(asked, cap=5), fewest_waves(asked, cap=5)) == (5, 1)


def test_a_family_waits_for_its_last_member() -> None:
    """One member is held until week 3, so all three go in week 3."""
    asked = transition([(0, 1), (0, 1), (2, 1)], family=[7, 7, 7], release=[0, 3, 0])
    assert schedule(asked, cap=3).tolist() == [3, 3, 3]
    assert family_release(asked).tolist() == [3, 3, 3]


def test_a_family_over_the_cap_is_named() -> None:
    """Three accounts of one family leave rep 0 at once: a cap of two cannot be kept."""
    asked = transition([(0, 1), (0, 1), (0, 2), (3, 1)], family=[5, 5, 5, 5])
    assert families_over_cap(asked, cap=2) == [(5, 0, 3), (5, 1, 3)]
    with pytest.raises(InvalidParameter, match="family"):
        schedule(asked, cap=2)


def test_urgent_moves_go_first() -> None:
    """Rep 1 receives six accounts, two a week; the two urgent ones are the last in the list and the first to go."""
    urgent = [False] * 4 + [True] * 2
    week = schedule(transition([(0, 1)] * 6, is_urgent=urgent), cap=2)
    assert week[4:].tolist() == [0, 0]
    assert sorted(week[:4].tolist()) == [1, 1, 2, 2]


def test_who_has_left_and_nobody_are_not_limited() -> None:
    """Rep 0 has left with four accounts and two have nobody: only the reps who receive count."""
    asked = transition([(0, 1), (0, 2), (0, 3), (0, 1), (-1, 2), (-1, 3)], counts=[False, True, True, True])
    assert schedule(asked, cap=2).tolist() == [0] * 6


def test_loads_stay_below_the_larger_of_before_and_after_where_a_way_exists() -> None:
    """Rep 1 ends as it began, but would carry 14 after week 1 if it received first: it gives first instead.

    0 → 1: two of load 2;  1 → 2: two of load 2;  one account a rep and week.
    """
    asked = transition([(0, 1), (0, 1), (1, 2), (1, 2)], amount=[2.0] * 4)
    week = schedule(asked, cap=1)
    assert_keeps_the_rules(asked, week, cap=1)
    assert np.all(loads_by_week(asked, week, np.unique(week)) <= asked.ceiling() + 1e-9)
    assert week.max() + 1 == fewest_weeks(asked, cap=1) == 2


def test_exchanging_two_moves_takes_down_a_peak_when_no_week_has_room() -> None:
    """Rep 1 takes 8 and then 1, and gives 1 and then 8; in the other order it never carries more than it began with."""
    asked = transition([(0, 1), (0, 1), (1, 2), (1, 2)], amount=[8.0, 1.0, 1.0, 8.0])
    week = schedule(asked, cap=1)
    assert_keeps_the_rules(asked, week, cap=1)
    assert float(loads_by_week(asked, week, np.unique(week))[:, 1, 0].max()) <= 10.0


def test_arrays_that_do_not_fit_are_refused() -> None:
    """A move from a rep to itself, a rep that is not there, and a week before the first are faults of the caller."""
    for wrong in ({"source": [1]}, {"goal": [9]}, {"release": [-1]}, {"family": [1, 2]}):
        with pytest.raises(InvalidProblem):
            transition([(0, 1)], **wrong)
    with pytest.raises(InvalidParameter):
        schedule(transition([(0, 1)]), cap=0)


def random_transition(seed: int, *, is_plain: bool) -> tuple[Transition, int]:
    """Return a random transition and a cap that its families keep."""
    draw = np.random.default_rng(seed)
    reps, moves = int(draw.integers(2, 9)), int(draw.integers(1, 60))
    source = draw.integers(0 if is_plain else -1, reps, moves)
    goal = (source + draw.integers(1, reps, moves)) % reps
    amount = draw.uniform(0.5, 3.0, (moves, 2)).round(2)
    more: dict[str, Any] = {}
    if not is_plain:
        more = {
            "family": np.where(draw.random(moves) < 0.3, draw.integers(0, 10, moves), np.arange(moves) + 100),
            "release": np.where(draw.random(moves) < 0.2, draw.integers(0, 8, moves), 0),
            "is_urgent": draw.random(moves) < 0.2,
            "counts": draw.random(reps) < 0.8,
        }
    asked = transition(
        list(zip(source.tolist(), goal.tolist(), strict=True)),
        **{"reps": reps, "amount": amount[:, 0], "load": draw.uniform(20, 40, (reps, 1)), **more},
    )
    cap = int(draw.integers(1, 7))
    over = families_over_cap(asked, cap=cap)
    return asked, max([cap, *(count for _, _, count in over)])


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_without_families_and_holds_the_bound_of_kőnig_is_reached(seed: int) -> None:
    """The last week is the largest number of accounts that one rep gives or receives over the cap, rounded up."""
    asked, cap = random_transition(seed, is_plain=True)
    week = schedule(asked, cap=cap)
    assert_keeps_the_rules(asked, week, cap=cap)
    degree = max(np.bincount(asked.source).max(), np.bincount(asked.goal).max())
    assert week.max() + 1 == -(-degree // cap) == fewest_weeks(asked, cap=cap) == fewest_waves(asked, cap=cap)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_every_rule_is_kept_and_no_bound_is_beaten(seed: int) -> None:
    """With families, holds, urgent moves and reps who have left: caps, families and releases hold, bounds too."""
    asked, cap = random_transition(seed, is_plain=False)
    week = schedule(asked, cap=cap)
    assert_keeps_the_rules(asked, week, cap=cap)
    assert week.max() + 1 >= fewest_weeks(asked, cap=cap)
    assert len(np.unique(week)) >= fewest_waves(asked, cap=cap)
    assert loads_by_week(asked, week, np.unique(week))[-1] == pytest.approx(asked.final_load())
    assert schedule(asked, cap=cap).tolist() == week.tolist()


def test_a_transition_of_a_large_team_reaches_the_bound() -> None:
    """Twenty thousand moves among 200 reps, ten a week: as few weeks as Kőnig promises."""
    draw = np.random.default_rng(3)
    source = draw.integers(0, 200, 20_000)
    goal = (source + draw.integers(1, 200, 20_000)) % 200
    asked = transition(list(zip(source.tolist(), goal.tolist(), strict=True)), load=np.full((200, 1), 100.0))
    week = schedule(asked, cap=10)
    assert_keeps_the_rules(asked, week, cap=10)
    assert week.max() + 1 == fewest_weeks(asked, cap=10)
