"""Who could take each account over if its rep left: the nearest reps who may serve it.

Owns the choice by distance and by every criterion on pairs. Where distances mean nothing nobody is near.
"""

from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from app.alignments.columns import Flags, Floats, Integers
from app.alignments.scorecards import Scorecard
from app.alignments.situations import Situation
from app.alignments.travel import center_points
from geo_data.distances import unit_vectors
from optimizer.departures import Neighborhood

NUM_TAKERS: Final = 8
"""So many reps near an account are asked."""


def neighborhood(card: Scorecard, situation: Situation, measure: str) -> Neighborhood:
    """Return the nearest reps of every account who may serve it, and what everybody may carry."""
    columns = card.columns
    largest = card.capacity_max[measure]
    frozen = np.isin(columns.rep_ids, situation.criteria.frozen_reps)
    capacity = np.where(columns.is_active & ~frozen, np.where(np.isnan(largest), np.inf, largest), 0.0)
    taker = _nearest(card, capacity)
    forbidden = _forbidden_keys(situation)
    for k in range(taker.shape[1]):
        taker[~_may_take(situation, taker[:, k], forbidden), k] = -1
    return Neighborhood(taker=taker, capacity_max=capacity)


def _nearest(card: Scorecard, capacity: Floats) -> Integers:
    """Return the nearest reps with a center and a capacity, without the own one, −1 for none."""
    columns = card.columns
    taker = np.full((columns.num_accounts, NUM_TAKERS), -1, dtype=np.int64)
    rep_lat, rep_lon = center_points(columns, card.travel)
    near = np.flatnonzero(np.isfinite(rep_lat + rep_lon) & (capacity > 0))
    lat, lon = columns.account_column("lat"), columns.account_column("lon")
    placed = np.flatnonzero(np.isfinite(lat + lon))
    if not len(near) or not len(placed) or not card.travel.has_distances:
        return taker
    tree = cKDTree(unit_vectors(rep_lat[near], rep_lon[near]))
    asked = min(NUM_TAKERS + 1, len(near))
    _, found = tree.query(unit_vectors(lat[placed], lon[placed]), k=range(1, asked + 1))
    found = near[found]
    is_other = found != columns.owner[placed, None]
    order = np.argsort(~is_other, axis=1, kind="stable")  # the own rep goes last
    found = np.take_along_axis(np.where(is_other, found, -1), order, axis=1)[:, :NUM_TAKERS]
    taker[placed, : found.shape[1]] = found
    return taker


def _may_take(situation: Situation, rep: Integers, forbidden: Integers) -> Flags:
    """Tell which accounts may go to the rep named for each."""
    facts, ground = situation.facts, situation.ground
    ruled_out = facts.is_too_far(facts.distance_km(rep), rep) | facts.is_forbidden(rep)
    if situation.criteria.eligibility == "hard":
        ruled_out |= ground.is_missing[ground.requirement, rep]
    ruled_out |= np.isin(np.arange(len(rep)) * ground.columns.num_reps + rep, forbidden)
    may: Flags = (rep >= 0) & ~ruled_out
    return may


def _forbidden_keys(situation: Situation) -> Integers:
    """Return the pairs that the criteria forbid, as account · reps + rep."""
    ground = situation.ground
    return np.array(
        [
            ground.account_index[pair.account_id] * ground.columns.num_reps + ground.rep_index[pair.rep_id]
            for pair in situation.criteria.forbid
            if pair.account_id in ground.account_index and pair.rep_id in ground.rep_index
        ],
        dtype=np.int64,
    )
