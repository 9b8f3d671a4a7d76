"""Lower bounds on the price of a change, from the multipliers of a certificate.

With multipliers every item has a reduced cost for every rep, and the certificate's bound is the sum of the smallest
ones and a constant. Force an item to a rep, and its reduced cost takes the place of its smallest: the bound rises by
the difference. So no alignment that gives the item to that rep and keeps the criteria is below
``bound + reduced cost there − smallest reduced cost``. Valid for any multipliers of the right sign.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.frozen import ReadOnly, frozen_array
from optimizer.measures import Float64Array
from optimizer.problem import BoolArray, FloatArray
from optimizer.standing import Standing
from optimizer.what_if import WhatIf
from optimizer.what_if_breaches import may_be_unassigned

NOISE = 1e-9
"""Share of the numbers that enter a bound by which it is lowered, for the rounding of floats."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RowPrices(ReadOnly):
    """What a unit of load or of movement costs by the multipliers, in objective units.

    Attributes
    ----------
    load
        Of each rep's load, of either sign. Shape ``(reps, measures)``.
    moved
        Of whatever moves. Shape ``(measures,)``.
    moved_in, moved_out
        Of what moves into and out of each rep. Shape ``(reps, measures)``.
    """

    load: FloatArray
    moved: FloatArray
    moved_in: FloatArray
    moved_out: FloatArray

    def __post_init__(self) -> None:
        for name in ("load", "moved", "moved_in", "moved_out"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))


def reduced_costs(change: WhatIf, prices: RowPrices) -> Float64Array:
    """Return an item's reduced cost with every rep, whether it may serve it or not. Shape ``(reps,)``."""
    standing, members = change.standing, change.row.members
    problem = standing.problem
    cost: Float64Array = _cost(change) + (change.row.amount * prices.load).sum(axis=1)
    is_priced = (prices.moved != 0) | prices.moved_in.any(axis=0) | prices.moved_out.any(axis=0)
    for k in np.flatnonzero(is_priced):
        stays = change.staying(int(k))
        cost += (prices.moved[k] + prices.moved_in[:, k]) * change.moved_after(int(k))
        served = members[standing.is_served[members]]
        leaving = float((prices.moved_out[problem.current[served], k] * problem.amount[served, k]).sum())
        cost += leaving - prices.moved_out[:, k] * stays
    return cost


def reduced_cost_unassigned(change: WhatIf, prices: RowPrices) -> float:
    """Return an item's reduced cost when it stays without a rep."""
    standing, members = change.standing, change.row.members
    problem, criteria = standing.problem, standing.criteria
    served = members[standing.is_served[members]]
    cost = criteria.unassigned.weight * len(members) / problem.num_accounts
    disruption = criteria.disruption
    if disruption.weight > 0:
        k = problem.measure_index(disruption.measure)
        cost += disruption.weight * float(problem.amount[served, k].sum()) / _reference(standing, "disruption")
    per_account = prices.moved + prices.moved_out[problem.current[served]]
    return float(cost + (per_account * problem.amount[served]).sum())


def price_lower_bounds(change: WhatIf, prices: RowPrices, *, allowed: BoolArray, lower_bound: float) -> Float64Array:
    """Return what any alignment with the item at each rep costs at least more than this one.

    Parameters
    ----------
    change
        The item; its alignment's objective is what a price is counted from.
    prices
        Of the certificate.
    allowed
        The reps that may have the item, as :func:`optimizer.what_if_breaches.may_serve` says. Shape ``(reps,)``.
    lower_bound
        What the certificate proves.

    Returns
    -------
    numpy.ndarray
        0 where nothing is known. Shape ``(reps,)``.
    """
    none = np.zeros(change.standing.problem.num_reps)
    can_stay_out = may_be_unassigned(change)
    if lower_bound <= 0 or not (allowed.any() or can_stay_out):
        return none  # a bound that was raised to 0 says nothing of the multipliers
    cost = reduced_costs(change, prices)
    smallest = float(cost[allowed].min(initial=np.inf))
    if can_stay_out:
        smallest = min(smallest, reduced_cost_unassigned(change, prices))
    objective = change.standing.objective
    noise = NOISE * (abs(lower_bound) + abs(objective) + np.abs(cost) + abs(smallest))
    bound: Float64Array = np.maximum(0.0, lower_bound + (cost - smallest) - objective - noise)
    return np.where(allowed, bound, none)


def _cost(change: WhatIf) -> Float64Array:
    """Return what the item adds to the linear part of the objective with each rep. Shape ``(reps,)``."""
    standing, row = change.standing, change.row
    problem, criteria = standing.problem, standing.criteria
    cost = np.zeros(problem.num_reps)
    if row.travel is not None and criteria.travel_weight > 0:
        cost += criteria.travel_weight * row.travel / standing.references.travel
    if row.inertia is not None and criteria.compactness_weight > 0:
        cost += criteria.compactness_weight * row.inertia / standing.references.compactness
    if criteria.disruption.weight > 0:
        moved = change.moved_after(problem.measure_index(criteria.disruption.measure))
        cost += criteria.disruption.weight * moved / _reference(standing, "disruption")
    if not criteria.eligibility.hard:
        cost += criteria.eligibility.weight * row.mismatched / problem.num_accounts
    return cost


def _reference(standing: Standing, name: str) -> float:
    return next(term.reference for term in standing.terms if term.name == name)
