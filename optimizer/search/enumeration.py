"""Look at every choice of what is left, where that is a few thousand: a proof that needs no solver.

The only exact step for soft balance whose targets move with the assigned total: a share of deviation is no linear
expression then, and what the solvers prove is a relaxation.
"""

import math
from typing import Final

import numpy as np

from optimizer.measures import soft_excess
from optimizer.problem import BoolArray, FloatArray, IntArray
from optimizer.search.bound import total_columns
from optimizer.search.candidates import pair_amounts
from optimizer.search.model import Model
from optimizer.search.subproblem import Positions

BLOCK_NUMBERS: Final = 2_000_000
"""Loads that are held at a time."""


def num_choices(items: Positions) -> float:
    """Return how many choices the pairs of these items leave; infinite where there are too many to count.

    Parameters
    ----------
    items
        The item of each pair, sorted; every item has one. Shape ``(pairs,)``.
    """
    with np.errstate(over="ignore"):
        return float(np.bincount(items).astype(np.float64).prod())


def best_choice(model: Model, items: Positions, columns: IntArray) -> IntArray | None:
    """Return the best of all choices that keep the model's rows, None where none does.

    Parameters
    ----------
    items, columns
        The pairs that may be chosen, sorted by item; every item has at least one. Shape ``(pairs,)``.

    Notes
    -----
    O(choices · (items + loads · columns)); the first of equals in the order of the pairs.
    """
    count = np.bincount(items, minlength=model.num_items)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    stride = np.concatenate([np.cumprod(count[::-1])[-2::-1], [1]])
    amount = pair_amounts(model, items, columns)
    cost = model.cost[items, columns].astype(np.float64)
    step = max(1, BLOCK_NUMBERS // max(1, model.num_items + model.num_loads * model.num_columns))
    lowest, best = math.inf, None
    for begin in range(0, int(np.prod(count)), step):
        number = np.arange(begin, min(begin + step, int(np.prod(count))))
        pair = first + number[:, None] // stride % count
        load = _loads(model, columns[pair], amount[pair])
        total = np.where(total_columns(model), load, 0.0).sum(axis=2)
        value = cost[pair].sum(axis=1) + _soft_cost(model, load, total)
        value[~_keeps(model, load, total)] = math.inf
        here = int(np.argmin(value))
        if value[here] < lowest:
            lowest, best = float(value[here]), columns[pair[here]].astype(np.int32)
    return best


def _loads(model: Model, column: IntArray, amount: FloatArray) -> FloatArray:
    """Return the loads of choices, shape ``(choices, loads, columns)``; ``column`` is ``(choices, items)``."""
    load = np.zeros((len(column), model.num_columns, model.num_loads))
    row = np.arange(len(column))
    for item in range(model.num_items):
        load[row, column[:, item]] += amount[:, item]
    return load.transpose(0, 2, 1)


def _keeps(model: Model, load: FloatArray, total: FloatArray) -> BoolArray:
    """Return which loads keep all limits. Shape ``(choices,)``."""
    kept = (load <= model.upper) & (load >= model.lower)
    for share, sign in ((model.share_upper, 1.0), (model.share_lower, -1.0)):
        limited = np.isfinite(share)
        limit = np.where(limited, share, 0.0) * total[:, :, None]
        kept &= ~limited | (sign * load <= sign * limit)
    return np.asarray(kept.all(axis=(1, 2)) & (total <= model.total_upper).all(axis=1), dtype=np.bool_)


def _soft_cost(model: Model, load: FloatArray, total: FloatArray) -> FloatArray:
    """Return the penalties of soft balance. Shape ``(choices,)``."""
    cost = np.zeros(len(load))
    for soft in model.soft:
        target = np.broadcast_to(soft.target, (len(load), model.num_columns))
        if soft.target_share is not None:
            target = soft.target_share * total[:, [soft.load]]
        own, aim = load[:, soft.load].astype(np.float64), np.asarray(target, dtype=np.float64)
        excess = soft_excess(own, aim, tolerance=soft.tolerance)
        cost += soft.price * excess.sum(axis=1)
    return cost
