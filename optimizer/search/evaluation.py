"""Evaluate a choice of columns on the model: loads, objective, breached rows; and translate it to an alignment.

The same numbers as :func:`optimizer.score` gives, seen from the model. A choice is an array with the column of every
item, shape ``(items,)``.
"""

import numpy as np

from optimizer.alignment import UNASSIGNED, Alignment
from optimizer.measures import Float64Array, soft_excess
from optimizer.problem import IntArray
from optimizer.search.model import Model


def chosen_amount(model: Model, column_of_item: IntArray) -> Float64Array:
    """Return what every item brings to its chosen column. Shape ``(items, loads)``."""
    amount = model.amount.astype(np.float64)
    item = model.corrections.item
    chosen = column_of_item[item] == model.corrections.column
    amount[item[chosen]] += model.corrections.delta[chosen]
    return amount


def loads_of(model: Model, column_of_item: IntArray) -> Float64Array:
    """Return the load of every column. Shape ``(loads, columns)``."""
    amount = chosen_amount(model, column_of_item)
    load = np.zeros((model.num_loads, model.num_columns))
    for index in range(model.num_loads):
        load[index] = np.bincount(column_of_item, weights=amount[:, index], minlength=model.num_columns)
    return load


def totals_of(model: Model, load: Float64Array) -> Float64Array:
    """Return the total of every load, over the columns that count. Shape ``(loads,)``."""
    counts = (model.column_rep >= 0)[None, :] | model.counts_unassigned[:, None]
    total: Float64Array = np.where(counts, load, 0.0).sum(axis=1)
    return total


def linear_cost(model: Model, column_of_item: IntArray) -> float:
    """Return the sum of the pair costs; infinite where a pair is not allowed."""
    return float(model.cost[np.arange(model.num_items), column_of_item].sum(dtype=np.float64))


def soft_cost(model: Model, load: Float64Array) -> float:
    """Return the penalties of soft balance for given loads, shape ``(loads, columns)``."""
    total = totals_of(model, load)
    cost = 0.0
    for soft in model.soft:
        target = soft.target if soft.target_share is None else soft.target_share * total[soft.load]
        excess = soft_excess(load[soft.load], np.asarray(target, dtype=np.float64), tolerance=soft.tolerance)
        cost += soft.price * float(excess.sum())
    return cost


def model_objective(model: Model, column_of_item: IntArray) -> float:
    """Return the objective of a choice: what `score` gives to its alignment."""
    return linear_cost(model, column_of_item) + soft_cost(model, loads_of(model, column_of_item))


def row_excess(model: Model, load: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return by how much the loads breach the model's rows.

    Returns
    -------
    by_column
        The largest breach of a load's limits at each column, 0 where all are kept. Shape ``(loads, columns)``.
    by_total
        The breach of the limits on totals. Shape ``(loads,)``.
    """
    total = totals_of(model, load)[:, None]
    share_upper = np.where(np.isfinite(model.share_upper), model.share_upper, 0.0) * total
    share_lower = np.where(np.isfinite(model.share_lower), model.share_lower, 0.0) * total
    upper = np.minimum(model.upper, np.where(np.isfinite(model.share_upper), share_upper, np.inf))
    lower = np.maximum(model.lower, np.where(np.isfinite(model.share_lower), share_lower, -np.inf))
    by_column: Float64Array = np.maximum(0.0, np.maximum(load - upper, lower - load))
    by_total: Float64Array = np.maximum(0.0, total[:, 0] - model.total_upper)
    return by_column, by_total


def keeps_rows(model: Model, column_of_item: IntArray) -> bool:
    """Return whether a choice is allowed everywhere and keeps all limits."""
    if not np.isfinite(model.cost[np.arange(model.num_items), column_of_item]).all():
        return False
    by_column, by_total = row_excess(model, loads_of(model, column_of_item))
    return not by_column.any() and not by_total.any()


def alignment_of(model: Model, column_of_item: IntArray) -> Alignment:
    """Return the alignment that a choice of columns stands for."""
    return Alignment(model.column_rep[column_of_item][model.item_of_account])


def columns_of(model: Model, alignment: Alignment) -> IntArray:
    """Return the column of every item; −1 where its members differ or their rep has no column. Shape ``(items,)``."""
    highest_rep = int(max(model.column_rep.max(initial=-1), alignment.rep.max(initial=-1)))
    column_of_rep = np.full(highest_rep + 2, -1, dtype=np.int32)
    column_of_rep[model.column_rep] = np.arange(model.num_columns, dtype=np.int32)
    if not model.has_unassigned:
        column_of_rep[UNASSIGNED] = -1
    column = column_of_rep[alignment.rep]
    lowest = np.full(model.num_items, model.num_columns, dtype=np.int32)
    highest = np.full(model.num_items, -1, dtype=np.int32)
    np.minimum.at(lowest, model.item_of_account, column)
    np.maximum.at(highest, model.item_of_account, column)
    return np.where(lowest == highest, lowest, -1).astype(np.int32)
