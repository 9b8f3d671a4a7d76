"""The compiled sum of the items' part of the smoothed dual's curvature."""

from typing import Any, Final, NamedTuple

import numpy as np

from optimizer.compiled import uncounted
from optimizer.search.interior_kernels import Kept, add_square, subtract_product

Array = np.ndarray[Any, Any]

SMALL: Final = 1e-4
"""Shares below this bend the dual too little to matter for a step."""


class Shares(NamedTuple):
    """How items are spread over columns, and what a share puts into the rows."""

    order: Any  # (items): in which they are summed, those that share columns side by side
    chosen: Any  # (items, most): columns, the largest share first
    share: Any  # (items, most)
    count: Any  # (items): how many there are
    amount: Any  # (items, slots): what an item puts into the row of each slot, in units
    entry_start: Any  # (items + 1): what is added in some columns, by item
    entry_column: Any  # (entries)
    entry_amount: Any  # (entries, slots)
    slot_row: Any  # (slots, columns): -1 where there is no row


def room_for(*, most: int, slots: int) -> Kept:
    """Return memory for the shares of one item."""
    return Kept(np.empty(most), np.empty((most, slots), dtype=np.int64), np.empty((most, slots)))


@uncounted
def add_curvature(
    first: int, last: int, shares: Shares, kept: Kept, scale: float, normal: Array
) -> None:  # pragma: no cover  # compiled
    """Add ``scale · (sum_c s a aᵀ − (sum_c s a)(sum_c s a)ᵀ)`` of some items, lower triangle.

    On the diagonal the difference is taken as ``s · (the other s)``: nothing cancels when one share dominates.
    """
    theta = kept.theta
    for position in range(first, last):
        item = shares.order[position]
        count = _keep(shares, item, kept)
        rest = 0.0
        for e in range(1, count):
            rest += theta[e]
        if count < 2:
            continue
        total = rest + theta[0]
        for e in range(count):
            others = rest if e == 0 else total - theta[e]
            add_square(kept, e, scale * theta[e] * (others / total), normal)
            for f in range(e):
                subtract_product(kept, e, f, scale * theta[f] * (theta[e] / total), normal)


@uncounted
def _keep(shares: Shares, item: int, kept: Kept) -> int:  # pragma: no cover  # compiled
    """Note an item's shares that matter, their rows and what they put there; return how many they are."""
    taken = 0
    for at in range(shares.count[item]):
        part = shares.share[item, at]
        if part < SMALL:
            break
        column = shares.chosen[item, at]
        kept.theta[taken] = part
        for slot in range(shares.amount.shape[1]):
            kept.value[taken, slot] = shares.amount[item, slot]
        for entry in range(shares.entry_start[item], shares.entry_start[item + 1]):
            if shares.entry_column[entry] == column:
                for slot in range(shares.amount.shape[1]):
                    kept.value[taken, slot] += shares.entry_amount[entry, slot]
        for slot in range(shares.amount.shape[1]):
            kept.row[taken, slot] = shares.slot_row[slot, column] if kept.value[taken, slot] != 0.0 else -1
        taken += 1
    return taken
