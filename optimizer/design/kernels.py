"""The compiled part of the search for connected territories: moves of one or two nodes, accepted by annealing.

A *node* is what is assigned as a whole, a *column* the territory that it goes to. No accepted move takes a territory
apart: what leaves is moved first on trial, then a search through the territory from one end of the wound must find
all others. Costs belong to pairs (the centers are given) or follow from the territory (its best member is its center:
the sums of distances to every possible center are kept up to date, so that the best one is known after every move).

Owns the state in the form the machine likes: flat arrays, one random number generator, no Python objects, no fast
math. It refuses to decide how hot and how long: that is :mod:`optimizer.design.annealing`.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np

SHIFT: Final = 0.35
"""Share of trials that move one node."""
PAIR: Final = 0.15
"""Share of trials that move a node with a neighbor."""
LOOSE: Final = 0.02
"""Share of trials that move a node anywhere, where some need no connection; the rest exchange or pass on nodes."""
LOOK: Final = 1024
"""Trials between looks at the temperature and at the breached limits."""
TRIES: Final = 12
"""Places looked at to find a border, and steps of a walk to find a partner."""
GROW: Final = 1.15
"""How the price of a limit grows at each look that finds it breached."""
FADE: Final = 0.98
"""How it falls at each look that does not."""
MOST: Final = 1e6
"""Growth at which a price stops."""
MAX_NODES: Final = 2
"""Nodes of a move; it touches twice as many columns at most."""

COST, VALUE, TOTAL_VALUE, BEST = 0, 1, 2, 3
BAD, NUM_TOUCHED, ACCEPTED, STAMP = 0, 1, 2, 3


class Space(NamedTuple):
    """What does not change while the search runs."""

    start: Any  # (nodes + 1): where each node's neighbors begin
    neighbor: Any  # (edges, each twice)
    origin: Any  # (edges, each twice): whose neighbor it is
    cost: Any  # (nodes, columns), or (nodes, nodes) where centers are free
    is_free: Any  # whether territories choose their centers
    amount: Any  # (nodes, loads)
    delta_start: Any  # (nodes + 1)
    delta_column: Any  # (entries)
    delta: Any  # (entries, loads)
    loose_column: Any  # (columns): True where nobody asks for a connection
    loose_node: Any  # nodes that need none
    needs_edge: Any  # (nodes): False for these
    keeps_last: Any  # whether every territory keeps at least one node
    counted: Any  # (columns, loads): True where the column is part of the load's total
    lower: Any  # (columns, loads)
    upper: Any
    share_lower: Any  # limits as shares of the total
    share_upper: Any
    shared: Any  # (loads): True where a limit or a target follows the total
    total_upper: Any  # (loads)
    margin: Any  # (loads): a breach counts as so much larger than it is
    base: Any  # (columns, loads): smallest price of a breach
    soft_price: Any  # (loads)
    soft_tolerance: Any  # (loads)
    soft_target: Any  # (columns, loads)
    soft_share: Any  # (columns, loads): NaN where the target is constant


class State(NamedTuple):
    """What changes while the search runs."""

    column: Any  # (nodes)
    member: Any  # (columns, nodes): the nodes of each territory; used where centers are free
    place: Any  # (nodes): where a node stands among them
    size: Any  # (columns)
    center_sum: Any  # (columns, nodes): cost of a territory if this were its center
    column_cost: Any  # (columns): with its best center
    load: Any  # (columns, loads)
    total: Any  # (loads)
    weight: Any  # (columns, loads): price of a unit of breach
    value: Any  # (columns): priced breaches and soft balance
    bad: Any  # (columns): True where a limit is breached
    best: Any  # (nodes): columns of the best state that breaches nothing
    touched: Any  # (nodes): those changed since then
    is_touched: Any  # (nodes)
    mark: Any  # (nodes): last search that met the node
    queue: Any  # (nodes)
    numbers: Any  # float64: COST, VALUE, TOTAL_VALUE, BEST
    counts: Any  # int64: BAD, NUM_TOUCHED, ACCEPTED, STAMP
    random: Any  # uint64 (1,)


class Trial(NamedTuple):
    """A move under consideration."""

    node: Any  # (MAX_NODES)
    source: Any
    target: Any
    columns: Any  # (2 * MAX_NODES): columns touched
    load: Any  # (2 * MAX_NODES, loads): their loads after the move
    value: Any  # (2 * MAX_NODES)
    bad: Any
    cost: Any  # (2 * MAX_NODES): their costs after the move, where centers are free
    total: Any  # (loads)
    all_value: Any  # (columns), where a total that others follow moves
    all_bad: Any
    numbers: Any  # float64 (2): cost and value of totals after the move


@numba.njit(cache=True, nogil=True, inline="always")
def _next(random):  # type: ignore[no-untyped-def]  # compiled
    """Return the next 64 random bits (xorshift64*, Vigna 2016, doi 10.1145/2845077)."""
    bits = random[0]
    bits ^= bits >> np.uint64(12)
    bits ^= bits << np.uint64(25)
    bits ^= bits >> np.uint64(27)
    random[0] = bits
    return bits * np.uint64(2685821657736338717)


@numba.njit(cache=True, nogil=True, inline="always")
def _below(random, limit):  # type: ignore[no-untyped-def]  # compiled
    """Return a random integer in [0, limit), limit < 2^31."""
    return np.int64(((_next(random) >> np.uint64(33)) * np.uint64(limit)) >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def _uniform(random):  # type: ignore[no-untyped-def]  # compiled
    """Return a random float in (0, 1]."""
    return (np.float64(_next(random) >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740992.0)


@numba.njit(cache=True, nogil=True)
def value_of(space, weight, column, load, total):  # type: ignore[no-untyped-def]  # compiled
    """Return priced breaches plus soft balance of a column at some loads, and whether a limit is breached."""
    value = 0.0
    bad = False
    for kind in range(load.shape[0]):
        lower, upper = space.lower[column, kind], space.upper[column, kind]
        target = space.soft_target[column, kind]
        if space.shared[kind]:
            if space.share_upper[column, kind] < np.inf:
                upper = min(upper, space.share_upper[column, kind] * total[kind])
            if space.share_lower[column, kind] > -np.inf:
                lower = max(lower, space.share_lower[column, kind] * total[kind])
            if not np.isnan(space.soft_share[column, kind]):
                target = space.soft_share[column, kind] * total[kind]
        breach = max(load[kind] - upper, lower - load[kind])
        if breach > 0:
            bad = True
            value += (breach + space.margin[kind]) * weight[column, kind]
        if target > 0 and space.soft_price[kind] > 0:
            tolerance = space.soft_tolerance[kind]
            excess = abs(load[kind] - target) / target - tolerance
            if excess > 0:
                value += space.soft_price[kind] * excess
            if excess > tolerance:
                value += 2.0 * space.soft_price[kind] * (excess - tolerance)
    return value, bad


@numba.njit(cache=True, nogil=True, inline="always")
def _total_value(space, total):  # type: ignore[no-untyped-def]  # compiled
    """Return the price of totals above their limits."""
    value = 0.0
    for kind in range(total.shape[0]):
        if total[kind] > space.total_upper[kind]:
            value += (total[kind] - space.total_upper[kind] + space.margin[kind]) * 10.0 * space.base[0, kind]
    return value


@numba.njit(cache=True, nogil=True)
def _add_amount(space, node, column, sign, into, total):  # type: ignore[no-untyped-def]  # compiled
    """Add or take away what a node brings to a column."""
    for kind in range(into.shape[0]):
        amount = space.amount[node, kind]
        for entry in range(space.delta_start[node], space.delta_start[node + 1]):
            if space.delta_column[entry] == column:
                amount += space.delta[entry, kind]
        into[kind] += sign * amount
        if space.counted[column, kind]:
            total[kind] += sign * amount


@numba.njit(cache=True, nogil=True)
def _free_cost(space, state, trial, count, column):  # type: ignore[no-untyped-def]  # compiled
    """Return a territory's cost with its best center after a move; 0 for an empty one."""
    best = np.inf
    left = state.size[column]
    for place in range(state.size[column] + count):
        if place < state.size[column]:
            center = state.member[column, place]
            gone = False
            for move in range(count):
                gone |= trial.node[move] == center and trial.source[move] == column
            if gone:
                left -= 1
                continue
        else:
            move = place - state.size[column]
            if trial.target[move] != column:
                continue
            center = trial.node[move]
            left += 1
        cost = state.center_sum[column, center]
        for move in range(count):
            if trial.target[move] == column:
                cost += space.cost[trial.node[move], center]
            elif trial.source[move] == column:
                cost -= space.cost[trial.node[move], center]
        best = min(best, cost)
    return best if left > 0 else 0.0


@numba.njit(cache=True, nogil=True)
def _evaluate(space, state, trial, count):  # type: ignore[no-untyped-def]  # compiled
    """Fill in what a move leads to; return what it changes in all, and how many columns it touches."""
    touched = 0
    for kind in range(trial.total.shape[0]):
        trial.total[kind] = state.total[kind]
    cost = 0.0
    for move in range(count):
        for end in range(2):
            column = trial.source[move] if end == 0 else trial.target[move]
            position = -1
            for seen in range(touched):
                if trial.columns[seen] == column:
                    position = seen
            if position < 0:
                position = touched
                touched += 1
                trial.columns[position] = column
                for kind in range(trial.load.shape[1]):
                    trial.load[position, kind] = state.load[column, kind]
            _add_amount(space, trial.node[move], column, -1.0 if end == 0 else 1.0, trial.load[position], trial.total)
        if not space.is_free:
            node = trial.node[move]
            cost += space.cost[node, trial.target[move]] - space.cost[node, trial.source[move]]
    if not cost < np.inf:
        return np.inf, touched
    if space.is_free:
        for position in range(touched):
            column = trial.columns[position]
            trial.cost[position] = _free_cost(space, state, trial, count, column)
            cost += trial.cost[position] - state.column_cost[column]
    moved = False
    for kind in range(trial.total.shape[0]):
        moved |= space.shared[kind] and trial.total[kind] != state.total[kind]
    value = 0.0
    for position in range(touched):
        column = trial.columns[position]
        trial.value[position], trial.bad[position] = value_of(
            space, state.weight, column, trial.load[position], trial.total
        )
        value += trial.value[position] - state.value[column]
    if moved:
        value = _evaluate_all(space, state, trial, touched)
    total_value = _total_value(space, trial.total)
    trial.numbers[0], trial.numbers[1] = cost, total_value
    return cost + value + total_value - state.numbers[TOTAL_VALUE], touched


@numba.njit(cache=True, nogil=True)
def _evaluate_all(space, state, trial, touched):  # type: ignore[no-untyped-def]  # compiled
    """Price every column anew, as a total that limits follow moves; return the change."""
    value = 0.0
    for column in range(state.size.shape[0]):
        trial.all_value[column], trial.all_bad[column] = value_of(
            space, state.weight, column, state.load[column], trial.total
        )
    for position in range(touched):
        trial.all_value[trial.columns[position]] = trial.value[position]
        trial.all_bad[trial.columns[position]] = trial.bad[position]
    for column in range(state.size.shape[0]):
        value += trial.all_value[column] - state.value[column]
    return value


@numba.njit(cache=True, nogil=True)
def _holds_together(space, state, trial, count, column):  # type: ignore[no-untyped-def]  # compiled
    """Return whether all ends of the wound that a move leaves in a territory still reach each other.

    The move stands already in ``state.column``. Ends are the neighbors left behind by nodes that went, and nodes that
    came.
    """
    if space.loose_column[column]:
        return True
    mark, queue = state.mark, state.queue
    state.counts[STAMP] += 2
    end_stamp, seen_stamp = state.counts[STAMP] - 1, state.counts[STAMP]
    ends = 0
    first = -1
    for move in range(count):
        node = trial.node[move]
        if not space.needs_edge[node]:
            continue
        if trial.target[move] == column:
            if mark[node] != end_stamp:
                mark[node] = end_stamp
                ends += 1
                first = node
            touches = False
            for edge in range(space.start[node], space.start[node + 1]):
                touches |= state.column[space.neighbor[edge]] == column
            if not touches and state.size[column] > 0:
                return False
        elif trial.source[move] == column:
            for edge in range(space.start[node], space.start[node + 1]):
                other = space.neighbor[edge]
                if state.column[other] == column and mark[other] != end_stamp:
                    mark[other] = end_stamp
                    ends += 1
                    first = other
    if ends <= 1:
        return True
    head, tail = 0, 1
    queue[0] = first
    mark[first] = seen_stamp
    ends -= 1
    while head < tail:
        node = queue[head]
        head += 1
        for edge in range(space.start[node], space.start[node + 1]):
            other = space.neighbor[edge]
            if state.column[other] == column and mark[other] != seen_stamp:
                if mark[other] == end_stamp:
                    ends -= 1
                    if ends == 0:
                        return True
                mark[other] = seen_stamp
                queue[tail] = other
                tail += 1
    return False


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
        state.size[source] -= 1
        state.size[target] += 1
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


@numba.njit(cache=True, nogil=True, inline="always")
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
    dice = _uniform(random)
    num_columns = state.size.shape[0]
    if dice < LOOSE:
        node = np.int64(-1)
        if space.loose_node.shape[0] > 0:
            node = space.loose_node[_below(random, space.loose_node.shape[0])]
        target = _below(random, num_columns)
        if node < 0 or _uniform(random) < 0.5:
            if not (space.loose_column[target] or state.size[target] == 0):
                return 0
            node = _below(random, state.column.shape[0])
        return _write(state, trial, 0, node, target)
    edge = np.int64(-1)
    for _ in range(TRIES):
        edge = _below(random, space.neighbor.shape[0])
        if state.column[space.origin[edge]] != state.column[space.neighbor[edge]]:
            break
    node, beside = space.origin[edge], space.neighbor[edge]
    source, target = state.column[node], state.column[beside]
    if source == target or space.loose_column[target]:
        return 0
    count = _write(state, trial, 0, node, target)
    if dice < LOOSE + SHIFT:
        return count
    if dice < LOOSE + SHIFT + PAIR:
        other = space.neighbor[space.start[node] + _below(random, space.start[node + 1] - space.start[node])]
        if state.column[other] != source:
            return 0
        return _write(state, trial, 1, other, target)
    return _propose_exchange(space, state, trial, source, target, beside)


@numba.njit(cache=True, nogil=True)
def _propose_exchange(space, state, trial, source, target, walker):  # type: ignore[no-untyped-def]  # compiled
    """Add a second node that leaves the first one's target, back or on to a third territory; 0 for none found."""
    random = state.random
    back = _uniform(random) < 0.5
    for _ in range(TRIES):
        degree = space.start[walker + 1] - space.start[walker]
        other = space.neighbor[space.start[walker] + _below(random, degree)]
        to = state.column[other]
        if state.column[walker] == target and to != target and not space.loose_column[to] and (to == source) == back:
            return _write(state, trial, 1, walker, to)
        if to == target or (back and to == source and other != trial.node[0]):
            walker = other
    return 0


@numba.njit(cache=True, nogil=True, inline="always")
def _write(state, trial, move, node, target):  # type: ignore[no-untyped-def]  # compiled
    """Write one node of a move; return how many there are now, 0 when it goes nowhere."""
    trial.node[move], trial.source[move], trial.target[move] = node, state.column[node], target
    return move + 1 if state.column[node] != target else 0


@numba.njit(cache=True, nogil=True)
def _is_allowed(space, state, trial, count):  # type: ignore[no-untyped-def]  # compiled
    """Set the nodes to their new columns where that takes no territory apart; else leave everything as it was."""
    if space.keeps_last:
        for move in range(count):
            gone = 0
            for other in range(count):
                gone += trial.source[other] == trial.source[move]
                gone -= trial.target[other] == trial.source[move]
            if gone >= state.size[trial.source[move]]:
                return False
    for move in range(count):
        state.column[trial.node[move]] = trial.target[move]
    holds = True
    for move in range(count):
        holds = holds and _holds_together(space, state, trial, count, trial.source[move])
        holds = holds and _holds_together(space, state, trial, count, trial.target[move])
    if not holds:
        for move in range(count):
            state.column[trial.node[move]] = trial.source[move]
    return holds


@numba.njit(cache=True, nogil=True)
def anneal(space, state, trial, trials, hot, cold):  # type: ignore[no-untyped-def]  # compiled
    """Try moves while the temperature falls from hot to cold; the best state without a breach stays in ``best``."""
    temperature = hot
    for number in range(trials):
        if number % LOOK == 0:
            temperature = hot * (cold / hot) ** (number / trials)
            _reweigh(space, state)
        count = _propose(space, state, trial)
        if count == 0:
            continue
        change, touched = _evaluate(space, state, trial, count)
        if change > 0 and change > -temperature * np.log(_uniform(state.random)):
            continue
        if _is_allowed(space, state, trial, count):
            _apply(space, state, trial, count, touched)
            _keep_best(state)
