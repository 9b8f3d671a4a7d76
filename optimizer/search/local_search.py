"""Local search with prices on breached limits: finds feasible alignments and makes them cheaper.

Owns the state around the compiled kernel, the penalties and the best that was found. A breached limit costs more than
its multiplier says the resource is worth, so that loads settle at tight limits from the inside; where a limit stays
breached its price is raised, and only there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.exceptions import InvalidParameter
from optimizer.problem import FloatArray, IntArray
from optimizer.search import annealing, annealing_state
from optimizer.search.annealing_state import BAD_COLUMNS, BEST_OBJECTIVE, NUM_TOUCHED
from optimizer.search.candidates import Candidates
from optimizer.search.model import Model, Multipliers

OVER_MULTIPLIER: Final = 1.5
"""How many times its multiplier a unit beyond a limit costs at first."""
BASE: Final = 0.05
"""What a unit beyond any limit costs at least, in multiples of an average unit's cost."""
RAISE: Final = 1.5
"""Factor by which the price of a breached limit grows."""
REACH: Final = 10.0
"""Pairs are proposed whose excess is at most this many temperatures."""
MARGIN: Final = 0.2
"""What every breach counts as beyond its size, in mean amounts."""
MOST_RAISED: Final = 1e6
"""No price grows beyond this many times its first value."""


def typical_cost(model: Model, candidates: Candidates) -> float:
    """Return the size of the objective: what all items' best pairs and all penalties cost, above 0."""
    cheapest = float(np.abs(candidates.cost[candidates.start[:-1]]).sum())
    return cheapest + sum(soft.price for soft in model.soft) or 1.0


@dataclass(frozen=True, kw_only=True)
class LocalSearchParams:
    """How local search cools.

    Attributes
    ----------
    per_item
        Candidate columns of an item.
    hot, cold
        First and last temperature, in multiples of the mean cost of an item.
    steps
        Chunks of a cycle; penalties rise and the clock is looked at between them.
    trials_per_item
        Trials of a cycle per item.
    """

    per_item: int = 8
    hot: float = 0.015
    cold: float = 0.0005
    steps: int = 60
    trials_per_item: int = 600

    def __post_init__(self) -> None:
        if self.per_item < 1 or self.steps < 1 or self.trials_per_item < 1:
            raise InvalidParameter("per_item, steps and trials_per_item must be at least 1")
        if not 0 < self.cold <= self.hot:
            raise InvalidParameter("temperatures must satisfy 0 < cold ≤ hot")


class LocalSearch:
    """Anneal an alignment on its candidate pairs; keeps the best feasible one.

    Parameters
    ----------
    model
        The formulation.
    candidates
        The pairs that may be used; every item needs at least one.
    multipliers
        The worth of each limit, or None where nothing is known.
    seed
        Of the random trials.
    """

    def __init__(
        self, model: Model, candidates: Candidates, *, multipliers: Multipliers | None = None, seed: int = 0
    ) -> None:
        self.model = model
        self.candidates = candidates
        self._space = _space(model, candidates)
        self._movable_excess = candidates.excess[self._space.movable]
        self._state = _state(model, self._space, seed)
        self._room = annealing_state.room_for(loads=model.num_loads)
        self._first_upper, self._first_lower = _first_weights(model, candidates, multipliers)
        self._total_first = self._first_upper.max(axis=0, initial=0.0)
        self.reset_weights()

    def start_from(self, columns: IntArray) -> None:
        """Set the present state; an item whose column is no candidate goes to its best one."""
        slots = self.candidates.slots_of(columns)
        self._state.slot[:] = np.where(slots >= 0, slots, self.candidates.start[:-1])
        num_items = self.model.num_items
        self._state.touched[:] = np.arange(num_items)
        self._state.is_touched[:] = True
        self._state.counts[NUM_TOUCHED] = num_items
        annealing.recount(self._space, self._state)
        annealing.keep_best(self._space, self._state)

    def back_to_best(self) -> None:
        """Go on from the best feasible state, if there is one."""
        if np.isfinite(self.best_objective):
            self._state.slot[:] = self._state.best
            annealing.recount(self._space, self._state)

    def run(self, trials: int, *, hot: float, cold: float) -> None:
        """Try so many random moves while the temperature falls from ``hot`` to ``cold`` (objective units)."""
        annealing.recount(self._space, self._state)
        reach = int(np.searchsorted(self._movable_excess, REACH * hot, side="right"))
        annealing.anneal(self._space, self._state, self._room, trials, hot, cold, reach)

    def cool(self, params: LocalSearchParams, *, trials: int) -> Iterator[int]:
        """Run one cycle from hot to cold; yield the trials done after each chunk, so that the caller may stop."""
        unit = typical_cost(self.model, self.candidates) / self.model.num_items
        chunk = max(1, trials // params.steps)
        fall = params.cold / params.hot
        self.reset_weights()
        for step in range(params.steps):
            hot = unit * params.hot * fall ** (step / params.steps)
            self.run(chunk, hot=hot, cold=unit * params.hot * fall ** ((step + 1) / params.steps))
            self.raise_weights()
            yield chunk

    def raise_weights(self) -> None:
        """Make what is breached now more expensive."""
        state = self._state
        over, under = state.load > state.upper, state.load < state.lower
        state.weight_upper[over] = np.minimum(state.weight_upper * RAISE, self._first_upper * MOST_RAISED)[over]
        state.weight_lower[under] = np.minimum(state.weight_lower * RAISE, self._first_lower * MOST_RAISED)[under]
        over_total = state.total > self._space.total_upper
        state.weight_total[over_total] = np.minimum(state.weight_total * RAISE, self._total_first * MOST_RAISED)[
            over_total
        ]

    def reset_weights(self) -> None:
        """Forget what was raised."""
        self._state.weight_upper[:] = self._first_upper
        self._state.weight_lower[:] = self._first_lower
        self._state.weight_total[:] = self._total_first

    @property
    def columns(self) -> IntArray:
        """The present state. Shape ``(items,)``."""
        columns: IntArray = self.candidates.column[self._state.slot]
        return columns

    @property
    def best(self) -> IntArray | None:
        """The best feasible state, or None. Shape ``(items,)``."""
        return self.candidates.column[self._state.best] if np.isfinite(self.best_objective) else None

    @property
    def best_objective(self) -> float:
        """The objective of the best feasible state; infinity without one."""
        return float(self._state.numbers[BEST_OBJECTIVE])

    @property
    def num_breached(self) -> int:
        """Number of columns and totals that breach a limit in the present state."""
        over_total = self._state.total > self._space.total_upper
        return int(self._state.counts[BAD_COLUMNS] + over_total.sum())


def _space(model: Model, candidates: Candidates) -> annealing_state.Space:
    num_loads, num_columns = model.num_loads, model.num_columns
    price, tolerance = np.zeros(num_loads), np.zeros(num_loads)
    target, share = np.zeros((num_columns, num_loads)), np.full((num_columns, num_loads), np.nan)
    for soft in model.soft:
        price[soft.load], tolerance[soft.load] = soft.price, soft.tolerance
        target[:, soft.load] = soft.target
        if soft.target_share is not None:
            share[:, soft.load] = soft.target_share
    follows = np.isfinite(model.share_lower).any(axis=1) | np.isfinite(model.share_upper).any(axis=1)
    item = candidates.item
    movable = np.flatnonzero(np.diff(candidates.start)[item] > 1)
    movable = movable[np.argsort(candidates.excess[movable], kind="stable")]
    counted = np.ones((num_columns, num_loads), dtype=np.bool_)
    if model.has_unassigned:
        counted[-1] = model.counts_unassigned
    return annealing_state.Space(
        start=candidates.start.astype(np.int64),
        column=candidates.column.astype(np.int64),
        cost=candidates.cost,
        correction=candidates.correction.astype(np.int64),
        item=item.astype(np.int64),
        movable=movable.astype(np.int64),
        column_start=np.searchsorted(np.sort(candidates.column), np.arange(num_columns + 1)).astype(np.int64),
        column_slots=np.argsort(candidates.column, kind="stable").astype(np.int64),
        amount=np.array(model.amount),
        delta=np.array(model.corrections.delta).reshape(len(model.corrections.column), num_loads),
        counted=counted,
        fixed_lower=np.array(model.lower.T, order="C"),
        fixed_upper=np.array(model.upper.T, order="C"),
        share_lower=np.array(model.share_lower.T, order="C"),
        share_upper=np.array(model.share_upper.T, order="C"),
        shared=follows | np.isfinite(share).any(axis=0),
        total_upper=np.array(model.total_upper),
        margin=MARGIN * _mean_amounts(model),
        soft_price=price,
        soft_tolerance=tolerance,
        soft_target=target,
        soft_share=share,
    )


def _state(model: Model, space: annealing_state.Space, seed: int) -> annealing_state.State:
    shape = (model.num_columns, model.num_loads)
    return annealing_state.State(
        slot=space.start[:-1].copy(),
        load=np.zeros(shape),
        total=np.zeros(model.num_loads),
        lower=space.fixed_lower.copy(),
        upper=space.fixed_upper.copy(),
        target=space.soft_target.copy(),
        weight_lower=np.zeros(shape),
        weight_upper=np.zeros(shape),
        weight_total=np.zeros(model.num_loads),
        value=np.zeros(model.num_columns),
        bad=np.zeros(model.num_columns, dtype=np.bool_),
        best=space.start[:-1].copy(),
        touched=np.zeros(model.num_items, dtype=np.int64),
        is_touched=np.zeros(model.num_items, dtype=np.bool_),
        numbers=np.array([0.0, np.inf, 0.0]),
        counts=np.zeros(4, dtype=np.int64),
        listed=np.zeros(model.num_columns, dtype=np.int64),
        random=np.random.default_rng(seed).integers(1, 2**63, size=1, dtype=np.uint64),
    )


def _mean_amounts(model: Model) -> FloatArray:
    """Return the mean of each load's amounts that are not 0. Shape ``(loads,)``."""
    delta = np.asarray(model.corrections.delta).reshape(len(model.corrections.column), model.num_loads)
    amounts = np.abs(np.concatenate([model.amount, delta]))
    mean: FloatArray = amounts.sum(axis=0) / np.maximum((amounts > 0).sum(axis=0), 1)
    return mean


def _first_weights(
    model: Model, candidates: Candidates, multipliers: Multipliers | None
) -> tuple[FloatArray, FloatArray]:
    """Return what a unit beyond the upper and the lower limits costs at first. Shapes ``(columns, loads)``."""
    typical = BASE * typical_cost(model, candidates)
    base = typical / np.maximum(np.abs(model.amount).sum(axis=0), 1e-12)
    for load in np.flatnonzero(model.amount.sum(axis=0) <= 0):
        base[load] = typical / max(float(np.abs(model.corrections.delta[:, load]).sum()), 1e-12)
    shape = (model.num_columns, model.num_loads)
    upper, lower = np.broadcast_to(base, shape).copy(), np.broadcast_to(base, shape).copy()
    if multipliers is not None:
        upper += OVER_MULTIPLIER * np.maximum(multipliers.upper, multipliers.share_upper).T
        lower += OVER_MULTIPLIER * np.maximum(multipliers.lower, multipliers.share_lower).T
    return upper, lower
