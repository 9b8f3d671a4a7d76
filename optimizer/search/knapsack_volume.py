"""The compiled volume algorithm on columns with one limit each: item prices, and the mean of the fillings they lead to.

While prices move toward the best bound, the weighted mean of all fillings tends to a fractional alignment: the answer
of the linear program over all fillings, which never has to be written down (Barahona, Anbil 2000,
doi 10.1007/s101070050002).
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from optimizer.search.knapsack_cores import MOST, fill_column

PATIENCE = 10
"""Steps without a better bound after which steps get shorter."""
SHORTER, LONGER, LONGEST = 0.7, 1.1, 2.0
"""Factors for the length of steps, and the greatest length."""
LEAST_AIM = 1e-4
"""Distance from the bound to what it aims at, relative to the latter, that steps count on at least."""


class Fractions(NamedTuple):
    """Where the volume algorithm stands; all of it moves on."""

    price: Any  # of every item; (items,)
    mean: Any  # part of every item in every column; (columns, items)
    border: Any  # of every column, the price of room and the radius of the core; (columns, 2)


class Memory(NamedTuple):
    """Space in which columns are filled; what is left in it means nothing."""

    value: Any  # (items,)
    ratio: Any  # (items,)
    item: Any  # (items,)
    queue: Any  # (items,)
    line: Any  # (2, widest): values by room
    kept: Any  # (MOST, widest)
    taken: Any  # (items,)


@numba.njit(cache=True, nogil=True)
def _memory(items, widest):  # type: ignore[no-untyped-def]  # compiled
    """Return space for columns with less than ``widest`` units of room."""
    return Memory(
        np.empty(items),
        np.empty(items),
        np.empty(items, dtype=np.int64),
        np.empty(items, dtype=np.int64),
        np.empty((2, widest), dtype=np.float32),
        np.empty((MOST, widest), dtype=np.uint8),
        np.zeros(items, dtype=np.uint8),
    )


@numba.njit(cache=True, nogil=True)
def copied(fractions):  # type: ignore[no-untyped-def]  # compiled
    """Return fractions that may move on without the given ones."""
    return Fractions(fractions.price.copy(), fractions.mean.copy(), fractions.border.copy())


@numba.njit(cache=True, nogil=True)
def move_prices(  # type: ignore[no-untyped-def]  # compiled
    cost, need, room, active, num_active, fractions, steps, weight, length, aim, halt
):
    """Move ``fractions`` by some steps; return the best bound (nearly one: see the cores) and the work.

    Parameters
    ----------
    cost, need
        Shape ``(columns, items)``; needs in whole units.
    room
        What is left of each column. Shape ``(columns,)``.
    active
        The open items are the first ``num_active``. Shape ``(items,)``.
    weight
        Of the newest fillings in the mean, in (0, 1].
    length
        Of the first steps.
    aim
        What the bound would like to reach: the cost of an alignment of the open items.
    halt
        Ends it early once not 0. Shape ``(1,)``.
    """
    items = cost.shape[1]
    memory = _memory(items, room.max() + 1)
    price, trial = fractions.price, fractions.price.copy()
    cover = np.empty(items)
    best, stale, work = -np.inf, 0, 0
    for _ in range(steps):
        if halt[0] != 0:
            break
        bound, spent = _fill_all(cost, need, room, trial, active, num_active, fractions, weight, cover, memory)
        work += spent
        if bound > best:
            length = min(length * LONGER, LONGEST) if np.isfinite(best) else length
            best, stale = bound, 0
            for at in range(num_active):
                price[active[at]] = trial[active[at]]
        else:
            stale += 1
            if stale == PATIENCE:
                length, stale = length * SHORTER, 0
        size = 0.0
        for at in range(num_active):
            size += (1.0 - cover[active[at]]) ** 2
        if size < 1e-12:
            break
        step = length * max(aim - best, LEAST_AIM * abs(aim)) / size
        for at in range(num_active):
            trial[active[at]] = price[active[at]] + step * (1.0 - cover[active[at]])
    return best, work


@numba.njit(cache=True, nogil=True)
def _fill_all(cost, need, room, price, active, num_active, fractions, weight, cover, memory):  # type: ignore[no-untyped-def]  # compiled
    """Fill every column at some prices; return the bound and the work.

    The fillings enter the mean, of which ``cover`` gets each open item's sum over the columns. Shape ``(items,)``.
    """
    mean, taken = fractions.mean, memory.taken
    bound, work = 0.0, 0
    for at in range(num_active):
        cover[active[at]] = 0.0
        bound += price[active[at]]
    for column in range(cost.shape[0]):
        filled, spent = fill_column(
            cost[column],
            need[column],
            price,
            active,
            num_active,
            room[column],
            fractions.border[column],
            memory.value,
            memory.ratio,
            memory.item,
            memory.queue,
            memory.line,
            memory.kept,
            taken,
        )
        bound += filled
        work += spent + 2 * num_active
        for at in range(num_active):
            there = active[at]
            mean[column, there] += weight * (taken[there] - mean[column, there])
            cover[there] += mean[column, there]
    return bound, work
