"""Triples: of any three items at most one set may hold two or more, which halves of sets in a linear program breach.

Owns the search for breached triples, and which sets count in which. They are the subset-row inequalities of three rows
(Jepsen, Petersen, Spoorendonk and Pisinger 2008, doi 10.1287/opre.1070.0449); a set that counts pays what the triple
costs, once.
"""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from optimizer.location.column_kernels import Tolls
from optimizer.location.columns import Columns
from optimizer.location.question import Positions
from optimizer.problem import FloatArray

BREACH: Final = 0.02
"""By how much a triple must be breached to be worth it."""
EACH: Final = 8
"""New triples that one item may be in."""
MOST_FOUND: Final = 20_000
"""Breached triples among which the most breached are chosen."""
LEAST_SHARE: Final = 1e-6
"""Smaller shares are rounding."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Triples:
    """Triples of items, each of which at most one set may hold two of.

    Attributes
    ----------
    items
        Ascending in each row. Shape ``(triples, 3)``.
    num_items
        Of the question.
    """

    items: Positions
    num_items: int

    @staticmethod
    def none(num_items: int) -> "Triples":
        """Return no triples."""
        return Triples(items=np.zeros((0, 3), dtype=np.int64), num_items=num_items)

    @property
    def start(self) -> Positions:
        """Triples of item i are ``triple[start[i]:start[i + 1]]``. Shape ``(items + 1,)``."""
        count = np.bincount(self.items.ravel(), minlength=self.num_items)
        return np.concatenate([[0], np.cumsum(count)])

    @property
    def triple(self) -> Positions:
        """The triples of all items, item by item."""
        return np.asarray(np.argsort(self.items.ravel(), kind="stable") // 3, dtype=np.int64)

    def with_more(self, items: Positions) -> "Triples":
        """Return these triples and further ones."""
        return Triples(items=np.concatenate([self.items, items]), num_items=self.num_items)

    def counted(self, columns: Columns) -> tuple[Positions, Positions]:
        """Return which sets count in which triples: the positions of both."""
        none = np.zeros(0, dtype=np.int64)
        if not len(self.items) or not len(columns.item):
            return none, none
        start, triple, entry = self.start, self.triple, columns.of_entry
        times = np.diff(start)[columns.item]
        first = np.repeat(start[columns.item], times)
        within = np.arange(len(first)) - np.repeat(np.cumsum(times) - times, times)
        key = np.repeat(entry, times) * len(self.items) + triple[first + within]
        found, count = np.unique(key, return_counts=True)
        found = found[count >= 2]
        return found // len(self.items), found % len(self.items)


@dataclass(frozen=True, eq=False, kw_only=True)
class Paying:
    """Triples with what sets pay that hold two items of one or all three.

    Attributes
    ----------
    triples
        Of items.
    price
        Shape ``(triples,)``.
    """

    triples: Triples
    price: FloatArray

    @staticmethod
    def nothing(num_items: int) -> "Paying":
        """Return no triples and no prices."""
        return Paying(triples=Triples.none(num_items), price=np.zeros(0))

    def among(self, triples: Triples) -> "Paying":
        """Return the same prices where further triples, which cost nothing yet, stand behind these."""
        more = len(triples.items) - len(self.price)
        return Paying(triples=triples, price=np.concatenate([self.price, np.zeros(more)]))

    def paid(self, columns: Columns) -> FloatArray:
        """Return what sets pay. Shape ``(sets,)``."""
        column, triple = self.triples.counted(columns)
        return np.bincount(column, self.price[triple], minlength=len(columns.row)).astype(np.float64)

    def tolls(self) -> Tolls:
        """Return the same in the form that the kernels read, with room of its own to count in."""
        held = np.zeros(len(self.price), dtype=np.int64)
        return Tolls(start=self.triples.start, triple=self.triples.triple, price=self.price, held=held)


def breached_triples(columns: Columns, share: FloatArray, known: Triples, *, most: int) -> Positions:
    """Return the triples that shares of sets breach most. Shape ``(triples, 3)``."""
    is_used = (share > LEAST_SHARE) & (np.diff(columns.start) >= 2)
    used = columns.keep(is_used)
    found = np.empty((MOST_FOUND, 3), dtype=np.int64)
    breach = np.empty(MOST_FOUND)
    item_start, item_column = columns_of_items(used, known.num_items)
    count = _search(used.start, used.item, share[is_used], item_start, item_column, 1.0 + BREACH, found, breach)
    found, breach = found[:count], breach[:count]
    chosen: list[int] = []
    times = np.zeros(known.num_items, dtype=np.int64)
    for number in np.argsort(-breach, kind="stable").tolist():
        if len(chosen) >= most:
            break
        if (times[found[number]] < EACH).all():
            times[found[number]] += 1
            chosen.append(number)
    return found[chosen]


def columns_of_items(columns: Columns, num_items: int) -> tuple[Positions, Positions]:
    """Return the sets of every item, compressed: where they start, and which they are."""
    order = np.argsort(columns.item, kind="stable")
    count = np.bincount(columns.item, minlength=num_items)
    return np.concatenate([[0], np.cumsum(count)]), columns.of_entry[order]


@numba.njit(cache=True, nogil=True)
def _search(start, item, share, item_start, item_column, least, found, breach):  # type: ignore[no-untyped-def]  # compiled
    """List the triples whose sets with two items or more add up to more than so much."""
    items = item_start.shape[0] - 1
    together = np.zeros((items, items))
    for column in range(share.shape[0]):
        for one in range(start[column], start[column + 1]):
            for two in range(start[column], start[column + 1]):
                if one != two:
                    together[item[one], item[two]] += share[column]
    near = np.empty(items, dtype=np.int64)
    count = 0
    for a in range(items):
        known = 0
        for b in range(items):
            if together[a, b] > 0.0:
                near[known] = b
                known += 1
        # a is in both pairs that are there; where all three are, the smallest item names the triple
        for first in range(known):
            b = near[first]
            for second in range(first + 1, known):
                c = near[second]
                if together[b, c] > 0.0 and a > b:
                    continue
                total = together[a, b] + together[a, c] + together[b, c]
                if total <= least:
                    continue
                for at in range(item_start[a], item_start[a + 1]):
                    column = item_column[at]
                    has_b, has_c = False, False
                    for position in range(start[column], start[column + 1]):
                        has_b |= item[position] == b
                        has_c |= item[position] == c
                    if has_b and has_c:
                        total -= 2.0 * share[column]
                if total > least and count < found.shape[0]:
                    found[count, 0], found[count, 1], found[count, 2] = a, b, c
                    breach[count] = total
                    count += 1
    return count
