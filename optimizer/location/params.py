"""How long and how hot the search for centers is."""

from dataclasses import dataclass

from optimizer.exceptions import InvalidParameter


@dataclass(frozen=True, kw_only=True)
class LocationParams:
    """How the search for centers runs.

    Attributes
    ----------
    starts
        Runs from different seeds.
    kept_for_best
        Share of the work with which the best of several runs goes on alone.
    trials
        Trials of moves of all runs together; a limit in work, so that the same seed gives the same answer.
    first_share, cooling_trials_per_item
        Share of a run's trials that anneal everything, and how many trials per item that is at most; the rest close
        and open centers.
    hot, cold
        First and last temperature of that, in multiples of the mean cost of an item.
    steps
        Chunks in which it cools; prices of breached limits rise between them.
    around
        Territories that one closing and opening may take apart.
    trials_per_item
        Trials per item in those.
    kick_hot, kick_cold
        Temperatures of those.
    threads
        Runs at the same time.
    """

    starts: int = 4
    kept_for_best: float = 0.5
    trials: int = 40_000_000
    first_share: float = 0.25
    cooling_trials_per_item: int = 600
    hot: float = 0.5
    cold: float = 0.005
    steps: int = 30
    around: int = 8
    trials_per_item: int = 40
    kick_hot: float = 0.2
    kick_cold: float = 0.005
    threads: int = 2

    def __post_init__(self) -> None:
        counts = (self.starts, self.trials, self.steps, self.around, self.trials_per_item, self.threads)
        if min(counts) < 1:
            raise InvalidParameter("starts, trials, steps, around, trials_per_item and threads must be at least 1")
        if not 0 < self.cold <= self.hot or not 0 < self.kick_cold <= self.kick_hot:
            raise InvalidParameter("temperatures must satisfy 0 < cold ≤ hot")
        if not 0 <= self.first_share <= 1 or not 0 <= self.kept_for_best < 1:
            raise InvalidParameter("first_share must be in [0, 1], kept_for_best in [0, 1)")
