"""The price of disruption on problems that are small enough to try every alignment."""

import itertools

import numpy as np
import pytest

from optimizer.alignment import Alignment
from optimizer.criteria import Balance, Criteria
from optimizer.curves.disruption import DisruptionCurve, Spending
from optimizer.measures import moved_amount
from optimizer.problem import Problem
from optimizer.references import references
from optimizer.result import Outcome
from optimizer.score import score
from optimizer.validation import violations
from tests.optimizer.curves.asking import follow
from tests.optimizer.small_problems import capacities, line_of_four, problem_of

TIGHT = Criteria(balance=(Balance(measure="workload", tolerance=0.05, hard=True),), travel_weight=50.0)


def curve_of(problem: Problem, criteria: Criteria, *, gap: float = 0.0, **spending: object) -> DisruptionCurve:
    """Return a complete curve."""
    relative_to = references(problem, criteria)
    curve = DisruptionCurve(problem, criteria, Spending(**spending), relative_to=relative_to)  # type: ignore[arg-type]  # as Spending takes it
    follow(curve, problem, relative_to, gap=gap)
    return curve


def alignments(problem: Problem) -> list[Alignment]:
    """Return every alignment of a problem."""
    reps = range(problem.num_reps)
    return [Alignment(rep=np.array(choice)) for choice in itertools.product(reps, repeat=problem.num_accounts)]


def test_each_point_is_the_best_that_its_allowance_buys() -> None:
    """Workloads 1, 2, 3, 4 lie as 3 : 7; one move makes it 6 : 4, two make it 5 : 5, and trying all agrees.

    Priced excess falls from 1.9 to 0.7 to 0, so after one of three moves the curve is 0.30 below its chord, after two
    0.33.
    """
    problem = line_of_four()
    curve = curve_of(problem, TIGHT, moves=(0, 1, 2, 3))
    assert [point.answer.outcome for point in curve.points] == [Outcome.OPTIMAL] * 4
    for point in curve.points:
        within = [
            candidate
            for candidate in alignments(problem)
            if moved_amount(problem, candidate, "accounts") <= point.allowance.amount
        ]
        best = min(score(problem, point.question.criteria, candidate).objective for candidate in within)
        assert point.objective == pytest.approx(best)
    assert (curve.least.amount, curve.least.is_proven) == (0.0, True)
    assert (curve.needed.amount, curve.needed.is_proven) == (2.0, True)
    assert curve.knee == 2


def test_only_what_is_needed_moves_when_a_rep_has_left() -> None:
    """R0 has left: A0 and A1 must go and are no moves; nothing else moves at the least, and it is a point."""
    problem = line_of_four(active=np.array([False, True, True])[:2])
    curve = curve_of(problem, Criteria(travel_weight=1.0), around_needed=True)
    first = curve.points[0]
    assert (first.allowance.amount, first.answer.outcome) == (0.0, Outcome.OPTIMAL)
    assert first.answer.alignment is not None
    assert first.answer.alignment.rep.tolist() == [1, 1, 1, 1]


def test_moves_below_the_least_are_infeasible_points() -> None:
    """A capacity of 6 h makes one account leave R1: no move is impossible, one is the least and a point of its own."""
    limits = capacities(2, 1, [np.inf, 6.0], default=np.inf)
    curve = curve_of(line_of_four(capacity_max=limits), TIGHT, shares=(0.0, 0.5))
    assert [point.allowance.label for point in curve.points] == ["0 %", "fewest moves", "50 %"]
    assert curve.points[0].answer.outcome is Outcome.INFEASIBLE
    assert curve.points[0].objective is None
    assert (curve.least.amount, curve.least.is_proven) == (1.0, True)


def test_there_is_no_curve_where_no_number_of_moves_helps() -> None:
    """Capacities of 4 h in all cannot hold 10 h: nothing is asked after that is proven, and the conflict is told."""
    limits = capacities(2, 1, [2.0, 2.0], default=np.inf)
    curve = curve_of(line_of_four(capacity_max=limits), TIGHT, shares=(0.0, 0.5))
    assert curve.points == []
    assert "CAPACITY_BELOW_TOTAL" in {conflict.code for conflict in curve.conflicts}


def test_bands_that_nothing_keeps_are_told_and_the_curve_goes_on() -> None:
    """Loads of 1 and 9 h cannot be within 5 % of each other: no number is needed, that is proven, points stand."""
    problem = problem_of(np.array([1.0, 9.0]), num_reps=2, current=np.array([0, 1]), travel=np.ones((2, 2)))
    curve = curve_of(problem, TIGHT, moves=(0, 1))
    assert (curve.needed.amount, curve.needed.is_proven) == (None, True)
    assert [point.objective is not None for point in curve.points] == [True, True]


@pytest.mark.parametrize("seed", range(2))
def test_a_point_that_allows_more_is_never_worse(seed: int) -> None:
    """Objectives never rise, bounds are never above them, and nothing moves beyond its allowance."""
    random = np.random.default_rng(seed)
    problem = problem_of(
        random.uniform(1, 9, 10),
        num_reps=3,
        current=random.integers(0, 3, 10),
        travel=random.uniform(1, 9, (10, 3)),
    )
    curve = curve_of(problem, TIGHT, gap=0.01, shares=(0.0, 0.1, 0.2, 0.3, 0.5))
    objectives = [point.objective for point in curve.points if point.objective is not None]
    assert len(objectives) == len(curve.points) >= 5
    assert objectives == sorted(objectives, reverse=True)
    for point, bound in zip(curve.points, curve.lower_bounds(), strict=True):
        assert point.objective is not None
        assert point.answer.alignment is not None
        assert bound is None or bound <= point.objective * (1 + 1e-9)
        assert moved_amount(problem, point.answer.alignment, "accounts") <= point.allowance.amount
        assert violations(problem, point.question.criteria, point.answer.alignment) == ()
