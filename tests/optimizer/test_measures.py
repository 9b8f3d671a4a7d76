"""What alignments amount to, on problems that are added up by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.alignment import Alignment
from optimizer.exceptions import InvalidProblem
from optimizer.measures import (
    assigned_amount,
    check_alignment,
    deviation,
    loads,
    moment_of_inertia,
    moved_amount,
    moved_in,
    moved_out,
    soft_excess,
    travel,
)
from tests.optimizer.random_problems import random_problem
from tests.optimizer.small_problems import alignment_to, line_of_four, pair_amounts


def test_loads_are_sums_by_rep() -> None:
    """A0, A1 and A2 with R0 weigh 1 + 2 + 3 h, A3 with R1 weighs 4 h."""
    assert loads(line_of_four(), alignment_to([0, 0, 0, 1])).tolist() == [[3, 6], [1, 4]]


def test_unassigned_accounts_load_nobody() -> None:
    """What has no rep adds to no load."""
    assert loads(line_of_four(), alignment_to([0, -1, -1, 1])).tolist() == [[1, 1], [1, 4]]


def test_an_amount_of_the_pair_replaces_the_accounts_own() -> None:
    """A1 weighs 2 h by itself and 5 h with R1; NaN keeps the own amount."""
    pairs = pair_amounts((1, 1, [np.nan, 5.0]), (2, 1, [np.nan, np.nan]))
    problem = line_of_four(pair_amounts=pairs)
    assert loads(problem, alignment_to([0, 1, 1, 1]))[1].tolist() == [3, 5 + 3 + 4]
    assert loads(problem, alignment_to([0, 0, 1, 1]))[0].tolist() == [2, 3]
    assert assigned_amount(problem, alignment_to([0, 0, 1, 1]))[1].tolist() == [1, 2]


def test_travel_adds_up_the_assigned_pairs() -> None:
    """The nearest ends cost 1 + 2 + 2 + 1 km, an unassigned account nothing."""
    assert travel(line_of_four(), alignment_to([0, 0, 1, 1])) == 6
    assert travel(line_of_four(), alignment_to([0, 0, 1, -1])) == 5
    assert travel(line_of_four(travel=None), alignment_to([0, 0, 1, 1])) is None


def test_inertia_adds_up_like_travel() -> None:
    """The moment of inertia is the sum of the pairs' own."""
    problem = line_of_four(inertia=np.arange(8.0).reshape(4, 2))
    assert moment_of_inertia(problem, alignment_to([1, 0, 0, 1])) == 1 + 2 + 4 + 7


def test_moves_count_at_both_ends() -> None:
    """A1 (2 h) goes to R1 and A3 (4 h) to R0: 6 h moved, 2 out of R0 and 4 into it."""
    problem, alignment = line_of_four(), alignment_to([0, 1, 1, 0])
    assert moved_amount(problem, alignment, "workload") == 6
    assert moved_out(problem, alignment, "workload").tolist() == [2, 4]
    assert moved_in(problem, alignment, "workload").tolist() == [4, 2]


def test_leaving_a_rep_who_left_is_free() -> None:
    """Where R1 has left, its accounts move for nothing."""
    problem = line_of_four(active=np.array([True, False]))
    assert moved_amount(problem, alignment_to([0, 0, 0, 0]), "accounts") == 0


def test_becoming_unassigned_is_a_move_out() -> None:
    """An account that loses its active rep has moved, but to nobody."""
    alignment = alignment_to([-1, 0, 1, 1])
    assert moved_out(line_of_four(), alignment, "accounts").tolist() == [1, 0]
    assert moved_in(line_of_four(), alignment, "accounts").tolist() == [0, 0]


def test_an_account_without_a_current_rep_never_moves() -> None:
    """A new account brings no disruption."""
    assert moved_amount(line_of_four(current=np.full(4, -1)), alignment_to([1, 1, 0, 0]), "accounts") == 0


def test_soft_excess_counts_three_times_beyond_twice_the_tolerance() -> None:
    """At 10 % tolerance, 30 % costs (30 − 10) + 2 · (30 − 20) points; a target of 0 costs nothing."""
    excess = soft_excess(np.array([1.3, 1.1, 0.7, 5.0]), np.array([1.0, 1.0, 1.0, 0.0]), tolerance=0.1)
    assert excess == pytest.approx([0.4, 0.0, 0.4, 0.0])


def test_deviation_is_signed() -> None:
    """Load 90 against target 100 deviates by −10 %."""
    assert deviation(np.array([90.0]), np.array([100.0])).tolist() == [-0.1]


def test_an_alignment_of_another_problem_is_refused() -> None:
    """Too few accounts, or a rep that is not there, raise."""
    with pytest.raises(InvalidProblem):
        check_alignment(line_of_four(), alignment_to([0, 0, 0]))
    with pytest.raises(InvalidProblem):
        check_alignment(line_of_four(), alignment_to([0, 0, 0, 2]))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_loads_add_up_to_what_is_assigned(seed: int) -> None:
    """Whatever the alignment, the loads of all reps are the amounts of all assigned accounts."""
    problem, _ = random_problem(seed)
    rep = np.random.default_rng(seed).integers(-1, problem.num_reps, problem.num_accounts, dtype=np.int32)
    alignment = Alignment(rep)
    amount = assigned_amount(problem, alignment)[rep >= 0]
    assert np.allclose(loads(problem, alignment).sum(axis=0), amount.sum(axis=0))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_what_moves_in_has_moved_out_of_somewhere(seed: int) -> None:
    """Moves in never exceed moves out, which are all moves."""
    problem, _ = random_problem(seed)
    rep = np.random.default_rng(seed).integers(-1, problem.num_reps, problem.num_accounts, dtype=np.int32)
    alignment = Alignment(rep)
    out = moved_out(problem, alignment, "workload").sum()
    assert moved_in(problem, alignment, "workload").sum() <= out + 1e-9
    assert out == pytest.approx(moved_amount(problem, alignment, "workload"))
