"""References: the values that weights are relative to, so that a weight means the same on any data.

Owns the sum over items of the cheapest allowed rep's travel and inertia; the other references are plain counts and
totals and stand in :mod:`optimizer.score`.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.criteria import Criteria
from optimizer.items import Items, items_of
from optimizer.permissions import Permissions, chunks, permissions_of
from optimizer.problem import FloatArray, Problem


@dataclass(frozen=True, kw_only=True)
class References:
    """What travel and compactness are divided by.

    Attributes
    ----------
    travel
        Sum over the items of the cheapest allowed rep's travel, in the travel unit; 1 where that is 0 or unknown.
    compactness
        The same of inertia, in km²·h.
    """

    travel: float
    compactness: float


def references(problem: Problem, criteria: Criteria) -> References:
    """Return the references of a problem under criteria, from one pass over all pairs.

    They do not depend on an alignment: compute them once to score many alignments.
    """
    items = items_of(problem, criteria)
    return references_of(problem, items, permissions_of(problem, criteria, items))


def references_of(problem: Problem, items: Items, permissions: Permissions) -> References:
    """Return the references for a grouping and permissions that are already known."""
    return References(
        travel=_cheapest_total(problem.travel, items, permissions),
        compactness=_cheapest_total(problem.inertia, items, permissions),
    )


def _cheapest_total(matrix: FloatArray | None, items: Items, permissions: Permissions) -> float:
    if matrix is None:
        return 1.0
    reps = permissions.reps
    total = 0.0
    for first, last in chunks(items.num_items, width=len(reps)):
        block = items.block(matrix, reps, first, last)
        np.copyto(block, np.inf, where=~permissions.allowed[first:last, : len(reps)])
        cheapest = block.min(axis=1, initial=np.inf)
        total += float(cheapest[np.isfinite(cheapest)].sum(dtype=np.float64))
    return total if total > 0 else 1.0
