"""Items whose places are sought together: families, or clumps of near accounts where there are very many.

Owns which accounts become one item, what it may do, and where it is today.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.scenarios.center_candidates import spatial_order
from app.scenarios.columns import Float64
from geo_data.distances import unit_vectors
from optimizer.criteria import Criteria as Wanted
from optimizer.items import items_of
from optimizer.permissions import permissions_of
from optimizer.problem import BoolArray, Problem

Positions = npt.NDArray[np.int64]

MOST_ITEMS: Final = 4_000
"""More items than this become clumps of near ones, unless reps are so many that clumps would be coarse for them."""
ITEMS_PER_REP: Final = 15


@dataclass(frozen=True, eq=False, kw_only=True)
class Clumps:
    """Accounts that go together while centers are sought.

    Attributes
    ----------
    of_account
        Shape ``(accounts,)``.
    allowed
        What each clump may do. Shape ``(clumps, columns)``.
    home, leaving
        Each clump's column today and what leaving it costs; None where that costs nothing. Shape ``(clumps,)``.
    is_whole
        True where every item is a clump of its own.
    """

    of_account: Positions
    allowed: BoolArray
    home: Positions | None
    leaving: Float64 | None
    is_whole: bool

    def middles(self, lat: Float64, lon: Float64) -> Float64:
        """Return a point within each clump on the unit sphere. Shape ``(clumps, 3)``."""
        at = unit_vectors(lat, lon)
        total = np.column_stack([np.bincount(self.of_account, at[:, axis]) for axis in range(3)])
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.asarray(total / np.where(length > 0, length, 1.0), dtype=np.float64)


def clumps_of(problem: Problem, wanted: Wanted, lat: Float64, lon: Float64, reps: Positions) -> Clumps:
    """Return the clumps of a problem's accounts, for some of its reps as columns."""
    items = items_of(problem, wanted)
    allowed = permissions_of(problem, wanted, items).allowed[:, : len(reps)]
    first = items.account[items.start[:-1]]
    column = np.full(problem.num_reps + 1, -1, dtype=np.int64)
    column[reps] = np.arange(len(reps))
    home = column[problem.current[first]]
    most = max(MOST_ITEMS, ITEMS_PER_REP * len(reps))
    clump_of_item = np.arange(items.num_items)
    if items.num_items > most:
        clump_of_item = _joined(allowed, home, spatial_order(lat[first], lon[first]), most=most)
    count = int(clump_of_item.max()) + 1
    member = np.empty(count, dtype=np.int64)
    member[clump_of_item[::-1]] = np.arange(items.num_items)[::-1]
    home_of_clump: Positions | None = None
    leaving: Float64 | None = None
    if wanted.disruption.weight > 0 and (home >= 0).any():
        share = items.sum(_share_today(problem, wanted))
        costs = wanted.disruption.weight * np.bincount(clump_of_item, share, minlength=count)
        home_of_clump = home[member]
        leaving = np.where(home[member] >= 0, costs, 0.0)
    return Clumps(
        of_account=clump_of_item[items.item_of_account],
        allowed=allowed[member],
        home=home_of_clump,
        leaving=leaving,
        is_whole=count == items.num_items,
    )


def _share_today(problem: Problem, wanted: Wanted) -> Float64:
    """Return each account's share of what disruption is measured by, 0 where nobody has it. Shape ``(accounts,)``."""
    amount = problem.amount[:, problem.measure_index(wanted.disruption.measure)]
    share = amount / max(float(amount.sum()), 1e-12)
    return np.where(problem.current >= 0, share, 0.0)


def _joined(allowed: npt.NDArray[np.bool_], home: Positions, order: Positions, *, most: int) -> Positions:
    """Join near items that may do the same and have the same rep today, into about as many as the search can take."""
    kind = np.unique(np.column_stack([np.packbits(allowed, axis=1), home]), axis=0, return_inverse=True)[1].ravel()
    order = order[np.argsort(kind[order], kind="stable")]
    size = -(-len(order) // most)
    begins = np.ones(len(order), dtype=np.bool_)
    begins[1:] = kind[order][1:] != kind[order][:-1]
    start = np.flatnonzero(begins)
    within = np.arange(len(order)) - start[np.cumsum(begins) - 1]
    clump = np.empty(len(order), dtype=np.int64)
    clump[order] = np.cumsum(begins | (within % size == 0)) - 1
    return clump
