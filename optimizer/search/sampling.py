"""Leave out most items, so that good prices are known before the full linear program is begun.

Items are sorted by their cheapest columns and every so-many-th is taken, to stand for the others: costs times their
number, amounts so that totals stay. Any prices prove a bound, so a sample need not be exact. Merging items instead
would keep totals of every column exact, but a merged item is far from where its members are: its prices mislead.
"""

from dataclasses import replace

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.model import Corrections, Model
from optimizer.search.reduced_costs import NearColumns


def sampled(model: Model, near: NearColumns, *, size: int) -> Model:
    """Return a model with one of ``size`` items.

    Parameters
    ----------
    near
        The three cheapest columns of each item (fewer where there are fewer), at any prices.
    """
    keys = [near.reduced[:, 0], *near.column.T[:3][::-1]]
    picked = np.lexsort(keys)[size // 2 :: size]
    share = model.num_items / len(picked)
    kept = model.amount[picked].sum(axis=0)
    factor = np.where(kept > 0, model.amount.sum(axis=0) / np.where(kept > 0, kept, 1.0), share)
    return replace(
        model,
        item_of_account=np.arange(len(picked), dtype=np.int32),
        cost=model.cost[picked] * model.cost.dtype.type(share),
        current=model.current[picked],
        amount=model.amount[picked] * factor,
        corrections=_corrections(model, picked.astype(np.int32), factor),
    )


def _corrections(model: Model, picked: IntArray, factor: FloatArray) -> Corrections:
    """Return the corrections of the picked items, scaled as their amounts."""
    old = model.corrections
    count = np.diff(old.start)[picked]
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    entry = np.repeat(old.start[:-1][picked] - start[:-1], count) + np.arange(start[-1])
    return Corrections(start=start, column=old.column[entry], delta=old.delta[entry] * factor)
