"""Splitting a job where that pays: which parts it has, and storing them. What becomes of them: app/jobs/parts.py."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from sqlalchemy.orm import Session

from app.identifiers import new_id
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import JobState
from app.jobs.turns import next_turn

LEAST_PART_S: Final = 20.0
"""A part has at least so much of the time limit: each costs some seconds to begin."""


def split(wanted: Sequence[int], *, time_limit_s: float, num_workers: int) -> list[list[int]]:
    """Return what the parts of a job do, or nothing where splitting it does not pay.

    Parameters
    ----------
    wanted
        What is to be done, each independent of the others.
    time_limit_s
        For all of it, in seconds.
    num_workers
        Workers that live and know parts; one alone does it as fast unsplit.

    Returns
    -------
    list
        Neighbors in one part, the first ones first.
    """
    num_parts = min(len(wanted), int(time_limit_s / LEAST_PART_S))
    if num_workers < 2 or num_parts < 2:
        return []
    ends = [len(wanted) * number // num_parts for number in range(num_parts + 1)]
    return [list(wanted[first:last]) for first, last in pairwise(ends)]


def submit_parts(
    session: Session, queue: JobQueue, whole: Job, parts: Sequence[Sequence[int]], *, num_first: int | None = None
) -> None:
    """Store the parts of a job and hand them over, in the caller's transaction.

    With ``num_first`` only so many: the others wait for them (app/jobs/parts.py). Ids ascend with the order of the
    parts, so that whoever locks all of them by id comes to those that wait last.
    """
    jobs = JobRepository(session)
    ids = sorted(new_id("part") for _ in parts)
    num_first = len(parts) if num_first is None else num_first
    for number, part in enumerate(parts):
        is_due = number < num_first
        job = Job(
            id=ids[number],
            name=whole.name,
            kind=whole.kind,
            state=JobState.QUEUED,
            priority=whole.priority,
            turn=next_turn(session, tenant_id=whole.tenant_id, priority=whole.priority),
            dataset_id=whole.dataset_id,
            scenario_id=whole.scenario_id,
            whole_id=whole.id,
            part=list(part),
            tags={},
            time_limit_s=whole.time_limit_s,
            traceparent=whole.traceparent,
            **nothing_yet(dispatch=1 if is_due else 0),
        )
        jobs.add(job)
        if is_due:
            queue.enqueue(session, Dispatch(job.id, job.dispatch), priority=job.priority, turn=job.turn)


def nothing_yet(*, dispatch: int = 1) -> dict[str, Any]:
    """Return how a job stands that nobody has begun."""
    return {
        "conflicts": [],
        "relaxations": [],
        "attempts": 0,
        "deaths": 0,
        "fence": 0,
        "dispatch": dispatch,
        "stop_requested": False,
        "num_events": 0,
    }
