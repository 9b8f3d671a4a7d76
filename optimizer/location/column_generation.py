"""Prices by column generation: the best set of each place at given prices, a linear program over all sets found.

Owns the loop between both, smoothed, and the bound that any prices prove: whole knapsacks of all rows (Ceselli and
Righini 2005, doi 10.1002/net.20059).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.location.column_kernels import best_sets
from optimizer.location.columns import Columns, joined
from optimizer.location.master import Master
from optimizer.location.prices import MOST_NODES, Priced
from optimizer.location.question import Positions
from optimizer.location.rows import Rows
from optimizer.problem import FloatArray

MOST_ITERATIONS: Final = 300
SMOOTHING: Final = 0.6
"""Share of the best prices in those that are looked at (Wentges 1997, doi 10.1111/1475-3995.00002)."""
LOSS: Final = 1e-10
"""Relative reduced cost that counts as none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Generated:
    """What column generation ends with.

    Attributes
    ----------
    priced
        The best prices with what they prove.
    columns
        All columns that were found.
    """

    priced: Priced
    columns: Columns


class SetPricing:
    """Finds the best set of every row at given prices.

    Parameters
    ----------
    rows
        What is priced; places are chosen once at most.
    threads
        Used at the same time.
    """

    def __init__(self, rows: Rows, *, threads: int = 1) -> None:
        self.rows, self._threads = rows, threads
        room = float(rows.room.max(initial=0.0))
        self._most = max(1, int((np.cumsum(np.sort(rows.weight)) <= room).sum()))
        self._key = rows.key

    def evaluate(self, price: FloatArray) -> tuple[Priced, Columns]:
        """Return what prices prove, and the best set of each row."""
        rows, count = self.rows, len(self.rows.room)
        earned, sizes = np.empty(count), np.empty(count, dtype=np.int64)
        sets = np.empty((count, self._most), dtype=np.int64)
        edges = np.linspace(0, count, self._threads + 1).astype(np.int64).tolist()

        def part(number: int) -> None:
            pairs = (rows.start, rows.item, rows.cost, rows.weight, rows.room, price)
            best_sets(*pairs, edges[number], edges[number + 1], MOST_NODES, earned, sizes, sets)

        if self._threads == 1:
            part(0)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(part, range(self._threads)))
        chosen = _best_rows(rows, earned)
        columns = self._columns(sizes, sets)
        is_served = np.isin(columns.of_entry, chosen)
        priced = Priced(
            price=price,
            bound=float(price.sum()) - float(earned[chosen].sum()),
            earned=earned,
            critical=np.zeros(count),
            chosen=chosen,
            served=np.bincount(columns.item[is_served], minlength=len(price)).astype(np.float64),
        )
        return priced, columns

    def _columns(self, sizes: Positions, sets: Positions) -> Columns:
        rows = self.rows
        item = sets[np.arange(sets.shape[1])[None, :] < sizes[:, None]]
        row = np.repeat(np.arange(len(sizes)), sizes)
        paid = rows.cost[np.searchsorted(self._key, row * len(rows.weight) + item)]
        return Columns(
            start=np.concatenate([[0], np.cumsum(sizes)]),
            item=item,
            row=np.arange(len(sizes)),
            cost=np.bincount(row, paid, minlength=len(sizes)).astype(np.float64),
        )


def generate(
    rows: Rows,
    price: FloatArray,
    *,
    known: float,
    most_price: FloatArray,
    close: float,
    columns: Columns | None = None,
    threads: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> Generated:
    """Return the best prices and the columns that make them so.

    Parameters
    ----------
    rows
        What is priced; places are chosen once at most.
    price
        Where to begin. Shape ``(items,)``.
    known
        A cost that ends the loop once the bound is there.
    most_price
        Prices stay at or below it. Shape ``(items,)``.
    close
        Relative gap between the program and the bound that ends the loop.
    columns
        Columns that are known already.
    threads
        Used for the sets.
    stop
        Asked between iterations.
    """
    pricing, master = SetPricing(rows, threads=threads), Master(rows, most=most_price, known=known)
    best, fresh = pricing.evaluate(np.clip(price, 0.0, most_price))
    pool = [fresh] if columns is None else [columns, fresh]
    master.add(joined(pool))
    for _ in range(MOST_ITERATIONS):
        if stop() or best.bound >= known:
            break
        solved = master.solve()
        if solved is None or solved.value - best.bound <= close * abs(solved.value):
            break
        for share in (SMOOTHING, 0.0):
            at = np.minimum(share * best.price + (1.0 - share) * solved.price, most_price)
            priced, fresh = pricing.evaluate(at)
            if priced.bound > best.bound:
                best = priced
            wanted = fresh.reduced_cost(solved.price) + solved.worth[fresh.row] < -LOSS * abs(known)
            if wanted.any():
                break
        else:
            break
        master.add(fresh.keep(wanted))
        pool.append(fresh.keep(wanted))
    return Generated(priced=best, columns=joined(pool))


def _best_rows(rows: Rows, earned: FloatArray) -> Positions:
    """Return all fixed rows, and the places that earn most."""
    order = rows.num_fixed + np.argsort(-earned[rows.num_fixed :], kind="stable")
    return np.concatenate([np.arange(rows.num_fixed), order[: rows.num_free]])
