"""Jobs that are split: parts of one job, which several workers execute at the same time.

The whole is a job that no worker holds. Each part is a job of its own behind it, handed over, held, taken over and
counted as every other one, so that the death of a worker costs what it was doing and nothing else. Callers never see
parts: the whole shows the sum of their progress, passes on stop and cancel, and ends with the last of them.
Parts may come in rounds: those that wait for others are handed over in the transaction in which the last of these ends.
Parts are locked before their whole, everywhere, but for those that wait for others: nobody holds them.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.curves.gathering import next_round, summed
from app.curves.time_shares import LEAST_S
from app.jobs.endings import Ending, end, is_waiting_for_others, tell_state
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import EventKind, JobState
from optimizer.result import StopReason


def begin_part(jobs: JobRepository, part: Job) -> None:
    """Note in the whole that a part is executed, and give it its time when that is for the first time.

    A part gets as much of what is left as falls to its share of what nobody has begun; so all of them together take
    no more than the whole's time limit, and what one leaves over goes to those that follow.
    """
    whole = jobs.whole_of(part)
    if whole is None:
        return
    parts = jobs.parts(whole.id)
    if part.attempts == 1:
        part.time_limit_s = _granted_s(whole, part, parts)
    told = (whole.state, whole.attempts)
    whole.attempts = 1 + sum(max(0, other.attempts - 1) for other in parts)
    whole.state = JobState.RUNNING
    whole.started_at = whole.started_at or jobs.now()
    if told != (whole.state, whole.attempts):
        tell_state(jobs, whole)


def tell_whole(jobs: JobRepository, part: Job) -> None:
    """Add up the progress of all parts in their whole; nobody is waited for, the next progress does it anyway."""
    whole = jobs.whole_of(part, skip_held=True)
    if whole is None or whole.state != JobState.RUNNING:
        return
    whole.progress = summed(whole, jobs.parts(whole.id))
    jobs.append_event(whole, EventKind.PROGRESS, whole.progress)


def begin_next_round(session: Session, part_id: str, queue: JobQueue) -> None:
    """Hand over what waited for a part that has just ended, when it was the last one of its round.

    What the answers have made needless ends with nothing done, and so, where nothing is left, does the whole.
    """
    jobs = JobRepository(session)
    part = jobs.locked(part_id)
    whole = None if part is None else jobs.whole_of(part)
    if part is None or whole is None or JobState(whole.state).has_ended:
        return
    unended = [other for other in jobs.parts(whole.id) if not JobState(other.state).has_ended]
    if not all(is_waiting_for_others(other) for other in unended):
        return
    due, needless = next_round(session, whole, part, unended)
    for other in due:
        other.dispatch, other.created_at = 1, jobs.now()  # it waits for a worker from now on
    session.flush()
    for other in due:
        queue.enqueue(session, Dispatch(other.id, other.dispatch), priority=other.priority, turn=other.turn)
    for other in needless:
        end(jobs, other, Ending(state=JobState.SUCCEEDED, stop_reason=StopReason.PROVED))


def stop_parts(jobs: JobRepository, parts: Sequence[Job]) -> None:
    """Ask held parts for the best so far and cancel the waiting ones; the caller has locked them."""
    held = [part for part in parts if part.state == JobState.RUNNING and part.worker_id is not None]
    for part in held:
        part.stop_requested = True
    cancel_parts(jobs, [part for part in parts if part not in held])


def cancel_parts(jobs: JobRepository, parts: Sequence[Job]) -> None:
    """End parts whose whole has ended; the caller has locked them."""
    for part in parts:
        if not JobState(part.state).has_ended:
            end(jobs, part, Ending(state=JobState.CANCELED))


def _granted_s(whole: Job, part: Job, parts: Sequence[Job]) -> float:
    """Return the seconds that a part gets: its share of what the others have not used or been given."""
    others = [other for other in parts if other.id != part.id]
    taken_s = sum(_taken_s(other) for other in others if other.attempts > 0)
    waiting = sum(
        len(other.part or ())
        for other in others
        if other.attempts == 0 and other.state == JobState.QUEUED and not is_waiting_for_others(other)
    )
    own = max(1, len(part.part or ()))
    return max(LEAST_S, whole.time_limit_s - taken_s) * own / (own + waiting)


def _taken_s(part: Job) -> float:
    if not JobState(part.state).has_ended:
        return part.time_limit_s
    return float((part.progress or {}).get("elapsed_s") or 0.0)
