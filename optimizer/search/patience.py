"""A time of one's own inside somebody else's search: until then, or until a person says stop."""

from dataclasses import dataclass

from optimizer.result import StopReason
from optimizer.stop import SearchState, StopCriterion


@dataclass(frozen=True)
class Until:
    """Stop at a time, or at once when somebody stopped the whole search.

    The search's other criteria do not count: its own time may be over, its gap small enough.

    Parameters
    ----------
    whole
        The criterion of the whole search.
    until_s
        Seconds since the search began, as its clock counts them.
    """

    whole: StopCriterion
    until_s: float

    def __call__(self, state: SearchState) -> StopReason | None:
        """Return ``STOPPED`` or ``TIME_LIMIT``, or None to go on."""
        if self._is_stopped():
            return StopReason.STOPPED
        return StopReason.TIME_LIMIT if state.elapsed_s >= self.until_s else None

    def time_left_s(self, elapsed_s: float) -> float:
        """Return the seconds that are left, at least 0."""
        return 0.0 if self._is_stopped() else max(0.0, self.until_s - elapsed_s)

    def _is_stopped(self) -> bool:
        # no time has passed and nothing was found: only somebody's word can end a search in this state
        return self.whole(SearchState(elapsed_s=0.0)) is StopReason.STOPPED
