"""The criteria that a curve asks with: what is bought gets a price, what is paid gets a budget.

Owns the weights. Hard limits other than balance and the total budget of moves stay what they are.
"""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Final

from optimizer.criteria import Balance, Budget, BudgetScope, Criteria, Disruption, Unassigned

BALANCE_PRICE: Final = 2e4
"""Least weight of bought balance; default weights of other aims are 50."""
PRICE_OVER_REST: Final = 200.0
"""Bought balance weighs at least so many times as much as all other aims together."""
UNASSIGNED_OVER_BALANCE: Final = 10.0
"""Leaving accounts out must not be a way to better balance."""
TIE_PART: Final = 1e-3
"""Weight of moves as part of the other aims' weight: of two equals, the one with fewer moves is better."""
FEWEST_WEIGHT: Final = 100.0
BAND_PRICE: Final = 1e5
"""Weight of leaving a band where moves are few: a move is cheaper than any excess that it ends."""
WHOLE_RANGE: Final = 100.0
"""What the whole range of a traded value weighs."""
MOVES_PART: Final = 0.01
"""Price of the whole range of moves beside the others, where moves are capped: nothing moves in vain."""
SLOPE: Final = 3.0
"""Price of a unit of deviation of soft balance without tolerance: each counts threefold from the start."""


class Bands(StrEnum):
    """What becomes of hard balance where the fewest moves are asked for."""

    FREE = "free"
    """It does not count."""
    PRICED = "priced"
    """It is priced so high that it holds wherever it can; a search begins anywhere."""
    HARD = "hard"
    """It holds; where it cannot, that is proven."""


def bought_balance(criteria: Criteria, *, measure: str) -> Criteria:
    """Return criteria under which balance is what moves are spent on.

    Every balance, hard or not, becomes soft with a price that outweighs all other aims together: the least deviation
    beyond the tolerance first, then the other aims. Moves have no price but for breaking ties, and no total budget.
    """
    rest = _other_weights(criteria)
    price = max(BALANCE_PRICE, PRICE_OVER_REST * rest, *(balance.weight for balance in criteria.balance), 0.0)
    return criteria.replace(
        balance=tuple(replace(balance, hard=False, weight=price) for balance in criteria.balance),
        disruption=Disruption(
            weight=TIE_PART * max(rest, 1.0), measure=measure, budgets=_per_rep(criteria.disruption.budgets)
        ),
        unassigned=_dear(criteria.unassigned, price=UNASSIGNED_OVER_BALANCE * price),
    )


def fewest_moves(criteria: Criteria, *, measure: str, bands: Bands) -> Criteria:
    """Return criteria that ask for nothing but the fewest moves, under all hard limits except a total budget.

    Parameters
    ----------
    criteria
        Whose hard limits hold.
    measure
        The measure of what moves.
    bands
        What becomes of hard balance.
    """
    balance = tuple(wish for wish in criteria.balance if wish.hard and bands is not Bands.FREE)
    if bands is Bands.PRICED:
        balance = tuple(replace(wish, hard=False, weight=BAND_PRICE) for wish in balance)
    return criteria.replace(
        balance=balance,
        travel_weight=0.0,
        compactness_weight=0.0,
        disruption=Disruption(weight=FEWEST_WEIGHT, measure=measure, budgets=_per_rep(criteria.disruption.budgets)),
        eligibility=replace(criteria.eligibility, weight=0.0),
        unassigned=_dear(criteria.unassigned, price=UNASSIGNED_OVER_BALANCE * BAND_PRICE),
    )


def measured_balance(criteria: Criteria) -> tuple[Balance, ...]:
    """Return every balance as a soft one without tolerance: its deviation counts from the first unit."""
    return tuple(replace(balance, hard=False, tolerance=0.0) for balance in criteria.balance)


def traded(
    criteria: Criteria,
    *,
    measure: str,
    weights: tuple[float, float],
    ranges: tuple[float, float, float],
    travel_reference: float,
) -> Criteria:
    """Return criteria that weigh balance against travel, each relative to its range, and price moves a little.

    Parameters
    ----------
    criteria
        With measured balance.
    measure
        What moves are counted in.
    weights
        Of balance and travel.
    ranges
        Of mean deviation (a fraction), travel (in its unit) and the moved share.
    travel_reference
        What the objective divides travel by.
    """
    balance_range, travel_range, moved_range = ranges
    price = WHOLE_RANGE * weights[0] / balance_range / (SLOPE * max(len(criteria.balance), 1))
    return criteria.replace(
        balance=tuple(replace(balance, weight=price) for balance in criteria.balance),
        travel_weight=WHOLE_RANGE * weights[1] * travel_reference / travel_range,
        compactness_weight=0.0,
        disruption=Disruption(
            weight=WHOLE_RANGE * MOVES_PART / moved_range,
            measure=measure,
            budgets=_per_rep(criteria.disruption.budgets),
        ),
        unassigned=_dear(criteria.unassigned, price=UNASSIGNED_OVER_BALANCE * BALANCE_PRICE),
    )


def with_budget(criteria: Criteria, limit: float) -> Criteria:
    """Return the criteria with a cap on what moves in all, in the unit of their disruption's measure."""
    disruption = criteria.disruption
    budget = Budget(scope=BudgetScope.TOTAL, measure=disruption.measure, limit=limit)
    return criteria.replace(disruption=replace(disruption, budgets=(*_per_rep(disruption.budgets), budget)))


def _per_rep(budgets: Iterable[Budget]) -> tuple[Budget, ...]:
    return tuple(budget for budget in budgets if budget.scope is not BudgetScope.TOTAL)


def _dear(unassigned: Unassigned, *, price: float) -> Unassigned:
    return replace(unassigned, weight=max(unassigned.weight, price)) if unassigned.allowed else unassigned


def _other_weights(criteria: Criteria) -> float:
    eligibility = 0.0 if criteria.eligibility.hard else criteria.eligibility.weight
    return criteria.travel_weight + criteria.compactness_weight + eligibility
