"""Groups that are short: accounts who may only go to a few reps and need more than these can carry.

Owns the minimum cut over permissions, in both directions: items that do not fit into the reps who may serve them, and
reps whose lower limits need more than the items that may reach them. Items with equal permissions are one node, so
that the network stays small; where it does not, only the items with the fewest reps are looked at, which is weaker
but still a proof.

References
----------
L. R. Ford, D. R. Fulkerson, "Maximal Flow Through a Network", Canadian Journal of Mathematics 8 (1956).
P. Hall, "On Representatives of Subsets", Journal of the London Mathematical Society 10 (1935).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from ortools.graph.python import max_flow

from optimizer.load_ranges import LoadRanges, is_minimal
from optimizer.measures import Float64Array, Positions, sum_by
from optimizer.problem import BoolArray
from optimizer.result import Conflict
from optimizer.tolerances import slack

MOST_ARCS: Final = 500_000
"""Arcs of the largest network that is looked at; about a second of maximum flow."""
SCALE: Final = 2**44
"""Integer units that the larger side is divided into: fine enough for proofs, far from overflow."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Classes:
    """Items with equal permissions, as nodes.

    Attributes
    ----------
    items
        The items that are looked at. Shape ``(items,)``.
    of_item
        The class of each of them. Shape ``(items,)``.
    node, column
        Arcs from classes to columns. Shape ``(arcs,)``.
    """

    items: Positions
    of_item: Positions
    node: Positions
    column: Positions

    @property
    def num_nodes(self) -> int:
        return int(self.of_item.max(initial=-1)) + 1


def group_conflicts(ranges: LoadRanges) -> Iterator[Conflict]:
    """Yield, for each measure, a group of items or reps that is short; nothing where a flow serves all."""
    forced = np.flatnonzero(ranges.must_assign & (ranges.num_allowed > 0))
    by_items = _classes(ranges, _tightest(ranges, forced))
    for measure in range(len(ranges.problem.measures)):
        # where the tighter limits leave no group short, capacity alone does not either
        tight = _short_items(
            ranges, by_items, code="BALANCE_IMPOSSIBLE", measure=measure, highest=ranges.highest[:, measure]
        )
        if tight is not None:
            capacity = ranges.capacity_max[:, measure]
            by_capacity = _short_items(
                ranges, by_items, code="GROUP_SHORT_OF_CAPACITY", measure=measure, highest=capacity
            )
            yield by_capacity or tight
    if not (ranges.lowest > 0).any():
        return
    servable = np.flatnonzero(ranges.num_allowed > 0)
    if ranges.num_allowed[servable].sum() > MOST_ARCS and len(_tightest(ranges, servable)) < len(servable):
        return
    by_reps = _classes(ranges, servable)
    for measure in range(len(ranges.problem.measures)):
        tight = _short_reps(
            ranges, by_reps, code="BALANCE_IMPOSSIBLE", measure=measure, lowest=ranges.lowest[:, measure]
        )
        if tight is not None:
            capacity = ranges.capacity_min[:, measure]
            by_capacity = _short_reps(ranges, by_reps, code="MINIMUM_ABOVE_TOTAL", measure=measure, lowest=capacity)
            yield by_capacity or tight


def _tightest(ranges: LoadRanges, items: Positions) -> Positions:
    """Return the items with the fewest reps whose distinct permissions fit into the largest network."""
    if ranges.num_allowed[items].sum() <= MOST_ARCS:
        return items
    _, first = np.unique(_packed(ranges.allowed[items]), return_index=True)
    degree = np.sort(ranges.num_allowed[items[first]])
    fits = int(np.searchsorted(np.cumsum(degree), MOST_ARCS, side="right"))
    if fits == len(degree):
        return items
    few: Positions = items[ranges.num_allowed[items] < degree[fits]]
    return few


def _packed(allowed: BoolArray) -> npt.NDArray[np.void]:
    """Return every row of permissions as one comparable value. Shape ``(items,)``."""
    bits = np.ascontiguousarray(np.packbits(allowed, axis=1))
    return bits.view(np.dtype((np.void, bits.shape[1]))).reshape(-1)


def _classes(ranges: LoadRanges, items: Positions) -> _Classes:
    if not len(items):
        return _Classes(items=items, of_item=items, node=items, column=items)
    _, first, of_item = np.unique(_packed(ranges.allowed[items]), return_index=True, return_inverse=True)
    node, column = np.nonzero(ranges.allowed[items[first]])
    return _Classes(items=items, of_item=of_item.reshape(-1), node=node, column=column)


def _short_items(
    ranges: LoadRanges, classes: _Classes, *, code: str, measure: int, highest: Float64Array
) -> Conflict | None:
    """Return items whose amounts exceed the limits of all reps who may serve them, or None."""
    amount = ranges.least[classes.items, measure]
    bounded = np.isfinite(highest)
    if not bounded.any() or not classes.num_nodes:
        return None
    supply = sum_by(classes.of_item, amount, count=classes.num_nodes)
    demand = np.where(bounded, highest + slack(np.where(bounded, highest, 0.0)), supply.sum())
    nodes, columns = _cut(classes, supply=supply, demand=demand)
    if not bounded[columns].all():
        return None
    chosen = classes.items[nodes[classes.of_item]]
    needed, room = float(ranges.least[chosen, measure].sum()), float(highest[columns].sum())
    if needed <= room + float(slack(highest[columns]).sum()) + slack(needed):
        return None
    return Conflict(
        code=code,
        accounts=ranges.accounts_of(chosen),
        reps=tuple(ranges.reps[columns].tolist()),
        measure=ranges.problem.measures[measure],
        demand=needed,
        capacity=room,
        irreducible=is_minimal(ranges.least[chosen, measure], demand=needed, capacity=room),
    )


def _short_reps(
    ranges: LoadRanges, classes: _Classes, *, code: str, measure: int, lowest: Float64Array
) -> Conflict | None:
    """Return reps whose lower limits exceed all items that may reach them, or None."""
    if not (lowest > 0).any() or not classes.num_nodes:
        return None
    amount = ranges.most[classes.items, measure]
    supply = sum_by(classes.of_item, amount, count=classes.num_nodes)
    _, columns = _cut(classes, supply=supply, demand=np.maximum(0.0, lowest))
    # on the sink's side: reps out of the cut, and all classes that reach one of them
    starving = ~columns & (lowest > 0)
    reaching = np.zeros(classes.num_nodes, dtype=np.bool_)
    reaching[classes.node[starving[classes.column]]] = True
    chosen = classes.items[reaching[classes.of_item]]
    needed, there = float(lowest[starving].sum()), float(ranges.most[chosen, measure].sum())
    if needed <= there + float(slack(lowest[starving]).sum()) + slack(there):
        return None
    return Conflict(
        code=code,
        accounts=ranges.accounts_of(chosen),
        reps=tuple(ranges.reps[starving].tolist()),
        measure=ranges.problem.measures[measure],
        demand=needed,
        capacity=there,
    )


def _cut(classes: _Classes, *, supply: Float64Array, demand: Float64Array) -> tuple[BoolArray, BoolArray]:
    """Return the classes and columns on the source's side of a minimum cut.

    Amounts become integers by rounding; the caller adds up the floats of the cut again, so that rounding can lose a
    proof but never invent one.
    """
    num_nodes, num_columns = len(supply), len(demand)
    unit = SCALE / max(float(supply.sum()), float(demand.sum()), 1e-300)
    source, sink = num_nodes + num_columns, num_nodes + num_columns + 1
    flow = max_flow.SimpleMaxFlow()
    tails = [np.full(num_nodes, source), classes.node, np.arange(num_nodes, source)]
    heads = [np.arange(num_nodes), classes.column + num_nodes, np.full(num_columns, sink)]
    volumes = [np.floor(supply * unit), np.full(len(classes.node), float(SCALE)), np.ceil(demand * unit)]
    flow.add_arcs_with_capacity(
        np.concatenate(tails).astype(np.int32),
        np.concatenate(heads).astype(np.int32),
        np.concatenate(volumes).astype(np.int64),
    )
    side = np.zeros(num_nodes + num_columns + 2, dtype=np.bool_)
    if flow.solve(source, sink) == flow.OPTIMAL:
        side[flow.get_source_side_min_cut()] = True
    return side[:num_nodes], side[num_nodes:source]
