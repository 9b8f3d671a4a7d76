"""Round bounds up where every alignment's objective is a whole number of one unit.

Whole costs scaled by weights are multiples of one unit, and so is any sum of them: no alignment lies strictly between
two multiples. A rounded bound is a proof by arithmetic, but none that the certificate's prices show, so that it
counts as one of the search.
"""

import math
from typing import Final

import numpy as np

from optimizer.search.model import Model

MOST_UNITS: Final = 1e6
"""Largest cost in units: beyond it float noise could pass for a unit."""
WHOLE: Final = 1e-6
"""Distance from a whole number of units up to which a cost is one."""
SAFETY: Final = 1e-4
"""Part of a unit by which a bound must exceed a multiple before it counts as above it."""
ENOUGH: Final = 500
"""Different costs from which the unit is guessed; all are checked against it."""


def objective_unit(model: Model) -> float | None:
    """Return the largest unit found of which all pairs' costs are multiples; None where there is none."""
    if model.soft or model.cost.dtype != np.float64:
        return None
    values = np.abs(model.cost[np.isfinite(model.cost)])
    largest = float(values.max(initial=0.0))
    if largest == 0.0:
        return None
    unit = 0.0
    for value in np.unique(values)[:ENOUGH].tolist():
        unit = _common(unit, value, least=largest / MOST_UNITS / 10)
    if unit <= 0.0 or largest / unit > MOST_UNITS:
        return None
    unit = largest / round(largest / unit)
    multiples = values / unit
    return unit if bool((np.abs(multiples - np.rint(multiples)) <= WHOLE).all()) else None


def rounded_up(bound: float, unit: float) -> float:
    """Return the least multiple of the unit that is not clearly below a bound."""
    return math.ceil(bound / unit - SAFETY) * unit


def _common(first: float, second: float, *, least: float) -> float:
    """Return the greatest common divisor of two numbers, remainders below ``least`` counting as none."""
    while second > least:
        first, second = second, math.fmod(first, second)
        if first - second <= least:
            second = 0.0
    return first
