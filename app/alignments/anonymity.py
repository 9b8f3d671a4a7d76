"""A rep beside its team without naming or showing anybody else: rank, percentile, and means of groups.

Owns what may be told of a team to one of its reps. The team's values are told as means of neighbors in rising order,
at least :data:`SMALLEST_GROUP` in each: who takes its own value out of its group still faces the sum of three others.
A single record, a largest or a smallest value is never told.

References
----------
Groups of at least k by size are univariate microaggregation: Domingo-Ferrer, Mateo-Sanz (2002),
doi 10.1109/69.979982.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.alignments.columns import Floats

SMALLEST_GROUP: Final = 4
"""Reps whose values are only told as one mean; smaller teams have no distribution."""
MOST_GROUPS: Final = 20
SMALLEST_TEAM_WITH_TARGETS: Final = 3
"""Of two reps, a target that is a share of the total would tell the other one's load exactly."""
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class Place:
    """Where one value stands among a team's.

    Parameters
    ----------
    rank
        1 for the largest; equal values share the better rank.
    percentile
        Part of the others whose value is smaller, equal ones counted half, 0 to 1.
    """

    rank: int
    percentile: float


def places(value: Floats) -> tuple[Floats, Floats]:
    """Return rank and percentile of every value among all, shapes ``(reps,)``; NaN where the value is NaN.

    A team of one has rank 1 and no percentile (NaN). Values that differ by rounding only are equal.
    """
    known = np.isfinite(value)
    rising = np.sort(value[known])
    own = value[known]
    margin = _SLACK * np.abs(own)
    below = np.searchsorted(rising, own - margin, side="left")
    upto = np.searchsorted(rising, own + margin, side="right")
    rank, percentile = np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    rank[known] = 1 + rising.size - upto
    if rising.size > 1:
        percentile[known] = (below + 0.5 * (upto - below - 1)) / (rising.size - 1)
    return rank, percentile


def place_of(value: Floats, rep: int) -> Place | None:
    """Return where one rep's value stands; None without a value, or alone."""
    rank, percentile = places(value)
    if np.isnan(percentile[rep]):
        return None
    return Place(rank=int(rank[rep]), percentile=float(percentile[rep]))


def grouped(value: Floats) -> list[tuple[int, float]] | None:
    """Return the team's values as (how many, mean) of neighbors in rising order; None for a team too small.

    The groups are as even as possible, hold at least :data:`SMALLEST_GROUP` values, and are at most
    :data:`MOST_GROUPS`.
    """
    rising = np.sort(value[np.isfinite(value)])
    if rising.size < SMALLEST_GROUP:
        return None
    groups = np.array_split(rising, min(MOST_GROUPS, rising.size // SMALLEST_GROUP))
    return [(int(group.size), float(group.mean())) for group in groups]


def rounded_up(fraction: float, *, step: float = 0.05) -> float | None:
    """Return a fraction rounded up to a whole number of steps, so that it is nobody's exact figure."""
    if not np.isfinite(fraction):
        return None
    return round(float(np.ceil(fraction / step - _SLACK) * step), 9)
