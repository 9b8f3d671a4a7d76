"""Turn the relaxation's fractional answer, or prices alone, into a choice of one column for every item."""

import numpy as np
import numpy.typing as npt

from optimizer.problem import FloatArray, IntArray
from optimizer.search.candidates import pair_amounts
from optimizer.search.evaluation import loads_of
from optimizer.search.model import Model
from optimizer.search.reduced_costs import cheapest_columns

WHOLE: float = 1.0 - 1e-6
"""From this value on an item counts as not split."""


def round_prices(model: Model, prices: FloatArray) -> IntArray:
    """Return each item's column of smallest reduced cost. Shape ``(items,)``."""
    return cheapest_columns(model, prices)[0]


def round_primal(model: Model, *, item: IntArray, column: IntArray, value: FloatArray, prices: FloatArray) -> IntArray:
    """Return a choice near a fractional one.

    Items that are not split stay where they are. Split items go, the largest first, to the one of their columns where
    they breach least; among equals to the one that holds most of them. Items without a value go where prices say.

    Parameters
    ----------
    item, column, value
        The entries above 0. Shape ``(entries,)``.
    prices
        What a unit of each load costs in each column. Shape ``(loads, columns)``.
    """
    chosen = round_prices(model, prices)
    order = np.argsort(value, kind="stable")
    chosen[item[order]] = column[order]
    most = np.zeros(model.num_items)
    np.maximum.at(most, item, value)
    split = (most > 0) & (most < WHOLE)
    entries = np.flatnonzero(split[item] & np.isfinite(model.cost[item, column]))
    if len(entries) == 0:
        return chosen
    entries = entries[np.argsort(item[entries], kind="stable")]
    _place_split(model, chosen, item=item[entries], column=column[entries], value=value[entries])
    return chosen


def _place_split(model: Model, chosen: IntArray, *, item: IntArray, column: IntArray, value: FloatArray) -> None:
    """Place the split items one after the other, with regard to the room that is left."""
    items, first = np.unique(item, return_index=True)
    ends = np.append(first[1:], len(item))
    load = loads_of(model, chosen)
    now = pair_amounts(model, items, chosen[items])
    for place, amount in zip(chosen[items], now, strict=True):
        load[:, place] -= amount
    total = load.sum(axis=1)
    size = np.maximum(np.abs(model.amount).sum(axis=0) / model.num_columns, 1e-12)
    upper = np.minimum(model.upper, _shares(model.share_upper, total, np.inf))
    amounts = pair_amounts(model, item, column)
    largest = (model.amount[items] / size).max(axis=1, initial=0.0)
    for position in np.argsort(-largest, kind="stable"):
        own = slice(first[position], ends[position])
        over = load[:, column[own]].T + amounts[own] - upper[:, column[own]].T
        breach = np.maximum(over / size, 0.0).sum(axis=1)
        best = int(np.lexsort((-value[own], np.round(breach, 9)))[0])
        chosen[items[position]] = column[own][best]
        load[:, column[own][best]] += amounts[own][best]


def _shares(share: FloatArray, total: FloatArray, otherwise: float) -> npt.NDArray[np.float64]:
    """Return share · total where the share is finite. Shape ``(loads, columns)``."""
    finite = np.isfinite(share)
    return np.where(finite, np.where(finite, share, 0.0) * total[:, None], otherwise)
