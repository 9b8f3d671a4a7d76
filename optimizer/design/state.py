"""The state of the compiled search: what is given, what changes, and the move under consideration."""

from typing import Any, Final, NamedTuple

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
    size: Any  # (columns): its nodes that need a connection
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
