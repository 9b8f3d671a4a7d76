"""Hire: how many reps more make an infeasible problem feasible, and like whom they are.

Owns the number, from what is short by arithmetic, and the choice of the reps to be copied: those with most to do
nearby for what they can carry. Whether it suffices is decided by an alignment.
"""

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np

from optimizer.alignment import Alignment
from optimizer.change_prices import Prices
from optimizer.changes import ADD_REP, apply_changes, relaxation_of
from optimizer.conflicts import conflicts
from optimizer.criteria import Criteria
from optimizer.measures import Float64Array, sum_by
from optimizer.permissions import chunks
from optimizer.problem import Problem
from optimizer.result import Change, Conflict, Relaxation
from optimizer.search.shedding import shed
from optimizer.validation import violations

SHORT_OF_REPS: Final = frozenset({"CAPACITY_BELOW_TOTAL", "GROUP_SHORT_OF_CAPACITY", "BALANCE_IMPOSSIBLE"})
"""Conflicts that more reps can end."""
MOST_HIRED: Final = 100
"""More reps than this are no remedy but another plan."""
TRIALS: Final = 3
MORE: Final = 25
"""One rep in so many is added where whole accounts did not fit."""


class Construct(Protocol):
    """Finds an alignment under changes."""

    def __call__(self, changes: Iterable[Change], *, share: float, initial: Alignment | None) -> Alignment | None:
        """Return an alignment, or None where none was found in a share of the time left."""
        ...


def hired(
    problem: Problem,
    criteria: Criteria,
    *,
    construct: Construct,
    prices: Prices,
    overfull: Alignment | None = None,
) -> Relaxation | None:
    """Return the fewest reps found whose hiring makes a problem feasible; None where no more reps would help.

    Parameters
    ----------
    problem, criteria
        What cannot be met.
    construct
        Finds an alignment under changes.
    prices
        What a new rep costs.
    overfull
        An alignment that keeps everything but maximums: what is over them is a beginning for the new reps.
    """
    short = [conflict for conflict in conflicts(problem, criteria) if conflict.code in SHORT_OF_REPS and conflict.reps]
    if not short:
        return None
    like = _like(problem, short)
    for _ in range(TRIALS):
        if len(like) > MOST_HIRED:
            return None
        changes = [Change(kind=ADD_REP, rep=rep) for rep in like]
        larger = apply_changes(problem, criteria, changes)
        if not conflicts(*larger):
            start = None
            if overfull is not None:
                start = shed(*larger, overfull, goals=range(problem.num_reps, larger[0].num_reps))
            alignment = construct(changes, share=0.5, initial=start)
            if alignment is not None and not violations(*larger, alignment):
                return relaxation_of(problem, changes, alignment, prices=prices)
        like += like[: max(1, len(like) // MORE)]
    return None


def _like(problem: Problem, short: list[Conflict]) -> list[int]:
    """Return whom to copy: for each conflict as many as carry what is short, the busiest nearby first."""
    chosen: list[int] = []
    for conflict in short:
        measure = problem.measure_index(str(conflict.measure))
        reps = np.array(conflict.reps)
        carries = problem.capacity_max[reps, measure]
        carries = np.where(np.isfinite(carries), carries, float(conflict.capacity or 0.0) / len(reps))
        order = np.argsort(-_pressure(problem, reps, measure), kind="stable").tolist()
        of_rep = dict(zip(reps.tolist(), carries.tolist(), strict=True))
        missing = float(conflict.short or 0.0) - sum(of_rep.get(rep, 0.0) for rep in chosen)
        while missing > 0 and len(chosen) <= MOST_HIRED and carries[order].any():
            for place in order:
                if missing <= 0 or len(chosen) > MOST_HIRED:
                    break
                if carries[place] > 0:
                    chosen.append(int(reps[place]))
                    missing -= float(carries[place])
    return chosen


def _pressure(problem: Problem, reps: np.ndarray[tuple[int], np.dtype[np.int64]], measure: int) -> Float64Array:
    """Return what lies nearest to each rep, less what it can carry. Shape ``(reps,)``."""
    amount = problem.amount[:, measure]
    carries = problem.capacity_max[reps, measure]
    if problem.travel is None:
        return np.where(np.isfinite(carries), carries, 0.0).astype(np.float64)
    nearest = np.empty(problem.num_accounts, dtype=np.int64)
    for first, last in chunks(problem.num_accounts, width=len(reps)):
        nearest[first:last] = np.argmin(problem.travel[first:last][:, reps], axis=1)
    return sum_by(nearest, amount, count=len(reps)) - np.where(np.isfinite(carries), carries, 0.0)
