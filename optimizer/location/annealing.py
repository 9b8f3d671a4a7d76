"""The compiled part of the search for centers: items change columns, centers change places, by simulated annealing.

Owns the state in the form the machine likes: flat arrays, territories as doubly linked lists, one random number
generator of our own (xorshift), so that a seed and a number of trials give the same result everywhere. It refuses to
decide how hot, how long and how dear a breached limit is: that is :mod:`optimizer.location.search`.

Values of pairs stand by place first, ``(places, items)``: a center that is tried reads one row.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np

SWAP: Final = 0.4
"""Share of the trials on items that exchange two of them."""
FAR_JUMP: Final = 0.1
"""Share of the trials on centers that take the place of any item of the territory instead of a near place."""
LOOK: Final = 256
"""Trials between looks at the temperature."""
TRIES: Final = 4
"""Neighbors looked at to find one of another territory."""
COST: Final = 0
ITEMS, COLUMNS = 0, 1


class Space(NamedTuple):
    """What does not change while the search runs."""

    cost: Any  # (places, items)
    banned: Any  # (columns, items), or (0, 0) where everything is allowed
    ban: float  # what a pair that may not be costs
    distance: Any  # (places, items), or (0, 0) where nobody's reach is limited
    reach: Any  # (columns)
    amount: Any  # (items, limits)
    lower: Any  # (columns, limits)
    upper: Any  # (columns, limits)
    margin: Any  # (limits): a breach counts as so much larger than it is
    home: Any  # (items): today's column, -1 for none
    leaving: Any  # (items): what another column than today's costs
    is_free: Any  # (columns): True where the center may move
    place_of: Any  # (items): a candidate place near the item, -1 where there is none
    near: Any  # (items, neighbors)
    near_places: Any  # (places, neighbors): candidates near the place
    is_exclusive: bool  # True where a place takes one center at most


class State(NamedTuple):
    """What changes."""

    center: Any  # (columns)
    taken: Any  # (places): how many centers stand there
    owner: Any  # (items)
    load: Any  # (columns, limits)
    first: Any  # (columns): the first item of each territory, -1 for none
    after: Any  # (items)
    before: Any  # (items)
    count: Any  # (columns)
    price: Any  # (limits): what a unit beyond a limit costs
    total: Any  # (1): the cost of all items
    random: Any  # (1) uint64


class Part(NamedTuple):
    """Columns and their items that moves are kept to."""

    items: Any
    columns: Any
    is_open: Any  # (columns)
    sizes: Any  # (2): how many items and columns of the arrays count


@numba.njit(cache=True, nogil=True, inline="always")
def next_random(state):  # type: ignore[no-untyped-def]  # compiled: numba knows the types
    """Return the next random number."""
    x = state.random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state.random[0] = x
    return x


@numba.njit(cache=True, nogil=True, inline="always")
def below(state, limit):  # type: ignore[no-untyped-def]
    """Return a random position below a limit."""
    return np.int64((next_random(state) >> np.uint64(33)) % np.uint64(limit))


@numba.njit(cache=True, nogil=True, inline="always")
def uniform(state):  # type: ignore[no-untyped-def]
    """Return a random number in [0, 1)."""
    return (next_random(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@numba.njit(cache=True, nogil=True, inline="always")
def pair(space, place, column, item):  # type: ignore[no-untyped-def]
    """Return what an item costs a column whose center stands at a place."""
    value = np.float64(space.cost[place, item])
    if space.banned.shape[0] > 0 and space.banned[column, item]:
        value += space.ban
    if space.distance.shape[0] > 0 and space.distance[place, item] > space.reach[column]:
        value += space.ban
    if space.home[item] != column:
        value += space.leaving[item]
    return value


@numba.njit(cache=True, nogil=True, inline="always")
def breach(space, state, column, limit, load):  # type: ignore[no-untyped-def]
    """Return what a load costs beyond its limits."""
    over = load - space.upper[column, limit]
    under = space.lower[column, limit] - load
    size = max(over, under)
    if size <= 0.0:
        return 0.0
    return state.price[limit] * (size + space.margin[limit])


@numba.njit(cache=True, nogil=True)
def load_change(space, state, column, gains, loses):  # type: ignore[no-untyped-def]
    """Return what the breaches of a column change when it gains one item and loses another; -1 is none."""
    change = 0.0
    for limit in range(space.amount.shape[1]):
        load = state.load[column, limit]
        moved = 0.0
        if gains >= 0:
            moved += space.amount[gains, limit]
        if loses >= 0:
            moved -= space.amount[loses, limit]
        change += breach(space, state, column, limit, load + moved) - breach(space, state, column, limit, load)
    return change


@numba.njit(cache=True, nogil=True, inline="always")
def unlink(space, state, item):  # type: ignore[no-untyped-def]
    """Take an item out of its territory."""
    column = state.owner[item]
    before, after = state.before[item], state.after[item]
    if before >= 0:
        state.after[before] = after
    else:
        state.first[column] = after
    if after >= 0:
        state.before[after] = before
    state.count[column] -= 1
    for limit in range(space.amount.shape[1]):
        state.load[column, limit] -= space.amount[item, limit]


@numba.njit(cache=True, nogil=True, inline="always")
def link(space, state, item, column):  # type: ignore[no-untyped-def]
    """Put an item into a territory."""
    first = state.first[column]
    state.after[item] = first
    state.before[item] = -1
    if first >= 0:
        state.before[first] = item
    state.first[column] = item
    state.owner[item] = column
    state.count[column] += 1
    for limit in range(space.amount.shape[1]):
        state.load[column, limit] += space.amount[item, limit]


@numba.njit(cache=True, nogil=True)
def recount(space, state):  # type: ignore[no-untyped-def]
    """Derive lists, loads and the cost from owners and centers, without what rounding has added up."""
    state.taken[:] = 0
    for place in state.center:
        state.taken[place] += 1
    state.first[:] = -1
    state.count[:] = 0
    state.load[:] = 0.0
    total = 0.0
    for item in range(state.owner.shape[0]):
        column = state.owner[item]
        link(space, state, item, column)
        total += pair(space, state.center[column], column, item)
    state.total[COST] = total


@numba.njit(cache=True, nogil=True)
def breached(space, state, tolerance):  # type: ignore[no-untyped-def]
    """Return how many limits are breached by more than a tolerance, relative to the limit."""
    count = 0
    for column in range(space.lower.shape[0]):
        for limit in range(space.amount.shape[1]):
            load = state.load[column, limit]
            upper, lower = space.upper[column, limit], space.lower[column, limit]
            if load - upper > tolerance * max(1.0, abs(upper)) or lower - load > tolerance * max(1.0, abs(lower)):
                count += 1
    return count


@numba.njit(cache=True, nogil=True)
def anneal(space, state, part, trials, hot, cold, center_share):  # type: ignore[no-untyped-def]
    """Try so many random moves within a part while the temperature falls from hot to cold."""
    num_items, num_columns = part.sizes[ITEMS], part.sizes[COLUMNS]
    neighbors = space.near.shape[1]
    if num_items == 0 or neighbors == 0:
        return
    temperature = hot
    cooling = (cold / hot) ** (LOOK / max(1, trials))
    for trial in range(trials):
        if trial % LOOK == 0 and trial > 0:
            temperature *= cooling
        if uniform(state) < center_share:
            _try_center(space, state, part.columns[below(state, num_columns)], temperature)
            continue
        item = part.items[below(state, num_items)]
        column = state.owner[item]
        other, to = -1, column
        for _ in range(TRIES):
            other = space.near[item, below(state, neighbors)]
            to = state.owner[other]
            if to != column:
                break
        if to == column or not part.is_open[to]:
            continue
        if uniform(state) < SWAP:
            hop = space.near[other, below(state, neighbors)]
            if state.owner[hop] == to and hop != item:
                other = hop
            _try_swap(space, state, temperature, item, other)
        else:
            _try_shift(space, state, temperature, item, to)


@numba.njit(cache=True, nogil=True, inline="always")
def _try_shift(space, state, temperature, item, to):  # type: ignore[no-untyped-def]
    column = state.owner[item]
    change = pair(space, state.center[to], to, item) - pair(space, state.center[column], column, item)
    limit = -temperature * np.log(1.0 - uniform(state))
    if change - _worth(space, state, item) >= limit:
        return
    breaches = load_change(space, state, to, item, -1) + load_change(space, state, column, -1, item)
    if change + breaches < limit:
        unlink(space, state, item)
        link(space, state, item, to)
        state.total[COST] += change


@numba.njit(cache=True, nogil=True, inline="always")
def _worth(space, state, item):  # type: ignore[no-untyped-def]
    """Return the most that breaches can fall by when a column loses an item."""
    worth = 0.0
    for limit in range(space.amount.shape[1]):
        worth += 2.0 * state.price[limit] * (space.amount[item, limit] + space.margin[limit])
    return worth


@numba.njit(cache=True, nogil=True, inline="always")
def _try_swap(space, state, temperature, one, two):  # type: ignore[no-untyped-def]
    a, b = state.owner[one], state.owner[two]
    at_a, at_b = state.center[a], state.center[b]
    change = (
        pair(space, at_b, b, one) + pair(space, at_a, a, two) - pair(space, at_a, a, one) - pair(space, at_b, b, two)
    )
    limit = -temperature * np.log(1.0 - uniform(state))
    breaches = load_change(space, state, a, two, one) + load_change(space, state, b, one, two)
    if change + breaches < limit:
        unlink(space, state, one)
        unlink(space, state, two)
        link(space, state, one, b)
        link(space, state, two, a)
        state.total[COST] += change


@numba.njit(cache=True, nogil=True)
def _try_center(space, state, column, temperature):  # type: ignore[no-untyped-def]
    """Move the center of a free column to another place."""
    if not space.is_free[column] or state.count[column] == 0:
        return
    at = state.center[column]
    if uniform(state) < FAR_JUMP:
        item = state.first[column]
        for _ in range(below(state, state.count[column])):
            item = state.after[item]
        to = space.place_of[item]
    else:
        to = space.near_places[at, below(state, space.near_places.shape[1])]
    if to == at or not is_open_to(space, state, to):
        return
    change = center_change(space, state, column, to)
    if change < -temperature * np.log(1.0 - uniform(state)):
        move_center(state, column, to)
        state.total[COST] += change


@numba.njit(cache=True, nogil=True, inline="always")
def is_open_to(space, state, place):  # type: ignore[no-untyped-def]
    """Return whether another center may stand at a place."""
    return place >= 0 and not (space.is_exclusive and state.taken[place] > 0)


@numba.njit(cache=True, nogil=True, inline="always")
def move_center(state, column, place):  # type: ignore[no-untyped-def]
    """Put a column's center at a place."""
    state.taken[state.center[column]] -= 1
    state.center[column] = place
    state.taken[place] += 1


@numba.njit(cache=True, nogil=True)
def center_change(space, state, column, to):  # type: ignore[no-untyped-def]
    """Return what a territory's cost changes when its center moves to a place."""
    at = state.center[column]
    change = 0.0
    item = state.first[column]
    while item >= 0:
        change += pair(space, to, column, item) - pair(space, at, column, item)
        item = state.after[item]
    return change


@numba.njit(cache=True, nogil=True)
def settle_centers(space, state, part):  # type: ignore[no-untyped-def]
    """Move every free center of a part to the best of the near places, until none is better."""
    for number in range(part.sizes[COLUMNS]):
        column = part.columns[number]
        moved = space.is_free[column] and state.count[column] > 0
        while moved:
            moved = False
            best, best_to = -1e-9, -1
            at = state.center[column]
            for neighbor in range(space.near_places.shape[1]):
                to = space.near_places[at, neighbor]
                if to != at and is_open_to(space, state, to):
                    change = center_change(space, state, column, to)
                    if change < best:
                        best, best_to = change, to
            if best_to >= 0:
                move_center(state, column, best_to)
                state.total[COST] += best
                moved = True


@numba.njit(cache=True, nogil=True)
def value(space, state, part):  # type: ignore[no-untyped-def]
    """Return what a part costs, breaches included."""
    total = 0.0
    for number in range(part.sizes[COLUMNS]):
        column = part.columns[number]
        item = state.first[column]
        while item >= 0:
            total += pair(space, state.center[column], column, item)
            item = state.after[item]
        for limit in range(space.amount.shape[1]):
            total += breach(space, state, column, limit, state.load[column, limit])
    return total
