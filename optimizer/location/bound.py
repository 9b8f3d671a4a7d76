"""A lower bound for free centers with one largest load: the Lagrangian of the capacitated p-median problem.

Every item has a price that whoever serves it earns. Without the demand that each item is served once, a place earns
the most by the items that pay there and fit its load (a continuous knapsack), and the places that earn most are the
centers.
Any prices prove a bound; the subgradient method finds good ones. Valid where all columns are free and alike.
"""

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np

from optimizer.location.question import LocationQuestion
from optimizer.problem import FloatArray

STEPS: Final = 600
PATIENCE: Final = 20
"""Steps without a better bound after which they get shorter."""
SHORTER: Final = 0.7
SHORTEST: Final = 1e-3
NOISE: Final = 1e-9
"""The bound is lowered by so much of itself, for the rounding of sums."""


def lower_bound(question: LocationQuestion, *, known: float, stop: Callable[[], bool] = lambda: False) -> float | None:
    """Return a bound that no answer is below; None where this bound is not valid.

    Parameters
    ----------
    question
        All columns free, with the same largest load of one measure and no smallest one, and nothing banned.
    known
        What a known answer costs: steps aim at it.
    stop
        Asked between steps; True ends with the bound so far.

    Notes
    -----
    ``Σ price − Σ over the p places that earn most of their earnings`` (Mulvey and Beck 1984,
    doi 10.1016/0377-2217(84)90155-3). A place that may take several centers counts as often as there are columns.
    """
    if not _is_valid(question):
        return None
    cost = np.ascontiguousarray(question.cost, dtype=np.float64)
    amount, room = question.amount[:, 0].astype(np.float64), float(question.upper[0, 0])
    places, columns = question.candidates, question.num_columns
    price = np.sort(cost[places], axis=0)[min(1, len(places) - 1)].copy()
    best, length, stale = -np.inf, 1.0, 0
    earned, served = np.empty(len(places)), np.empty(question.num_items)
    for _ in range(STEPS):
        if stop() or length < SHORTEST:
            break
        earnings(cost, places, amount, room, price, earned)
        chosen = _chosen(earned, columns, is_exclusive=question.is_exclusive)
        bound = float(price.sum() - earned[chosen].sum())
        stale += 1
        if bound > best:
            best, stale = bound, 0
        elif stale >= PATIENCE:
            length, stale = length * SHORTER, 0
        served[:] = 0.0
        serve(cost, places[chosen], amount, room, price, served)
        missing = 1.0 - served
        norm = float(missing @ missing)
        if norm < NOISE:
            break
        price = np.maximum(price + length * max(known - bound, 1e-6 * abs(known)) / norm * missing, 0.0)
    return best - NOISE * abs(best) if np.isfinite(best) else None


def _is_valid(question: LocationQuestion) -> bool:
    alike = bool((question.upper == question.upper[0]).all() and (question.lower <= 0).all())
    plain = question.banned is None and question.distance is None and question.leaving is None
    return alike and plain and bool(question.is_free.all()) and question.amount.shape[1] == 1


def _chosen(earned: FloatArray, columns: int, *, is_exclusive: bool) -> Any:
    """Return the places that earn most, one for each column."""
    if is_exclusive:
        return np.argsort(-earned, kind="stable")[:columns]
    return np.full(columns, int(np.argmax(earned)))


@numba.njit(cache=True, nogil=True)
def earnings(cost, places, amount, room, price, earned):  # type: ignore[no-untyped-def]  # compiled
    """Fill in what each place earns at most."""
    items = price.shape[0]
    gain, index = np.empty(items), np.empty(items, dtype=np.int64)
    for number in range(places.shape[0]):
        count = _paying(cost[places[number]], amount, price, gain, index)
        left, total = room, 0.0
        for position in np.argsort(-gain[:count]):
            item = index[position]
            share = min(1.0, left / amount[item]) if amount[item] > 0 else 1.0
            total += share * (price[item] - cost[places[number], item])
            left -= share * amount[item]
            if left <= 0.0:
                break
        earned[number] = total


@numba.njit(cache=True, nogil=True)
def serve(cost, chosen, amount, room, price, served):  # type: ignore[no-untyped-def]
    """Add up how much of each item the chosen places serve."""
    items = price.shape[0]
    gain, index = np.empty(items), np.empty(items, dtype=np.int64)
    for place in chosen:
        count = _paying(cost[place], amount, price, gain, index)
        left = room
        for position in np.argsort(-gain[:count]):
            item = index[position]
            share = min(1.0, left / amount[item]) if amount[item] > 0 else 1.0
            served[item] += share
            left -= share * amount[item]
            if left <= 0.0:
                break


@numba.njit(cache=True, nogil=True)
def _paying(row, amount, price, gain, index):  # type: ignore[no-untyped-def]
    """List the items that pay at a place, with what they pay per unit of load; return how many."""
    count = 0
    for item in range(price.shape[0]):
        profit = price[item] - row[item]
        if profit > 0.0:
            gain[count] = profit / amount[item] if amount[item] > 0 else np.inf
            index[count] = item
            count += 1
    return count
