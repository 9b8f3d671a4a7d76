"""The kinds of curve, and what they show."""

from enum import StrEnum


class CurveKind(StrEnum):
    """What a curve shows."""

    DISRUPTION = "disruption"
    """The best balance for each amount that may move."""
    PARETO = "pareto"
    """Balance, travel and disruption: alignments of which none is better in everything."""
    SIZE = "size"
    """Teams of different sizes: balance, travel, coverage and loads for each number of reps."""
