"""Which of given centers should close when there must be fewer: greedy first, then interchanges while they help.

Owns the choice by what pairs cost and who may serve whom; limits of loads are not weighed, an assignment decides them
afterwards. Nothing random.
"""

from typing import Final

import numpy as np

from optimizer.location.question import Positions
from optimizer.problem import BoolArray, FloatArray

MOST_INTERCHANGES: Final = 50
UNSERVED: Final = 10.0
"""What an account without anyone who may serve it costs, in multiples of the dearest pair."""


def kept_open(cost: FloatArray, allowed: BoolArray, must_stay: BoolArray, *, count: int) -> BoolArray:
    """Return which columns stay open when only so many may.

    Parameters
    ----------
    cost
        What each pair costs, ≥ 0. Shape ``(items, columns)``.
    allowed
        Shape ``(items, columns)``.
    must_stay
        Columns that may not close. Shape ``(columns,)``.
    count
        Columns that stay, at least those that must.

    Notes
    -----
    An item costs what its cheapest open column does. Closing a column costs what its items pay more at their second
    choice; the cheapest closes, again and again (reverse greedy). Then one closed and one open column change places
    while that lowers the sum (Teitz and Bart 1968, doi 10.1287/opre.16.5.955), with the sums of all interchanges of a
    column in one pass over the items (Schubert and Rousseeuw 2021, doi 10.1016/j.is.2021.101804).
    """
    value = np.where(allowed, cost, UNSERVED * max(float(cost.max(initial=0.0)), 1.0)).astype(np.float64)
    is_open = np.ones(value.shape[1], dtype=np.bool_)
    while int(is_open.sum()) > count:
        more = _losses(value, is_open)
        more[must_stay | ~is_open] = np.inf
        if not np.isfinite(more).any():
            break
        # of equal ones the last closes, so that the order of reps is the order in which they are kept
        is_open[len(more) - 1 - int(np.argmin(more[::-1]))] = False
    for _ in range(MOST_INTERCHANGES):
        if not _interchange(value, is_open, must_stay):
            break
    return is_open


def _two_cheapest(value: FloatArray, is_open: BoolArray) -> tuple[Positions, FloatArray, FloatArray]:
    columns = np.flatnonzero(is_open)
    part = value[:, columns]
    rows = np.arange(len(part))
    first = part.argmin(axis=1)
    cheapest = part[rows, first]
    part[rows, first] = np.inf
    return columns[first], cheapest, part.min(axis=1)


def _losses(value: FloatArray, is_open: BoolArray) -> FloatArray:
    """Return what closing each column costs. Shape ``(columns,)``."""
    owner, cheapest, second = _two_cheapest(value, is_open)
    worst = float(value.max(initial=1.0)) * UNSERVED
    more = np.minimum(second, worst) - cheapest
    return np.bincount(owner, more, minlength=value.shape[1]).astype(np.float64)


def _interchange(value: FloatArray, is_open: BoolArray, must_stay: BoolArray) -> bool:
    """Make the best interchange of an open and a closed column; return whether there was one."""
    closed = np.flatnonzero(~is_open)
    may_close = is_open & ~must_stay
    if not len(closed) or not may_close.any():
        return False
    owner, cheapest, second = _two_cheapest(value, is_open)
    best, pair = -1e-9 * max(float(cheapest.sum()), 1e-12), None
    for column in closed.tolist():
        own = value[:, column]
        gained = np.minimum(own - cheapest, 0.0)
        # an item whose column closes goes to its second choice or to the one that opens, whichever is cheaper
        instead = np.bincount(owner, np.minimum(second, own) - cheapest - gained, minlength=len(is_open))
        change = np.where(may_close, float(gained.sum()) + instead, np.inf)
        closes = int(np.argmin(change))
        if change[closes] < best:
            best, pair = float(change[closes]), (column, closes)
    if pair is None:
        return False
    is_open[pair[0]], is_open[pair[1]] = True, False
    return True
