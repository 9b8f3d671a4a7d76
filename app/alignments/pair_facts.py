"""What belongs to pairs of account and rep, reckoned for the few pairs that a question concerns.

Owns travel, inertia, skills and what the data rule out, for every account's own pair or for one item with all reps, as
:mod:`app.scenarios.planning` has them in dense matrices. Refuses to build such a matrix.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from app.alignments.columns import Flags, Floats, Integers
from app.alignments.ground import Ground
from app.scenarios.barriers import barriers_in, ways_to
from app.scenarios.schemas import Criteria
from checker.tolerances import ABSOLUTE, RELATIVE
from geo_data.barriers import Ways
from geo_data.distances import distance_matrix_km
from geo_data.distances import distances_km as paired_distances_km
from optimizer.standing import ChosenPairs
from optimizer.what_if import ItemRow

BLOCK_PAIRS: Final = 4_000_000
"""Pairs of one block while a large family is added up."""


@dataclass(frozen=True, eq=False)
class PairFacts:
    """Facts of pairs under one set of criteria.

    Parameters
    ----------
    ground
        The dataset.
    criteria
        How travel is measured, and whether it and compactness count.
    """

    ground: Ground
    criteria: Criteria

    @property
    def has_costs(self) -> bool:
        """Tell whether travel is the caller's cost, so that a missing pair is forbidden."""
        return self.criteria.travel.has_pair_costs

    @property
    def has_travel(self) -> bool:
        """Tell whether travel counts."""
        return self.criteria.travel.weight > 0

    @property
    def has_inertia(self) -> bool:
        """Tell whether compactness counts."""
        return self.criteria.compactness.weight > 0

    @cached_property
    def ways(self) -> Ways | None:
        """Return the ways around barriers to all reps, made once; None without barriers."""
        barriers = barriers_in(self.criteria.travel.model_dump())
        return None if barriers is None else ways_to(barriers, self.ground.rep_place)

    def detour_km(self, owner: Integers) -> Floats:
        """Return what barriers add to each account's way to its owner, infinite where they leave none."""
        lat, lon = self.ground.account_place
        rep_lat, rep_lon = (place[owner] for place in self.ground.rep_place)
        detour = np.zeros(len(owner))
        known = (owner >= 0) & ~np.isnan(lat + lon + rep_lat + rep_lon)
        if self.ways is not None and known.any():
            detour[known] = self.ways.paired_detours_km(lat[known], lon[known], owner[known])
        return detour

    def detour_table(self, accounts: Integers) -> Floats | None:
        """Return what barriers add to the ways of some accounts to every rep; None without barriers."""
        if self.ways is None:
            return None
        lat, lon = (place[accounts] for place in self.ground.account_place)
        detour = np.zeros((len(accounts), self.ground.columns.num_reps))
        here = np.flatnonzero(~np.isnan(lat + lon))
        if len(here):
            detour[here] = self.ways.detours_km(lat[here], lon[here])
        detour[:, np.isnan(self.ground.rep_place[0] + self.ground.rep_place[1])] = 0.0
        return detour

    def distance_km(self, owner: Integers) -> Floats:
        """Return each account's great-circle kilometers to its owner; NaN where a place or owner is unknown."""
        ground = self.ground
        lat, lon = ground.account_place
        rep_lat, rep_lon = (place[owner] for place in ground.rep_place)
        known = (owner >= 0) & ~np.isnan(lat + lon + rep_lat + rep_lon)
        distance = np.full(len(owner), np.nan)
        distance[known] = paired_distances_km(lat[known], lon[known], rep_lat[known], rep_lon[known])
        return distance

    def chosen(self, owner: Integers) -> ChosenPairs:
        """Return what belongs to each account's pair with its owner. O(accounts)."""
        ground = self.ground
        distance = self.distance_km(owner)
        reach = np.nan_to_num(distance)
        held = owner >= 0
        cost = self._cost(owner)
        detour = self.detour_km(owner)
        way = reach + np.nan_to_num(detour, posinf=0.0)
        travel = np.nan_to_num(cost) if self.has_costs else self.criteria.travel.road_factor * ground.visits * way
        return ChosenPairs(
            travel=travel if self.has_travel else None,
            inertia=self._weight() * reach**2 if self.has_inertia else None,
            is_impossible=held & (self.is_too_far(distance, owner) | self.is_forbidden(owner)),
            is_mismatched=held & ground.is_missing[ground.requirement, owner],
        )

    def chosen_of(self, accounts: Integers, rep: int) -> ChosenPairs:
        """Return what belongs to the pairs of some accounts with one rep; arrays of shape ``(len(accounts),)``."""
        ground = self.ground
        distance, cost, ruled_out = self.table(accounts)
        reach = np.nan_to_num(distance[:, rep])
        way = self._ways_of(distance, accounts)[:, rep]
        pace = self.criteria.travel.road_factor * ground.visits[accounts]
        return ChosenPairs(
            travel=(np.nan_to_num(cost[:, rep]) if self.has_costs else pace * way) if self.has_travel else None,
            inertia=self._weight()[accounts] * reach**2 if self.has_inertia else None,
            is_impossible=ruled_out[:, rep],
            is_mismatched=ground.is_missing[ground.requirement[accounts], rep],
        )

    def is_too_far(self, distance: Floats, owner: Integers) -> Flags:
        """Tell which accounts lie beyond their owner's largest distance. Shape ``(accounts,)``."""
        limit = self.ground.max_distance_km[owner]
        return (owner >= 0) & (distance > limit * (1 + RELATIVE) + ABSOLUTE)

    def is_forbidden(self, owner: Integers) -> Flags:
        """Tell which accounts' pairs the dataset forbids, misses where all need a cost, or barriers part."""
        pairs = self.ground.columns.pairs
        forbidden = np.zeros(len(owner), dtype=np.bool_)
        if pairs is not None:
            position = self.ground.columns.pair_positions(owner)
            forbidden = (position >= 0) & pairs.forbidden[position]
        if self.has_costs:
            forbidden |= (owner >= 0) & np.isnan(self._cost(owner))
        return forbidden | np.isinf(self.detour_km(owner))

    def row(self, members: Integers) -> ItemRow:
        """Return what an item would be with each rep. O(members · reps)."""
        ground, num_reps = self.ground, self.ground.columns.num_reps
        travel, inertia = np.zeros(num_reps), np.zeros(num_reps)
        impossible, mismatched = np.zeros(num_reps, dtype=np.int64), np.zeros(num_reps, dtype=np.int64)
        amount = np.tile(ground.problem.amount[members].sum(axis=0), (num_reps, 1))
        step = max(1, BLOCK_PAIRS // num_reps)
        for first in range(0, len(members), step):
            block = members[first : first + step]
            distance, cost, ruled_out = self.table(block)
            reach = np.nan_to_num(distance)
            pace = self.criteria.travel.road_factor * ground.visits[block]
            way = self._ways_of(distance, block)
            travel += np.nan_to_num(cost).sum(axis=0) if self.has_costs else pace @ way
            inertia += self._weight()[block] @ reach**2
            impossible += ruled_out.sum(axis=0)
            mismatched += ground.is_missing[ground.requirement[block]].sum(axis=0)
        self._override(amount, members)
        return ItemRow(
            members=members.astype(np.int32),
            travel=travel if self.has_travel else None,
            inertia=inertia if self.has_inertia else None,
            impossible=impossible.astype(np.int32),
            mismatched=mismatched.astype(np.int32),
            amount=amount,
        )

    def table(self, accounts: Integers) -> tuple[Floats, Floats, Flags]:
        """Return distances in km (NaN unknown), the caller's costs, and what the data rule out, with every rep.

        Each of shape ``(len(accounts), reps)``.
        """
        ground = self.ground
        distance = self._distances(accounts)
        cost = np.full(distance.shape, np.nan)
        ruled_out = distance > ground.max_distance_km * (1 + RELATIVE) + ABSOLUTE
        line, rep, position = self._pairs_of(accounts)
        pairs = ground.columns.pairs
        if pairs is not None:
            cost[line, rep] = pairs.cost[position]
            ruled_out[line, rep] |= pairs.forbidden[position]
        if self.has_costs:
            ruled_out |= np.isnan(cost)
        detour = self.detour_table(accounts)
        if detour is not None:
            ruled_out |= np.isinf(detour)
        return distance, cost, ruled_out

    def _ways_of(self, distance: Floats, accounts: Integers) -> Floats:
        """Return distances with what barriers add to them, 0 where unknown. Shape as given."""
        detour = self.detour_table(accounts)
        known = np.nan_to_num(distance)
        return known if detour is None else known + np.nan_to_num(detour, posinf=0.0)

    def _distances(self, accounts: Integers) -> Floats:
        lat, lon = (place[accounts] for place in self.ground.account_place)
        rep_lat, rep_lon = self.ground.rep_place
        distance = np.full((len(accounts), len(rep_lat)), np.nan)
        here, there = np.flatnonzero(~np.isnan(lat + lon)), np.flatnonzero(~np.isnan(rep_lat + rep_lon))
        if len(here) and len(there):
            known = distance_matrix_km(lat[here], lon[here], rep_lat[there], rep_lon[there])
            distance[np.ix_(here, there)] = known
        return distance

    def _pairs_of(self, accounts: Integers) -> tuple[Integers, Integers, Integers]:
        """Return the dataset's pairs of these accounts: line within ``accounts``, rep, position."""
        none = np.zeros(0, dtype=np.int64)
        pairs, num_reps = self.ground.columns.pairs, self.ground.columns.num_reps
        if pairs is None:
            return none, none, none
        first = np.searchsorted(pairs.key, accounts * num_reps)
        last = np.searchsorted(pairs.key, (accounts + 1) * num_reps)
        count = last - first
        line = np.repeat(np.arange(len(accounts)), count)
        position = np.repeat(first, count) + np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
        return line, pairs.key[position] % num_reps, position

    def _override(self, amount: Floats, members: Integers) -> None:
        """Add what pairs of their own amounts change of an item's amounts, in place."""
        pairs = self.ground.columns.pairs
        if pairs is None:
            return
        line, rep, position = self._pairs_of(members)
        for k, measure in enumerate(self.ground.problem.measures):
            if measure in pairs.amount:
                given = pairs.amount[measure][position]
                own = self.ground.problem.amount[members[line], k]
                np.add.at(amount[:, k], rep, np.where(np.isnan(given), 0.0, given - own))

    def _cost(self, owner: Integers) -> Floats:
        pairs = self.ground.columns.pairs
        if pairs is None:
            return np.full(len(owner), np.nan)
        position = self.ground.columns.pair_positions(owner)
        return np.where(position >= 0, pairs.cost[position], np.nan)

    def _weight(self) -> Floats:
        """Return what an account's squared distance counts in the moment of inertia."""
        amount = self.ground.columns.amount
        return amount["workload"] if "workload" in amount else np.ones(self.ground.columns.num_accounts)
