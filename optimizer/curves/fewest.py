"""The fewest moves that are possible at all, and that keep the bands of hard balance."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from optimizer.alignment import UNASSIGNED, Alignment
from optimizer.criteria import Criteria
from optimizer.curves.questions import Answer, Question
from optimizer.curves.wishes import Bands, fewest_moves
from optimizer.items import items_of
from optimizer.measures import moved_amount
from optimizer.permissions import permissions_of
from optimizer.problem import Problem
from optimizer.result import Outcome, StopReason
from optimizer.tolerances import slack
from optimizer.validation import violations


@dataclass(frozen=True, kw_only=True)
class Fewest:
    """The fewest moves for a purpose.

    Attributes
    ----------
    amount
        What moves, in the measure's unit; None where it is unknown or impossible.
    is_proven
        True where less is impossible; with an amount of None, where the purpose itself is.
    alignment
        Moves no more than that; None where none was found.
    """

    amount: float | None = None
    is_proven: bool = False
    alignment: Alignment | None = None


def stay(problem: Problem) -> Alignment:
    """Return the alignment that moves nothing; accounts whose rep has left, or who never had one, are unassigned."""
    served = (problem.current >= 0) & problem.active[problem.current]
    return Alignment(rep=np.where(served, problem.current, UNASSIGNED))


def settled(problem: Problem, criteria: Criteria) -> Alignment:
    """Return what stays, and every account that has to go somewhere with the nearest rep who may have it.

    A family goes where the fewest of its members move. Limits on loads are not looked at.
    """
    rep = stay(problem).rep.copy()
    homeless = np.flatnonzero(rep < 0)
    if not len(homeless):
        return Alignment(rep=rep)
    items = items_of(problem, criteria)
    permissions = permissions_of(problem, criteria, items)
    reps = permissions.reps
    for item in np.unique(items.item_of_account[homeless]).tolist():
        members = items.accounts_of(item)
        open_reps = reps[permissions.allowed[item, : len(reps)]]
        if not len(open_reps):
            continue
        now = rep[members][:, None]
        moves = ((now >= 0) & (now != open_reps)).sum(axis=0)
        away = np.zeros(len(open_reps)) if problem.travel is None else problem.travel[np.ix_(members, open_reps)].sum(0)
        rep[members] = open_reps[np.lexsort((away, moves))[0]]
    return Alignment(rep=rep)


def fewest_possible(problem: Problem, criteria: Criteria, *, measure: str) -> Generator[Question, Answer, Answer]:
    """Ask for the fewest moves that keep every hard limit but balance; where none are needed, nothing is asked."""
    asked = Question(
        key="least",
        label="counting the fewest moves",
        criteria=fewest_moves(criteria, measure=measure, bands=Bands.FREE),
        starts=(stay(problem), settled(problem, criteria)),
        is_point=False,
    )
    return (yield from _unless_known(problem, asked, asked, measure=measure, proven=0.0))


def fewest_in_band(
    problem: Problem, criteria: Criteria, *, measure: str, least: Fewest
) -> Generator[Question, Answer, Answer]:
    """Ask for the fewest moves that keep every hard limit; those that are possible at all may do.

    First the bands are priced, because such a search can begin with what breaks them; what it proves holds where its
    answer is in band. Only where it is not, the bands are asked for as limits, which can be proven impossible.
    """
    hard = fewest_moves(criteria, measure=measure, bands=Bands.HARD)
    asked = Question(
        key="needed",
        label="counting the fewest moves in band",
        criteria=fewest_moves(criteria, measure=measure, bands=Bands.PRICED),
        starts=tuple(start for start in (least.alignment, stay(problem)) if start is not None),
        is_point=False,
    )
    proven = least.amount if least.is_proven and least.amount is not None else 0.0
    in_band = Question(key="in_band", label=asked.label, criteria=hard, starts=asked.starts, is_point=False)
    found = yield from _unless_known(problem, in_band, asked, measure=measure, proven=proven)
    if found.alignment is not None and not violations(problem, hard, found.alignment):
        return found
    found = yield in_band
    return found


def counted(problem: Problem, found: Answer, *, measure: str, known: float | None = None) -> Fewest:
    """Return the fewest moves that an answer tells; ``known`` is what was settled on before."""
    if found.alignment is None:
        return Fewest(amount=known, is_proven=found.outcome is Outcome.INFEASIBLE)
    amount = moved_amount(problem, found.alignment, measure)
    is_proven = found.outcome is Outcome.OPTIMAL and (known is None or amount <= known + slack(amount))
    return Fewest(amount=amount if known is None else known, is_proven=is_proven, alignment=found.alignment)


def _unless_known(
    problem: Problem, wanted: Question, asked: Question, *, measure: str, proven: float
) -> Generator[Question, Answer, Answer]:
    """Ask, unless a start that keeps what is wanted moves no more than is proven to be necessary."""
    for start in wanted.starts:
        amount = moved_amount(problem, start, measure)
        if amount <= proven + slack(proven) and not violations(problem, wanted.criteria, start):
            return Answer(outcome=Outcome.OPTIMAL, stop_reason=StopReason.PROVED, alignment=start)
    found = yield asked
    return found
