"""What made-up accounts need and promise: segment, visits, hours, workload, potential, skills."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["INDUSTRIES", "SEGMENTS", "SKILLS", "Demand", "draw_demand"]

INDUSTRIES = ("health", "industry", "other")
SEGMENTS = ("A", "B", "C")
SKILLS = ("medical", "industry", "key_account")

_HOURS_PER_REP = 1_500.0  # customer-facing hours of a full-time rep per year
_LARGEST_SHARE = 0.2  # of one rep's hours that a single account may need
_SIZE_SIGMA, _POTENTIAL_SIGMA = 0.75, 0.9
_SIZE_POTENTIAL_CORRELATION = 0.65  # of the logarithms; about 0.57 of the amounts
_VISITS = {"A": (24.0, 26.0, 36.0), "B": (12.0, 12.0, 18.0), "C": (4.0, 6.0, 8.0)}


@dataclass(frozen=True, slots=True)
class Demand:
    """What each account needs and promises.

    Attributes
    ----------
    segment
        Position in `SEGMENTS`: the top tenth by size is A, the next three tenths B. Shape ``(accounts,)``.
    industry
        Position in `INDUSTRIES`. Shape ``(accounts,)``.
    requires
        Whether the account requires each of `SKILLS`. Shape ``(accounts, skills)``.
    visits_per_year
        Visits per year. Shape ``(accounts,)``.
    hours_per_visit
        Hours. Shape ``(accounts,)``.
    workload
        Hours per year: visits times hours. Shape ``(accounts,)``.
    potential
        Currency per year, rounded to hundreds. Shape ``(accounts,)``.
    """

    segment: NDArray[np.int64]
    industry: NDArray[np.int64]
    requires: NDArray[np.bool_]
    visits_per_year: NDArray[np.float64]
    hours_per_visit: NDArray[np.float64]
    workload: NDArray[np.float64]
    potential: NDArray[np.float64]


def draw_demand(num_accounts: int, total_fte: float, rng: np.random.Generator) -> Demand:
    """Draw lognormal workloads that fill the team's year, and a potential that follows them loosely.

    Parameters
    ----------
    num_accounts
        At least 1.
    total_fte
        Full-time equivalents of the reps who share the work, above 0.
    rng
        Source of randomness.
    """
    size, luck = rng.standard_normal((2, num_accounts))
    mean_hours = float(np.clip(_HOURS_PER_REP * total_fte / num_accounts, 1.0, 150.0))
    wanted = mean_hours * np.exp(_SIZE_SIGMA * size - _SIZE_SIGMA**2 / 2)
    wanted = np.minimum(wanted, _LARGEST_SHARE * mean_hours * max(num_accounts / total_fte, 5.0))
    segment = _segments(size)
    options = np.array([_VISITS[name] for name in SEGMENTS])
    visits = options[segment, rng.integers(0, options.shape[1], num_accounts)]
    hours = np.maximum((wanted / visits / 0.05).round() * 0.05, 0.05).round(2)
    log_potential = _SIZE_POTENTIAL_CORRELATION * size + np.sqrt(1 - _SIZE_POTENTIAL_CORRELATION**2) * luck
    potential = (25_000 * np.exp(_POTENTIAL_SIGMA * log_potential) / 100).round() * 100
    industry = rng.choice(3, size=num_accounts, p=(0.28, 0.27, 0.45))
    return Demand(
        segment=segment,
        industry=industry,
        requires=_requirements(segment, industry, rng),
        visits_per_year=visits,
        hours_per_visit=hours,
        workload=(visits * hours).round(2),
        potential=potential,
    )


def _segments(size: NDArray[np.float64]) -> NDArray[np.int64]:
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return np.searchsorted([0.1, 0.4], (rank + 0.5) / len(size)).astype(np.int64)


def _requirements(
    segment: NDArray[np.int64], industry: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    draw = rng.random((len(segment), len(SKILLS)))
    return np.column_stack(
        (
            (industry == INDUSTRIES.index("health")) & (draw[:, 0] < 0.45),
            (industry == INDUSTRIES.index("industry")) & (draw[:, 1] < 0.35),
            (segment == SEGMENTS.index("A")) & (draw[:, 2] < 0.15),
        )
    )
