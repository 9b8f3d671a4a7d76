"""What a change of the wishes costs, in one unit for all kinds: average territories.

Owns the prices by which the cheapest relaxation is looked for and relaxations of different kinds are ranked. A limit
that gives way by what an average territory carries costs 1; the rest are judgements that a caller may replace.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from optimizer.exceptions import InvalidParameter
from optimizer.measures import serves_today
from optimizer.problem import Problem
from optimizer.result import Change


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What breaking a wish costs, in average territories.

    Attributes
    ----------
    lock, eligibility, forbid
        For each account, ≥ 0.
    frozen, family
        For each rep who is released and each family that is split, ≥ 0.
    tolerance
        For one unit of deviation, times the number of active reps, ≥ 0.
    dropped_balance
        For ending a hard balance, times the number of active reps, ≥ 0.
    unassigned
        For each account that stays without a rep although that is not allowed, ≥ 0.
    rep
        For each rep who is hired, ≥ 0.
    """

    lock: float = 0.1
    eligibility: float = 0.3
    forbid: float = 0.2
    frozen: float = 1.0
    family: float = 0.5
    tolerance: float = 1.0
    dropped_balance: float = 3.0
    unassigned: float = 2.0
    rep: float = 3.0

    def __post_init__(self) -> None:
        if not min(vars(self).values()) >= 0:
            raise InvalidParameter("prices of changes must not be negative")


def price_of(problem: Problem, changes: Iterable[Change], *, prices: Prices | None = None) -> float:
    """Return what changes cost together, in average territories."""
    prices = prices or Prices()
    return float(sum(_price(problem, change, prices) for change in changes))


def _price(problem: Problem, change: Change, prices: Prices) -> float:
    num_reps = max(1, int(problem.active.sum()))
    if change.kind == "tolerance":
        if change.after is None:
            return prices.dropped_balance * num_reps
        return prices.tolerance * num_reps * abs(change.after - (change.before or 0.0))
    if change.kind == "unassigned":
        return prices.unassigned * (change.after or 1.0)
    if change.kind == "add_rep":
        return prices.rep
    if change.kind in ("lock", "eligibility", "forbid", "frozen", "family"):
        return float(getattr(prices, change.kind))
    if change.measure is None or change.before is None or change.after is None:
        return 0.0
    amount = problem.amount[:, problem.measure_index(change.measure)]
    whole = float((amount[serves_today(problem)] if change.kind == "budget" else amount).sum()) or 1.0
    return abs(change.after - change.before) * num_reps / whole if np.isfinite(change.after) else 0.0
