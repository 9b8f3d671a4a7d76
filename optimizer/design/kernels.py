"""The compiled part of the search for connected territories: moves of one or two nodes, accepted by annealing.

A *node* is what is assigned as a whole, a *column* the territory that it goes to. No accepted move takes a territory
apart: what leaves is moved first on trial, then a search through the territory from one end of the wound must find
all others. Costs belong to pairs (the centers are given) or follow from the territory (its best member is its center:
the sums of distances to every possible center are kept up to date, so that the best one is known after every move).

Flat arrays, one random number generator, no Python objects, no fast math. How hot and how long is for the callers to
say.
"""

from typing import Final

import numba
import numpy as np

from optimizer.design.connection import is_allowed
from optimizer.design.moves import evaluate, value_of
from optimizer.design.state import ACCEPTED, BAD, BEST, COST, NUM_TOUCHED, TOTAL_VALUE, VALUE
from optimizer.randomness import below, uniform

SHIFT: Final = 0.35
"""Share of trials that move one node."""
PAIR: Final = 0.15
"""Share of trials that move a node with a neighbor."""
LOOSE: Final = 0.02
"""Share of trials that move a node anywhere, where some need no connection; the rest exchange or pass on nodes."""
LOOK: Final = 1024
"""Trials between looks at the temperature and at the breached limits, at least."""
LOOK_COLUMN: Final = 40
"""The same for each column: a price that rises before anybody could mend the breach drives others out of band."""
TRIES: Final = 12
"""Places looked at to find a border, and steps of a walk to find a partner."""
MEND: Final = 0.5
"""Share of trials that begin at a breached territory while there is one."""
MEND_TRIES: Final = 64
"""Places looked at to find its border."""
GROW: Final = 1.15
"""How the price of a limit grows at each look that finds it breached."""
FADE: Final = 0.98
"""How it falls at each look that does not."""
MOST: Final = 1e6
"""Growth at which a price stops."""


@numba.njit(cache=True, nogil=True)
def _apply(space, state, trial, count, touched):  # type: ignore[no-untyped-def]  # compiled
    """Carry out a move whose nodes already stand in their new columns."""
    for move in range(count):
        node, source, target = trial.node[move], trial.source[move], trial.target[move]
        if space.is_free:
            last = state.member[source, state.size[source] - 1]
            state.member[source, state.place[node]] = last
            state.place[last] = state.place[node]
            state.member[target, state.size[target]] = node
            state.place[node] = state.size[target]
            for center in range(state.center_sum.shape[1]):
                state.center_sum[source, center] -= space.cost[node, center]
                state.center_sum[target, center] += space.cost[node, center]
        state.size[source] -= space.needs_edge[node]
        state.size[target] += space.needs_edge[node]
        if not state.is_touched[node]:
            state.is_touched[node] = True
            state.touched[state.counts[NUM_TOUCHED]] = node
            state.counts[NUM_TOUCHED] += 1
    moved = False
    for kind in range(state.total.shape[0]):
        moved |= space.shared[kind] and trial.total[kind] != state.total[kind]
        state.total[kind] = trial.total[kind]
    for position in range(touched):
        column = trial.columns[position]
        for kind in range(state.load.shape[1]):
            state.load[column, kind] = trial.load[position, kind]
        if space.is_free:
            state.column_cost[column] = trial.cost[position]
        if not moved:
            _set_value(state, column, trial.value[position], trial.bad[position])
    if moved:
        for column in range(state.size.shape[0]):
            _set_value(state, column, trial.all_value[column], trial.all_bad[column])
    state.numbers[COST] += trial.numbers[0]
    state.numbers[TOTAL_VALUE] = trial.numbers[1]
    state.counts[ACCEPTED] += 1


@numba.njit(cache=True, nogil=True)
def _set_value(state, column, value, bad):  # type: ignore[no-untyped-def]  # compiled
    """Take note of a column's new value."""
    state.numbers[VALUE] += value - state.value[column]
    state.counts[BAD] += np.int64(bad) - np.int64(state.bad[column])
    state.value[column] = value
    state.bad[column] = bad


@numba.njit(cache=True, nogil=True)
def _keep_best(state):  # type: ignore[no-untyped-def]  # compiled
    """Copy the state where it breaches nothing and is the best so far."""
    if state.counts[BAD] > 0 or state.numbers[TOTAL_VALUE] > 0:
        return
    objective = state.numbers[COST] + state.numbers[VALUE]
    if objective >= state.numbers[BEST] - 1e-12 * abs(objective):
        return
    state.numbers[BEST] = objective
    for position in range(state.counts[NUM_TOUCHED]):
        node = state.touched[position]
        state.best[node] = state.column[node]
        state.is_touched[node] = False
    state.counts[NUM_TOUCHED] = 0


@numba.njit(cache=True, nogil=True)
def _reweigh(space, state):  # type: ignore[no-untyped-def]  # compiled
    """Raise the prices of breached limits, let the others fall, and add everything up anew."""
    state.numbers[VALUE] = 0.0
    state.counts[BAD] = 0
    for column in range(state.size.shape[0]):
        for kind in range(state.load.shape[1]):
            base = space.base[column, kind]
            if state.bad[column]:
                state.weight[column, kind] = min(MOST * base, state.weight[column, kind] * GROW)
            else:
                state.weight[column, kind] = max(base, state.weight[column, kind] * FADE)
        value, bad = value_of(space, state.weight, column, state.load[column], state.total)
        state.value[column] = value
        state.bad[column] = bad
        state.numbers[VALUE] += value
        state.counts[BAD] += np.int64(bad)


@numba.njit(cache=True, nogil=True)
def _propose(space, state, trial):  # type: ignore[no-untyped-def]  # compiled
    """Write a random move; return its number of nodes, 0 for none."""
    random = state.random
    dice = uniform(random)
    num_columns = state.size.shape[0]
    if dice < LOOSE:
        node = np.int64(-1)
        if space.loose_node.shape[0] > 0:
            node = space.loose_node[below(random, space.loose_node.shape[0])]
        target = below(random, num_columns)
        if node < 0 or uniform(random) < 0.5:
            if not (space.loose_column[target] or state.size[target] == 0):
                return 0
            node = below(random, state.column.shape[0])
        return _write(state, trial, 0, node, target)
    if space.neighbor.shape[0] == 0:
        return 0
    edge = np.int64(-1)
    mends = state.counts[BAD] > 0 and uniform(random) < MEND
    for _ in range(MEND_TRIES if mends else TRIES):
        edge = below(random, space.neighbor.shape[0])
        here, there = state.column[space.origin[edge]], state.column[space.neighbor[edge]]
        if here != there and (not mends or state.bad[here] or state.bad[there]):
            break
    node, beside = space.origin[edge], space.neighbor[edge]
    source, target = state.column[node], state.column[beside]
    if source == target or space.loose_column[target]:
        return 0
    count = _write(state, trial, 0, node, target)
    if dice < LOOSE + SHIFT:
        return count
    if dice < LOOSE + SHIFT + PAIR:
        other = space.neighbor[space.start[node] + below(random, space.start[node + 1] - space.start[node])]
        if state.column[other] != source:
            return 0
        return _write(state, trial, 1, other, target)
    return _propose_exchange(space, state, trial, source, target, beside)


@numba.njit(cache=True, nogil=True)
def _propose_exchange(space, state, trial, source, target, walker):  # type: ignore[no-untyped-def]  # compiled
    """Add a second node that leaves the first one's target, back or on to a third territory; 0 for none found."""
    random = state.random
    back = uniform(random) < 0.5
    for _ in range(TRIES):
        degree = space.start[walker + 1] - space.start[walker]
        other = space.neighbor[space.start[walker] + below(random, degree)]
        to = state.column[other]
        if state.column[walker] == target and to != target and not space.loose_column[to] and (to == source) == back:
            return _write(state, trial, 1, walker, to)
        if to == target or (back and to == source and other != trial.node[0]):
            walker = other
    return 0


@numba.njit(cache=True, nogil=True)
def _write(state, trial, move, node, target):  # type: ignore[no-untyped-def]  # compiled
    """Write one node of a move; return how many there are now, 0 when it goes nowhere."""
    trial.node[move], trial.source[move], trial.target[move] = node, state.column[node], target
    return move + 1 if state.column[node] != target else 0


@numba.njit(cache=True, nogil=True)
def anneal(space, state, trial, trials, hot, cold):  # type: ignore[no-untyped-def]  # compiled
    """Try moves while the temperature falls from hot to cold; the best state without a breach stays in ``best``."""
    temperature = hot
    look = max(LOOK, LOOK_COLUMN * state.size.shape[0])
    for number in range(trials):
        if number % look == 0:
            temperature = hot * (cold / hot) ** (number / trials)
            _reweigh(space, state)
        count = _propose(space, state, trial)
        if count == 0:
            continue
        change, touched = evaluate(space, state, trial, count)
        if change > 0 and change > -temperature * np.log(uniform(state.random)):
            continue
        if is_allowed(space, state, trial, count):
            _apply(space, state, trial, count, touched)
            _keep_best(state)
