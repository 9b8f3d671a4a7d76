"""Which reps are neighbors: those whom the accounts of a territory could go to next.

Owns the choice of reps that a solve around an edit leaves free. By travel where it is known; else everybody is near.
"""

from typing import Final

import numpy as np

from app.alignments.columns import Flags, Integers
from app.alignments.situations import Situation

SAMPLE: Final = 400
"""So many accounts of the touched territories are looked at."""

NEAREST: Final = 4
"""An account's neighbors are so many reps, the nearest first."""

NEIGHBORS_EACH: Final = 6
"""For each touched rep so many neighbors are left free."""


def with_neighbors(situation: Situation, touched: Integers) -> Integers:
    """Return touched reps and their neighbors, ascending; all active reps where nothing is known of travel."""
    active = np.flatnonzero(situation.columns.is_active)
    accounts = np.flatnonzero(np.isin(situation.owner, touched))
    if not len(accounts):
        return active
    chosen = accounts[np.linspace(0, len(accounts) - 1, min(SAMPLE, len(accounts))).astype(np.int64)]
    distance, cost, ruled_out = situation.facts.table(chosen)
    effort = np.where(np.isnan(cost), np.inf, cost) if situation.facts.has_costs else distance
    effort = np.where(ruled_out | ~situation.columns.is_active | np.isnan(effort), np.inf, effort)
    if not np.isfinite(effort).any():
        return active
    votes = _votes(effort, is_touched=np.isin(np.arange(effort.shape[1]), touched))
    most = np.argsort(-votes, kind="stable")[: NEIGHBORS_EACH * len(touched)]
    return np.union1d(np.intersect1d(touched, active), most[votes[most] > 0])


def _votes(effort: np.ndarray, *, is_touched: Flags) -> Integers:
    """Count how often each rep that is not touched is among the nearest. Shape ``(reps,)``."""
    others = np.where(is_touched, np.inf, effort)
    nearest = np.argsort(others, axis=1, kind="stable")[:, :NEAREST]
    counted = nearest[np.isfinite(np.take_along_axis(others, nearest, axis=1))]
    return np.bincount(counted, minlength=effort.shape[1])
