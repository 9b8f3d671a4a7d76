"""Merge similar items, so that good prices are known before the full linear program is begun.

Items that are served by the same column today and whose cheapest columns agree become one item with their costs and
amounts summed. Any prices prove a bound, so nothing needs to be exact here: where members differ in what is allowed,
a pair is allowed when one of them allows it, at the mean of those.
"""

from dataclasses import replace

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.model import Corrections, Model
from optimizer.search.reduced_costs import NearColumns


def coarsened(model: Model, near: NearColumns, *, size: int) -> Model:
    """Return a model whose items are ``size`` items each, merged along the order of their nearest columns.

    Parameters
    ----------
    near
        The cheapest columns of each item, at any prices; at least one column wide.
    """
    keys = [near.reduced[:, 0], *near.column.T[:3][::-1], model.current]
    order = np.lexsort(keys).astype(np.int32)
    group = np.empty(model.num_items, dtype=np.int32)
    group[order] = np.arange(model.num_items) // size
    first = np.arange(0, model.num_items, size, dtype=np.int32)
    return replace(
        model,
        item_of_account=group[model.item_of_account],
        cost=_merged_costs(model, order, first),
        current=model.current[order[first]],
        amount=np.add.reduceat(model.amount[order], first, axis=0),
        corrections=_merged_corrections(model, group, len(first)),
    )


def _merged_costs(model: Model, order: IntArray, first: IntArray) -> FloatArray:
    """Return the summed costs; where only some members allow a column, their mean times the number of members."""
    cost = np.empty((len(first), model.num_columns), dtype=model.cost.dtype)
    ends = np.append(first[1:], model.num_items)
    block = max(1, 4_000_000 // max(1, model.num_columns * (int(ends[0]) if len(ends) else 1)))
    for begin in range(0, len(first), block):
        groups = slice(begin, min(begin + block, len(first)))
        members = model.cost[order[first[groups.start] : ends[groups.stop - 1]]]
        starts = first[groups] - first[groups.start]
        allowed = np.isfinite(members)
        count = np.add.reduceat(allowed, starts, axis=0, dtype=np.int32)
        total = np.add.reduceat(np.where(allowed, members, 0), starts, axis=0)
        size = (ends[groups] - first[groups])[:, None]
        cost[groups] = np.where(count > 0, total * (size / np.maximum(count, 1)), np.inf)
    return cost


def _merged_corrections(model: Model, group: IntArray, num_groups: int) -> Corrections:
    """Return the corrections of all members, summed by group and column."""
    old = model.corrections
    key = group[old.item].astype(np.int64) * model.num_columns + old.column
    cell, position = np.unique(key, return_inverse=True)
    delta = np.zeros((len(cell), model.num_loads))
    np.add.at(delta, position, old.delta)
    start = np.searchsorted(cell // model.num_columns, np.arange(num_groups + 1)).astype(np.int32)
    return Corrections(start=start, column=cell % model.num_columns, delta=delta)
