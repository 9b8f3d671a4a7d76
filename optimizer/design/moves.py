"""What a move changes, compiled: costs, loads and priced limits of the columns that it touches."""

import numba
import numpy as np

from optimizer.design.state import TOTAL_VALUE


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


@numba.njit(cache=True, nogil=True)
def total_value(space, total):  # type: ignore[no-untyped-def]  # compiled
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
def evaluate(space, state, trial, count):  # type: ignore[no-untyped-def]  # compiled
    """Fill in what a move leads to; return what it changes in all, and how many columns it touches."""
    cost, touched = _move_loads(space, state, trial, count)
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
    of_totals = total_value(space, trial.total)
    trial.numbers[0], trial.numbers[1] = cost, of_totals
    return cost + value + of_totals - state.numbers[TOTAL_VALUE], touched


@numba.njit(cache=True, nogil=True)
def _move_loads(space, state, trial, count):  # type: ignore[no-untyped-def]  # compiled
    """Fill in loads and totals after a move; return what given centers cost more, and how many columns it touches."""
    touched = 0
    for kind in range(trial.total.shape[0]):
        trial.total[kind] = state.total[kind]
    cost = 0.0
    for move in range(count):
        node, source, target = trial.node[move], trial.source[move], trial.target[move]
        for column, sign in ((source, -1.0), (target, 1.0)):
            position = _position_of(state, trial, touched, column)
            touched = max(touched, position + 1)
            _add_amount(space, node, column, sign, trial.load[position], trial.total)
        if not space.is_free:
            cost += space.cost[node, target] - space.cost[node, source]
    return cost, touched


@numba.njit(cache=True, nogil=True)
def _position_of(state, trial, touched, column):  # type: ignore[no-untyped-def]  # compiled
    """Return where a column stands among those that a move touches; it comes last, with its load, when it is new."""
    for position in range(touched):
        if trial.columns[position] == column:
            return position
    trial.columns[touched] = column
    for kind in range(trial.load.shape[1]):
        trial.load[touched, kind] = state.load[column, kind]
    return touched


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
