"""What the parts of a curve found, put together: what follows a round of them, and how the job ends.

No HTTP, and no solving.

The points stand in the database already, each since its part told of it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.curves.outcomes import any_found, outcome_of, weightiest
from app.curves.repository import CurveRepository
from app.curves.rounds import undominated
from app.curves.storing import end_points
from app.jobs.models import Job
from app.jobs.states import JobState
from optimizer.curves.pareto import ENDS
from optimizer.result import Outcome


def gathered(session: Session, whole: Job, parts: Sequence[Job]) -> dict[str, Any]:
    """Return how a job ends whose parts have all ended, as the fields of an ending.

    A part that failed fails the whole; the points of the others are kept. A part that was canceled before its turn
    counts as stopped.
    """
    points = end_points(session, whole)
    ordered = sorted(parts, key=lambda part: list(part.part or ()))
    problem = next((part.problem for part in ordered if part.state == JobState.FAILED), None)
    if problem is not None:
        return {"state": JobState.FAILED, "problem": problem}
    reasons = {"stopped" if part.state == JobState.CANCELED else str(part.stop_reason) for part in parts}
    conflicts = next((part.conflicts for part in ordered if part.conflicts), [])
    outcome = outcome_of(points)
    begun = [part for part in parts if part.attempts > 0]
    if not points and begun and all(part.outcome == Outcome.INFEASIBLE for part in begun):
        outcome = Outcome.INFEASIBLE
    return {
        "state": JobState.SUCCEEDED,
        "outcome": outcome.value,
        "stop_reason": weightiest(reasons).value,
        "conflicts": [] if any_found(points) else conflicts,
        "relaxations": next((part.relaxations for part in ordered if part.relaxations), []),
        "progress": {**summed(whole, parts), "phase": "done", "points_done": len(points)},
    }


def next_round(session: Session, whole: Job, last: Job, waiting: Sequence[Job]) -> tuple[Sequence[Job], Sequence[Job]]:
    """Return which of the waiting parts of a Pareto set are due, and which have become needless.

    Parameters
    ----------
    whole, last
        The job, and the part with whose end a round is complete.
    waiting
        Parts that are left: those between the ends, and the one that asks for what is missing.

    Notes
    -----
    With the ends those between them are due, and what is missing after these where that is anything. Without them, for
    want of time, all is left to the last part, which begins anew; where no alignment is possible nothing is left.
    """
    curve = CurveRepository(session).get(whole.id)
    between, rest = [part for part in waiting if part.part], [part for part in waiting if not part.part]
    if curve is None or last.outcome == Outcome.INFEASIBLE:
        return [], waiting
    if between:
        is_known = len(curve.summary.get("ends") or ()) == len(ENDS)
        return (between, []) if is_known else (rest, between)
    points = [point.data for point in CurveRepository(session).points(whole.id)]
    return (rest, []) if len(undominated(points)) < curve.wanted["alignments"] else ([], rest)


def summed(whole: Job, parts: Sequence[Job]) -> dict[str, Any]:
    """Return the progress of a job from that of its parts; what holds of one alignment alone is not known."""
    told = [part.progress or {} for part in parts]
    running = [str(part.progress["phase"]) for part in parts if part.state == JobState.RUNNING and part.progress]
    return {
        "phase": ", ".join(sorted(running)) or "starting",
        "elapsed_s": round(sum(float(each.get("elapsed_s") or 0.0) for each in told), 3),
        "time_limit_s": whole.time_limit_s,
        **dict.fromkeys(("objective", "lower_bound", "gap", "violations", "moved_accounts")),
        "points_done": sum(int(each.get("points_done") or 0) for each in told),
        "points_planned": sum(len(part.part or ()) for part in parts),
    }
