"""Evaluate the Lagrangian bound over all allowed pairs in integer arithmetic.

Integers stand in 64-bit floats: every sum and product here stays below 2**53 in size, which is checked, so that
products of matrices are exact whatever their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from checker.allowed import rows_of_pairs
from checker.check import Examined
from checker.geography import distance_floor_km, product
from checker.prices import CertificateRefusedError, Prices
from checker.reference import BLOCK_CELLS
from checker.terms import disruption_reference

EXACT = 2**53
"""Integers below this size are exact in a 64-bit float, and so are their sums."""

COST_MARGIN = 16
"""Units taken off every cost that was measured in floating point: more than its rounding up to ``2**50`` units."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BoundProblem:
    """A problem with its costs on the integer scale.

    Attributes
    ----------
    per_km, per_km2
        Shape ``(accounts,)``: units for each km, and squared km, to the rep.
    per_pair_cost
        Units for each unit of the caller's cost.
    per_move
        Shape ``(accounts,)``: whole units for leaving the current rep.
    per_missing_skill, per_unassigned
        Whole units.
    amount_low, amount_high
        Measure to shape ``(accounts,)``: amounts in whole amount units, rounded down and up.
    amount_bits
        Measure to the exponent of its amount unit.
    """

    examined: Examined
    per_km: Floats
    per_km2: Floats
    per_pair_cost: float
    per_move: Floats
    per_missing_skill: float
    per_unassigned: float
    amount_low: Mapping[str, Floats]
    amount_high: Mapping[str, Floats]
    amount_bits: Mapping[str, int]


def bound_problem(examined: Examined, *, scale: int, amount_bits: Mapping[str, int]) -> BoundProblem:
    """Put a problem's costs and amounts on the integer scale, costs rounded down."""
    data, criteria, reference = examined.data, examined.allowed.criteria, examined.reference
    num_accounts = data.num_accounts
    per_km = np.zeros(num_accounts)
    if not criteria.has_pair_costs:
        per_km = scale * criteria.travel_weight / reference.travel * criteria.road_factor * data.visits_per_year
    per_move = np.zeros(num_accounts)
    if criteria.disruption_weight > 0:
        measure = criteria.disruption_measure
        rate = scale * criteria.disruption_weight / disruption_reference(data, measure)
        per_move = np.maximum(0, np.floor(rate * data.measure(measure)) - COST_MARGIN)
    scaled = {measure: np.ldexp(data.measure(measure), bits) for measure, bits in amount_bits.items()}
    return BoundProblem(
        examined=examined,
        per_km=per_km,
        per_km2=scale * criteria.compactness_weight / reference.compactness * data.workload_weight,
        per_pair_cost=scale * criteria.travel_weight / reference.travel if criteria.has_pair_costs else 0.0,
        per_move=np.where(data.counted_current >= 0, per_move, 0.0),
        per_missing_skill=float(floor(Fraction(criteria.eligibility_weight) * scale / num_accounts)),
        per_unassigned=float(floor(Fraction(criteria.unassigned_weight) * scale / num_accounts)),
        amount_low={measure: np.floor(amount) for measure, amount in scaled.items()},
        amount_high={measure: np.ceil(amount) for measure, amount in scaled.items()},
        amount_bits=amount_bits,
    )


def cost_cap(largest_item: int) -> int:
    """Return at how many units one account's travel, compactness and caller's cost are cut; a cut only lowers them."""
    return min(2**50, 2**51 // largest_item)


def largest_fixed_price(problem: BoundProblem) -> float:
    """Return what one account's move, missing skill and missing rep cost together at most, in units."""
    return float(problem.per_move.max()) + problem.per_missing_skill + problem.per_unassigned


def lagrangian_units(problem: BoundProblem, prices: Prices) -> int:
    """Return the bound that prices prove, in units of the scale.

    Raises
    ------
    CertificateRefusedError
        When a number is too large to be exact, or an item has no allowed rep.

    Notes
    -----
    One pass over accounts times reps, in blocks: about a second for 1e8 pairs.
    """
    items, num_reps = problem.examined.items, problem.examined.data.num_reps
    size = cost_cap(items.largest) + COST_MARGIN + largest_fixed_price(problem)
    if (size + _largest_price(problem, prices)) * items.largest >= EXACT:
        raise CertificateRefusedError("The numbers overflow: the scale is too large for this problem.")
    lowest_cost = np.nanmin(problem.examined.data.pairs.cost, initial=0.0)
    if problem.per_pair_cost * lowest_cost <= -cost_cap(items.largest):
        raise CertificateRefusedError("The numbers overflow: a pair's cost is too far below 0.")
    blocks = items.blocks(max(1, BLOCK_CELLS // num_reps))
    return sum(_block_units(problem, prices, *block) for block in blocks) + prices.constant


def _largest_price(problem: BoundProblem, prices: Prices) -> int:
    """Return a sum of price times amount that no account exceeds, in units."""
    total = 0
    for measure, load in prices.load.items():
        override = problem.examined.data.pairs.amounts.get(measure, np.zeros(1))
        most = max(problem.amount_high[measure].max(), np.ldexp(np.nanmax(override), problem.amount_bits[measure]))
        total += max(map(abs, load)) * (int(most) + 1)
    for table in (prices.moved_in, prices.moved_out):
        for measure, price in table.items():
            total += max(price) * int(problem.amount_high[measure].max())
    for measure, value in prices.moved.items():
        total += value * int(problem.amount_high[measure].max())
    return total


def _block_units(problem: BoundProblem, prices: Prices, accounts: Ints, start: Ints) -> int:
    """Return the sum over a block's items of the cheapest column, in units."""
    allowed = problem.examined.allowed
    cost = _measured_cost(problem, accounts)
    if problem.per_missing_skill > 0:
        cost += problem.per_missing_skill * ~allowed.is_eligible[allowed.requirement[accounts]]
    _add_load_prices(problem, prices, accounts, cost)
    move = _add_move_prices(problem, prices, accounts, cost)
    np.copyto(cost, np.inf, where=~allowed.table(accounts))
    if len(start) < len(accounts):
        cost = np.add.reduceat(cost, start, axis=0)
    cheapest = cost.min(axis=1)
    if allowed.criteria.is_unassigned_allowed:
        alone = np.where(allowed.is_pinned(accounts), np.inf, move + problem.per_unassigned)
        cheapest = np.minimum(cheapest, np.add.reduceat(alone, start))
    if np.isinf(cheapest).any():
        item = accounts[start[np.argmax(np.isinf(cheapest))]]
        raise CertificateRefusedError(f"No rep is allowed for account '{problem.examined.data.account_ids[item]}'.")
    return sum(map(int, cheapest.tolist()))


def _measured_cost(problem: BoundProblem, accounts: Ints) -> Floats:
    """Return travel and compactness in whole units, rounded down and cut, shape ``(accounts, reps)``."""
    data, criteria = problem.examined.data, problem.examined.allowed.criteria
    cost = np.zeros((len(accounts), data.num_reps))
    if criteria.measures_distance:
        distance = distance_floor_km(data.account_point[accounts], data.rep_point)
        if criteria.compactness_weight > 0:
            np.multiply(distance, problem.per_km2[accounts, None], out=cost)
        cost += problem.per_km[accounts, None]
        cost *= distance
        detour = data.detour_table(accounts)
        if detour is not None:
            cost += problem.per_km[accounts, None] * detour
    if problem.per_pair_cost > 0:
        row, pair = rows_of_pairs(data, accounts)
        cost[row, data.pairs.rep[pair]] += problem.per_pair_cost * np.nan_to_num(data.pairs.cost[pair])
    cap = float(cost_cap(problem.examined.items.largest))
    np.minimum(cost, cap, out=cost)
    np.floor(cost, out=cost)
    cost -= COST_MARGIN
    return cost


def _add_load_prices(problem: BoundProblem, prices: Prices, accounts: Ints, cost: Floats) -> None:
    """Add price times amount, the amount rounded down where it costs and up where it earns."""
    data = problem.examined.data
    amounts, columns = [], []
    for measure, load in prices.load.items():
        price = np.array(load, dtype=np.float64)
        amounts += [problem.amount_low[measure][accounts], problem.amount_high[measure][accounts]]
        columns += [np.maximum(price, 0), np.minimum(price, 0)]
        if data.is_overridden(measure):
            row, pair = rows_of_pairs(data, accounts)
            override = data.pairs.amounts[measure][pair]
            is_given = ~np.isnan(override)
            row, pair, override = row[is_given], pair[is_given], override[is_given]
            scaled, own = np.ldexp(override, problem.amount_bits[measure]), accounts[row]
            rep, is_cost = data.pairs.rep[pair], price[data.pairs.rep[pair]] > 0
            base = np.where(is_cost, problem.amount_low[measure][own], problem.amount_high[measure][own])
            cost[row, rep] += price[rep] * (np.where(is_cost, np.floor(scaled), np.ceil(scaled)) - base)
    if amounts:
        cost += product(np.stack(amounts, axis=1), np.stack(columns))


def _add_move_prices(problem: BoundProblem, prices: Prices, accounts: Ints, cost: Floats) -> Floats:
    """Add what leaving the current rep costs; return the part that is the same wherever the account goes."""
    current = problem.examined.data.counted_current[accounts]
    row = np.flatnonzero(current >= 0)
    move, rep = problem.per_move[accounts].copy(), current[row]
    low = {measure: amount[accounts[row]] for measure, amount in problem.amount_low.items()}
    for measure, value in prices.moved.items():
        move[row] += value * low[measure]
    for measure, out in prices.moved_out.items():
        move[row] += np.array(out, dtype=np.float64)[rep] * low[measure]
    if row.size == 0:
        return move
    cost += move[:, None]
    stays = move[row]
    if prices.moved_in:
        amounts = np.zeros((len(accounts), len(prices.moved_in)))
        amounts[row] = np.stack([low[measure] for measure in prices.moved_in], axis=1)
        into = np.array(list(prices.moved_in.values()), dtype=np.float64)
        cost += product(amounts, into)
        stays = stays + (amounts[row] * into[:, rep].T).sum(axis=1)
    cost[row, rep] -= stays
    return move
