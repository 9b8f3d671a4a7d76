"""Cool alignments of columns with one limit each: first the best known one, then what was found, warmed up again."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.incumbent import Incumbent
from optimizer.search.knapsack_annealing import anneal_columns
from optimizer.search.knapsack_columns import KnapsackModel
from optimizer.search.reduced_costs import reduced_costs

TRIALS: Final = 6_000_000
"""Trials of one cooling: less than half a second, so that a stop is heard."""
TRIALS_PER_S: Final = 2e7
"""Trials that count as a second."""
HOT: Final = (0.25, 0.12)
"""First temperatures of the first and of later coolings, in multiples of what an item's second-best pair costs more."""
COLD: Final = 0.02
"""Last temperature, in the same unit."""
OVER_PRICE: Final = 1.2
"""What a unit beyond a limit costs at least, in multiples of its multiplier."""
BASE: Final = 0.05
"""The same in multiples of an average unit's cost, added."""
MOST_STALE: Final = 3
"""Coolings in a row without a gain after which it ends."""


class _Space(NamedTuple):
    """What does not change while columns cool, in the order in which the kernel takes it."""

    cost: Any  # (columns, items)
    amount: Any  # (columns, items)
    limit: Any  # (columns, 2)
    excess: Any  # (columns, items)
    slot_item: Any  # (slots): the pairs that may be proposed, of smallest excess first
    slot_column: Any  # (slots)
    first_price: Any  # (columns): of a unit of breach


def cool_columns(
    incumbent: Incumbent,
    model: KnapsackModel,
    *,
    prices: FloatArray,
    start: IntArray,
    seed: int,
    threads: int,
    share: float,
) -> None:
    """Offer what coolings find, for a share of the time left or until they gain nothing.

    Parameters
    ----------
    prices
        What a unit of each load costs in each column. Shape ``(loads, columns)``.
    start
        A choice of allowed columns, feasible or not. Shape ``(items,)``.
    """
    excess = _excess(incumbent, model, prices)
    scale = _scale(excess)
    if scale <= 0.0:
        return
    space = _space(model, excess, prices)
    places = [start.astype(np.int64) for _ in range(threads)]
    randoms = [np.random.default_rng([seed, n]).integers(1, 2**63, size=1, dtype=np.uint64) for n in range(threads)]
    left = incumbent.stop.time_left_s(incumbent.clock.elapsed_s)
    rounds = int(share * left * TRIALS_PER_S / TRIALS) if np.isfinite(left) else 10
    stale = 0
    hot = scale * HOT[0]

    def cool(number: int) -> None:
        anneal_columns(*space, places[number], TRIALS, hot, scale * COLD, 0.0, randoms[number])

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(max(1, rounds)):
            list(pool.map(cool, range(threads)))
            incumbent.clock.charge(TRIALS / TRIALS_PER_S)
            found = [incumbent.offer(place.astype(np.int32)) for place in places]
            stale = 0 if any(found) else stale + 1
            hot = scale * HOT[1]
            if stale == MOST_STALE or not incumbent.proceed():
                return


def _excess(incumbent: Incumbent, model: KnapsackModel, prices: FloatArray) -> FloatArray:
    """Return the reduced costs above each item's smallest, in units of the columns. Shape ``(columns, items)``."""
    reduced = reduced_costs(incumbent.model, prices) / model.unit
    return np.ascontiguousarray((reduced - reduced.min(axis=1, keepdims=True)).T)


def _scale(excess: FloatArray) -> float:
    """Return the mean excess of the items' second-best columns, 0 where no item has two."""
    second = np.partition(excess, 1, axis=0)[1]
    return float(second[np.isfinite(second)].mean()) if np.isfinite(second).any() else 0.0


def _space(model: KnapsackModel, excess: FloatArray, prices: FloatArray) -> _Space:
    """Return what does not change while columns cool; a breach costs more than the limit's price."""
    kernel = model.knapsacks
    column, item = np.nonzero(np.isfinite(excess))
    order = np.argsort(excess[column, item], kind="stable")
    average = float(np.abs(kernel.cost).min(axis=0).sum()) / max(float(kernel.amount.mean(axis=0).sum()), 1e-12)
    worth = np.abs(prices).max(axis=0) / model.unit
    price = OVER_PRICE * worth + BASE * average + 1e-12
    return _Space(kernel.cost, kernel.amount, kernel.limit, excess, item[order], column[order], price)
