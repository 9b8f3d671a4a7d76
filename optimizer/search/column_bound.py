"""A higher bound from whole columns: what each column loses at least, because items cannot be cut.

The Lagrangian bound of :mod:`optimizer.search.bound` lets a column be filled to the last drop. No set of whole items
may do that; how near any comes is a small problem of its own. Items get prices too: with ``p[i]`` for being served by
exactly one column, and the terms of :mod:`optimizer.search.exchange_space`,

    L(p) = sum_i p[i] + sum_c min over sets S of items (sum_(i in S) (reduced[i, c] − p[i]) + losses of c) + constant

bounds every alignment's objective (partial dualization; Geoffrion 1974, doi 10.1007/BFb0120690). Each minimum is found
by listing all sets within a budget of the best one for free loads; where they are too many, the largest budget that
could be searched whole counts, or what an integer program proves for the columns that lose most. Cutting planes move
the items' prices (:mod:`optimizer.search.price_cuts`).

A proof by search, not by prices alone: it counts as a bound of the search, never as the certificate's.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import FLOAT32_ROUNDING, column_prices, valid_multipliers
from optimizer.search.column_kernels import least_loss, list_held
from optimizer.search.column_program import least_cost
from optimizer.search.exchange_sets import Room, Space, room_for
from optimizer.search.exchange_space import price_space, widened
from optimizer.search.exchanges import WORK_PER_S, Positions
from optimizer.search.incumbent import Incumbent
from optimizer.search.model import Model, Multipliers
from optimizer.search.price_cuts import PriceCuts
from optimizer.search.reduced_costs import near_columns

WIDER: Final = 1e-8
"""Part of its size by which a limit may be missed and still counts as kept."""
ROUNDING: Final = 1e-9
"""Part of the bound that is taken off for rounding."""
FIRST: Final = 1 / 64
"""Budget of a column's first try, in its last."""
GROWTH: Final = 1.5
"""Factor by which a budget grows."""
MOST_SETS: Final = 16384
"""Sets listed for a half."""
MOST_CHECKS: Final = 4_000_000
"""Steps of matching."""
BEYOND: Final = 1.5
"""Largest budget, in what the column loses now."""
FLOOR: Final = 0.3
"""Smallest last budget, in mean losses."""
SMALL: Final = 0.001
"""Share of the gap below which a step of the prices is not worth an evaluation."""
AGAIN: Final = 1.2
"""Budget of a column's first try after the first round, in its last loss."""
HARD: Final = 0.05
"""Share of all losses from which on a column's minimum is worth a program."""
MOST_PROGRAMS: Final = 3
PROGRAM_SHARE: Final = 0.1
"""Share of the time left that one program may take."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Minimum:
    """The minimum of one column: its value, its inevitable loss, and which items it holds."""

    value: float
    loss: float
    held: Positions
    work: int


class ColumnBound:
    """Raises the bound of some prices of limits by looking at whole columns.

    Parameters
    ----------
    model, multipliers
        The formulation and the prices; :func:`optimizer.search.exchange_space.can_price` holds.
    threads
        Columns looked at at a time.
    """

    def __init__(self, model: Model, multipliers: Multipliers, *, threads: int) -> None:
        self._model = model
        self._multipliers = valid_multipliers(model, multipliers)
        self._prices = column_prices(model, self._multipliers)
        near = near_columns(model, self._prices, width=np.inf, most=2)
        second = np.where(near.count > 1, near.reduced[:, -1], near.smallest)
        self._item_price: FloatArray = (near.smallest + second) / 2.0
        self._entries = np.argsort(model.corrections.column, kind="stable")
        self._entry_item = model.corrections.item[self._entries]
        self._entry_start = np.searchsorted(model.corrections.column[self._entries], np.arange(model.num_columns + 1))
        self._constant = self._constant_terms()
        self._rooms = [
            room_for(items=model.num_items, columns=2, sets=MOST_SETS, dimensions=model.num_loads)
            for _ in range(threads)
        ]
        self._home = near.column[:, 0].astype(np.int64)
        self._cuts: PriceCuts | None = None
        self._at: FloatArray = self._item_price
        self._last_loss: FloatArray = np.zeros(model.num_columns)
        self.inevitable: FloatArray = np.zeros(model.num_columns)
        self._solved_for: dict[int, float] = {}
        self._listed, self._gained = -math.inf, 0.0
        self.bound = -math.inf

    def improve(self, incumbent: Incumbent, lost: FloatArray, *, rounds: int, until_s: float = math.inf) -> None:
        """Evaluate the bound, and move the prices, a number of times or until told to stop.

        Parameters
        ----------
        lost
            What each column loses now. Shape ``(columns,)``.
        until_s
            Elapsed seconds after which no round begins.
        """
        if self._cuts is None:
            unit = float(lost.mean()) or 1.0
            self._cuts = PriceCuts(self._home, self._item_price, unit=unit, num_columns=self._model.num_columns)
        budget = BEYOND * np.maximum(lost, FLOOR * lost.mean())
        with ThreadPoolExecutor(len(self._rooms)) as pool:
            for _ in range(rounds):
                if incumbent.objective is None or not incumbent.proceed() or incumbent.clock.elapsed_s >= until_s:
                    break
                if not self._evaluate(pool, incumbent, budget, self._cuts):
                    return

    def sharpen(self, incumbent: Incumbent, lost: FloatArray) -> None:
        """Solve the minima of the columns that lose most, at the best prices, where listing did not get far enough.

        Parameters
        ----------
        lost
            What each column loses now. Shape ``(columns,)``.
        """
        if incumbent.objective is None or not np.isfinite(self.bound):
            return
        order = np.argsort(self.inevitable - lost, kind="stable")[:MOST_PROGRAMS]
        for column in order[lost[order] - self.inevitable[order] > HARD * lost.sum()].tolist():
            if not incumbent.proceed() or self._solved_for.get(column, math.inf) <= lost[column]:
                continue
            self._solved_for[column] = float(lost[column])
            amount = self._amounts(column)
            worth = self._worth(column, amount, self._item_price)
            held = worth <= 0.0
            near = np.flatnonzero((np.abs(worth) <= lost[column]) | held)
            found = least_cost(
                self._whole,
                column,
                worth=worth[near],
                amount=amount[near],
                seconds=PROGRAM_SHARE * incumbent.seconds_left(),
                seed=column,
            )
            incumbent.clock.charge(found.work)
            # A set that leaves the near items costs more than the column loses now.
            loss = min(found.bound - math.fsum(worth[held]), float(lost[column]))
            loss -= self._rounding(loss)
            if loss > self.inevitable[column]:
                self._gained += loss - float(self.inevitable[column])
                self.inevitable[column] = loss
        self.bound = max(self.bound, self._listed + self._gained)
        incumbent.raise_bound(min(self.bound, incumbent.objective), source="search")

    def _evaluate(self, pool: ThreadPoolExecutor, incumbent: Incumbent, budget: FloatArray, cuts: PriceCuts) -> bool:
        """Evaluate the present prices and step; return False when nothing is left to gain, or on a stop meanwhile."""
        columns = self._model.num_columns
        workers = len(self._rooms)
        parts = [np.arange(number, columns, workers) for number in range(workers)]
        done = list(pool.map(self._minima, self._rooms, parts, repeat(budget), repeat(incumbent)))
        incumbent.clock.charge(max(sum(minimum.work for minimum in part) for part in done) / WORK_PER_S)
        if sum(map(len, done)) < columns or incumbent.objective is None:
            return False
        minima = [done[column % workers][column // workers] for column in range(columns)]
        value = np.array([minimum.value for minimum in minima])
        self._last_loss = np.array([minimum.loss for minimum in minima])
        bound = self._constant + math.fsum(self._at) + math.fsum(value)
        bound -= self._rounding(bound)
        cuts.add(self._at, value, [minimum.held for minimum in minima])
        cuts.learn(bound - self._listed)
        if bound > self._listed:
            self._listed, self._gained, self._item_price = bound, 0.0, self._at
            self.bound, self.inevitable = max(bound, self.bound), self._last_loss
            self._solved_for.clear()
            incumbent.raise_bound(min(bound, incumbent.objective), source="search")
        step = cuts.step(self._item_price, self._listed - self._constant)
        if step is None or step.gain <= SMALL * (incumbent.objective - self._listed):
            return False
        incumbent.clock.charge(step.work)
        self._at = step.price
        return True

    def _minima(self, room: Room, columns: IntArray, budget: FloatArray, incumbent: Incumbent) -> list[_Minimum]:
        found = []
        for column in columns.tolist():
            if incumbent.stop_reason() is not None:
                break
            found.append(self._minimum(room, column, float(budget[column])))
        return found

    def _minimum(self, room: Room, column: int, budget: float) -> _Minimum:
        """Return the least that a column costs at the items' prices."""
        amount = self._amounts(column)
        worth = self._worth(column, amount, self._at)
        held = worth <= 0.0
        value = math.fsum(worth[held])
        near = np.flatnonzero((np.abs(worth) <= budget) | held)
        space = self._space(column, near, amount, worth)
        loss, work, now = 0.0, 0, min(budget, max(budget * FIRST, AGAIN * float(self._last_loss[column])))
        while True:
            reached, is_certain, is_whole, sets, spent = least_loss(space, room, now, MOST_CHECKS)
            work += int(spent)
            if not is_certain:
                break
            loss = max(loss, float(reached))
            if sets[0] >= 0:
                inside = np.zeros(len(near), dtype=np.bool_)
                list_held(space, room, sets, inside)
                held[near] = inside
            if sets[0] >= 0 or not is_whole or now >= budget:
                break
            now = min(budget, now * GROWTH)
        return _Minimum(
            value=value + max(loss, 0.0), loss=max(loss, 0.0), held=np.flatnonzero(held), work=work + len(worth)
        )

    def _worth(self, column: int, amount: FloatArray, item_price: FloatArray) -> FloatArray:
        """Return what each item costs in a column beyond its price, infinite where barred. Shape ``(items,)``."""
        with np.errstate(invalid="ignore"):
            worth = self._model.cost[:, column] + amount @ self._prices[:, column] - item_price
        return np.where(np.isfinite(worth), worth, np.inf)

    def _amounts(self, column: int) -> FloatArray:
        """Return what each item brings to a column. Shape ``(items, loads)``."""
        own = slice(self._entry_start[column], self._entry_start[column + 1])
        amount: FloatArray = self._model.amount
        if own.start < own.stop:
            amount = np.array(amount)
            amount[self._entry_item[own]] += self._model.corrections.delta[self._entries[own]]
        return amount

    def _space(self, column: int, near: Positions, amount: FloatArray, worth: FloatArray) -> Space:
        """Return a column and everything else as a space of two columns."""
        whole = self._whole
        count, loads = len(near), self._model.num_loads
        slots = np.zeros((count, 2, loads))
        slots[:, 0] = amount[near]
        reduced = np.zeros((count, 2))
        reduced[:, 0] = worth[near]

        def beside(values: FloatArray, other: float) -> FloatArray:
            return np.vstack([values[column], np.full(loads, other)])

        return whole._replace(
            start=2 * np.arange(count + 1),
            column=np.tile(np.arange(2), count),
            reduced=reduced.ravel(),
            amount=slots.reshape(2 * count, loads),
            price=beside(whole.price, 0.0),
            lower=beside(whole.lower, -np.inf),
            upper=beside(whole.upper, np.inf),
            least=beside(whole.least, 0.0),
            counted=np.zeros((2, loads), dtype=np.bool_),
            has_totals=False,
            soft_target=beside(whole.soft_target, 0.0),
        )

    def _constant_terms(self) -> float:
        """Return what all columns and totals cost at their smallest values."""
        model, multipliers = self._model, self._multipliers
        none = np.zeros(0)
        self._whole = price_space(
            model,
            multipliers,
            start=np.zeros(1, dtype=np.int64),
            column=none.astype(np.int64),
            cost=none,
            amount=np.zeros((0, model.num_loads)),
            wider=WIDER,
        )
        limits = np.where(multipliers.total > 0, widened(model.total_upper, WIDER), 0.0)
        return math.fsum(self._whole.least.ravel()) - math.fsum(multipliers.total * limits)

    def _rounding(self, bound: float) -> float:
        """Return what rounding may have added to a bound."""
        size = abs(bound) + float(np.abs(self._whole.least).sum()) + float(np.abs(self._at).sum())
        single = 4.0 * FLOAT32_ROUNDING if self._model.cost.dtype == np.float32 else 0.0
        return (ROUNDING + single) * size
