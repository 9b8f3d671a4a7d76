"""A question as rows: each fixed column, and each candidate place that a free column could stand at, with its pairs.

Owns what is relaxed on the way: of several limits one largest load stays, smallest loads are dropped, free columns
become alike (each pair at the least that any of them pays, the most room that any of them has). Every answer of the
question is an answer for the rows at no higher cost, so a bound for the rows is one for the question.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from optimizer.location.question import LocationQuestion, Positions
from optimizer.problem import FloatArray

ROOM_NOISE: Final = 1e-9
"""Relative room beyond the limit, as rounding may leave."""
LEAST_NEAR: Final = 100
NEAR_FACTOR: Final = 12
"""An item has at least so many times as many rows as it shares a column with items."""
MOST_PAIRS: Final = 80_000_000
"""More pairs of places and items than this are not looked at."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """Fixed columns first, then places, as compressed rows of pairs.

    Attributes
    ----------
    start, item, cost
        Pairs of row r are ``start[r]`` to ``start[r + 1]``. Shapes ``(rows + 1,)``, ``(pairs,)``, ``(pairs,)``.
    most_price
        Prices stay at or below it: a pair that is not there costs at least as much. Shape ``(items,)``.
    weight
        What an item has of the limited measure. Shape ``(items,)``.
    room
        Shape ``(rows,)``.
    place, column
        Where a row stands; which fixed column it is, −1 for a place. Shape ``(rows,)``.
    num_free
        Free columns: so many places are chosen.
    is_exclusive
        True where a place is chosen once at most.
    """

    start: Positions
    item: Positions
    cost: FloatArray
    most_price: FloatArray
    weight: FloatArray
    room: FloatArray
    place: Positions
    column: Positions
    num_free: int
    is_exclusive: bool

    @property
    def num_fixed(self) -> int:
        """Number of rows that are fixed columns."""
        return int((self.column >= 0).sum())

    @property
    def pair_row(self) -> Positions:
        """The row of every pair. Shape ``(pairs,)``."""
        return np.repeat(np.arange(len(self.room)), np.diff(self.start))

    @property
    def key(self) -> Positions:
        """Row and item of every pair as one number, ascending. Shape ``(pairs,)``."""
        return self.pair_row * len(self.weight) + self.item

    @staticmethod
    def of_dense(dense: FloatArray, *, most_price: FloatArray, room: FloatArray, **others: Any) -> "Rows":
        """Return the pairs of a matrix that are finite and not dearer than the largest prices."""
        row, item = np.nonzero((dense <= most_price) & np.isfinite(dense))
        return Rows(
            start=np.searchsorted(row, np.arange(len(dense) + 1)),
            item=item,
            cost=dense[row, item],
            most_price=most_price,
            room=room + ROOM_NOISE * np.where(np.isfinite(room), np.maximum(1.0, np.abs(room)), 0.0),
            **others,
        )

    def keep(self, pairs: npt.NDArray[np.bool_]) -> "Rows":
        """Return the rows with some of their pairs; places without any are left out."""
        row = self.pair_row[pairs]
        stays = np.bincount(row, minlength=len(self.room)) > 0
        stays |= self.column >= 0
        number = np.cumsum(stays) - 1
        count = np.bincount(number[row], minlength=int(stays.sum()))
        return Rows(
            start=np.concatenate([[0], np.cumsum(count)]),
            item=self.item[pairs],
            cost=self.cost[pairs],
            most_price=self.most_price,
            weight=self.weight,
            room=self.room[stays],
            place=self.place[stays],
            column=self.column[stays],
            num_free=self.num_free,
            is_exclusive=self.is_exclusive,
        )


def rows_of(question: LocationQuestion, *, is_whole: bool = False) -> Rows | None:
    """Return the rows of a question; None where there are too many pairs, or an item that nobody may serve.

    Parameters
    ----------
    question
        Any question.
    is_whole
        True for all pairs that may be, False for the cheapest of each item and a largest price.
    """
    fixed, free = np.flatnonzero(~question.is_free), np.flatnonzero(question.is_free)
    places = question.candidates if len(free) else np.zeros(0, dtype=np.int64)
    count = len(fixed) + len(places)
    if count * question.num_items > MOST_PAIRS:
        return None
    dense = pairs_of(question, fixed, places, free, np.arange(question.num_items))
    cheapest = dense.min(axis=0)
    if not np.isfinite(cheapest).all():
        return None
    most = np.full(question.num_items, np.inf)
    near = max(LEAST_NEAR, NEAR_FACTOR * question.num_items // question.num_columns)
    if not is_whole and near < count:
        most = np.partition(dense, near - 1, axis=0)[near - 1]
    limit = tightest(question)
    upper = np.full(question.num_columns, np.inf) if limit < 0 else question.upper[:, limit]
    return Rows.of_dense(
        dense,
        most_price=most,
        weight=np.zeros(question.num_items) if limit < 0 else question.amount[:, limit].astype(np.float64),
        room=np.concatenate([upper[fixed], np.full(len(places), upper[free].max(initial=0.0))]),
        place=np.concatenate([question.center[fixed], places]),
        column=np.concatenate([fixed, np.full(len(places), -1)]),
        num_free=len(free),
        is_exclusive=question.is_exclusive,
    )


def pairs_of(
    question: LocationQuestion, fixed: Positions, places: Positions, free: Positions, items: Positions
) -> FloatArray:
    """Return what pairs cost at least in rows of fixed columns and of places, infinite where they may not be."""
    dense = np.empty((len(fixed) + len(places), len(items)))
    for row, column in enumerate(fixed.tolist()):
        dense[row] = _fixed_pairs(question, column, items)
    if len(free):
        dense[len(fixed) :] = _free_pairs(question, places, free, items)
    return dense


def tightest(question: LocationQuestion) -> int:
    """Return the limit whose largest loads leave least beyond what there is; −1 where nothing is limited."""
    room = question.upper.sum(axis=0)
    total = question.amount.sum(axis=0)
    fill = np.where(np.isfinite(room) & (total > 0), total / np.maximum(room, 1e-300), 0.0)
    return int(np.argmax(fill)) if fill.max(initial=0.0) > 0 else -1


def _fixed_pairs(question: LocationQuestion, column: int, items: Positions) -> Any:
    place = question.center[column]
    cost = question.cost[place, items].astype(np.float64)
    if question.leaving is not None and question.home is not None:
        cost += np.where(question.home[items] == column, 0.0, question.leaving[items])
    if question.banned is not None:
        cost[question.banned[column, items]] = np.inf
    if question.distance is not None and question.reach is not None:
        cost[question.distance[place, items] > question.reach[column]] = np.inf
    return cost


def _free_pairs(question: LocationQuestion, places: Positions, free: Positions, items: Positions) -> Any:
    cost = question.cost[np.ix_(places, items)].astype(np.float64)
    if question.leaving is not None and question.home is not None:
        cost += np.where(np.isin(question.home[items], free), 0.0, question.leaving[items])
    if question.banned is not None:
        cost[:, question.banned[np.ix_(free, items)].all(axis=0)] = np.inf
    if question.distance is not None and question.reach is not None:
        cost[question.distance[np.ix_(places, items)] > question.reach[free].max()] = np.inf
    return cost
