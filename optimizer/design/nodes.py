"""What the search for connected territories moves: the model's items, and the units without any account.

An item that lies in several units (a family that stays together) is one node with the neighbors of all of them. Such a
node looks connected where its units may not be: every choice is checked on the units themselves before it counts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from optimizer.graph import Graph, Positions, graph_of
from optimizer.units import Units


@dataclass(frozen=True, eq=False, kw_only=True)
class Nodes:
    """The nodes: all items first, then the units without an account.

    Attributes
    ----------
    num_items
        Number of items.
    graph
        The nodes' neighbors.
    has_unit
        False for items whose accounts lie in no unit: they need no connection. Shape ``(nodes,)``.
    """

    num_items: int
    graph: Graph
    has_unit: npt.NDArray[np.bool_]

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return self.graph.num_nodes


def nodes_of(units: Units, item_of_account: npt.NDArray[np.int32]) -> Nodes:
    """Return the nodes of items that hold all accounts of their units."""
    num_items = int(item_of_account.max(initial=-1)) + 1
    inside = units.unit >= 0
    node_of_unit: Positions = np.full(units.num_units, -1, dtype=np.int64)
    node_of_unit[units.unit[inside]] = item_of_account[inside]
    empty = np.flatnonzero(node_of_unit < 0)
    node_of_unit[empty] = num_items + np.arange(len(empty))
    num_nodes = num_items + len(empty)
    has_unit = np.ones(num_nodes, dtype=np.bool_)
    has_unit[:num_items] = False
    has_unit[item_of_account[inside]] = True
    graph = graph_of(num_nodes, node_of_unit[units.first], node_of_unit[units.second])
    return Nodes(num_items=num_items, graph=graph, has_unit=has_unit)
