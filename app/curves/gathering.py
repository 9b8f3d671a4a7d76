"""What the parts of a curve found, put together: how its job ends. No HTTP, and no solving.

The points stand in the database already, each since its part told of it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.curves.outcomes import any_found, outcome_of, weightiest
from app.curves.repository import CurveRepository
from app.jobs.models import Job
from app.jobs.states import JobState


def gathered(session: Session, whole: Job, parts: Sequence[Job]) -> dict[str, Any]:
    """Return how a job ends whose parts have all ended, as the fields of an ending.

    A part that failed fails the whole; the points of the others are kept. A part that was canceled before its turn
    counts as stopped.
    """
    ordered = sorted(parts, key=lambda part: list(part.part or ()))
    problem = next((part.problem for part in ordered if part.state == JobState.FAILED), None)
    if problem is not None:
        return {"state": JobState.FAILED, "problem": problem}
    points = [point.data for point in CurveRepository(session).points(whole.id)]
    reasons = {"stopped" if part.state == JobState.CANCELED else str(part.stop_reason) for part in parts}
    conflicts = next((part.conflicts for part in ordered if part.conflicts), [])
    return {
        "state": JobState.SUCCEEDED,
        "outcome": outcome_of(points).value,
        "stop_reason": weightiest(reasons).value,
        "conflicts": [] if any_found(points) else conflicts,
        "progress": {**summed(whole, parts), "phase": "done"},
    }


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
