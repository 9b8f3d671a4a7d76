"""The price of disruption: the best balance, then everything else, for each amount that may move.

The dialogue first asks for the fewest moves that are possible at all, and for the fewest that keep the bands of hard
balance; both are points themselves. Then it asks for the best alignment at each allowance, ascending, and begins each
search with what a smaller allowance bought: a point that allows more is never worse.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.curves.fewest import Fewest, counted, fewest_in_band, fewest_possible, stay
from optimizer.curves.knee import knee
from optimizer.curves.questions import Answer, Dialogue, Question
from optimizer.curves.wishes import bought_balance, with_budget
from optimizer.problem import ACCOUNTS, Problem
from optimizer.references import References
from optimizer.result import Conflict, Outcome, StopReason
from optimizer.score import score
from optimizer.tolerances import slack

AUTO_SHARES: Final = (0.0, 0.005, 0.01, 0.025, 0.05, 0.10)
"""Moves on top of the fewest that are needed, as parts of all accounts."""


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Which amounts may move.

    Attributes
    ----------
    measure
        What moves are counted in.
    shares
        Fractions of the measure's total.
    moves
        Numbers of accounts; only with the measure ``accounts``.
    around_needed
        True adds allowances around the fewest moves that are needed.
    """

    measure: str = ACCOUNTS
    shares: tuple[float, ...] = ()
    moves: tuple[int, ...] = ()
    around_needed: bool = False


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What may move for one point: the amount in the measure's unit, the share of its total, and a label."""

    amount: float
    share: float
    label: str


@dataclass(frozen=True, eq=False, kw_only=True)
class DisruptionPoint:
    """One point: what may move, what was asked and found, and its objective under the curve's criteria."""

    allowance: Allowance
    question: Question
    answer: Answer
    objective: float | None


class DisruptionCurve:
    """Ask for the points of a price-of-disruption curve and keep them.

    Parameters
    ----------
    problem, criteria
        What is given and wanted; balance becomes what is bought.
    spending
        Which amounts may move.
    relative_to
        The references of the problem under the criteria.
    known
        The fewest moves, possible and needed, that an earlier attempt settled on; they name its points.

    Attributes
    ----------
    criteria
        What every point is asked with, but for its budget.
    points
        Ascending by what they allow.
    least, needed
        The fewest moves that keep all hard limits but balance, and that keep all of them.
    is_impossible
        True once it is proven that there is no alignment at all.
    conflicts
        As far as arithmetic tells, why there is no curve at all.
    """

    def __init__(
        self,
        problem: Problem,
        criteria: Criteria,
        spending: Spending,
        *,
        relative_to: References,
        known: tuple[float | None, float | None] = (None, None),
    ) -> None:
        self.criteria = bought_balance(criteria, measure=spending.measure)
        self.points: list[DisruptionPoint] = []
        self.least = self.needed = Fewest()
        self.is_impossible = False
        self.conflicts: tuple[Conflict, ...] = ()
        self._problem, self._wanted, self._spending = problem, criteria, spending
        self._relative_to, self._known = relative_to, known
        self._total = float(problem.amount[:, problem.measure_index(spending.measure)].sum())

    @property
    def num_planned(self) -> int:
        """Number of points that there will be."""
        return len(self._allowances())

    @property
    def knee(self) -> int | None:
        """Position of the point where the first big gains end; None where there is none."""
        found = [(number, point.objective) for number, point in enumerate(self.points) if point.objective is not None]
        bend = knee([self.points[number].allowance.amount for number, _ in found], [value for _, value in found])
        return None if bend is None else found[bend][0]

    def lower_bounds(self) -> list[float | None]:
        """Return the best proven bound of each point: what bounds a wider allowance bounds a narrower one."""
        bounds: list[float | None] = []
        widest: float | None = None
        for point in reversed(self.points):
            own = point.answer.lower_bound
            widest = own if widest is None or (own is not None and own > widest) else widest
            bounds.append(widest if point.objective is not None else None)
        return bounds[::-1]

    def questions(self) -> Dialogue:
        """Ask one question after another; ends when the curve is complete."""
        measure = self._spending.measure
        found = yield from fewest_possible(self._problem, self._wanted, measure=measure)
        if found.outcome is Outcome.INFEASIBLE:
            self.is_impossible, self.conflicts = True, found.conflicts
            return
        self.least = counted(self._problem, found, measure=measure, known=self._known[0])
        self.needed = self.least
        if any(balance.hard for balance in self._wanted.balance):
            found = yield from fewest_in_band(self._problem, self._wanted, measure=measure, least=self.least)
            self.needed = counted(self._problem, found, measure=measure, known=self._known[1])
        for allowance in self._allowances():
            question = self._question(allowance)
            self._add(allowance, question, (yield from self._answered(allowance, question)))

    def _allowances(self) -> list[Allowance]:
        """Return what may move, ascending; the least and the needed moves are among it."""
        spending, total = self._spending, self._total
        found = {
            (
                share * total if spending.measure != ACCOUNTS else float(math.floor(share * total + 1e-9)),
                share,
            ): f"{100 * share:g} %"
            for share in spending.shares
        }
        counts = set(spending.moves)
        if spending.around_needed:
            base = next((few.amount for few in (self.needed, self.least) if few.amount is not None), 0.0)
            counts |= {min(int(base) + math.ceil(part * total), int(total)) for part in AUTO_SHARES}
        found |= {(float(count), count / total): f"{count:,} moves" for count in counts}
        amounts = {amount for amount, _ in found}
        for few, label in ((self.least, "fewest moves"), (self.needed, "fewest moves in band")):
            if few.amount is not None and not any(abs(few.amount - known) <= slack(known) for known in amounts):
                found[few.amount, few.amount / total] = label
                amounts.add(few.amount)
        return [Allowance(amount=amount, share=share, label=label) for (amount, share), label in sorted(found.items())]

    def _question(self, allowance: Allowance) -> Question:
        starts = [stay(self._problem), self.least.alignment, self.needed.alignment]
        starts += [point.answer.alignment for point in self.points[-1:]]
        return Question(
            key=f"{allowance.share!r}",
            label=allowance.label,
            criteria=with_budget(self.criteria, allowance.amount),
            starts=tuple(start for start in starts if start is not None),
        )

    def _answered(self, allowance: Allowance, question: Question) -> Generator[Question, Answer, Answer]:
        """Ask, unless the point before allows the same or it is proven that so few moves do not suffice."""
        before = self.points[-1] if self.points else None
        if before is not None and allowance.amount <= before.allowance.amount:
            return before.answer
        if self._is_standstill(allowance):
            alignment = stay(self._problem)
            objective = self._objective(question, alignment)
            return Answer(
                outcome=Outcome.OPTIMAL, stop_reason=StopReason.PROVED, alignment=alignment, lower_bound=objective
            )
        least = self.least
        if least.is_proven and least.amount is not None and allowance.amount < least.amount - slack(least.amount):
            return Answer(outcome=Outcome.INFEASIBLE, stop_reason=StopReason.PROVED)
        found = yield question
        return found

    def _add(self, allowance: Allowance, question: Question, found: Answer) -> None:
        objective = None if found.alignment is None else self._objective(question, found.alignment)
        before = next((point for point in reversed(self.points) if point.objective is not None), None)
        if before is not None and before.objective is not None and (objective is None or objective >= before.objective):
            found, objective = _kept(found, before.answer, objective=before.objective), before.objective
        self.points.append(DisruptionPoint(allowance=allowance, question=question, answer=found, objective=objective))

    def _is_standstill(self, allowance: Allowance) -> bool:
        """Tell whether only one alignment is left: nothing may move, nothing is free to, and it is possible."""
        problem = self._problem
        moving = problem.amount[:, problem.measure_index(self._spending.measure)]
        is_fixed = bool((moving > 0).all() and (stay(problem).rep >= 0).all())
        return allowance.amount == 0 and is_fixed and self.least.amount == 0

    def _objective(self, question: Question, alignment: Alignment) -> float:
        return score(self._problem, question.criteria, alignment, relative_to=self._relative_to).objective


def _kept(found: Answer, before: Answer, *, objective: float) -> Answer:
    """Return an answer with the alignment of a narrower point, which is as good or better."""
    bound = None if found.lower_bound is None else min(found.lower_bound, objective)
    outcome = found.outcome if found.alignment is not None else Outcome.FEASIBLE
    return replace(found, outcome=outcome, alignment=before.alignment, lower_bound=bound)
