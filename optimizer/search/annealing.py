"""The compiled part of local search: moves of one to three items, accepted by simulated annealing.

Owns the state in the form the machine likes: flat arrays, random numbers of our own, no Python objects, no fast math,
so that a seed and a number of trials give the same result everywhere. It refuses to decide how hot, how long and how
dear a breached limit is: that is :mod:`optimizer.search.local_search`.

A *slot* is a candidate pair (item, column). Arrays over columns and loads have shape ``(columns, loads)``, the order
in which they are read.
"""

from typing import Final

import numba
import numpy as np

from optimizer.compiled import uncounted
from optimizer.randomness import below, uniform
from optimizer.search.annealing_state import (
    ACCEPTED,
    BAD_COLUMNS,
    BEST_OBJECTIVE,
    COST,
    NUM_LISTED,
    NUM_TOUCHED,
    VALUE,
)

SHIFT: Final = 0.30
"""Share of trials that move one item."""
SWAP: Final = 0.35
"""Share of trials that exchange two items; the rest are chains over three columns, open or closed."""
CHAIN: Final = 0.20
"""Share of trials that are open chains."""
REPAIR_EVERY: Final = 4
"""Every so many trials begin at a breached column, while there are any: its pairs may be dearer than the reach."""
LOOK: Final = 1024
"""Trials between looks at the temperature and at the breached columns."""
TRIES: Final = 12
"""Places looked at to find a partner."""


@numba.njit(cache=True, nogil=True, inline="always")
def _column_value(space, state, column, load):  # type: ignore[no-untyped-def]  # compiled
    """Return penalty plus soft balance of a column at some loads, and whether a limit is breached."""
    value = 0.0
    bad = False
    for kind in range(load.shape[0]):
        over = load[kind] - state.upper[column, kind]
        if over > 0:
            bad = True
            value += (over + space.margin[kind]) * state.weight_upper[column, kind]
        under = state.lower[column, kind] - load[kind]
        if under > 0:
            bad = True
            value += (under + space.margin[kind]) * state.weight_lower[column, kind]
        target = state.target[column, kind]
        if target > 0 and space.soft_price[kind] > 0:
            excess = abs(load[kind] - target) / target - space.soft_tolerance[kind]
            if excess > 0:
                value += space.soft_price[kind] * excess
            if excess > space.soft_tolerance[kind]:
                value += 2.0 * space.soft_price[kind] * (excess - space.soft_tolerance[kind])
    return value, bad


@numba.njit(cache=True, nogil=True, inline="always")
def _total_value(space, state, total):  # type: ignore[no-untyped-def]  # compiled
    """Return the penalty of totals above their limits."""
    value = 0.0
    for kind in range(total.shape[0]):
        if total[kind] > space.total_upper[kind]:
            value += (total[kind] - space.total_upper[kind] + space.margin[kind]) * state.weight_total[kind]
    return value


@numba.njit(cache=True, nogil=True, inline="always")
def _total_is_bad(space, total):  # type: ignore[no-untyped-def]  # compiled
    """Return whether a total exceeds its limit."""
    bad = False
    for kind in range(total.shape[0]):
        bad |= total[kind] > space.total_upper[kind]
    return bad


@uncounted
def _follow_totals(space, state):  # type: ignore[no-untyped-def]  # compiled
    """Bring limits, targets and the value of every column up to date with loads and totals."""
    columns, loads = state.load.shape
    for kind in range(loads):
        if not space.shared[kind]:
            continue
        total = state.total[kind]
        for column in range(columns):
            if space.share_lower[column, kind] > -np.inf:
                least = space.share_lower[column, kind] * total
                state.lower[column, kind] = max(space.fixed_lower[column, kind], least)
            if space.share_upper[column, kind] < np.inf:
                most = space.share_upper[column, kind] * total
                state.upper[column, kind] = min(space.fixed_upper[column, kind], most)
            if not np.isnan(space.soft_share[column, kind]):
                state.target[column, kind] = space.soft_share[column, kind] * total
    state.numbers[VALUE] = 0.0
    state.counts[BAD_COLUMNS] = 0
    for column in range(columns):
        value, bad = _column_value(space, state, column, state.load[column])
        state.value[column] = value
        state.bad[column] = bad
        state.numbers[VALUE] += value
        state.counts[BAD_COLUMNS] += bad


@uncounted
def recount(space, state):  # type: ignore[no-untyped-def]  # compiled
    """Sum loads, totals, cost and values afresh, so that float drift does not build up."""
    cost = 0.0
    loads = state.load.shape[1]
    for kind in range(loads):
        state.total[kind] = 0.0
        for column in range(state.load.shape[0]):
            state.load[column, kind] = 0.0
    for item in range(state.slot.shape[0]):
        slot = state.slot[item]
        cost += space.cost[slot]
        column = space.column[slot]
        for kind in range(loads):
            state.load[column, kind] += space.amount[item, kind]
        entry = space.correction[slot]
        if entry >= 0:
            for kind in range(loads):
                state.load[column, kind] += space.delta[entry, kind]
    for column in range(state.load.shape[0]):
        for kind in range(loads):
            if space.counted[column, kind]:
                state.total[kind] += state.load[column, kind]
    state.numbers[COST] = cost
    _follow_totals(space, state)


@numba.njit(cache=True, nogil=True, inline="always")
def _take_out(space, slot, load, total, sign):  # type: ignore[no-untyped-def]  # compiled
    """Add ``sign`` times a pair's amounts to a column's loads and to the totals."""
    item = space.item[slot]
    column = space.column[slot]
    entry = space.correction[slot]
    for kind in range(load.shape[0]):
        change = space.amount[item, kind]
        if entry >= 0:
            change += space.delta[entry, kind]
        load[kind] += sign * change
        if space.counted[column, kind]:
            total[kind] += sign * change


@numba.njit(cache=True, nogil=True, inline="always")
def _partner(space, state, column, inside):  # type: ignore[no-untyped-def]  # compiled
    """Return a slot of ``column`` whose item is now in column ``inside``, −1 when none turned up."""
    first, last = space.column_start[column], space.column_start[column + 1]
    if last <= first:
        return -1
    at = first + below(state.random, last - first)
    for _ in range(TRIES):
        slot = space.column_slots[at]
        if space.column[state.slot[space.item[slot]]] == inside:
            return slot
        at += 1
        if at == last:
            at = first
    return -1


@numba.njit(cache=True, nogil=True, inline="always")
def _any_exit(space, state, column):  # type: ignore[no-untyped-def]  # compiled
    """Return a slot to which some item of ``column`` may leave, −1 when none turned up."""
    own = _partner(space, state, column, column)
    if own < 0:
        return -1
    item = space.item[own]
    first, last = space.start[item], space.start[item + 1]
    slot = first + below(state.random, last - first)
    return slot if space.column[slot] != column else -1


@uncounted
def _list_breached(state):  # type: ignore[no-untyped-def]  # compiled
    """Write down which columns are breached."""
    listed = 0
    for column in range(state.bad.shape[0]):
        if state.bad[column]:
            state.listed[listed] = column
            listed += 1
    state.counts[NUM_LISTED] = listed


@uncounted
def _slot_for_breached(space, state):  # type: ignore[no-untyped-def]  # compiled
    """Return a slot that helps a column breached at the last look, −1 when none turned up."""
    column = state.listed[below(state.random, state.counts[NUM_LISTED])]
    if not state.bad[column]:
        return -1
    lacks = False
    for kind in range(state.load.shape[1]):
        lacks |= state.load[column, kind] < state.lower[column, kind]
    first, last = space.column_start[column], space.column_start[column + 1]
    if lacks and last > first:
        return space.column_slots[first + below(state.random, last - first)]
    return _any_exit(space, state, column)


@numba.njit(cache=True, nogil=True, inline="always")
def _propose(space, state, move, first):  # type: ignore[no-untyped-def]  # compiled
    """Write the new slots of a random move that begins with ``first``; return how many there are, 0 for none."""
    here = space.column[state.slot[space.item[first]]]
    there = space.column[first]
    if here == there:
        return 0
    move[0] = first
    kind = uniform(state.random)
    if kind < SHIFT:
        return 1
    if kind < SHIFT + SWAP:
        move[1] = _partner(space, state, here, there)
        return 2 if move[1] >= 0 else 0
    move[1] = _any_exit(space, state, there)
    if move[1] < 0:
        return 0
    beyond = space.column[move[1]]
    if kind < SHIFT + SWAP + CHAIN or beyond == here:
        return 2
    move[2] = _partner(space, state, here, beyond)
    return 3 if move[2] >= 0 else 0


@numba.njit(cache=True, nogil=True, inline="always")
def _evaluate(space, state, move, size, columns, load, total):  # type: ignore[no-untyped-def]  # compiled
    """Return the change of cost and value by a move, and the number of columns it touches."""
    touched = 0
    for kind in range(total.shape[0]):
        total[kind] = state.total[kind]
    cost = 0.0
    for step in range(2 * size):
        slot = move[step // 2]
        if step % 2 == 0:
            slot = state.slot[space.item[slot]]
            cost -= space.cost[slot]
        else:
            cost += space.cost[slot]
        place = 0
        while place < touched and columns[place] != space.column[slot]:
            place += 1
        if place == touched:
            columns[place] = space.column[slot]
            for kind in range(total.shape[0]):
                load[place, kind] = state.load[columns[place], kind]
            touched += 1
        _take_out(space, slot, load[place], total, 1.0 if step % 2 else -1.0)
    change = cost + _total_value(space, state, total) - _total_value(space, state, state.total)
    for place in range(touched):
        change += _column_value(space, state, columns[place], load[place])[0] - state.value[columns[place]]
    return change, cost, touched


@numba.njit(cache=True, nogil=True, inline="always")
def _apply(space, state, move, size, columns, touched, load, total, cost):  # type: ignore[no-untyped-def]  # compiled
    """Make the state that `_evaluate` looked at the present one."""
    for step in range(size):
        item = space.item[move[step]]
        state.slot[item] = move[step]
        if not state.is_touched[item]:
            state.is_touched[item] = True
            state.touched[state.counts[NUM_TOUCHED]] = item
            state.counts[NUM_TOUCHED] += 1
    state.numbers[COST] += cost
    moved_target = False
    for kind in range(total.shape[0]):
        if space.shared[kind] and total[kind] != state.total[kind]:
            moved_target = True
        state.total[kind] = total[kind]
    for place in range(touched):
        for kind in range(total.shape[0]):
            state.load[columns[place], kind] = load[place, kind]
    if moved_target:
        _follow_totals(space, state)
        return
    for place in range(touched):
        column = columns[place]
        value, bad = _column_value(space, state, column, load[place])
        state.numbers[VALUE] += value - state.value[column]
        state.value[column] = value
        state.counts[BAD_COLUMNS] += np.int64(bad) - np.int64(state.bad[column])
        state.bad[column] = bad


@numba.njit(cache=True, nogil=True, inline="always")
def keep_best(space, state):  # type: ignore[no-untyped-def]  # compiled
    """Remember the present state when it is feasible and better than the best."""
    if state.counts[BAD_COLUMNS] > 0 or _total_is_bad(space, state.total):
        return False
    objective = state.numbers[COST] + state.numbers[VALUE]
    if objective >= state.numbers[BEST_OBJECTIVE] - 1e-12 * abs(objective):
        return False
    state.numbers[BEST_OBJECTIVE] = objective
    for at in range(state.counts[NUM_TOUCHED]):
        item = state.touched[at]
        state.best[item] = state.slot[item]
        state.is_touched[item] = False
    state.counts[NUM_TOUCHED] = 0
    return True


@uncounted
def anneal(space, state, room, trials, hot, cold, reach):  # type: ignore[no-untyped-def]  # compiled
    """Try so many random moves while the temperature falls from ``hot`` to ``cold``, both ≥ 0.

    Only the first ``reach`` of the movable slots are proposed, but for breached columns, which may take any.
    """
    move, columns, load, total = room.move, room.columns, room.load, room.total
    if reach == 0:
        return
    temperature = hot
    for trial in range(trials):
        if trial % LOOK == 0:
            _list_breached(state)
            temperature = hot + (cold - hot) * (trial / trials)
        first = space.movable[below(state.random, reach)]
        if state.counts[NUM_LISTED] > 0 and trial % REPAIR_EVERY == 0:
            first = _slot_for_breached(space, state)
            if first < 0:
                continue
        size = _propose(space, state, move, first)
        if size == 0:
            continue
        change, cost, touched = _evaluate(space, state, move, size, columns, load, total)
        if change > 0 and (temperature <= 0 or change > -temperature * np.log(uniform(state.random))):
            continue
        _apply(space, state, move, size, columns, touched, load, total, cost)
        state.counts[ACCEPTED] += 1
        keep_best(space, state)
