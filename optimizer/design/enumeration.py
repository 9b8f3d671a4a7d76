"""All ways to cut a small graph: a proof that needs no solver."""

from typing import Final

import numpy as np

from optimizer.design.space import Bands
from optimizer.graph import Graph, Positions
from optimizer.problem import FloatArray

MOST_CHOICES: Final = 200_000
"""Choices of a territory for every node up to which all are looked at."""
BLOCK: Final = 1 << 14
"""Choices looked at together."""


def num_choices(nodes: int, territories: int) -> int:
    """Return how many choices there are when the first node's territory is the first."""
    return int(territories ** (nodes - 1))


def best_of_all(graph: Graph, distance: FloatArray, bands: Bands) -> tuple[Positions, float] | None:
    """Return the cheapest connected territories within their bands and their cost, None where there are none.

    Notes
    -----
    O(territories^(nodes − 1) · nodes · loads), and more for the choices that keep the bands.
    """
    nodes, territories = graph.num_nodes, bands.num_territories
    radix = territories ** np.arange(nodes - 1, dtype=np.int64)
    best: tuple[Positions, float] | None = None
    for first in range(0, num_choices(nodes, territories), BLOCK):
        number = np.arange(first, min(first + BLOCK, num_choices(nodes, territories)))
        column = np.zeros((len(number), nodes), dtype=np.int64)
        column[:, 1:] = number[:, None] // radix % territories
        for kept in column[_keep_bands(column, bands)]:
            if len(np.unique(graph.pieces(kept))) != territories:
                continue
            members = (np.flatnonzero(kept == territory) for territory in range(territories))
            cost = sum(float(distance[np.ix_(mine, mine)].sum(axis=0).min()) for mine in members)
            if best is None or cost < best[1]:
                best = kept.copy(), cost
    return best


def _keep_bands(column: Positions, bands: Bands) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which choices have all territories and keep all bands. Shape ``(choices,)``."""
    kept = np.ones(len(column), dtype=np.bool_)
    for territory in range(bands.num_territories):
        mine = column == territory
        load = mine.astype(np.float64) @ bands.amount
        within = (load >= bands.lower[territory]) & (load <= bands.upper[territory])
        kept &= mine.any(axis=1) & within.all(axis=1)
    return kept
