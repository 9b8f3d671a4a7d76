"""A Pareto set on a problem where there are many trade-offs."""

import itertools

import numpy as np
import pytest

from optimizer.criteria import Balance, Criteria
from optimizer.curves.dominance import covers
from optimizer.curves.pareto import ENDS, ParetoSet, halton
from optimizer.curves.readings import read
from optimizer.problem import Problem
from optimizer.references import references
from optimizer.validation import violations
from tests.optimizer.curves.asking import follow
from tests.optimizer.small_problems import line_of_four, problem_of

CRITERIA = Criteria(balance=(Balance(measure="workload", tolerance=0.1, hard=True),), travel_weight=1.0)


def crowd() -> Problem:
    """Return 16 accounts of different workloads and 3 reps, at random places, with random current reps."""
    random = np.random.default_rng(5)
    return problem_of(
        random.uniform(1, 9, 16),
        num_reps=3,
        current=random.integers(0, 3, 16),
        travel=random.uniform(1, 9, (16, 3)),
    )


def set_of(problem: Problem, num_wanted: int = 9) -> ParetoSet:
    """Return a complete set."""
    relative_to = references(problem, CRITERIA)
    found = ParetoSet(problem, CRITERIA, measure="accounts", num_wanted=num_wanted, relative_to=relative_to)
    follow(found, problem, relative_to, gap=0.01)
    return found


@pytest.fixture(scope="module")
def choices() -> ParetoSet:
    """Return the set of the crowd, computed once."""
    return set_of(crowd())


def test_at_least_seven_alignments_and_none_dominated(choices: ParetoSet) -> None:
    """Values that are computed again from the alignments are those told, and no point covers another."""
    problem, points = crowd(), choices.points
    assert len(points) >= 9
    for point in points:
        assert point.answer.alignment is not None
        reading = read(problem, CRITERIA, point.answer.alignment, measure="accounts")
        assert point.values == (reading.balance, reading.travel, reading.moved / 16)
    assert not any(covers(one.values, other.values) for one, other in itertools.permutations(points, 2))


def test_a_set_whose_time_is_over_is_filled_from_what_is_known() -> None:
    """After the three ends, alignments between them make nine that none covers; each keeps its own question."""
    problem = crowd()
    relative_to = references(problem, CRITERIA)
    found = ParetoSet(problem, CRITERIA, measure="accounts", num_wanted=9, relative_to=relative_to)
    asked = follow(found, problem, relative_to, gap=0.01, most=4)
    assert 2 <= len(found.points) < 7
    filled = list(found.fill())
    assert len(found.points) >= 7
    assert not any(covers(one.values, other.values) for one, other in itertools.permutations(found.points, 2))
    assert len({question.key for question, _ in [*asked, *filled]}) == len(asked) + len(filled)
    for question, answer in filled:
        assert answer.alignment is not None
        assert violations(problem, question.criteria, answer.alignment) == ()
    assert list(found.fill()) == [] or len(found.points) == 9


def test_the_ends_are_ends(choices: ParetoSet) -> None:
    """Nothing moves at one end; at another each account is with its nearest rep; at the third balance is best."""
    problem, points = crowd(), choices.points
    assert problem.travel is not None
    assert min(point.values[2] for point in points) == 0.0
    assert min(point.values[1] for point in points) <= 1.02 * problem.travel.min(axis=1).sum()
    assert min(point.values[0] for point in points) < 0.02


def test_the_same_input_gives_the_same_set(choices: ParetoSet) -> None:
    """A set that counts work instead of seconds is the same the second time."""
    again = set_of(crowd())
    assert [point.values for point in again.points] == [point.values for point in choices.points]


def test_questions_between_the_ends_can_be_asked_anywhere() -> None:
    """Parts that know the ends alone find, in any order, what one sequence finds, and nothing else is asked there."""
    problem = crowd()
    relative_to = references(problem, CRITERIA)

    def part_of(part: list[int] | None) -> ParetoSet:
        return ParetoSet(problem, CRITERIA, measure="accounts", num_wanted=7, relative_to=relative_to, part=part)

    whole, ends = part_of(None), part_of(list(ENDS))
    values = {question.key: found.alignment for question, found in follow(whole, problem, relative_to, gap=0.01)}
    follow(ends, problem, relative_to, gap=0.01)
    known = [(point.number, point.answer) for point in ends.points if point.number is not None]
    for numbers in ([3, 4], [1, 2]):
        part = part_of(numbers)
        part.know(ends.least, ends.ends, known)
        asked = follow(part, problem, relative_to, gap=0.01)
        assert [question.key for question, _ in asked] == [f"question {number}" for number in numbers]
        for question, found in asked:
            alone, together = found.alignment, values[question.key]
            assert alone is not None
            assert together is not None
            assert (alone.rep == together.rep).all()


def test_a_problem_with_few_trade_offs_has_few_points() -> None:
    """Four accounts have no seven efficient alignments: the set ends by itself with those that it found."""
    points = set_of(line_of_four(), num_wanted=7).points
    assert 2 <= len(points) < 7


def test_halton_numbers_cover_the_square() -> None:
    """Each quarter of the unit square holds some of the first eight pairs."""
    quarters = {(halton(number, base=2) >= 0.5, halton(number, base=3) >= 0.5) for number in range(1, 9)}
    assert len(quarters) == 4
