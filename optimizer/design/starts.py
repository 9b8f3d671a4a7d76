"""Places to begin: connected territories near a wished choice of columns.

Pieces that stand apart from the main part of their territory are given up, and what is free is taken over by the
territories around it, cheapest first. What must be together, as locks say, is linked first.
"""

import heapq
from collections import deque

import numpy as np
import numpy.typing as npt

from optimizer.graph import Graph, Positions
from optimizer.problem import FloatArray

FREE = -1


def connected_start(graph: Graph, wished: Positions, price: FloatArray, needs_edge: npt.NDArray[np.bool_]) -> Positions:
    """Return a choice near the wished one in which territories are connected, as far as that is possible.

    Parameters
    ----------
    graph
        The nodes' neighbors.
    wished
        Column of each node; −1 for no wish. Shape ``(nodes,)``.
    price
        What each pair costs, limits included; infinite where not allowed. Shape ``(nodes, columns)``.
    needs_edge
        False for nodes that need no connection. Shape ``(nodes,)``.

    Returns
    -------
    numpy.ndarray
        Column of each node. Nodes that no territory can reach go to their cheapest. Shape ``(nodes,)``.
    """
    allowed = np.isfinite(price)
    column = np.where(allowed[np.arange(len(wished)), wished] & (wished >= 0), wished, FREE)
    forced = needs_edge & (allowed.sum(axis=1) == 1)
    column[forced] = np.argmax(allowed[forced], axis=1)
    kept = _link_forced(graph, column, allowed, forced)
    _give_up_pieces(graph, column, kept, needs_edge)
    _take_over(graph, column, price, needs_edge)
    left = np.flatnonzero(column == FREE)
    column[left] = np.argmin(price[left], axis=1)
    return column


def _link_forced(
    graph: Graph, column: Positions, allowed: npt.NDArray[np.bool_], forced: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Link the forced nodes of each column by short paths, first come, first served; return what must stay."""
    kept = forced.copy()
    for territory in np.unique(column[forced]).tolist():
        mine = np.flatnonzero(forced & (column == territory))
        reached = {int(mine[0])}
        waiting = {int(node) for node in mine[1:]}
        while waiting:
            passable = allowed[:, territory] & (~kept | (column == territory))
            path = _shortest_path(graph, reached, waiting, passable)
            if not path:
                break
            column[path] = territory
            kept[path] = True
            reached.update(path)
            waiting -= reached
    return kept


def _shortest_path(graph: Graph, origin: set[int], ends: set[int], passable: npt.NDArray[np.bool_]) -> list[int]:
    """Return the nodes on a shortest path to any of the ends, the end included; nothing where there is none."""
    before = dict.fromkeys(origin, FREE)
    queue = deque(sorted(origin))
    while queue:
        node = queue.popleft()
        if node in ends:
            path = []
            while node != FREE and node not in origin:
                path.append(node)
                node = before[node]
            return path
        for other in graph.neighbors(node).tolist():
            if other not in before and passable[other]:
                before[other] = node
                queue.append(other)
    return []


def _give_up_pieces(
    graph: Graph, column: Positions, kept: npt.NDArray[np.bool_], needs_edge: npt.NDArray[np.bool_]
) -> None:
    """Free all nodes outside the main piece of their territory: the one with most that must stay, then the largest."""
    pieces = graph.pieces(column)
    counts = np.flatnonzero(needs_edge & (column != FREE))
    size = np.bincount(pieces[counts], minlength=graph.num_nodes).astype(np.float64)
    size += len(column) * np.bincount(pieces[counts], weights=kept[counts], minlength=graph.num_nodes)
    order = counts[np.argsort(-size[pieces[counts]], kind="stable")]
    _, first = np.unique(column[order], return_index=True)
    main = np.full(int(column.max(initial=0)) + 1, FREE, dtype=np.int64)
    main[column[order[first]]] = pieces[order[first]]
    apart = counts[(pieces[counts] != main[column[counts]]) & ~kept[counts]]
    column[apart] = FREE


def _take_over(graph: Graph, column: Positions, price: FloatArray, needs_edge: npt.NDArray[np.bool_]) -> None:
    """Let territories grow over free nodes, those that pay least above their cheapest column first."""
    smallest = price.min(axis=1)
    border = [
        (float(price[other, column[node]] - smallest[other]), other, int(column[node]))
        for node, other in zip(graph.origin.tolist(), graph.neighbor.tolist(), strict=True)
        if column[node] != FREE and column[other] == FREE
    ]
    heapq.heapify(border)
    while border:
        paid, node, territory = heapq.heappop(border)
        if column[node] != FREE or not paid < np.inf:
            continue
        column[node] = territory
        for other in graph.neighbors(node).tolist():
            if column[other] == FREE:
                heapq.heappush(border, (float(price[other, territory] - smallest[other]), other, territory))
