"""Solve around an edit: a few reps are open, everybody else keeps what an alignment gives them.

Owns the narrower question. Accounts of closed reps are locked to them, and nobody else's account may go there. The
objective stays that of the whole question: the weights make up for references that depend on what is allowed. What is
proven of the narrower question proves nothing of the whole one, so bounds and impossibility are not told.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from app.scenarios.planning import Plan
from optimizer.references import references
from optimizer.result import Outcome, Progress, Result


def held_outside(planned: Plan, rep_ids: Sequence[str | None], open_reps: Collection[str]) -> Plan:
    """Return the question that leaves only the open reps' territories free.

    Parameters
    ----------
    planned
        The whole question.
    rep_ids
        The rep of every account, in the dataset's order, that it keeps unless that rep is open; None is free.
    open_reps
        Ids of the reps that may exchange accounts among each other.
    """
    problem, criteria = planned.problem, planned.criteria
    rep = planned.alignment(rep_ids).rep
    known = frozenset(open_reps)
    is_open = np.array([rep_id in known for rep_id in planned.rep_ids], dtype=np.bool_)
    held = np.flatnonzero((rep >= 0) & ~is_open[rep])
    free = np.setdiff1d(np.arange(problem.num_accounts), held)
    possible = np.ones((problem.num_accounts, problem.num_reps), dtype=np.bool_)
    if problem.possible is not None:
        possible &= problem.possible
    possible[np.ix_(free, ~is_open)] = False
    locks = tuple(zip(held.tolist(), rep[held].tolist(), strict=True))
    narrower = problem.replace(possible=possible)
    wanted = criteria.replace(locks=(*criteria.locks, *locks))
    whole, part = references(problem, criteria), references(narrower, wanted)
    wanted = wanted.replace(
        travel_weight=criteria.travel_weight * part.travel / whole.travel,
        compactness_weight=criteria.compactness_weight * part.compactness / whole.compactness,
    )
    return replace(planned, problem=narrower, criteria=wanted)


def unproven(result: Result) -> Result:
    """Return a result of a narrower question as one of the whole: its alignment, and nothing proven."""
    outcome = {Outcome.OPTIMAL: Outcome.FEASIBLE, Outcome.INFEASIBLE: Outcome.UNKNOWN}.get(result.outcome)
    return replace(
        result,
        outcome=outcome or result.outcome,
        lower_bound=None,
        bound_source=None,
        certified_bound=None,
        multipliers=None,
        conflicts=(),
        relaxations=(),
    )


def without_bounds(report: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Return a progress callback that passes on everything but the narrower question's bound."""

    def told(progress: Progress) -> None:
        report(replace(progress, lower_bound=None))

    return told
