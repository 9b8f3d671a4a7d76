"""The reference of travel and compactness: the sum over items of the cheapest allowed rep's value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checker.allowed import Allowed, rows_of_pairs
from checker.geography import distance_km, distance_table_km, product
from checker.items import Items

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BLOCK_CELLS = 1 << 18
"""Cells of one block of accounts by reps: 2 MB of numbers, which stays in a processor's cache."""

NEAR_SQUARED_CHORD = 1e-7
"""Below this squared chord (2 km) a scalar product has too few digits to choose between reps."""


@dataclass(frozen=True)
class References:
    """What the raw travel and compactness are divided by; both positive."""

    travel: float
    compactness: float


def references(allowed: Allowed, items: Items) -> References:
    """Return the references of travel and compactness.

    An item without an allowed rep adds nothing, nor does a rep whose center is unknown. 0 becomes 1.

    Notes
    -----
    Accounts times reps, in blocks. For an account alone both are smallest at the nearest allowed rep, so that one
    matrix product finds it; families and the caller's costs are added up cell by cell.
    """
    criteria, data = allowed.criteria, allowed.data
    needs_costs = criteria.travel_weight > 0 and criteria.has_pair_costs
    if not (criteria.measures_distance or needs_costs):
        return References(1.0, 1.0)
    travel, compactness = 0.0, 0.0
    for accounts, start in items.blocks(max(1, BLOCK_CELLS // data.num_reps)):
        mask = np.logical_and.reduceat(allowed.table(accounts), start, axis=0)
        if criteria.measures_distance:
            block = _by_distance(allowed, accounts, start, mask)
            travel += 0.0 if criteria.has_pair_costs else block[0]
            compactness += block[1]
        if needs_costs:
            travel += _cheapest(_cost_table(allowed, accounts), start, mask)
    return References(travel or 1.0, compactness or 1.0)


def _by_distance(allowed: Allowed, accounts: Ints, start: Ints, mask: Bools) -> tuple[float, float]:
    data, criteria = allowed.data, allowed.criteria
    pace = criteria.road_factor * data.visits_per_year[accounts]
    weight = data.workload_weight[accounts]
    size = np.diff(start, append=len(accounts))
    is_single = size == 1
    if data.detour is not None and criteria.travel_weight > 0 and not criteria.has_pair_costs:
        return _around(allowed, accounts, start, mask), _straight(allowed, accounts, start, mask)
    row = start[is_single]
    nearest = _nearest_km(data.account_point[accounts[row]], data.rep_point, mask[is_single])
    travel, compactness = float(pace[row] @ nearest), float(weight[row] @ nearest**2)
    if not is_single.all():
        member = np.repeat(~is_single, size)
        family_start = np.cumsum(size[~is_single]) - size[~is_single]
        distance = distance_table_km(data.account_point[accounts[member]], data.rep_point)
        family_mask = mask[~is_single]
        travel += _cheapest(pace[member, None] * distance, family_start, family_mask)
        compactness += _cheapest(weight[member, None] * distance**2, family_start, family_mask)
    return travel, compactness


def _around(allowed: Allowed, accounts: Ints, start: Ints, mask: Bools) -> float:
    """Return the travel of a block where ways lead around barriers, cell by cell."""
    data = allowed.data
    way = distance_table_km(data.account_point[accounts], data.rep_point)
    detour = data.detour_table(accounts)
    if detour is not None:
        way += detour
    pace = allowed.criteria.road_factor * data.visits_per_year[accounts]
    return _cheapest(pace[:, None] * way, start, mask)


def _straight(allowed: Allowed, accounts: Ints, start: Ints, mask: Bools) -> float:
    """Return the compactness of a block, cell by cell; barriers do not change it."""
    if allowed.criteria.compactness_weight == 0:
        return 0.0
    data = allowed.data
    square = distance_table_km(data.account_point[accounts], data.rep_point) ** 2
    return _cheapest(data.workload_weight[accounts, None] * square, start, mask)


def _nearest_km(points: Floats, centers: Floats, mask: Bools) -> Floats:
    """Return the distance to the nearest allowed center, 0 where there is none; shape ``(points,)``."""
    is_known = ~np.isnan(centers).any(axis=1)
    chosen = np.full(len(points), -1)
    closeness = product(points, np.nan_to_num(centers).T)
    closeness[~(mask & is_known)] = -np.inf
    if closeness.size:
        chosen = np.argmax(closeness, axis=1)
        best = closeness[np.arange(len(points)), chosen]
        close = np.flatnonzero(2 - 2 * best < NEAR_SQUARED_CHORD)
        exact = distance_table_km(points[close], centers)
        exact[~(mask & is_known)[close]] = np.inf
        chosen[close] = np.argmin(exact, axis=1)
        chosen[np.isneginf(best)] = -1
    distance = distance_km(points, centers[chosen])
    return np.where(chosen >= 0, distance, 0.0)


def _cheapest(value: Floats, start: Ints, mask: Bools) -> float:
    """Add up each item's smallest allowed value; ``value`` has shape ``(accounts, reps)``."""
    total = np.add.reduceat(value, start, axis=0)
    total[~mask | np.isnan(total)] = np.inf
    smallest = total.min(axis=1)
    return float(smallest[np.isfinite(smallest)].sum())


def _cost_table(allowed: Allowed, accounts: Ints) -> Floats:
    table = np.full((len(accounts), allowed.data.num_reps), np.inf)
    row, pair = rows_of_pairs(allowed.data, accounts)
    table[row, allowed.data.pairs.rep[pair]] = allowed.data.pairs.cost[pair]
    return table
