"""Where every item counts the same, who gets which items is a transportation problem: a flow of least cost, proven.

Teams that balance numbers of accounts ask just that. Limits are numbers of items then, rounded inward; the flow of
least cost over pairs of small reduced cost is whole by itself, and prices that fit it (shortest ways between columns)
prove it for all pairs, or name the pairs that were missing.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from ortools.graph.python import min_cost_flow

from optimizer.problem import FloatArray, IntArray
from optimizer.search.bound import column_prices, lower_bound, zero_multipliers
from optimizer.search.incumbent import PROVEN, Incumbent
from optimizer.search.model import Model, Multipliers
from optimizer.search.reduced_costs import cheapest_columns, near_columns

NEAR: Final = 12
"""Columns of an item that the flow may use at first."""
LEAST_NEAR: Final = 4
FIRST_PAIRS: Final = 500_000
"""Pairs of the first flow in large models, by columns per item: nobody hears a stop while it runs."""
MOST_PAIRS: Final = 5_000_000
"""More pairs than this are left to the search."""
WANTED: Final = 2
"""Items that each column may choose from, in multiples of what it may have: remote ones are near to nobody."""
MORE: Final = 4
"""Columns of an item that each round prices, and by how many times more are looked at where there were too few."""
MOST_ROUNDS: Final = 8
LARGEST_COST: Final = 1e11
"""Costs are whole numbers up to this; the flow's own arithmetic multiplies them by the number of nodes."""
COUNT_NOISE: Final = 1e-6
"""Part of an item by which a limit may be off a whole number."""
WORTHWHILE: Final = 1e-12
"""Relative difference of a pair's reduced cost from its item's smallest that makes it worth another round."""
ARCS_PER_S: Final = 2e5
"""Arcs that count as a second where work is what is limited."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Transport:
    """Numbers of items that columns may have.

    Attributes
    ----------
    fewest, most
        Shape ``(columns,)``.
    unit
        What one item brings to each load. Shape ``(loads,)``.
    """

    fewest: IntArray
    most: IntArray
    unit: FloatArray


def transport_of(model: Model) -> Transport | None:
    """Return the limits as numbers of items; None where items differ, or anything else is limited or priced."""
    if model.soft or not model.num_loads or len(model.corrections.column) or np.isfinite(model.total_upper).any():
        return None
    if np.isfinite(model.share_lower).any() or np.isfinite(model.share_upper).any():
        return None
    unit = model.amount[0]
    if (unit <= 0).any() or (model.amount != unit).any():
        return None
    most = np.floor(np.min(model.upper / unit[:, None], axis=0) + COUNT_NOISE)
    fewest = np.ceil(np.max(model.lower / unit[:, None], axis=0) - COUNT_NOISE)
    items = model.num_items
    return Transport(
        fewest=np.clip(fewest, 0, items).astype(np.int64), most=np.clip(most, 0, items).astype(np.int64), unit=unit
    )


def solve_transport(incumbent: Incumbent, multipliers: Multipliers) -> None:
    """Offer the best alignment with its proof, where the model is a transportation problem; else do nothing.

    Parameters
    ----------
    multipliers
        Good prices: they say which pairs are looked at first.
    """
    model = incumbent.model
    transport = transport_of(model)
    if transport is None or (transport.fewest > transport.most).any():
        return
    incumbent.enter("exact")
    whole = replace(
        model, lower=transport.unit[:, None] * transport.fewest, upper=transport.unit[:, None] * transport.most
    )
    near, prices = max(LEAST_NEAR, min(NEAR, FIRST_PAIRS // model.num_items)), column_prices(model, multipliers)
    wanted = _wanted_pairs(model, prices, transport)
    pairs = np.union1d(wanted, _near_pairs(model, prices, most=near))
    for _ in range(MOST_ROUNDS):
        if not incumbent.proceed():
            return
        incumbent.clock.charge(len(pairs) / ARCS_PER_S)
        columns = cheapest_flow(model, transport, pairs)
        if columns is None:
            near *= MORE
            if near >= MORE * model.num_columns or near * model.num_items > MOST_PAIRS:
                return
            pairs = np.union1d(wanted, _near_pairs(model, prices, most=near))
            continue
        incumbent.offer(columns)
        fitting = _fitting_multipliers(model, transport, pairs, columns)
        incumbent.raise_bound(lower_bound(model, fitting), source="certificate", multipliers=fitting)
        bound = lower_bound(whole, fitting)
        if incumbent.objective is not None:
            incumbent.raise_bound(min(bound, incumbent.objective), source="search")
            if incumbent.objective - bound <= PROVEN * abs(incumbent.objective):
                incumbent.prove()
                return
        better = np.setdiff1d(_near_pairs(model, column_prices(model, fitting), most=MORE), pairs)
        if not len(better):
            return
        pairs = np.union1d(pairs, better)


def cheapest_flow(model: Model, transport: Transport, pairs: IntArray) -> IntArray | None:
    """Return the column of every item at least cost over some pairs; None where they do not suffice.

    Parameters
    ----------
    pairs
        Item times the number of columns, plus column; ascending. Shape ``(pairs,)``.
    """
    items, columns = model.num_items, model.num_columns
    item, column = np.divmod(pairs, columns)
    cost = model.cost[item, column].astype(np.float64)
    first = np.flatnonzero(np.diff(item, prepend=-1))
    if len(first) < items:
        return None
    above = cost - np.repeat(np.minimum.reduceat(cost, first), np.diff(first, append=len(item)))
    scale = LARGEST_COST / (float(above.max()) or 1.0)
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        item, items + column, np.ones(len(item), dtype=np.int64), np.rint(above * scale).astype(np.int64)
    )
    every = items + np.arange(columns)
    sink = items + columns
    solver.add_arcs_with_capacity_and_unit_cost(
        every, np.full(columns, sink), transport.most - transport.fewest, np.zeros(columns, dtype=np.int64)
    )
    supply = np.concatenate([np.ones(items, dtype=np.int64), -transport.fewest, [transport.fewest.sum() - items]])
    solver.set_nodes_supplies(np.arange(items + columns + 1), supply)
    if solver.solve() != solver.OPTIMAL:
        return None
    used = solver.flows(arcs) > 0
    chosen = np.full(items, -1, dtype=np.int32)
    chosen[item[used]] = column[used]
    return chosen


def _near_pairs(model: Model, prices: FloatArray, *, most: int) -> IntArray:
    """Return the pairs of smallest reduced cost of each item, ascending."""
    near = near_columns(model, prices, width=np.inf, most=most)
    item, place = np.nonzero(near.column >= 0)
    return np.unique(item * np.int64(model.num_columns) + near.column[item, place])


def _wanted_pairs(model: Model, prices: FloatArray, transport: Transport) -> IntArray:
    """Return for each column the pairs whose items lose least there, a few times what it may have; ascending."""
    _, smallest = cheapest_columns(model, prices)
    unit_price = transport.unit @ prices
    pairs = []
    for column in range(model.num_columns):
        each = min(model.num_items, WANTED * int(transport.most[column]))
        if each == model.num_items:
            continue  # as good as no limit: items find it by themselves
        loss = model.cost[:, column] + unit_price[column] - smallest
        item = np.argpartition(loss, each)[:each]
        pairs.append(item[np.isfinite(loss[item])] * np.int64(model.num_columns) + column)
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *pairs]))


def _fitting_multipliers(model: Model, transport: Transport, pairs: IntArray, chosen: IntArray) -> Multipliers:
    """Return multipliers at which no item would rather have another of its pairs, and only tight limits are priced.

    The price of a column is a shortest way: from j to k leads the least that an item of j loses in k; columns with room
    for one more cost nothing or less, those that can spare one nothing or more.
    """
    columns = model.num_columns
    item, column = np.divmod(pairs, columns)
    loss = model.cost[item, column].astype(np.float64) - model.cost[item, chosen[item]]
    way = np.full((columns + 1, columns + 1), np.inf)
    np.minimum.at(way, (chosen[item], column), loss)
    count = np.bincount(chosen, minlength=columns)
    way[np.flatnonzero(count < transport.most), columns] = 0.0
    way[columns, np.flatnonzero(count > transport.fewest)] = 0.0
    price = _potentials(way)
    price = (price - price[columns])[:columns]
    upper, lower = np.zeros((2, model.num_loads, columns))
    every = np.arange(columns)
    tightest = np.argmin(model.upper / transport.unit[:, None], axis=0)
    upper[tightest, every] = np.maximum(price, 0.0) / transport.unit[tightest]
    tightest = np.argmax(model.lower / transport.unit[:, None], axis=0)
    lower[tightest, every] = np.maximum(-price, 0.0) / transport.unit[tightest]
    return replace(zero_multipliers(model), upper=upper, lower=lower)


def _potentials(way: FloatArray) -> FloatArray:
    """Return prices with ``price[j] ≤ price[k] + way[j, k]``, by the method of Bellman and Ford.

    Shape of ``way``: ``(nodes, nodes)``, infinite where there is none.
    """
    price = np.zeros(len(way))
    for _ in range(len(way)):
        shorter = np.minimum(price, (price[None, :] + way).min(axis=1))
        if np.array_equal(shorter, price):
            break
        price = shorter
    return price
