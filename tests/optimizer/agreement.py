"""What an answer says against what brute force knows: every claim that is wrong, in words."""

from collections.abc import Iterator

import numpy as np

from optimizer.changes import apply_relaxation
from optimizer.criteria import Criteria
from optimizer.problem import Problem
from optimizer.result import Outcome, Result
from optimizer.score import score
from optimizer.validation import violations
from tests.optimizer.brute_force import EveryAlignment

NOISE = 1e-9
"""Relative float noise between two sums of the same terms."""
EQUAL = 1e-7
"""Relative difference up to which an optimum is the optimum."""


def wrong_claims(problem: Problem, criteria: Criteria, every: EveryAlignment, result: Result) -> list[str]:
    """Return every claim of a result that brute force refutes; none, when all is right."""
    return [
        *_wrong_outcome(every, result),
        *_wrong_alignment(problem, criteria, every, result),
        *_wrong_bound(every, result),
    ]


def wrong_relaxations(problem: Problem, criteria: Criteria, result: Result) -> list[str]:
    """Return every proposed relaxation whose alignment breaks the relaxed criteria."""
    return [
        f"the {relaxation.kind} relaxation does not help"
        for relaxation in result.relaxations
        if violations(*apply_relaxation(problem, criteria, relaxation), relaxation.alignment)
    ]


def _wrong_outcome(every: EveryAlignment, result: Result) -> Iterator[str]:
    is_kept = result.outcome in (Outcome.OPTIMAL, Outcome.FEASIBLE)
    if every.is_feasible and result.outcome is Outcome.INFEASIBLE:
        yield f"called infeasible, but there is an alignment of {every.optimum}"
    if every.is_feasible and result.outcome is Outcome.UNKNOWN:
        yield "found nothing, but there is an alignment"
    if not every.is_feasible and is_kept:
        yield f"called {result.outcome}, but there is no alignment"
    if is_kept and (result.alignment is None or result.objective is None):
        yield f"called {result.outcome} without an alignment"
    if result.outcome is Outcome.INFEASIBLE and result.alignment is not None:
        yield "called infeasible with an alignment"


def _wrong_alignment(problem: Problem, criteria: Criteria, every: EveryAlignment, result: Result) -> Iterator[str]:
    alignment, objective, truth = result.alignment, result.objective, every.optimum
    if alignment is None or objective is None or result.outcome is Outcome.UNKNOWN:
        return
    if violations(problem, criteria, alignment):
        yield "the alignment breaks criteria"
    if objective != score(problem, criteria, alignment).objective:
        yield "the objective is not the alignment's"
    place = np.flatnonzero((every.rep == alignment.rep).all(axis=1))
    if not (len(place) and every.is_right[place[0]]):
        yield "brute force does not allow the alignment"
    if truth is None:
        return
    noise = NOISE * max(1.0, abs(truth))
    if objective < truth - noise:
        yield f"the objective {objective} is better than the best, {truth}"
    if result.outcome is Outcome.OPTIMAL and objective > truth + EQUAL * abs(truth) + noise:
        yield f"called optimal at {objective}, but {truth} is possible"


def _wrong_bound(every: EveryAlignment, result: Result) -> Iterator[str]:
    truth = every.optimum
    if truth is None:
        return
    for name, bound in (("lower", result.lower_bound), ("certified", result.certified_bound)):
        if bound is not None and bound > truth + NOISE * abs(truth) + 1e-12:
            yield f"the {name} bound {bound} is above the optimum {truth}"
