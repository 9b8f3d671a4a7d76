"""Some columns with their items, as a question of its own that is solved whole: prices, fixing, a program.

Owns the rows of a region and the answer for it. With all columns it is the whole question, and what it says is proven.
Free columns must be alike there, and none may care who left it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.location.bound import proven
from optimizer.location.columns import Columns
from optimizer.location.fixing import usable_pairs
from optimizer.location.prices import Priced, Pricing, raise_prices
from optimizer.location.program import Program, solve_program
from optimizer.location.question import Located, LocationQuestion, Positions
from optimizer.location.region_sets import solve_by_sets
from optimizer.location.rows import Rows, pairs_of, tightest
from optimizer.problem import FloatArray

BETTER: Final = 1e-7
"""Relative improvement that counts."""
TOLERANCE: Final = 1e-9
"""Relative breach of a limit that rounding may leave."""
ROUNDS: Final = 4
"""How often prices are raised on what fixing has left."""
LEAST_ROUND: Final = 0.9
"""Another round is worth it while so large a share of the pairs at most is left."""
HALVED: Final = 0.7
"""Factor on how far below the best known an answer may lie, where too many pairs are left."""


@dataclass(frozen=True, kw_only=True)
class RegionParams:
    """How a region is solved.

    Attributes
    ----------
    steps
        Steps of prices in the first round; later ones have half as many.
    most_pairs
        Pairs that the program may have.
    is_proof
        True where pairs are left out only with a proof.
    step
        What costs are multiples of; 0 where they are of any size.
    most_sets
        Sets of items that the program may choose from; 0 for a program of pairs.
    """

    steps: int = 150
    most_pairs: int = 4_000
    is_proof: bool = False
    step: float = 0.0
    most_sets: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What was found for a region.

    Attributes
    ----------
    center, owner
        The places of its columns and the column of each of its items; None where nothing better was found.
    bound
        No answer for the region costs less; meaningful where nothing was left out without proof.
    is_done
        True where the solver ended by itself.
    """

    center: Positions | None
    owner: Positions | None
    bound: float
    is_done: bool


class Region:
    """Columns, their items, and the places that are open to them.

    Parameters
    ----------
    question
        What is asked.
    located
        The best known answer.
    columns
        Positions, ascending.
    """

    def __init__(self, question: LocationQuestion, located: Located, columns: Positions) -> None:
        self.columns = columns
        self.items = np.flatnonzero(np.isin(located.owner, columns))
        self.cost = float(question.cost[located.center[located.owner[self.items]], self.items].sum())
        self._question, self._located = question, located
        self._is_breached = bool(breached_columns(question, located.owner)[columns].any())
        free = columns[question.is_free[columns]]
        self._fixed, self._free = columns[~question.is_free[columns]], free
        places = np.zeros(0, dtype=np.int64)
        if len(free):
            around = question.place_of[self.items]
            if len(columns) == question.num_columns:
                around = question.candidates
            places = np.unique(np.concatenate([around[around >= 0], located.center[free]]))
            if question.is_exclusive:
                taken = np.delete(located.center, columns)
                places = np.setdiff1d(places, taken)
        self._places = places

    def solve(
        self, price: FloatArray, params: RegionParams, *, seconds: float, stop: Callable[[], bool] = lambda: False
    ) -> Outcome:
        """Return a better answer where there is one.

        Parameters
        ----------
        price
            Of all items of the question, to begin with.
        params
            How.
        seconds
            Time limit of the program.
        stop
            Asked while prices are raised.
        """
        below = self._below(params.step)
        if params.most_sets and not self._is_breached:
            return self._by_sets(price, params, below=below, seconds=seconds, stop=stop)
        rows, priced = self._priced(price[self.items], params, below=below, stop=stop)
        if rows is None or priced.bound >= below:
            return Outcome(center=None, owner=None, bound=max(priced.bound, below), is_done=True)
        if stop():
            return Outcome(center=None, owner=None, bound=priced.bound, is_done=False)
        if params.is_proof and len(rows.item) > params.most_pairs:
            return Outcome(center=None, owner=None, bound=priced.bound, is_done=False)
        target = below
        while len(rows.item) > params.most_pairs and target > priced.bound:
            target = priced.bound + HALVED * (target - priced.bound)
            rows = rows.keep(usable_pairs(rows, priced, below=target))
            if len(rows.item) > params.most_pairs:
                priced = Pricing(rows).evaluate(priced.price, is_whole=True)
        lower, upper = self._limits(rows)
        amount = self._question.amount[self.items]
        program = Program(rows=rows, amount=amount, lower=lower, upper=upper, below=below)
        solved = solve_program(program, seconds=seconds)
        bound = max(priced.bound, min(solved.bound, below))
        if solved.row is None:
            return Outcome(center=None, owner=None, bound=bound, is_done=solved.is_over)
        center, owner = self._answer(rows, solved.row)
        return Outcome(center=center, owner=owner, bound=bound, is_done=solved.is_over)

    def _by_sets(
        self, price: FloatArray, params: RegionParams, *, below: float, seconds: float, stop: Callable[[], bool]
    ) -> Outcome:
        rows = self._rows()
        found = solve_by_sets(
            rows,
            price[self.items],
            self._current(rows),
            below=below,
            most_sets=params.most_sets,
            seconds=seconds,
            stop=stop,
        )
        bound = proven(found.bound)
        if found.row is None:
            return Outcome(center=None, owner=None, bound=bound, is_done=found.is_done)
        center, owner = self._answer(rows, found.row)
        return Outcome(center=center, owner=owner, bound=bound, is_done=found.is_done)

    def _current(self, rows: Rows) -> Columns:
        """Return the columns of the known answer."""
        row_of = np.full(self._question.num_columns, -1, dtype=np.int64)
        fixed = rows.column >= 0
        row_of[rows.column[fixed]] = np.flatnonzero(fixed)
        at = np.searchsorted(rows.place[~fixed], self._located.center[self._free])
        row_of[self._free] = np.flatnonzero(~fixed)[at]
        owner = self._located.owner[self.items]
        order = np.argsort(owner, kind="stable")
        used, size = np.unique(owner, return_counts=True)
        paid = self._question.cost[self._located.center[owner], self.items].astype(np.float64)
        spent = np.bincount(owner, paid, minlength=self._question.num_columns).astype(np.float64)
        known = Columns(
            start=np.concatenate([[0], np.cumsum(size)]),
            item=order,
            row=row_of[used],
            cost=spent[used],
        )
        # a pair that may not be is no pair
        is_pair = np.isin(known.row[known.of_entry] * len(self.items) + known.item, rows.key)
        return known.keep(np.bincount(known.of_entry, ~is_pair, minlength=len(known.row)) == 0)

    def _below(self, step: float) -> float:
        """Return what a better answer costs less than; where limits are breached, more than any costs."""
        if self._is_breached:
            return float(self._question.cost[np.ix_(self._places_of_all(), self.items)].max(axis=0).sum()) * 2.0 + 1.0
        return self.cost - step + BETTER * step if step else self.cost * (1.0 - BETTER)

    def _places_of_all(self) -> Positions:
        return np.concatenate([self._question.center[self._fixed], self._places])

    def _priced(
        self, price: FloatArray, params: RegionParams, *, below: float, stop: Callable[[], bool]
    ) -> tuple[Rows | None, Priced]:
        """Return what is left after fixing, and its prices; None where nothing is."""
        rows = self._rows()
        steps = params.steps
        for number in range(ROUNDS):
            priced = raise_prices(Pricing(rows), price, known=below, steps=steps, is_whole=True, stop=stop)
            if priced.bound >= below or stop():
                return rows, priced
            before = len(rows.item)
            usable = usable_pairs(rows, priced, below=below)
            if not _is_enough(rows, usable):
                return None, priced
            rows, price = rows.keep(usable), priced.price
            if number + 1 == ROUNDS or len(rows.item) > LEAST_ROUND * before:
                break
            steps = max(20, params.steps // 2)
        return rows, Pricing(rows).evaluate(price, is_whole=True)

    def _rows(self) -> Rows:
        question = self._question
        dense = pairs_of(question, self._fixed, self._places, self._free, self.items)
        limit = tightest(question)
        upper = np.full(question.num_columns, math.inf) if limit < 0 else question.upper[:, limit]
        weight = np.zeros(len(self.items)) if limit < 0 else question.amount[self.items, limit]
        return Rows.of_dense(
            dense,
            most_price=np.full(len(self.items), math.inf),
            weight=weight.astype(np.float64),
            room=np.concatenate([upper[self._fixed], np.full(len(self._places), upper[self._free].max(initial=0.0))]),
            place=np.concatenate([question.center[self._fixed], self._places]),
            column=np.concatenate([self._fixed, np.full(len(self._places), -1)]),
            num_free=len(self._free),
            is_exclusive=question.is_exclusive,
        )

    def _limits(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        column = np.where(rows.column >= 0, rows.column, self._free[0] if len(self._free) else 0)
        return self._question.lower[column], self._question.upper[column]

    def _answer(self, rows: Rows, row: Positions) -> tuple[Positions, Positions]:
        """Return the places of the columns and the column of every item; unused columns take any place that is left."""
        column_of = rows.column.copy()
        used = np.unique(row)
        opened = used[rows.column[used] < 0]
        free = self._free
        spare = np.setdiff1d(np.flatnonzero(rows.column < 0), opened)[: len(free) - len(opened)]
        stands = np.concatenate([opened, spare])
        column_of[stands] = free[: len(stands)]
        center = np.full(self._question.num_columns, -1, dtype=np.int64)
        center[self._fixed] = self._question.center[self._fixed]
        center[free[: len(stands)]] = rows.place[stands]
        rest = free[len(stands) :]
        if len(rest):
            others = np.setdiff1d(self._places, center[self.columns]) if self._question.is_exclusive else self._places
            center[rest] = np.resize(others, len(rest))
        return center[self.columns], column_of[row]


def _is_enough(rows: Rows, usable: np.ndarray) -> bool:
    """Return whether every item still has a pair."""
    return bool((np.bincount(rows.item[usable], minlength=len(rows.weight)) > 0).all())


def breached_columns(question: LocationQuestion, owner: Positions) -> FloatArray:
    """Return how many limits each column breaches. Shape ``(columns,)``."""
    count = np.zeros(question.num_columns)
    for limit in range(question.amount.shape[1]):
        load = np.bincount(owner, question.amount[:, limit], minlength=question.num_columns)
        upper, lower = question.upper[:, limit], question.lower[:, limit]
        count += load - upper > TOLERANCE * np.maximum(1.0, np.abs(upper))
        count += lower - load > TOLERANCE * np.maximum(1.0, np.abs(lower))
    return count
