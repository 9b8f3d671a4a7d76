"""The states of a job, and the words that may stand beside them."""

from enum import StrEnum
from typing import Final

TAG_NAME_CHARACTERS: Final = 100
"""Longest name of a tag."""


class JobState(StrEnum):
    """Where a job stands: queued → running → succeeded, failed or canceled."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def has_ended(self) -> bool:
        """True for a state that never changes again."""
        return self not in UNENDED


class JobKind(StrEnum):
    """What a job computes."""

    ALIGNMENT = "alignment"
    CURVE = "curve"


UNENDED = frozenset({JobState.QUEUED, JobState.RUNNING})
"""The states that a job can still leave."""


class EventKind(StrEnum):
    """What an event of a job tells."""

    STATE = "state"
    PROGRESS = "progress"
    DONE = "done"
