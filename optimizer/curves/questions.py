"""One question of a curve and its answer, and how a question is answered.

A curve is a dialogue: it asks a question, hears the answer, and asks the next one. Every answer is at least as good
as the best alignment that is known to keep the question's criteria, whatever the search found in its time.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.references import References
from optimizer.result import Conflict, Outcome, Result, StopReason
from optimizer.score import score
from optimizer.search.incumbent import ProgressCallback
from optimizer.solve import solve
from optimizer.stop import StopCriterion
from optimizer.validation import violations

KEPT: Final = frozenset({Outcome.OPTIMAL, Outcome.FEASIBLE})
"""Outcomes whose alignment keeps the question's criteria."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """What is asked for one point of a curve, or on the way to one.

    Attributes
    ----------
    key
        Names the question within its curve, the same whenever the curve is computed.
    label
        Names the point for people.
    criteria
        What is wanted.
    starts
        Alignments to begin with; those that break the criteria are passed over.
    is_point
        False for what only has to be known before the first point.
    """

    key: str
    label: str
    criteria: Criteria
    starts: tuple[Alignment, ...] = ()
    is_point: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer:
    """What was found.

    Attributes
    ----------
    outcome, stop_reason
        As of a :class:`optimizer.result.Result`.
    alignment
        Keeps the question's criteria; None where nothing was found.
    lower_bound
        Proven bound on the question's objective; None where none is known.
    conflicts
        Why there is no alignment.
    """

    outcome: Outcome
    stop_reason: StopReason
    alignment: Alignment | None = None
    lower_bound: float | None = None
    conflicts: tuple[Conflict, ...] = ()


Dialogue = Generator[Question, Answer, None]


def best_start(
    problem: Problem, criteria: Criteria, starts: Sequence[Alignment], *, relative_to: References
) -> tuple[Alignment, float] | None:
    """Return the best of the alignments that keep the criteria, with its objective; None where none does."""
    found = [
        (score(problem, criteria, start, relative_to=relative_to).objective, number)
        for number, start in enumerate(starts)
        if not violations(problem, criteria, start)
    ]
    if not found:
        return None
    objective, number = min(found)
    return starts[number], objective


def known_answer(problem: Problem, question: Question, *, relative_to: References) -> Answer:
    """Answer without a search, for want of time: the best of what the question begins with."""
    start = best_start(problem, question.criteria, question.starts, relative_to=relative_to)
    return Answer(
        outcome=Outcome.UNKNOWN if start is None else Outcome.FEASIBLE,
        stop_reason=StopReason.TIME_LIMIT,
        alignment=None if start is None else start[0],
    )


def answer(
    problem: Problem,
    question: Question,
    stop: StopCriterion,
    *,
    relative_to: References,
    seed: int,
    params: SolveParams,
    on_progress: ProgressCallback | None = None,
) -> Answer:
    """Answer a question by a search that is never worse than what the question begins with.

    Parameters
    ----------
    problem, question, stop
        What is asked, and when to end.
    relative_to
        The references, which no question of a curve changes.
    seed, params, on_progress
        As in :func:`optimizer.solve`.
    """
    start = best_start(problem, question.criteria, question.starts, relative_to=relative_to)
    result = solve(
        problem,
        question.criteria,
        stop,
        seed=seed,
        params=params,
        initial=None if start is None else start[0],
        on_progress=on_progress,
    )
    if start is not None and (result.outcome not in KEPT or _is_worse(result, start[1])):
        return Answer(
            outcome=Outcome.FEASIBLE,
            stop_reason=result.stop_reason,
            alignment=start[0],
            lower_bound=_bound(result, at_most=start[1]),
        )
    return Answer(
        outcome=result.outcome,
        stop_reason=result.stop_reason,
        alignment=result.alignment if result.outcome in KEPT else None,
        lower_bound=_bound(result),
        conflicts=result.conflicts,
    )


def _bound(result: Result, *, at_most: float = math.inf) -> float | None:
    """Return a proven bound that says something, None where there is none."""
    bound = result.lower_bound
    return None if bound is None or not math.isfinite(bound) else min(bound, at_most)


def _is_worse(result: Result, objective: float) -> bool:
    return result.objective is None or result.objective > objective
