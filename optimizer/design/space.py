"""Questions in the form of the compiled search: territories with given centers, or with centers of their own."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from optimizer.design.nodes import Nodes
from optimizer.design.state import Space
from optimizer.graph import Graph, Positions
from optimizer.problem import FloatArray
from optimizer.search.bound import total_columns
from optimizer.search.model import Model

MARGIN: Final = 0.01
"""How much larger than it is a breach counts, in amounts of an average node."""
BREACH: Final = 0.5
"""What breaching a limit by an average node costs at least, in steps of cost."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Bands:
    """Loads and their limits, the same kind for every territory.

    Attributes
    ----------
    amount
        What each node brings. Shape ``(nodes, loads)``.
    lower, upper
        Limits per territory. Shape ``(territories, loads)``.
    """

    amount: FloatArray
    lower: FloatArray
    upper: FloatArray

    @property
    def num_territories(self) -> int:
        """Number of territories."""
        return len(self.lower)

    def keeps(self, column: Positions) -> bool:
        """Return whether every territory's loads lie within their limits."""
        load = self.loads(column)
        return bool(((load >= self.lower) & (load <= self.upper)).all())

    def loads(self, column: Positions) -> FloatArray:
        """Return the loads of the territories. Shape ``(territories, loads)``."""
        load = np.zeros_like(self.lower, dtype=np.float64)
        np.add.at(load, column, self.amount)
        return load


def free_space(graph: Graph, distance: FloatArray, bands: Bands) -> Space:
    """Return the question of territories whose best member is their center.

    Parameters
    ----------
    graph
        The nodes' neighbors.
    distance
        Cost of each node, by the center of its territory. Shape ``(nodes, nodes)``.
    bands
        Loads and limits; territories are alike.
    """
    columns, loads = bands.lower.shape
    nodes = graph.num_nodes
    step = float(np.median(distance[graph.origin, graph.neighbor])) if len(graph.neighbor) else 1.0
    size = np.maximum(np.median(bands.amount, axis=0), 1e-12)
    return _space(
        start=graph.start,
        neighbor=graph.neighbor,
        origin=graph.origin,
        cost=distance,
        is_free=True,
        amount=bands.amount,
        delta_start=np.zeros(nodes + 1, dtype=np.int64),
        delta_column=np.zeros(0, dtype=np.int64),
        delta=np.zeros((0, loads)),
        loose_column=np.zeros(columns, dtype=np.bool_),
        loose_node=np.zeros(0, dtype=np.int64),
        needs_edge=np.ones(nodes, dtype=np.bool_),
        keeps_last=True,
        counted=np.ones((columns, loads), dtype=np.bool_),
        lower=bands.lower,
        upper=bands.upper,
        share_lower=np.full((columns, loads), -np.inf),
        share_upper=np.full((columns, loads), np.inf),
        shared=np.zeros(loads, dtype=np.bool_),
        total_upper=np.full(loads, np.inf),
        margin=MARGIN * size,
        base=np.tile(BREACH * max(step, 1e-12) / size, (columns, 1)),
        soft_price=np.zeros(loads),
        soft_tolerance=np.zeros(loads),
        soft_target=np.zeros((columns, loads)),
        soft_share=np.full((columns, loads), np.nan),
    )


def space_of(model: Model, nodes: Nodes, prices: FloatArray) -> Space:
    """Return the question of territories with given centers: a model's costs, limits and soft balance.

    Parameters
    ----------
    model, nodes
        The formulation, and its items with the units that have none.
    prices
        What one more unit of each load costs in each column: a breach costs twice that at least.
        Shape ``(loads, columns)``.
    """
    num_empty = nodes.num_nodes - nodes.num_items
    cost = np.concatenate([model.cost.astype(np.float64), np.zeros((num_empty, model.num_columns))])
    if model.has_unassigned:
        cost[nodes.num_items :, -1] = np.inf  # nobody is left without a rep there
    entries = np.diff(model.corrections.start)
    shares = np.isfinite(model.share_lower) | np.isfinite(model.share_upper)
    soft = _soft_balance(model)
    size = np.maximum(np.abs(model.amount).mean(axis=0), 1e-12)
    return _space(
        start=nodes.graph.start,
        neighbor=nodes.graph.neighbor,
        origin=nodes.graph.origin,
        cost=cost,
        is_free=False,
        amount=np.concatenate([model.amount, np.zeros((num_empty, model.num_loads))]),
        delta_start=np.concatenate([[0], np.cumsum(entries), np.full(num_empty, entries.sum())]).astype(np.int64),
        delta_column=model.corrections.column.astype(np.int64),
        delta=model.corrections.delta,
        loose_column=model.column_rep < 0,
        loose_node=np.flatnonzero(~nodes.has_unit),
        needs_edge=nodes.has_unit,
        keeps_last=False,
        counted=total_columns(model).T,
        lower=model.lower.T,
        upper=model.upper.T,
        share_lower=model.share_lower.T,
        share_upper=model.share_upper.T,
        shared=shares.any(axis=1) | ~np.isnan(soft["soft_share"]).all(axis=0),
        total_upper=np.array(model.total_upper),
        margin=MARGIN * size,
        base=np.maximum(2.0 * np.abs(prices.T), BREACH * _step(cost) / size),
        **soft,
    )


def _soft_balance(model: Model) -> dict[str, FloatArray]:
    """Return the fields of soft balance. Shapes ``(loads,)``, targets ``(columns, loads)``."""
    price, tolerance = np.zeros(model.num_loads), np.zeros(model.num_loads)
    target = np.zeros((model.num_columns, model.num_loads))
    share = np.full((model.num_columns, model.num_loads), np.nan)
    for soft in model.soft:
        price[soft.load], tolerance[soft.load] = soft.price, soft.tolerance
        target[:, soft.load] = soft.target
        if soft.target_share is not None:
            share[:, soft.load] = soft.target_share
    return {"soft_price": price, "soft_tolerance": tolerance, "soft_target": target, "soft_share": share}


def _space(**fields: Any) -> Space:
    """Return the question with arrays of its own: read-only ones would be another type to the compiler."""
    fresh = {name: np.array(value, order="C") if np.ndim(value) else value for name, value in fields.items()}
    return Space(**fresh)


def _step(cost: FloatArray) -> float:
    """Return what the second-cheapest column costs more than the cheapest, in the middle of all nodes."""
    if cost.shape[1] < 2:
        return 1.0
    two = np.partition(cost, 1, axis=1)
    more = two[:, 1] - two[:, 0]
    more = more[np.isfinite(more) & (more > 0)]
    return float(np.median(more)) if len(more) else 1.0
