"""What an alignment amounts to on a curve: deviations of each balanced measure, travel, and what moved.

Plain measures of an alignment, computed from the raw arrays and not from any solver's objective.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.alignment import Alignment
from optimizer.criteria import Criteria
from optimizer.measures import deviation, is_moved, loads, moved_amount, travel
from optimizer.problem import Problem
from optimizer.score import alignment_targets
from optimizer.tolerances import slack


@dataclass(frozen=True, kw_only=True)
class Deviations:
    """How far the active reps' loads of one measure are from their targets.

    Attributes
    ----------
    worst, mean
        Largest and mean absolute deviation, fractions of the target.
    beyond
        Mean deviation beyond the tolerance, a fraction of the target.
    in_band
        Number of reps within the tolerance.
    """

    worst: float
    mean: float
    beyond: float
    in_band: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an alignment amounts to.

    Attributes
    ----------
    deviations
        By balanced measure.
    travel
        In the problem's travel unit per year; None where it is unknown.
    moved
        What leaves an active rep, in the unit of the measure that was asked for.
    moved_accounts
        Accounts that had a rep and have another one: all moves.
    of_left
        Those of them whose rep has left, which count in no budget.
    """

    deviations: dict[str, Deviations]
    travel: float | None
    moved: float
    moved_accounts: int
    of_left: int

    @property
    def balance(self) -> float:
        """Mean absolute deviation over active reps and balanced measures, a fraction; 0 where nothing is balanced."""
        means = [found.mean for found in self.deviations.values()]
        return sum(means) / len(means) if means else 0.0


def read(problem: Problem, criteria: Criteria, alignment: Alignment, *, measure: str) -> Reading:
    """Read an alignment; tolerances are those of ``criteria``, moves are counted in ``measure``."""
    load = loads(problem, alignment)
    target = alignment_targets(problem, criteria, load)
    found = {}
    for balance in criteria.balance:
        index = problem.measure_index(balance.measure)
        goal = target[problem.active, index]
        size = np.abs(deviation(load[problem.active, index], goal))
        allowed = balance.tolerance
        found[balance.measure] = Deviations(
            worst=float(size.max(initial=0.0)),
            mean=float(size.mean()) if len(size) else 0.0,
            beyond=float(np.maximum(0.0, size - allowed).mean()) if len(size) else 0.0,
            in_band=int((size * goal <= allowed * goal + slack(goal)).sum()),
        )
    return Reading(
        deviations=found,
        travel=travel(problem, alignment),
        moved=moved_amount(problem, alignment, measure),
        moved_accounts=int(alignment.moved(problem.current).sum()),
        of_left=int((alignment.moved(problem.current) & ~is_moved(problem, alignment)).sum()),
    )
