"""The port to the engine that hands jobs to workers; lease, fence and attempts stay in our own rows.

The engine promises: what is enqueued in a committed transaction is handed to some worker at least once, higher
priority first, of equal ones the smaller turn. It may hand it over twice or to a worker that dies; the job's own row
decides what counts, so the engine can be replaced.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

MIN_PRIORITY, MAX_PRIORITY = -1000, 1000


@dataclass(frozen=True, order=True)
class Dispatch:
    """One handing over of a job to the queue.

    Parameters
    ----------
    job_id
        The job.
    number
        Counts the job's dispatches from 1; only the newest counts.
    """

    job_id: str
    number: int

    @property
    def id(self) -> str:
        """The dispatch as one text."""
        return f"{self.job_id}.{self.number}"

    @classmethod
    def from_id(cls, dispatch_id: str) -> "Dispatch":
        """Read the text back."""
        job_id, _, number = dispatch_id.rpartition(".")
        return cls(job_id, int(number))


Handler = Callable[[Dispatch], None]
"""Executes a dispatch on a worker; it may be called twice for one, and never raises on purpose."""


class JobQueue(Protocol):
    """Where jobs are handed over, used by the API and by workers."""

    def enqueue(
        self, session: Session, dispatch: Dispatch, *, priority: int, turn: int = 0, delay_s: float = 0.0
    ) -> None:
        """Hand over a job in the caller's transaction, after a delay in seconds.

        Higher ``priority`` is executed sooner, and of equal ones the smaller ``turn``.
        """
        ...

    def lost(self, dispatches: Sequence[Dispatch], *, living: Collection[str]) -> list[Dispatch]:
        """Return those that no worker among ``living`` holds and no queue will ever hand over again."""
        ...

    def forget_ended(self, *, older_than_s: float) -> None:
        """Delete the engine's own records of what ended long ago."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class JobConsumer(Protocol):
    """The worker's side: takes dispatches from the queue and calls the handler."""

    def start(self, handler: Handler) -> None:
        """Begin to call ``handler`` for dispatches, each in a thread of its own."""
        ...

    def stop(self) -> None:
        """Take no more; what runs is not waited for."""
        ...
