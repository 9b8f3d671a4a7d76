"""Which columns to take: every item served, each row at most one column, so many places; by HiGHS."""

import math
from dataclasses import dataclass

import numpy as np
from ortools.math_opt.python import mathopt

from optimizer.location.columns import Columns
from optimizer.location.program import NOTHING_BELOW, SCALE, highs_result, proto_model
from optimizer.location.question import Positions
from optimizer.location.rows import Rows


@dataclass(frozen=True, eq=False, kw_only=True)
class Partition:
    """What was found.

    Attributes
    ----------
    row
        The row of every item, or None.
    bound
        No choice of these columns that is below the cutoff costs less.
    is_over
        True where the solver says that nothing better is left.
    """

    row: Positions | None
    bound: float
    is_over: bool


def solve_partition(columns: Columns, rows: Rows, *, below: float, seconds: float, seed: int = 0) -> Partition:
    """Return the cheapest choice of columns below a cost, within a time in seconds."""
    scale = SCALE / max(abs(below), 1e-12)
    model = _model(columns, rows, scale=scale, below=below)
    result = highs_result(model, seconds=seconds, seed=seed)
    if result is None:
        return Partition(row=None, bound=-math.inf, is_over=False)
    reason = result.termination.reason
    if reason in NOTHING_BELOW:
        return Partition(row=None, bound=below, is_over=True)
    bound = result.termination.objective_bounds.dual_bound / scale
    if not result.has_primal_feasible_solution():
        return Partition(row=None, bound=bound, is_over=False)
    value = np.array(result.variable_values(list(model.variables())))
    row = served_by(columns.keep(value > 0.5), rows)
    return Partition(row=row, bound=bound, is_over=reason == mathopt.TerminationReason.OPTIMAL)


def served_by(columns: Columns, rows: Rows) -> Positions | None:
    """Return the row of every item, the cheapest of those whose columns hold it; None where one is missing."""
    entry_row = columns.row[columns.of_entry]
    cost = rows.cost[np.searchsorted(rows.key, entry_row * len(rows.weight) + columns.item)]
    order = np.lexsort((-cost, columns.item))
    row = np.full(len(rows.weight), -1)
    row[columns.item[order]] = entry_row[order]
    return None if (row < 0).any() else row


def _model(columns: Columns, rows: Rows, *, scale: float, below: float) -> mathopt.Model:
    """Return the program. An item may be served twice: without one of both an answer costs no more."""
    items, sets = len(rows.weight), len(columns.row)
    free = np.flatnonzero(rows.column[columns.row] < 0)
    used, row = np.unique(columns.row, return_inverse=True)
    cost = columns.cost * scale
    at = np.concatenate(
        [columns.item, items + row, np.full(len(free), items + len(used)), np.full(sets, items + len(used) + 1)]
    )
    of = np.concatenate([columns.of_entry, np.arange(sets), free, np.arange(sets)])
    value = np.concatenate([np.ones(len(columns.item) + sets + len(free)), cost])
    lower = [1.0] * items + [-math.inf] * (len(used) + 2)
    upper = [math.inf] * items + [1.0] * len(used) + [float(rows.num_free), below * scale]
    return proto_model((at, of, value), (lower, upper), cost, least=np.zeros(sets))
