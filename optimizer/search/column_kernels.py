"""The compiled step of the bound from whole columns: what one column loses at least, whatever it holds."""

import numba
import numpy as np

from optimizer.compiled import uncounted
from optimizer.search.exchange_matching import match
from optimizer.search.exchange_sets import list_sets


@numba.njit(cache=True, nogil=True)
def least_loss(space, room, budget, most_checks):  # type: ignore[no-untyped-def]  # compiled
    """Return the least loss of column 0, or up to where all sets were searched.

    Parameters
    ----------
    space
        Of two columns: the one in question, and one without limits for everything else. Every item has a slot in
        each, in this order.
    budget
        Up to which sets of items are listed.

    Returns
    -------
    tuple
        The loss, whether it is certain, whether all sets within the budget could be listed, the two sets that make
        the loss (−1 where there are none), and the work.
    """
    loads = space.price.shape[1]
    group = np.zeros(1, dtype=np.int64)
    room.place[0], room.place[1] = 0, 1
    base = np.zeros(loads)
    items = space.start.shape[0] - 1
    count = _gather(space, room, budget, base)
    order = np.argsort(room.second[:count])
    sizes = np.zeros(2, dtype=np.int64)
    within = budget
    work = items
    for half in range(2):
        sizes[half], whole, spent = list_sets(space, group, room, half, order[half::2].copy(), within, loads)
        within = min(within, whole)
        work += spent
    found = np.full(2, -1, dtype=np.int64)
    loss, spent = match(space, group, room, sizes, base, within, loads, most_checks, found)
    return loss, spent <= most_checks, within >= budget, found, work + spent


@uncounted
def _gather(space, room, budget, base):  # type: ignore[no-untyped-def]  # compiled
    """Note the items that may be flipped within a budget and return how many; sum up what is held without flips."""
    count = 0
    for item in range(space.start.shape[0] - 1):
        inside = 2 * item
        is_in = space.reduced[inside] <= space.reduced[inside + 1]
        if is_in:
            for kind in range(base.shape[0]):
                base[kind] += space.amount[inside, kind]
        flip = abs(space.reduced[inside] - space.reduced[inside + 1])
        if flip <= budget:
            room.item[count], room.second[count] = item, flip
            room.cheapest[count] = inside if is_in else inside + 1
            count += 1
    return count


@uncounted
def list_held(space, room, found, held):  # type: ignore[no-untyped-def]  # compiled
    """Write which items column 0 holds in the sets that were found. Shape ``(items,)``."""
    for item in range(held.shape[0]):
        held[item] = space.reduced[2 * item] <= space.reduced[2 * item + 1]
    for half in range(2):
        if found[half] < 0:
            continue
        for place in range(room.count[half, found[half]]):
            slot = room.away[half, found[half], place]
            held[slot // 2] = slot % 2 == 0
