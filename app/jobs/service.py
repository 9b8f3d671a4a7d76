"""The rules of jobs as a caller sees them: submit, stop, cancel. No HTTP, and no solving.

A cancel ends the job at once in its row; the worker that holds it is refused its next write and lets go. A stop is
a wish that the worker passes on to the solver.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.alignments.service import current_alignment, discard_alignment
from app.curves.storing import discard_points
from app.datasets.models import Dataset
from app.errors import Conflict, Fault, InvalidInput, NotFound, Unavailable
from app.identifiers import new_id
from app.jobs.endings import Ending, end, tell_state
from app.jobs.engine import Dispatch, JobQueue
from app.jobs.models import Job
from app.jobs.parts import cancel_parts, stop_parts
from app.jobs.repository import JobRepository
from app.jobs.results import interruption
from app.jobs.splitting import nothing_yet, submit_parts
from app.jobs.states import JobKind, JobState
from app.jobs.turns import next_turn
from app.scenarios.models import Scenario
from app.settings import Settings
from app.traces import submission
from app.webhooks.outbox import register
from app.webhooks.targets import Target


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a caller says of a job besides its question.

    Parameters
    ----------
    name
        A name for people; the scenario's where it is left out.
    tags
        Own words to find the job by.
    priority
        Higher is sooner.
    initial_alignment_id
        The alignment that the search begins with, of the scenario's dataset; left out, the one in force where the
        dataset was derived from another one, as after a rep left.
    open_reps
        The only reps whose territories may change against that alignment; None leaves all of them free.
    kind
        What the job computes.
    webhook
        Where its events go.
    parts
        What each part of the job does where it is split; empty where it is not.
    num_first
        How many of the parts begin at once; the others wait for them. None for all.
    """

    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    priority: int = 0
    initial_alignment_id: str | None = None
    open_reps: list[str] | None = None
    kind: JobKind = JobKind.ALIGNMENT
    webhook: Target | None = None
    parts: Sequence[Sequence[int]] = ()
    num_first: int | None = None


class JobService:
    """Submit, stop and cancel jobs within the caller's transaction."""

    def __init__(self, session: Session, queue: JobQueue, settings: Settings) -> None:
        self._session = session
        self._queue = queue
        self._settings = settings
        self._jobs = JobRepository(session)

    def submit(self, scenario: Scenario, wanted: Submission) -> Job:
        """Store a job and enqueue it, both in the caller's transaction.

        Raises
        ------
        Unavailable
            When too many jobs wait, of all tenants or of this one (QUEUE_FULL).
        """
        self._refuse_full_queue()
        job_id = new_id("job")
        job = Job(
            id=job_id,
            name=wanted.name or scenario.name,
            kind=wanted.kind,
            state=JobState.QUEUED,
            priority=wanted.priority,
            turn=next_turn(self._session, tenant_id=scenario.tenant_id, priority=wanted.priority),
            tags=dict(wanted.tags),
            dataset_id=scenario.dataset_id,
            scenario_id=scenario.id,
            initial_alignment_id=wanted.initial_alignment_id or self._in_force(scenario, wanted.kind),
            open_reps=wanted.open_reps,
            time_limit_s=float(scenario.search["time_limit_s"]),
            traceparent=submission(job_id, kind=wanted.kind),
            **nothing_yet(dispatch=0 if wanted.parts else 1),
        )
        self._jobs.add(job)
        register(self._session, job.id, wanted.webhook)
        tell_state(self._jobs, job)
        if wanted.parts:
            submit_parts(self._session, self._queue, job, wanted.parts, num_first=wanted.num_first)
        else:
            self._queue.enqueue(self._session, Dispatch(job.id, job.dispatch), priority=job.priority, turn=job.turn)
        return job

    def _refuse_full_queue(self) -> None:
        waiting, own = self._jobs.count_queued(), self._jobs.count_own_queued()
        if own >= self._settings.max_queued_jobs_per_tenant:
            waiting = own
        elif waiting < self._settings.max_queued_jobs:
            return
        raise Unavailable("QUEUE_FULL", f"{waiting:,} jobs wait already; try again later.", retry_after_s=60)

    def scenario(self, scenario_id: str) -> Scenario:
        """Return the scenario that a job names.

        Raises
        ------
        InvalidInput
            When there is no such scenario.
        """
        scenario = self._session.get(Scenario, scenario_id)
        if scenario is None:
            detail = f"There is no scenario '{scenario_id[:64]}'."
            fault = Fault(code="UNKNOWN_REFERENCE", detail=detail, pointer="/scenario_id", value=scenario_id)
            raise InvalidInput([fault])
        return scenario

    def _in_force(self, scenario: Scenario, kind: JobKind) -> str | None:
        """Return the alignment in force where a dataset was derived from another one: the search begins with it."""
        dataset = self._session.get_one(Dataset, scenario.dataset_id)
        if dataset.parent_id is None or kind != JobKind.ALIGNMENT:
            return None
        current = current_alignment(self._session, dataset.id)
        return None if current is None else current.id

    def stop(self, job_id: str) -> Job:
        """Ask for the best so far; a job that still waits is canceled, one that waits for its next worker ends now.

        Raises
        ------
        NotFound
            When there is no such job.
        Conflict
            When it has ended (JOB_ENDED).
        """
        job, parts = self._unended(job_id)
        if job.state == JobState.QUEUED:
            end(self._jobs, job, Ending(state=JobState.CANCELED))
            cancel_parts(self._jobs, parts)
        elif parts:
            job.stop_requested = True
            stop_parts(self._jobs, parts)
        elif job.worker_id is None:
            end(self._jobs, job, interruption(self._session, job, stop_reason="stopped"))
        else:
            job.stop_requested = True
        return job

    def cancel(self, job_id: str) -> Job:
        """End a job without a result.

        Raises
        ------
        NotFound
            When there is no such job.
        Conflict
            When it has ended (JOB_ENDED).
        """
        job, parts = self._unended(job_id)
        best_id = job.alignment_id
        end(self._jobs, job, Ending(state=JobState.CANCELED))
        cancel_parts(self._jobs, parts)
        discard_alignment(self._session, best_id)
        discard_points(self._session, job_id)
        return job

    def _unended(self, job_id: str) -> tuple[Job, Sequence[Job]]:
        """Return a job that has not ended and its parts, all locked: the parts before their whole."""
        parts = self._jobs.parts(job_id, locked=True)
        job = self._jobs.locked(job_id)
        if job is None or job.whole_id is not None:
            raise NotFound("There is no such job.")
        if JobState(job.state).has_ended:
            raise Conflict(
                "JOB_ENDED", f"The job has ended already: it is {job.state}.", params={"state": str(job.state)}
            )
        return job, parts
