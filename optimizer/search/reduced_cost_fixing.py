"""Which pairs an alignment better than the best known may still use: what the bound and the prices leave.

Every pair of reduced cost d above its item's smallest raises the bound by d when it is forced; a pair that raises it
above the best objective is in no better alignment.
"""

import numpy as np

from optimizer.problem import IntArray
from optimizer.search.bound import column_prices
from optimizer.search.model import Model, Multipliers
from optimizer.search.reduced_costs import cheapest_columns, reduced_costs
from optimizer.search.subproblem import Positions

BLOCK_PAIRS = 4_000_000
MOST_PAIRS = 3_000_000
"""More pairs than this are too many for any solver, and not worth their memory."""
MARGIN = 1e-9
"""Part of the objective by which a pair must exceed it to be left out: float noise never removes an optimum."""


def remaining_pairs(
    model: Model, multipliers: Multipliers, *, certified_bound: float, objective: float | None, keep: IntArray | None
) -> tuple[Positions, IntArray] | None:
    """Return the pairs that are left, sorted by item; all allowed ones without a known objective, None for too many.

    Parameters
    ----------
    certified_bound
        The bound that the multipliers prove.
    objective
        Of the best known alignment, or None.
    keep
        Pairs that stay in any case: a choice of columns, or None.
    """
    room = np.inf if objective is None else objective - certified_bound + MARGIN * abs(objective)
    prices = column_prices(model, multipliers)
    _, smallest = cheapest_columns(model, prices)
    items, columns, count = [], [], 0
    step = max(1, BLOCK_PAIRS // model.num_columns)
    for first in range(0, model.num_items, step):
        rows = slice(first, min(first + step, model.num_items))
        reduced = reduced_costs(model, prices, rows=rows)
        left = np.isfinite(reduced) & (reduced - smallest[rows, None] <= room)
        if keep is not None:
            left[np.arange(rows.stop - first), keep[rows]] = True
        count += int(np.count_nonzero(left))
        if count > MOST_PAIRS:
            return None
        item, column = np.nonzero(left)
        items.append(item + first)
        columns.append(column)
    return np.concatenate(items), np.concatenate(columns).astype(np.int32)
