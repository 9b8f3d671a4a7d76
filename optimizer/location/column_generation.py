"""Prices by column generation: the best set of each place at given prices, a linear program over all sets found.

Owns the loop between both, smoothed, and the bound that any prices prove: whole knapsacks of all rows (Ceselli and
Righini 2005, doi 10.1002/net.20059), where sets pay for the triples of items that the linear program would breach.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.location.column_kernels import best_sets
from optimizer.location.columns import Columns, concatenated, joined
from optimizer.location.master import Master, MasterDuals
from optimizer.location.prices import MOST_NODES, Priced
from optimizer.location.question import Positions
from optimizer.location.rows import Rows
from optimizer.location.triples import Paying, Triples, breached_triples
from optimizer.problem import FloatArray

MOST_ITERATIONS: Final = 300
SMOOTHING: Final = 0.6
"""Share of the best prices in those that are looked at (Wentges 1997, doi 10.1111/1475-3995.00002)."""
WORTH: Final = 0.08
"""Another round of triples is worth it where the last one brought so much of what all have brought."""
TRIPLES_AT_ONCE: Final = 40
"""Triples that are added in one round at most."""
LOSS: Final = 1e-10
"""Relative reduced cost that counts as none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Generated:
    """What column generation ends with.

    Attributes
    ----------
    priced
        The best prices with what they prove.
    paying
        The triples that belong to them.
    columns
        All columns that were found.
    """

    priced: Priced
    paying: Paying
    columns: Columns

    @property
    def loss(self) -> FloatArray:
        """What each column earns less than the best one of its row. Shape ``(columns,)``."""
        return (
            self.columns.reduced_cost(self.priced.price)
            + self.paying.paid(self.columns)
            + self.priced.earned[self.columns.row]
        )


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

    def evaluate(self, price: FloatArray, paying: Paying | None = None) -> tuple[Priced, Columns]:
        """Return what prices prove, and the best set of each row, where sets pay for triples."""
        paying = paying or Paying.nothing(len(price))
        rows, count = self.rows, len(self.rows.room)
        earned, sizes = np.empty(count), np.empty(count, dtype=np.int64)
        sets = np.empty((count, self._most), dtype=np.int64)
        edges = np.linspace(0, count, self._threads + 1).astype(np.int64).tolist()

        def part(number: int) -> None:
            pairs = (rows.start, rows.item, rows.cost, rows.weight, rows.room, price)
            best_sets(*pairs, paying.tolls(), edges[number], edges[number + 1], MOST_NODES, earned, sizes, sets)

        if self._threads == 1:
            part(0)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(part, range(self._threads)))
        chosen = _best_rows(rows, earned)
        columns = self._columns(sizes, sets)
        is_chosen = np.zeros(count, dtype=np.bool_)
        is_chosen[chosen] = True
        is_served = is_chosen[columns.of_entry]
        priced = Priced(
            price=price,
            bound=float(price.sum()) - float(paying.price.sum()) - float(earned[chosen].sum()),
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
    rounds: int = 0,
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
    rounds
        How often triples are added.
    stop
        Asked between iterations.
    """
    generation = _Generation(
        SetPricing(rows, threads=threads), price, known=known, most_price=most_price, columns=columns
    )
    generation.converge(close=close, stop=stop)
    before = generation.bound
    for _ in range(rounds):
        last = generation.bound
        if stop() or generation.is_over or not generation.add_triples():
            break
        generation.converge(close=close, stop=stop)
        if generation.bound - last < WORTH * (generation.bound - before):
            break
    return generation.found()


class _Generation:
    """Columns and triples so far, with the linear program over them and the best prices."""

    def __init__(
        self,
        pricing: SetPricing,
        price: FloatArray,
        *,
        known: float,
        most_price: FloatArray,
        columns: Columns | None,
    ) -> None:
        self._pricing, self._known, self._most_price = pricing, known, most_price
        self._master = Master(pricing.rows, most=most_price, known=known)
        self._paying = Paying.nothing(len(price))
        self._best, fresh = pricing.evaluate(np.clip(price, 0.0, most_price))
        self._pool = [joined([fresh] if columns is None else [columns, fresh])]
        self._master.add(self._pool[0])

    @property
    def bound(self) -> float:
        """What is proven so far."""
        return self._best.bound

    @property
    def is_over(self) -> bool:
        """True where nothing costs less than what is known."""
        return self._best.bound >= self._known

    def converge(self, *, close: float, stop: Callable[[], bool]) -> None:
        """Add columns until none is missing, or the program and the bound are close."""
        for _ in range(MOST_ITERATIONS):
            if stop() or self.is_over:
                return
            solved = self._master.solve()
            if solved is None or solved.value - self._best.bound <= close * abs(solved.value):
                return
            if not any(self._add_at(solved, share) for share in (SMOOTHING, 0.0)):
                return

    def add_triples(self) -> bool:
        """Add the triples that the program breaches most; return whether there are any."""
        columns = concatenated(self._pool)
        triples = self._paying.triples
        more = breached_triples(columns, self._master.shares(), triples, most=TRIPLES_AT_ONCE)
        if not len(more):
            return False
        added = Triples(items=more, num_items=triples.num_items)
        self._master.add_triples(len(more), added.counted(columns))
        self._paying = self._paying.among(triples.with_more(more))
        return True

    def found(self) -> Generated:
        """Return what was found."""
        columns = concatenated(self._pool)
        return Generated(priced=self._best, paying=self._paying, columns=columns)

    def _add_at(self, solved: MasterDuals, share: float) -> bool:
        """Add what is missing at a mixture of the best prices and the program's; return whether anything was."""
        price = np.minimum(share * self._best.price + (1.0 - share) * solved.price, self._most_price)
        triples = self._paying.triples
        paying = Paying(triples=triples, price=share * self._paying.price + (1.0 - share) * solved.triple_price)
        priced, fresh = self._pricing.evaluate(price, paying)
        if priced.bound > self._best.bound:
            self._best, self._paying = priced, paying
        paid = Paying(triples=triples, price=solved.triple_price).paid(fresh)
        wanted = fresh.reduced_cost(solved.price) + paid + solved.worth[fresh.row] < -LOSS * abs(self._known)
        if not wanted.any():
            return False
        more = fresh.keep(wanted)
        self._master.add(more, triples.counted(more))
        self._pool.append(more)
        return True


def _best_rows(rows: Rows, earned: FloatArray) -> Positions:
    """Return all fixed rows, and the places that earn most."""
    order = rows.num_fixed + np.argsort(-earned[rows.num_fixed :], kind="stable")
    return np.concatenate([np.arange(rows.num_fixed), order[: rows.num_free]])
