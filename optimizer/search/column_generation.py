"""Rounds of pricing and solving: the state that one round hands to the next."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from scipy import sparse

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import bound_of_minima, column_prices, rounding_error, zero_multipliers
from optimizer.search.columns import cost_spread, pairs_of
from optimizer.search.dual_params import DualParams
from optimizer.search.interior_point import InteriorPoint, LinearProgram, Pairs, solve_interior
from optimizer.search.linking_prices import dual_values_of, multipliers_of
from optimizer.search.linking_rows import linking_rows
from optimizer.search.model import Model, Multipliers
from optimizer.search.reduced_costs import near_columns

WIDTH: Final = 300.0
"""Pairs within so many barriers of the cheapest are kept: the others would carry less than 1/300."""
LEAST_WIDTH: Final = 0.1
"""Pairs within so many units of cost are always kept."""
LARGEST_ELASTIC: Final = 1e7
"""No row is priced above this, in units of cost per unit of load."""
EARLY_SUPPLY: Final = 4.0
LATE_SUPPLY: Final = 1.5
"""Load that the pairs of a column hold at least, in multiples of its lower limit, before and after LATE_BARRIER."""
LATE_BARRIER: Final = 0.003
"""Barrier in units of cost below which shares have become distinct."""
SETTLED: Final = 1e-2
"""Share of the objective that may be unsolved when rows' prices are taken as a sign that breaking is too cheap."""
FEW_PAIRS: Final = 12.0
MOST_ROUNDS_IN_ONE: Final = 4
"""With fewer than FEW_PAIRS an item a round takes more steps, up to so many times as many."""
LARGEST_RISE: Final = 10.0
"""The barrier rises at most so many times where rows are off by more than the gap."""
SHORT: Final = 0.05
"""Units of load that a column may lack before it gets more pairs."""
MOST_SCARCE: Final = 100.0
"""Growth of a column's supply after which the program is widened for all."""
BROKEN: Final = 1e-7
"""Units of load that count as broken."""
LEAST_BARRIER: Final = 1e-14
"""Units of cost: below, products are not told from 0."""
COLD_BARRIER: Final = 1.0
WARM_BARRIER: Final = 0.03
"""First barriers, in units of cost: without prices, and with those of a similar model."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Round:
    """What one round found.

    Attributes
    ----------
    pairs, point
        The restricted program's pairs and where the method ended.
    objective
        Of the restricted program, in objective units.
    elastic
        What breaking rows costs in it, in objective units.
    residual
        What the rows are off at their prices, in objective units.
    bound
        What the prices prove of the whole program.
    rounding
        What was taken off the bound for rounding.
    """

    pairs: Pairs
    point: InteriorPoint
    objective: float
    elastic: float
    residual: float
    bound: float
    rounding: float

    def is_solved(self, tolerance: float) -> bool:
        """Return whether the restricted program is solved and worth no more than the bound."""
        scale = tolerance * max(abs(self.objective), 1e-9) + self.rounding
        return self.objective - self.bound <= scale and self.residual <= scale

    def is_elastic(self, tolerance: float) -> bool:
        """Return whether rows are broken that matter."""
        return self.elastic > tolerance * max(abs(self.objective), 1e-12)


@dataclass(eq=False, kw_only=True)
class ColumnGeneration:
    """The rounds on one model; ``best_bound`` and ``best`` only ever improve."""

    model: Model
    params: DualParams
    is_over: Callable[[], bool]
    on_bound: Callable[[float, Multipliers], None] | None = None
    best_bound: float = -math.inf
    best: Multipliers = field(init=False)
    history: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Price all pairs at zero prices and choose the units."""
        self.most = min(self.params.pairs_per_item(self.model.num_columns), self.model.num_columns)
        self.best = zero_multipliers(self.model)
        self.barrier = math.inf
        self.widening = 1.0
        self.kept: tuple[IntArray, IntArray] | None = None
        self.scarce: FloatArray = np.ones(self.model.num_columns)
        self.misses = 0
        self.rows = linking_rows(self.model, cost_unit=1.0)
        self._price(np.zeros(self.rows.num_rows), self.best)
        self.rows = linking_rows(self.model, cost_unit=cost_spread(self.near))
        self.pi: FloatArray = np.zeros(self.rows.num_rows)
        self.best_pi: FloatArray = self.pi
        self.barrier = COLD_BARRIER
        self.elastic: FloatArray = np.full(self.rows.num_rows, self.params.elastic)
        self.sides = sparse.identity(self.rows.num_rows, format="csc")

    def start_from(self, multipliers: Multipliers) -> None:
        """Begin from the multipliers of a similar model."""
        self.pi = dual_values_of(self.model, self.rows, multipliers)
        self.barrier = WARM_BARRIER
        self._raise_elastic()
        self._price(self.pi, multipliers_of(self.model, self.rows, self.pi))

    def run(self) -> Round:
        """Solve the restricted program for some steps, then price all pairs."""
        program = self._program()
        point = solve_interior(
            program,
            pi=self.pi,
            barrier=self.barrier,
            tolerance=self.params.tolerance / 10,
            max_steps=self._steps(program),
            is_over=self.is_over,
        )
        self.pi = point.pi
        own = len(self.rows.cost)
        unit = self.rows.cost_unit
        bound = self._price(self.pi, multipliers_of(self.model, self.rows, self.pi))
        done = Round(
            pairs=program.pairs,
            point=point,
            objective=(point.objective + self.rows.constant) * unit,
            elastic=float(point.w[own:] @ program.cost[own:]) * unit,
            residual=point.residual * unit,
            bound=bound,
            rounding=self.rounding,
        )
        self.history.append(
            {"steps": point.steps, "pairs": len(program.pairs.column), "objective": done.objective, "bound": bound}
        )
        if point.gap * unit + done.residual <= SETTLED * abs(done.objective):
            self._raise_elastic()
        self.barrier = self._next_barrier(done)
        self.misses = self.misses + 1 if bound < self.best_bound else 0
        self.kept = _items_and_columns(program.pairs) if self.misses else None
        unsolved = point.gap * unit + done.residual
        is_misled = self.best_bound - bound > unsolved or self.misses > 2
        if self.misses and is_misled and not self._supply_broken(done) and not done.is_solved(self.params.tolerance):
            self._widen()
        return done

    def raise_elastic_of_broken(self, last: Round) -> bool:
        """Raise the price of the rows that the last round broke; False when it is as high as it gets."""
        own = len(self.rows.cost)
        broken = last.point.w[own:].reshape(2, -1).max(axis=0) > BROKEN
        open_rows = broken & (self.elastic < LARGEST_ELASTIC)
        self.elastic = np.where(open_rows, np.minimum(10.0 * self.elastic, LARGEST_ELASTIC), self.elastic)
        self.barrier = WARM_BARRIER
        return bool(open_rows.any())

    def _price(self, pi: FloatArray, multipliers: Multipliers) -> float:
        """Price all pairs; keep the near ones for the next round and the bound if it is the best."""
        width = self.widening * max(WIDTH * self.barrier, LEAST_WIDTH) * self.rows.cost_unit
        self.prices = column_prices(self.model, multipliers)
        self.near = near_columns(
            self.model, self.prices, width=width, most=self.most, num_threads=self.params.num_threads
        )
        cheapest = self.near.column[:, 0]
        bound = bound_of_minima(self.model, multipliers, best=cheapest, smallest=self.near.smallest)
        self.rounding = rounding_error(self.model, multipliers, best=cheapest)
        if bound > self.best_bound:
            self.best_bound, self.best, self.best_pi = bound, multipliers, pi
            self.widening = max(1.0, self.widening / 3.0)
            if self.on_bound is not None:
                self.on_bound(bound, multipliers)
        return bound

    def _program(self) -> LinearProgram:
        """Return the restricted program: the near pairs, and every row elastic."""
        rows = self.rows
        supply = EARLY_SUPPLY if self.barrier > LATE_BARRIER else LATE_SUPPLY
        return LinearProgram(
            pairs=pairs_of(
                self.model, rows, self.near, prices=self.prices, supply=supply * self.scarce, kept=self.kept
            ),
            slot_row=rows.slot_row,
            right=rows.right,
            matrix=sparse.csc_array(sparse.hstack([rows.matrix, self.sides, -self.sides])),
            cost=np.concatenate([rows.cost, self.elastic, self.elastic]),
            width=np.concatenate([rows.width, np.full(2 * rows.num_rows, np.inf)]),
        )

    def _next_barrier(self, last: Round) -> float:
        """Return the barrier that suits what is still open: rows that are off, and the gap to the best bound.

        Smaller, and the steps would be short: the restart is not as near to the end as the last round was.
        """
        point, pairs = last.point, len(last.pairs.column)
        off = point.barrier * min(LARGEST_RISE, max(1.0, point.residual / max(point.gap, 1e-300)))
        return max(off, (last.objective - self.best_bound) / self.rows.cost_unit / pairs, LEAST_BARRIER)

    def _steps(self, program: LinearProgram) -> int:
        """Return the steps of this round: more when few pairs are left, as a restart costs progress."""
        pairs_per_item = len(program.pairs.column) / self.model.num_items
        return self.params.steps * max(1, min(MOST_ROUNDS_IN_ONE, round(FEW_PAIRS / max(pairs_per_item, 1.0))))

    def _supply_broken(self, last: Round) -> bool:
        """Ask for more pairs in the columns that stayed below a lower limit; False when there is none."""
        low = last.point.w[len(self.rows.cost) :][: self.rows.num_rows]
        row = self.rows.limit_row
        short = ((row >= 0) & (np.append(low, 0.0)[row] > SHORT)).any(axis=0) & (self.scarce < MOST_SCARCE)
        self.scarce = np.where(short, self.scarce * 3.0, self.scarce)
        return bool(short.any())

    def _raise_elastic(self) -> None:
        """Raise the price of breaking a row where the row's price has come near it."""
        if self.params.fixed_elastic:
            return
        near = np.abs(self.pi) > 0.5 * self.elastic
        raised = np.minimum(8.0 * np.abs(self.pi), LARGEST_ELASTIC)
        self.elastic = np.where(near, np.maximum(self.elastic, raised), self.elastic)

    def _widen(self) -> None:
        """Go back to the best prices with more pairs: the restricted program has misled.

        That is so when the bound falls by more than the program has left unsolved, or three times in a row.
        """
        self.misses = 0
        self.most = min(2 * self.most, self.model.num_columns)
        self.widening *= 3.0
        self.pi = self.best_pi
        self._price(self.pi, self.best)


def _items_and_columns(pairs: Pairs) -> tuple[IntArray, IntArray]:
    """Return the item and the column of each pair: kept after a miss, or two sets of prices could alternate."""
    return np.repeat(pairs.item, np.diff(pairs.start)), pairs.column
