"""Which nodes a center can reach at all: a way between them must not weigh more than a territory may.

Everything on a way from a node to its center is part of the territory. So a pair whose lightest way exceeds an upper
limit is in no answer, and neither is a center whose nodes within reach do not fill a lower one.

References
----------
Validi, Buchanan, Lykhovyd, "Imposing contiguity constraints in political districting models", Operations Research 70
(2022), doi 10.1287/opre.2021.2141: fixing by the limits L and U.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from optimizer.design.space import Bands
from optimizer.graph import Graph

ROUNDING: Final = 1e-9
"""What a sum must exceed a limit by to count, relative to the limit."""


def reachable(graph: Graph, bands: Bands) -> npt.NDArray[np.bool_]:
    """Return which pairs (node, center) some connected territory within its upper limits may hold.

    Returns
    -------
    numpy.ndarray
        Shape ``(nodes, nodes)``.

    Notes
    -----
    A shortest way by the amounts of its nodes, for each load and center: O(nodes · edges · log nodes · loads).
    """
    possible = np.ones((graph.num_nodes, graph.num_nodes), dtype=np.bool_)
    for kind in range(bands.amount.shape[1]):
        amount = np.maximum(bands.amount[:, kind], 0.0)
        least = amount[amount > 0].min(initial=1.0) * ROUNDING / graph.num_nodes
        steps = (amount[graph.neighbor] + least, graph.neighbor, graph.start)  # no step is lost for weighing nothing
        ways = csr_array(steps, shape=possible.shape)
        weight = dijkstra(ways, directed=True) + amount[:, None]
        possible &= bands.upper[0, kind] * (1 + ROUNDING) >= weight.T
    return pruned(graph, bands, possible)


def pruned(graph: Graph, bands: Bands, possible: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the pairs that are left when what is cut off from its center goes, and centers with too little around.

    Parameters
    ----------
    graph, bands
        The question.
    possible
        Pairs (node, center) that are left otherwise. Shape ``(nodes, nodes)``.
    """
    left = possible & possible.diagonal()[None, :]
    for center in np.flatnonzero(left.diagonal()).tolist():
        inside = left[:, center]
        kept = inside[graph.origin] & inside[graph.neighbor]
        ends = (np.ones(int(kept.sum()), dtype=np.int8), (graph.origin[kept], graph.neighbor[kept]))
        piece = connected_components(csr_array(ends, shape=left.shape), directed=False)[1]
        left[:, center] &= piece == piece[center]
        within = bands.amount[left[:, center]].sum(axis=0)
        if (within < bands.lower[0] - ROUNDING * np.abs(bands.lower[0])).any():
            left[:, center] = False
    return left
