"""What the compiled part of local search works on: flat arrays in the order in which they are read."""

from typing import Any, Final, NamedTuple

import numpy as np

MAX_ITEMS: Final = 3
"""Items of a move, and at most twice as many columns."""

COST, BEST_OBJECTIVE, VALUE = 0, 1, 2
BAD_COLUMNS, NUM_TOUCHED, ACCEPTED, NUM_LISTED = 0, 1, 2, 3


class Space(NamedTuple):
    """What does not change while the search runs."""

    start: Any  # (items + 1)
    column: Any  # (slots)
    cost: Any  # (slots)
    correction: Any  # (slots)
    item: Any  # (slots)
    movable: Any  # slots of items that have a choice
    column_start: Any  # (columns + 1)
    column_slots: Any  # slots by column
    amount: Any  # (items, loads)
    delta: Any  # (entries, loads)
    counted: Any  # (columns, loads): True where the column is part of the load's total
    fixed_lower: Any  # (columns, loads)
    fixed_upper: Any
    share_lower: Any
    share_upper: Any
    shared: Any  # (loads): True where a limit or target follows the total
    total_upper: Any  # (loads)
    margin: Any  # (loads): a breach counts as so much larger than it is, or the last bit would never be worth a move
    soft_price: Any  # (loads)
    soft_tolerance: Any  # (loads)
    soft_target: Any  # (columns, loads)
    soft_share: Any  # (columns, loads); NaN where the target is constant


class State(NamedTuple):
    """What changes while the search runs."""

    slot: Any  # (items): the chosen pair
    load: Any  # (columns, loads)
    total: Any  # (loads)
    lower: Any  # (columns, loads): limits at the present total
    upper: Any
    target: Any
    weight_lower: Any  # (columns, loads): price of a unit below the limit
    weight_upper: Any
    weight_total: Any  # (loads)
    value: Any  # (columns): penalties and soft balance
    bad: Any  # (columns): True where a limit is breached
    best: Any  # (items): slots of the best feasible state
    touched: Any  # (items): items changed since then
    is_touched: Any  # (items)
    numbers: Any  # float64: COST, BEST_OBJECTIVE, VALUE
    counts: Any  # int64: BAD_COLUMNS, NUM_TOUCHED, ACCEPTED, NUM_LISTED
    listed: Any  # (columns): those breached at the last look
    random: Any  # uint64 (1,)


class Room(NamedTuple):
    """Memory for one move."""

    move: Any  # (MAX_ITEMS): the new slots
    columns: Any  # (2 * MAX_ITEMS): the columns that it touches
    load: Any  # (2 * MAX_ITEMS, loads): their loads
    total: Any  # (loads)


def room_for(*, loads: int) -> Room:
    """Return memory for moves with so many loads."""
    return Room(
        move=np.zeros(MAX_ITEMS, dtype=np.int64),
        columns=np.zeros(2 * MAX_ITEMS, dtype=np.int64),
        load=np.zeros((2 * MAX_ITEMS, loads)),
        total=np.zeros(loads),
    )
