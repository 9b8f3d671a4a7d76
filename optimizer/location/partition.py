"""Which columns to take: every item served, each row at most one column, so many places; by HiGHS."""

import math
from dataclasses import dataclass

import numpy as np
from ortools.math_opt.python import mathopt

from optimizer.location.columns import Columns
from optimizer.location.program import NOTHING_BELOW, SCALE, highs_result, proto_model
from optimizer.location.question import Positions
from optimizer.location.rows import Rows
from optimizer.location.triples import Triples


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


def solve_partition(
    columns: Columns, rows: Rows, *, below: float, seconds: float, triples: Triples | None = None, seed: int = 0
) -> Partition:
    """Return the cheapest choice of columns below a cost, within a time in seconds.

    Triples are told to the solver, whose own linear program would not know of them. The cost is not: a row of all
    columns makes each of its linear programs slower than what it cuts off is worth. Presolving compares all columns
    with all and finds little.
    """
    scale = SCALE / max(abs(below), 1e-12)
    model = _model(columns, rows, triples or Triples.none(len(rows.weight)), scale=scale)
    result = highs_result(model, seconds=seconds, seed=seed, is_presolved=False)
    if result is None:
        return Partition(row=None, bound=-math.inf, is_over=False)
    reason = result.termination.reason
    if reason in NOTHING_BELOW:
        return Partition(row=None, bound=below, is_over=True)
    bound = result.termination.objective_bounds.dual_bound / scale
    if not result.has_primal_feasible_solution():
        return Partition(row=None, bound=bound, is_over=False)
    is_over = reason == mathopt.TerminationReason.OPTIMAL
    if result.objective_value() >= below * scale:
        return Partition(row=None, bound=min(bound, below), is_over=is_over)
    value = np.array(result.variable_values(list(model.variables())))
    row = served_by(columns.keep(value > 0.5), rows)
    return Partition(row=row, bound=bound, is_over=is_over)


def served_by(columns: Columns, rows: Rows) -> Positions | None:
    """Return the row of every item, the cheapest of those whose columns hold it; None where one is missing."""
    entry_row = columns.row[columns.of_entry]
    cost = rows.cost[np.searchsorted(rows.key, entry_row * len(rows.weight) + columns.item)]
    order = np.lexsort((-cost, columns.item))
    row = np.full(len(rows.weight), -1)
    row[columns.item[order]] = entry_row[order]
    return None if (row < 0).any() else row


def _model(columns: Columns, rows: Rows, triples: Triples, *, scale: float) -> mathopt.Model:
    """Return the program. An item may be served twice: without one of both an answer costs no more."""
    items, sets = len(rows.weight), len(columns.row)
    free = np.flatnonzero(rows.column[columns.row] < 0)
    used, row = np.unique(columns.row, return_inverse=True)
    cost = columns.cost * scale
    holds, triple = triples.counted(columns)
    last = items + len(used)
    at = np.concatenate([columns.item, items + row, np.full(len(free), last), last + 1 + triple])
    of = np.concatenate([columns.of_entry, np.arange(sets), free, holds])
    value = np.concatenate([np.ones(len(columns.item) + sets + len(free) + len(holds))])
    count = len(triples.items)
    lower = [1.0] * items + [-math.inf] * (len(used) + 1 + count)
    upper = [math.inf] * items + [1.0] * len(used) + [float(rows.num_free)] + [1.0] * count
    return proto_model((at, of, value), (lower, upper), cost, least=np.zeros(sets))
