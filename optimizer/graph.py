"""Which nodes are neighbors, as flat lists, and into how many pieces a territory falls."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from optimizer.frozen import ReadOnly, frozen_array

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Graph(ReadOnly):
    """An undirected graph, each edge stored at both ends; immutable.

    Attributes
    ----------
    start
        Where each node's neighbors begin. Shape ``(nodes + 1,)``.
    neighbor
        Neighbors sorted by node, then by number. Shape ``(2 * edges,)``.
    """

    start: Positions
    neighbor: Positions

    def __post_init__(self) -> None:
        for name in ("start", "neighbor"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64))

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.start) - 1

    @cached_property
    def origin(self) -> Positions:
        """The node whose neighbor stands at the same place of ``neighbor``. Shape ``(2 * edges,)``."""
        return np.repeat(np.arange(self.num_nodes), np.diff(self.start))

    def neighbors(self, node: int) -> Positions:
        """Return the neighbors of one node."""
        return self.neighbor[self.start[node] : self.start[node + 1]]

    def pieces(self, column: npt.NDArray[Any]) -> Positions:
        """Return a number of the piece that each node is in: connected nodes of one column. Shape ``(nodes,)``."""
        same = column[self.origin] == column[self.neighbor]
        ends = self.origin[same], self.neighbor[same]
        links = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(self.num_nodes, self.num_nodes))
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def graph_of(num_nodes: int, first: npt.NDArray[np.integer[Any]], second: npt.NDArray[np.integer[Any]]) -> Graph:
    """Return the graph with these edges, in any order and direction; loops and repetitions do not count."""
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    edge = np.unique(low[low != high] * max(1, num_nodes) + high[low != high])
    low, high = edge // max(1, num_nodes), edge % max(1, num_nodes)
    origin, neighbor = np.concatenate([low, high]), np.concatenate([high, low])
    order = np.lexsort((neighbor, origin))
    start = np.concatenate([[0], np.cumsum(np.bincount(origin, minlength=num_nodes))])
    return Graph(start=start, neighbor=neighbor[order])
