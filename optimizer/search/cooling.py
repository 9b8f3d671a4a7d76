"""Prices for the limits by cooling: the smoothed dual, climbed at ever lower temperatures.

A high temperature spreads every item over many columns, so that the way up is easy to see from anywhere; a low one is
near the dual itself. Each temperature begins where the last one ended. Large models learn the first prices from a
sample of the items. Any prices prove a bound, so the cooling may be cut short at any time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import lower_bound, zero_multipliers
from optimizer.search.columns import cost_spread
from optimizer.search.curvatures import MOST_FACTORIZED
from optimizer.search.damped_newton import Curvature, DampedNewton
from optimizer.search.linking_prices import dual_values_of, multipliers_of
from optimizer.search.linking_rows import linking_rows
from optimizer.search.model import Model, Multipliers
from optimizer.search.reduced_costs import NearColumns, near_columns
from optimizer.search.sampling import sampled
from optimizer.search.settling import MOST as MOST_SETTLED
from optimizer.search.smoothed_dual import MOST_DENSE, SmoothedDual

PAIRS_PER_S: Final = 1e9
"""Pairs that a pass takes in a second, for the clock of work."""
OPERATIONS_PER_S: Final = 8e9
"""Operations of a factorization in a second, for the clock of work."""
SCAN: Final = 60.0
"""Operations that an entry of a larger matrix counts as: it is looked at, not factorized."""
SETTLED_PER_S: Final = 2e7
"""Items looked at in a second while columns are settled, for the clock of work."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Some temperatures, on a sample or on all items.

    Attributes
    ----------
    temperatures
        Falling, in units of cost: what an item's third-cheapest column costs more than its cheapest.
    sample_items
        Items per column of the sample, or None for all items. Models with less than twice as many go through its
        temperatures as they are.
    shares
        Shares of an item that enter the curvature.
    """

    temperatures: tuple[float, ...]
    sample_items: int | None = None
    shares: int = 20


@dataclass(frozen=True, kw_only=True)
class CoolingParams:
    """How to cool.

    Attributes
    ----------
    stages
        One after the other, each from the prices of the one before.
    max_steps
        Steps at each temperature, twice as many at the last.
    tolerance
        Gain below which a temperature is done, in temperatures per item.
    calm
        What a row may be off at temperatures on all items, in mean items of a column.
    elastic
        Dual value from which breaking a row pays, in units of cost per unit of load.
    """

    stages: tuple[Stage, ...] = (
        Stage(temperatures=(0.5, 0.2, 0.1), sample_items=10, shares=32),
        Stage(temperatures=(0.06, 0.03, 0.015, 0.008, 0.004, 0.002)),
    )
    max_steps: int = 14
    tolerance: float = 3e-3
    calm: float = 0.03
    elastic: float = 100.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Spread:
    """What cooling found.

    Attributes
    ----------
    multipliers, bound
        The best prices, and what they prove.
    item, column, value
        How the items are spread at the last temperature, as :class:`optimizer.search.dual.Fractional` has it.
    off
        Share of an item's load that the rows are off at the end, on average.
    temperature
        The last temperature that was reached; infinite when there was no time for any.
    """

    multipliers: Multipliers
    bound: float
    item: IntArray
    column: IntArray
    value: FloatArray
    off: float
    temperature: float


@dataclass(eq=False, kw_only=True)
class Cooling:
    """The prices of one model on their way down.

    Parameters
    ----------
    is_over
        Asked before every step whether to end.
    spend
        Told what the work would take, in seconds.
    on_bound
        Called with each better bound and its multipliers.
    on_coarse
        Called once with the prices that the first stages found, before the last one begins.
    """

    model: Model
    params: CoolingParams = field(default_factory=CoolingParams)
    is_over: Callable[[], bool] = lambda: False
    spend: Callable[[float], None] = lambda seconds: None
    on_bound: Callable[[float, Multipliers], None] | None = None
    on_coarse: Callable[[Multipliers], None] | None = None
    num_threads: int = 2

    def run(self) -> Spread:
        """Go through the stages: samples first, then the model."""
        model, start = self.model, None
        for stage in self.params.stages[:-1]:
            size = 1 if stage.sample_items is None else model.num_items // (stage.sample_items * model.num_columns)
            if size >= 2:
                start = self._cool(sampled(model, self._near(model), size=size), start, stage).multipliers
            elif start is None:
                start = self._cool(model, start, stage).multipliers
        if self.on_coarse is not None and start is not None and not self.is_over():
            self.on_coarse(start)
        return self._cool(model, start, self.params.stages[-1])

    def _near(self, model: Model) -> NearColumns:
        """Return the three cheapest columns of each item without prices."""
        prices = np.zeros((model.num_loads, model.num_columns))
        return near_columns(model, prices, width=np.inf, most=3, num_threads=self.num_threads)

    def _cool(self, model: Model, start: Multipliers | None, stage: Stage) -> Spread:
        """Climb at one temperature after the other."""
        rows = linking_rows(model, cost_unit=cost_spread(self._near(model)))
        best, bound = zero_multipliers(model), -np.inf
        with ThreadPoolExecutor(self.num_threads) as pool:
            dual = SmoothedDual(model, rows, elastic=self.params.elastic, most=stage.shares, pool=pool)
            pi = np.zeros(rows.num_rows) if start is None else dual_values_of(model, rows, start)
            charged = _Charged(dual, model, self.spend)
            newton = DampedNewton(charged, pi, self.is_over, settle=charged.settled)
            reached = np.inf
            for temperature in stage.temperatures:
                if self.is_over():
                    break
                is_last = temperature == self.params.stages[-1].temperatures[-1]
                newton.climb(
                    temperature,
                    tolerance=self.params.tolerance * temperature * model.num_items,
                    max_steps=(2 if is_last else 1) * self.params.max_steps,
                    calm=self.params.calm * model.num_items / model.num_columns if model is self.model else np.inf,
                )
                reached = temperature
                found = multipliers_of(model, rows, newton.pi)
                proven = lower_bound(model, found, num_threads=self.num_threads)
                if proven > bound:
                    best, bound = found, proven
                    if self.on_bound is not None and model is self.model:
                        self.on_bound(bound, best)
            if reached < np.inf:
                dual.evaluate(newton.pi, reached)
        taken = np.arange(dual.chosen.shape[1])[None, :] < dual.count[:, None]
        return Spread(
            multipliers=best,
            bound=bound,
            item=np.repeat(np.arange(model.num_items, dtype=np.int32), dual.count),
            column=dual.chosen[taken],
            value=dual.share[taken],
            off=newton.off / max(1, model.num_items),
            temperature=reached,
        )


@dataclass(frozen=True, eq=False)
class _Charged:
    """The smoothed dual of a model, its work charged."""

    dual: SmoothedDual
    model: Model
    spend: Callable[[float], None]

    def evaluate(self, pi: FloatArray, temperature: float) -> tuple[float, FloatArray]:
        self.spend(self.model.num_items * self.model.num_columns / PAIRS_PER_S)
        return self.dual.evaluate(pi, temperature)

    def curvature(self, temperature: float) -> Curvature:
        curvature = self.dual.curvature(temperature)
        shares, rows = self.dual.count.astype(np.float64), min(len(curvature.diagonal), MOST_DENSE)
        matrix = rows**3 / 3.0 if rows <= MOST_FACTORIZED else SCAN * rows**2
        self.spend((4.0 * float((shares * shares).sum()) + matrix) / OPERATIONS_PER_S)
        return curvature

    def settled(self, pi: FloatArray, gradient: FloatArray, temperature: float) -> FloatArray | None:
        found = self.dual.settled(pi, gradient, temperature)
        if found is not None:
            self.spend(MOST_SETTLED * self.model.num_items / SETTLED_PER_S)
        return found
