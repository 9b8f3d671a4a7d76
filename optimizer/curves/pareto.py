"""A Pareto set over balance, travel and disruption: alignments of which none is better in everything.

Disruption is capped by budgets that go through its whole range (augmented ε-constraint: the cap is a limit that the
search knows, and a small price makes sure that nothing moves in vain); between balance and travel, which the search
knows only as prices, the weight goes from one end to the other. Both are stretched to the ranges between the ends, so
that equal weights mean equal parts of the range. Caps and weights are spread by a Halton sequence: every prefix of it
covers the whole square, so the set may end at any time.

Questions are numbered. The ends depend on nothing but the fewest moves; the first questions between them, as many as
points are wanted, on the ends alone, so that they can be asked anywhere and in any order; what is asked after these
begins with the best of all that is known.

References
----------
Mavrotas, "Effective implementation of the ε-constraint method in multi-objective mathematical programming problems",
Applied Mathematics and Computation 213 (2009), doi 10.1016/j.amc.2009.03.037.
Halton, "On the efficiency of certain quasi-random sequences of points in evaluating multi-dimensional integrals",
Numerische Mathematik 2 (1960), doi 10.1007/BF01386213.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.curves.between import alignment_between
from optimizer.curves.dominance import admitted
from optimizer.curves.fewest import Fewest, counted, fewest_possible, stay
from optimizer.curves.questions import Answer, Dialogue, Question
from optimizer.curves.readings import read
from optimizer.curves.wishes import measured_balance, traded, with_budget
from optimizer.items import Items, items_of
from optimizer.measures import moved_amount
from optimizer.problem import Problem
from optimizer.references import References
from optimizer.result import Conflict, Outcome, StopReason

MOST_TRIES: Final = 4
"""At most so many questions for each wanted point."""
END_PART: Final = 0.01
"""What the other one weighs at an end of the set."""
FIRST_RANGES: Final = (0.2, 0.2, 1.0)
"""Ranges before any alignment is known: of mean deviation, of travel in parts of its reference, of the moved share."""
LEAST_RANGE: Final = 1e-3
"""A range is at least this (of travel: this part of the reference), lest weights grow without end."""

Values = tuple[float, float, float]

LEAST, BALANCED, NEAR = -2, -1, 0
ENDS: Final = {
    LEAST: ("least disruption", (0.5, 0.5)),
    BALANCED: ("best balance", (1.0, END_PART)),
    NEAR: ("best travel", (END_PART, 1.0)),
}
"""The questions at the ends by their numbers: labels, and weights of balance and travel."""


def independent(num_wanted: int) -> range:
    """Return the numbers of the questions that depend on the ends alone, for so many wanted points."""
    return range(1, num_wanted - len(ENDS) + 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class ParetoPoint:
    """One alignment of the set: what was asked, what may move, what was found; balance, travel and moved share.

    The number is that of the question; None between two points.
    """

    number: int | None
    question: Question
    limit: float | None
    answer: Answer
    values: Values


class ParetoSet:
    """Ask for alignments and keep those that none other covers.

    Parameters
    ----------
    problem, criteria
        What is given, with travel; and wanted, with at least one balance.
    measure
        What moves are counted in.
    num_wanted
        How many alignments are wanted.
    relative_to
        The references of the problem under the criteria.
    part
        Numbers of the questions that are asked here: the ends, or some of the independent ones. None for the whole
        set; nothing for what is missing when all of these have been asked.

    Attributes
    ----------
    criteria
        What every point is asked with, but for its weights and its budget.
    ends
        Balance, travel and moved share of the ends, as far as they are known.
    points
        None covers another, in the order they were found.
    least
        The fewest moves that are possible.
    is_impossible
        True once it is proven that there is no alignment at all.
    conflicts
        As far as arithmetic tells, why there is no alignment at all.
    """

    def __init__(
        self,
        problem: Problem,
        criteria: Criteria,
        *,
        measure: str,
        num_wanted: int,
        relative_to: References,
        part: Sequence[int] | None = None,
    ) -> None:
        self.criteria = criteria.replace(balance=measured_balance(criteria))
        self.ends: list[Values] = []
        self.points: list[ParetoPoint] = []
        self.least = Fewest()
        self.num_planned = num_wanted
        self.is_impossible = False
        self.conflicts: tuple[Conflict, ...] = ()
        self._problem, self._wanted, self._measure, self._relative_to = problem, criteria, measure, relative_to
        self._part, self._of_ends = part, list[ParetoPoint]()
        self._total = float(problem.amount[:, problem.measure_index(measure)].sum())
        self._num_between = 0

    @property
    def is_complete(self) -> bool:
        """Whether there are as many points as are wanted."""
        return len(self.points) >= self.num_planned

    def know(self, least: Fewest, ends: Sequence[Values], found: Sequence[tuple[int, Answer]]) -> None:
        """Go on from what was found elsewhere.

        Parameters
        ----------
        least
            The fewest moves that are possible.
        ends
            Balance, travel and moved share of the ends; where they are not all known, they are asked for here.
        found
            Numbers of questions and their answers, in the order of the numbers.
        """
        if len(ends) < len(ENDS):
            return
        self.least, self.ends = least, list(ends)
        for number, answer in found:
            question, limit = self._question(number)
            self._add(question, answer, limit=limit, number=number)

    def questions(self) -> Dialogue:
        """Ask one question after another; ends with enough points, or with none left to try."""
        if not self.ends:
            yield from self._ask_ends()
        if self.is_impossible:
            return
        first = independent(self.num_planned)
        for number in first if self._part is None else [number for number in self._part if number in first]:
            yield from self._ask(number)
        if not self._part:
            for number in range(first.stop, MOST_TRIES * self.num_planned):
                if self.is_complete:
                    return
                yield from self._ask(number)

    def _ask_ends(self) -> Dialogue:
        found = yield from fewest_possible(self._problem, self._wanted, measure=self._measure)
        if found.outcome is Outcome.INFEASIBLE:
            self.is_impossible, self.conflicts = True, found.conflicts
            return
        self.least = counted(self._problem, found, measure=self._measure)
        for number in ENDS:
            yield from self._ask(number)

    def _ask(self, number: int) -> Dialogue:
        question, limit = self._question(number)
        values = self._add(question, (yield question), limit=limit, number=number)
        if number in ENDS and values is not None:
            self.ends.append(values)

    def _question(self, number: int) -> tuple[Question, float | None]:
        """Return a question by its number, and what may move; None where that is not limited."""
        least = self.least.amount or 0.0
        limit = least if number == LEAST else None
        if number in ENDS:
            label, weights = ENDS[number]
        else:
            most = max((moved for _, _, moved in self.ends), default=0.0) * self._total
            weight, limit = halton(number, base=2), least + halton(number, base=3) * max(most - least, 0.0)
            label = f"balance {weight:.0%}, travel {1 - weight:.0%}, at most {limit / self._total:.1%} moved"
            weights = (weight, 1 - weight)
        criteria = self._criteria(weights, is_end=number in ENDS)
        if limit is not None:
            criteria = with_budget(criteria, limit)
        return Question(key=f"question {number}", label=label, criteria=criteria, starts=self._starts(number)), limit

    def fill(self) -> Iterator[tuple[Question, Answer]]:
        """Add alignments between those that are known until there are enough, and yield each; none is searched for.

        For a set whose time is over. Neighbors by what moves are taken in turn, those that are farthest apart first.
        """
        items = items_of(self._problem, self._wanted)
        tried: set[tuple[str, str]] = set()
        while not self.is_complete:
            points = sorted(self.points, key=lambda point: point.values[2])
            pairs = [
                (two.values[2] - one.values[2], one, two)
                for one, two in pairwise(points)
                if (one.question.key, two.question.key) not in tried
            ]
            if not pairs:
                return
            _, one, two = max(pairs, key=lambda pair: pair[0])
            tried.add((one.question.key, two.question.key))
            found = self._between(one, two, items)
            if found is not None:
                yield found

    def _between(self, one: ParetoPoint, two: ParetoPoint, items: Items) -> tuple[Question, Answer] | None:
        """Add an alignment between two points; None where there is none that the set does not cover."""
        first, second = one.answer.alignment, two.answer.alignment
        if first is None or second is None:
            return None
        hard = one.question.criteria.replace(disruption=two.question.criteria.disruption)
        alignment = alignment_between(self._problem, hard, items, first, second)
        if alignment is None:
            return None
        limit = moved_amount(self._problem, alignment, self._measure)
        label = f"between at most {one.values[2]:.1%} and {two.values[2]:.1%} moved"
        self._num_between += 1
        question = Question(
            key=f"between-{self._num_between}",
            label=label,
            criteria=with_budget(self._criteria((0.5, 0.5), is_end=False), limit),
        )
        answer = Answer(outcome=Outcome.FEASIBLE, stop_reason=StopReason.TIME_LIMIT, alignment=alignment)
        self._add(question, answer, limit=limit, number=None)
        return (question, answer) if any(point.question is question for point in self.points) else None

    def _add(self, question: Question, found: Answer, *, limit: float | None, number: int | None) -> Values | None:
        """Keep what was found, unless the set covers it; leave out what it covers. Return its values."""
        if found.alignment is None:
            return None
        reading = read(self._problem, self.criteria, found.alignment, measure=self._measure)
        values = (reading.balance, reading.travel or 0.0, reading.moved / self._total)
        point = ParetoPoint(number=number, question=question, limit=limit, answer=found, values=values)
        front = admitted([(kept.values, kept) for kept in self.points], values, point)
        self.points = [kept for _, kept in front]
        if number in ENDS:  # none but ends are known then
            self._of_ends = list(self.points)
        return values

    def _starts(self, number: int) -> tuple[Alignment, ...]:
        """Return what the search for a question begins with: for an independent one only what all know."""
        is_independent = number in independent(self.num_planned)
        found = [point.answer.alignment for point in (self._of_ends if is_independent else self.points)]
        known = [stay(self._problem), self.least.alignment if number in ENDS else None, *found]
        return tuple(start for start in known if start is not None)

    def _criteria(self, weights: tuple[float, float], *, is_end: bool) -> Criteria:
        reference = self._relative_to.travel
        ranges = FIRST_RANGES[0], FIRST_RANGES[1] * reference, FIRST_RANGES[2]
        if not is_end and len(self.ends) == len(ENDS):
            balance, travel, moved = (max(values) - min(values) for values in zip(*self.ends, strict=True))
            ranges = max(balance, LEAST_RANGE), max(travel, LEAST_RANGE * reference), max(moved, LEAST_RANGE)
        return traded(self.criteria, measure=self._measure, weights=weights, ranges=ranges, travel_reference=reference)


def halton(number: int, *, base: int) -> float:
    """Return an element of the Halton sequence, in (0, 1), for ``number`` ≥ 1 and a prime base.

    >>> [halton(number, base=2) for number in (1, 2, 3)]
    [0.5, 0.25, 0.75]
    """
    value, part = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        part /= base
        value += digit * part
    return value
