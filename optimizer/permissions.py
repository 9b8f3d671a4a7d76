"""Permissions: which columns an item may go to by every hard criterion that concerns one pair at a time.

Owns possible pairs, hard eligibility, locks, forbidden pairs, frozen reps and reps who have left. A family may go
where all its members may. Limits on loads are rows, not permissions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.criteria import Criteria
from optimizer.items import Items
from optimizer.problem import BoolArray, IntArray, Problem

CHUNK_PAIRS: Final = 4_000_000
"""Pairs per block of dense arithmetic: large enough for NumPy, small enough to leave memory alone."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Permissions:
    """What may go where.

    Attributes
    ----------
    column_rep
        The rep of each column: the active reps in order, then −1 where accounts may stay unassigned.
        Shape ``(columns,)``.
    allowed
        Shape ``(items, columns)``.
    """

    column_rep: IntArray
    allowed: BoolArray

    @property
    def reps(self) -> IntArray:
        """The reps that have a column, without the unassigned one. Shape ``(active reps,)``."""
        return self.column_rep[self.column_rep >= 0]


def permissions_of(problem: Problem, criteria: Criteria, items: Items) -> Permissions:
    """Return what every item may do by the hard criteria on pairs.

    An item may stay unassigned where the criteria allow that, unless a member is locked or its current rep is
    frozen. A member locked to a rep who has left, or two members locked to different reps, leave no column.
    """
    reps = np.flatnonzero(problem.active).astype(np.int32)
    extra = [-1] if criteria.unassigned.allowed else []
    column_rep = np.concatenate([reps, np.array(extra, dtype=np.int32)]).astype(np.int32)
    allowed = np.ones((items.num_items, len(column_rep)), dtype=np.bool_)
    _allow_by_data(allowed[:, : len(reps)], problem, criteria, items)
    column_of_rep = columns_by_rep(column_rep, num_reps=problem.num_reps)
    _forbid_pairs(allowed, criteria, items, column_of_rep)
    _close_frozen(allowed, problem, criteria, items)
    _keep_required(allowed, problem, criteria, items)
    return Permissions(column_rep=column_rep, allowed=allowed)


def columns_by_rep(column_rep: IntArray, *, num_reps: int) -> IntArray:
    """Return the column of each rep, −1 for a rep without one. Shape ``(reps,)``."""
    column = np.full(num_reps, -1, dtype=np.int32)
    is_rep = column_rep >= 0
    column[column_rep[is_rep]] = np.flatnonzero(is_rep)
    return column


def required_reps(problem: Problem, criteria: Criteria) -> tuple[IntArray, IntArray]:
    """Return all pairs (account, rep) that must stand: locks, and the accounts of frozen reps.

    Returns
    -------
    account, rep
        A pair may occur twice, an account with several reps. Shape ``(pairs,)`` each.
    """
    stays = problem.locked | np.isin(problem.current, criteria.frozen_reps)
    stays &= problem.current >= 0
    own = np.flatnonzero(stays)
    locks = np.array(criteria.locks, dtype=np.int64).reshape(-1, 2)
    account = np.concatenate([own, locks[:, 0]]).astype(np.int32)
    return account, np.concatenate([problem.current[own], locks[:, 1]]).astype(np.int32)


def _allow_by_data(allowed: BoolArray, problem: Problem, criteria: Criteria, items: Items) -> None:
    """Close pairs that the data rule out, and mismatches where eligibility is hard; ``(items, active reps)``."""
    reps = np.flatnonzero(problem.active).astype(np.int32)
    mismatch = problem.mismatch if criteria.eligibility.hard else None
    if problem.possible is None and mismatch is None:
        return
    for first, last in chunks(items.num_items, width=len(reps)):
        if problem.possible is not None:
            allowed[first:last] &= items.block(problem.possible, reps, first, last, combine=np.logical_and)
        if mismatch is not None:
            allowed[first:last] &= ~items.block(mismatch, reps, first, last, combine=np.logical_or)


def _forbid_pairs(allowed: BoolArray, criteria: Criteria, items: Items, column_of_rep: IntArray) -> None:
    pairs = np.array(criteria.forbid, dtype=np.int64).reshape(-1, 2)
    column = column_of_rep[pairs[:, 1]]
    known = column >= 0
    allowed[items.item_of_account[pairs[known, 0]], column[known]] = False


def _close_frozen(allowed: BoolArray, problem: Problem, criteria: Criteria, items: Items) -> None:
    column_of_rep = np.cumsum(problem.active) - 1
    for rep in set(criteria.frozen_reps):
        if problem.active[rep]:
            is_own = items.sum(problem.current == rep) == items.size
            allowed[~is_own, column_of_rep[rep]] = False


def _keep_required(allowed: BoolArray, problem: Problem, criteria: Criteria, items: Items) -> None:
    account, rep = required_reps(problem, criteria)
    if not len(account):
        return
    column = np.where(problem.active[rep], (np.cumsum(problem.active) - 1)[rep], -1)
    item, column = np.unique(np.stack([items.item_of_account[account], column]), axis=1)
    repeated, count = np.unique(item, return_counts=True)
    unmeetable = np.isin(item, repeated[count > 1]) | (column < 0)
    kept = allowed[item, column] & ~unmeetable
    allowed[item] = False
    allowed[item, column] = kept


def chunks(num_rows: int, *, width: int) -> list[tuple[int, int]]:
    """Return half-open ranges of rows of at most ``CHUNK_PAIRS`` pairs each."""
    step = max(1, CHUNK_PAIRS // max(1, width))
    return [(first, min(num_rows, first + step)) for first in range(0, num_rows, step)]
