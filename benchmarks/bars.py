"""What must hold and what is aimed at, by size: the optimizer's quality bars."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One line of the bars.

    Attributes
    ----------
    must_percent
        Proven gap that the worst seed may have.
    aim_percent
        Proven gap that the median should have.
    seconds
        Wall-clock on two cores, compilation excluded.
    """

    must_percent: float
    aim_percent: float
    seconds: float


BARS: Final = {
    "500x10": Bar(must_percent=0.8, aim_percent=0.3, seconds=5.0),
    "2000x25": Bar(must_percent=0.5, aim_percent=0.15, seconds=5.0),
    "10000x100": Bar(must_percent=0.4, aim_percent=0.1, seconds=10.0),
    "50000x300": Bar(must_percent=0.6, aim_percent=0.3, seconds=60.0),
    "100000x1000": Bar(must_percent=1.0, aim_percent=0.5, seconds=300.0),
}
"""Realignments by accounts × reps, hard bands of ±5 % workload and ±10 % potential."""
WARM_BAR: Final = Bar(must_percent=0.5, aim_percent=0.3, seconds=2.0)
"""A what-if after one change at 10,000 × 100."""
MOST_MEMORY_GB: Final = 4.0
OTHER_LIMIT_S: Final = 30.0
"""Seconds for a size without a bar."""
