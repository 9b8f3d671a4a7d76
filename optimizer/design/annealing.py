"""Annealing of connected territories: a place to begin, its state for the compiled search, and the best it found."""

import math
from typing import Any

import numpy as np

from optimizer.design.kernels import anneal
from optimizer.design.moves import value_of
from optimizer.design.state import BEST, COST, MAX_NODES, TOTAL_VALUE, VALUE, Space, State, Trial
from optimizer.graph import Positions


class Annealing:
    """One search that may be interrupted and go on.

    Parameters
    ----------
    space
        The question.
    column
        Territory of each node, connected. Shape ``(nodes,)``.
    seed
        Of the random numbers, ≥ 0.
    """

    def __init__(self, space: Space, column: Positions, *, seed: int) -> None:
        self._space = space
        self._state = _state(space, column, seed)
        self._trial = _trial(space)

    def go_on(self, trials: int, hot: float, cold: float) -> None:
        """Try so many moves while the temperature falls; both temperatures in units of the objective, > 0."""
        anneal(self._space, self._state, self._trial, trials, hot, cold)

    @property
    def objective(self) -> float:
        """Value of the best state that breaches nothing; infinite without one."""
        return float(self._state.numbers[BEST])

    @property
    def best(self) -> Positions | None:
        """The best state that breaches nothing, None without one. Shape ``(nodes,)``."""
        return self._state.best.copy() if math.isfinite(self.objective) else None

    @property
    def last(self) -> Positions:
        """The state now. Shape ``(nodes,)``."""
        last: Positions = self._state.column.copy()
        return last

    @property
    def excess(self) -> float:
        """What the state now pays for breaches and soft balance."""
        return float(self._state.numbers[VALUE] + self._state.numbers[TOTAL_VALUE])


def temperature_of(space: Space, column: Positions) -> float:
    """Return what moving a node over a border changes the objective by, in the middle."""
    border = np.flatnonzero(column[space.origin] != column[space.neighbor])
    if not len(border):
        return 1.0
    node, to = space.origin[border], column[space.neighbor[border]]
    if space.is_free:
        center = centers_of(space, column)
        change = space.cost[node, center[to]] - space.cost[node, center[column[node]]]
    else:
        change = space.cost[node, to] - space.cost[node, column[node]]
    change = np.abs(change[np.isfinite(change) & (change != 0)])
    return float(np.median(change)) if len(change) else 1.0


def centers_of(space: Space, column: Positions) -> Positions:
    """Return the best center of each territory among its nodes; 0 for an empty one. Shape ``(territories,)``."""
    center = np.zeros(len(space.lower), dtype=np.int64)
    for territory in range(len(center)):
        member = np.flatnonzero(column == territory)
        if len(member):
            center[territory] = member[np.argmin(space.cost[np.ix_(member, member)].sum(axis=0))]
    return center


def _state(space: Space, column: Positions, seed: int) -> State:
    nodes, (columns, loads) = len(space.amount), space.lower.shape
    column = np.array(column, dtype=np.int64)
    members = nodes if space.is_free else 0
    state = State(
        column=column,
        member=np.zeros((columns, members), dtype=np.int64),
        place=np.zeros(members, dtype=np.int64),
        size=np.bincount(column[space.needs_edge], minlength=columns).astype(np.int64),
        center_sum=np.zeros((columns, members)),
        column_cost=np.zeros(columns),
        load=_loads(space, column),
        total=np.zeros(loads),
        weight=space.base.copy(),
        value=np.zeros(columns),
        bad=np.zeros(columns, dtype=np.bool_),
        best=column.copy(),
        touched=np.zeros(nodes, dtype=np.int64),
        is_touched=np.zeros(nodes, dtype=np.bool_),
        mark=np.zeros(nodes, dtype=np.int64),
        queue=np.zeros(nodes, dtype=np.int64),
        numbers=np.array([0.0, 0.0, 0.0, np.inf]),
        counts=np.zeros(4, dtype=np.int64),
        random=np.array([(seed * 2654435761 + 88172645463325252) % 2**64], dtype=np.uint64),
    )
    state.total[:] = np.where(space.counted, state.load, 0.0).sum(axis=0)
    over = np.maximum(0.0, state.total - space.total_upper)
    if loads:
        state.numbers[TOTAL_VALUE] = np.where(over > 0, (over + space.margin) * 10.0 * space.base[0], 0.0).sum()
    for territory in range(columns):
        state.value[territory], state.bad[territory] = value_of(
            space, state.weight, territory, state.load[territory], state.total
        )
    if space.is_free:
        _place_members(space, state)
    else:
        state.numbers[COST] = space.cost[np.arange(nodes), column].sum()
    return state


def _place_members(space: Space, state: State) -> None:
    for territory in range(len(state.size)):
        member = np.flatnonzero(state.column == territory)
        state.member[territory, : len(member)] = member
        state.place[member] = np.arange(len(member))
        state.center_sum[territory] = space.cost[member].sum(axis=0)
        if len(member):
            state.column_cost[territory] = state.center_sum[territory, member].min()
    state.numbers[COST] = state.column_cost.sum()


def _loads(space: Space, column: Positions) -> Any:
    load = np.zeros(space.lower.shape)
    np.add.at(load, column, space.amount)
    node = np.repeat(np.arange(len(column)), np.diff(space.delta_start))
    chosen = column[node] == space.delta_column
    np.add.at(load, space.delta_column[chosen], space.delta[chosen])
    return load


def _trial(space: Space) -> Trial:
    columns, loads = space.lower.shape
    touched = 2 * MAX_NODES
    return Trial(
        node=np.zeros(MAX_NODES, dtype=np.int64),
        source=np.zeros(MAX_NODES, dtype=np.int64),
        target=np.zeros(MAX_NODES, dtype=np.int64),
        columns=np.zeros(touched, dtype=np.int64),
        load=np.zeros((touched, loads)),
        value=np.zeros(touched),
        bad=np.zeros(touched, dtype=np.bool_),
        cost=np.zeros(touched),
        total=np.zeros(loads),
        all_value=np.zeros(columns),
        all_bad=np.zeros(columns, dtype=np.bool_),
        numbers=np.zeros(2),
    )
