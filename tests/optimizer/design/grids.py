"""Small grids, and all ways to cut them into connected territories."""

import itertools
from collections.abc import Iterator

import numpy as np

from optimizer.graph import Graph, graph_of


def grid(rows: int, columns: int) -> tuple[Graph, np.ndarray]:
    """Return the graph of a grid by shared sides, and the places of its nodes. Shape ``(nodes, 2)``."""
    number = np.arange(rows * columns).reshape(rows, columns)
    first = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    second = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    place = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1).astype(np.float64)
    return graph_of(rows * columns, first, second), place


def connected_partitions(graph: Graph, territories: int) -> Iterator[np.ndarray]:
    """Yield every partition into so many connected territories once, numbered by first node."""

    def grow(column: list[int]) -> Iterator[list[int]]:
        if len(column) == graph.num_nodes:
            if max(column) == territories - 1:
                yield column
            return
        for territory in range(min(max(column, default=-1) + 1, territories - 1) + 1):
            yield from grow([*column, territory])

    for column in grow([]):
        found = np.array(column)
        if len(np.unique(graph.pieces(found))) == territories:
            yield found


def every_choice(nodes: int, columns: int) -> Iterator[np.ndarray]:
    """Yield every choice of columns."""
    for choice in itertools.product(range(columns), repeat=nodes):
        yield np.array(choice)
