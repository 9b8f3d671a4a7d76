"""How a curve ends: the outcome and the reason of many questions as one. Imports neither the web nor the database."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from optimizer.result import Outcome, StopReason

WEIGHTIEST_FIRST = (StopReason.STOPPED, StopReason.TIME_LIMIT, StopReason.NO_IMPROVEMENT, StopReason.GAP)


def weightiest(reasons: Collection[str]) -> StopReason:
    """Return the reason that weighs most: a stop, the time, and only then what the searches ended with."""
    return next((reason for reason in WEIGHTIEST_FIRST if reason in reasons), StopReason.PROVED)


def any_found(points: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a point, as it is told, has an alignment: only then it has an objective."""
    return any(point["objective"] is not None for point in points)


def outcome_of(points: Sequence[Mapping[str, Any]]) -> Outcome:
    """Return the outcome of told points: feasible with one alignment, infeasible where all are proven to be."""
    if any_found(points):
        return Outcome.FEASIBLE
    is_impossible = bool(points) and all(point["outcome"] == Outcome.INFEASIBLE for point in points)
    return Outcome.INFEASIBLE if is_impossible else Outcome.UNKNOWN
