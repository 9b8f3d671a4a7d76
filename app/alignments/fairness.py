"""The numbers that are quoted of a team's balance, each a pure function of loads or indices.

Owns the formulas. Knows neither reps' names nor criteria. An empty team, or one without a load,
has no fairness: the answer is None, never zero or infinity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-9  # an index of 105.00000000001 is within 5 %


@dataclass(frozen=True)
class Fairness:
    """Sum up how evenly one measure is shared among the reps.

    Parameters
    ----------
    within_5, within_10, within_15
        Fraction of the reps whose index lies within 100 plus or minus so many percent.
    max_min_ratio
        Largest index over smallest; None where a rep has nothing.
    cv
        Standard deviation of the indices over their mean.
    gini
        Gini coefficient of the indices, 0 (all equal) to 1.
    sd
        Population standard deviation of the loads, in the measure's unit.
    worst_index
        The index that lies farthest from 100.
    """

    within_5: float | None
    within_10: float | None
    within_15: float | None
    max_min_ratio: float | None
    cv: float | None
    gini: float | None
    sd: float | None
    worst_index: float | None


def fairness(load: NDArray[np.float64], index: NDArray[np.float64]) -> Fairness:
    """Sum up loads and indices of the reps that have a target.

    Parameters
    ----------
    load
        Shape ``(reps,)``, in the measure's unit.
    index
        Shape ``(reps,)``, 100 is a fair share; NaN where a rep has no target, and is left out.
    """
    has_target = np.isfinite(index)
    index, load = index[has_target], load[has_target]
    if index.size == 0:
        return Fairness(None, None, None, None, None, None, None, None)
    return Fairness(
        within_5=share_within(index, tolerance=0.05),
        within_10=share_within(index, tolerance=0.10),
        within_15=share_within(index, tolerance=0.15),
        max_min_ratio=max_min_ratio(index),
        cv=coefficient_of_variation(index),
        gini=gini(index),
        sd=float(np.std(load)),
        worst_index=float(index[np.argmax(np.abs(index - 100.0))]),
    )


def share_within(index: NDArray[np.float64], *, tolerance: float) -> float:
    """Return the fraction of the indices that lie within 100 · (1 ± tolerance)."""
    return float(np.mean(np.abs(index / 100.0 - 1.0) <= tolerance + _ROUNDING))


def max_min_ratio(value: NDArray[np.float64]) -> float | None:
    """Return the largest value over the smallest; None where the smallest is not above zero."""
    smallest = float(value.min())
    return float(value.max()) / smallest if smallest > 0 else None


def coefficient_of_variation(value: NDArray[np.float64]) -> float | None:
    """Return the population standard deviation over the mean; None where the mean is zero."""
    mean = float(value.mean())
    return float(value.std()) / mean if mean > 0 else None


def gini(value: NDArray[np.float64]) -> float | None:
    """Return the Gini coefficient of non-negative values; None where they sum to zero.

    Notes
    -----
    With the values in rising order ``x_1 .. x_n``:
    ``G = sum_i (2 i - n - 1) x_i / (n sum_i x_i)``. O(n log n).
    """
    total = float(value.sum())
    if total <= 0:
        return None
    rising = np.sort(value)
    count = rising.size
    rank = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(rank @ rising) / (count * total)
