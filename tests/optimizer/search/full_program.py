"""The linear program over all pairs, written out in full for a solver that shares nothing with the package.

Every limit is a row of inequality, every penalty two variables a column; soft balance whose targets move is left out.
"""

import numpy as np
from scipy.optimize import linprog

from optimizer.search.model import Model


def linear_program_value(model: Model) -> float | None:
    """Return the value of the linear program; None when it is infeasible."""
    allowed = np.isfinite(model.cost)
    item, column = np.nonzero(allowed)
    amounts = pair_amounts(model)[item, column]
    softs = [
        (soft, c) for soft in model.soft if soft.target_share is None for c in np.flatnonzero(soft.target > 0).tolist()
    ]
    width = len(item) + 2 * len(softs)
    cost = np.zeros(width)
    cost[: len(item)] = model.cost[item, column]
    rows: list[np.ndarray] = []
    limits: list[float] = []

    def limit(row: np.ndarray, value: float) -> None:
        if np.isfinite(value):
            rows.append(np.concatenate([row, np.zeros(width - len(row))]))
            limits.append(value)

    for load in range(model.num_loads):
        counted = model.column_rep[column] >= 0
        total = amounts[:, load] * (counted | model.counts_unassigned[load])
        limit(total, model.total_upper[load])
        for c in range(model.num_columns):
            own = amounts[:, load] * (column == c)
            limit(own, model.upper[load, c])
            limit(-own, -model.lower[load, c])
            if np.isfinite(model.share_upper[load, c]):
                limit(own - model.share_upper[load, c] * total, 0.0)
            if np.isfinite(model.share_lower[load, c]):
                limit(model.share_lower[load, c] * total - own, 0.0)
    for position, (soft, c) in enumerate(softs):
        own = amounts[:, soft.load] * (column == c) / soft.target[c]
        for step in (1, 2):
            variable = len(item) + 2 * position + step - 1
            cost[variable] = soft.price * step
            for sign in (1.0, -1.0):
                row = np.zeros(width)
                row[: len(item)] = sign * own
                row[variable] = -1.0
                limit(row, sign + step * soft.tolerance)
    if width == 0:
        return 0.0 if model.num_items == 0 and min(limits, default=0.0) >= 0 else None
    equal = np.zeros((model.num_items, width))
    equal[item, np.arange(len(item))] = 1.0
    result = linprog(
        cost,
        A_ub=np.array(rows).reshape(len(rows), width),
        b_ub=limits,
        A_eq=equal,
        b_eq=np.ones(model.num_items),
        method="highs",
    )
    return float(result.fun) if result.status == 0 else None


def pair_amounts(model: Model) -> np.ndarray:
    """Return the amount of every pair in every load. Shape ``(items, columns, loads)``."""
    amounts = np.repeat(model.amount[:, None, :], model.num_columns, axis=1)
    corrections = model.corrections
    np.add.at(amounts, (corrections.item, corrections.column), corrections.delta)
    return amounts
