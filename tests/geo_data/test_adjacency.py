import numpy as np
import pytest
import shapely

from geo_data.adjacency import adjacent_pairs, shared_border_km

SQUARES = np.array([shapely.box(x, y, x + 1, y + 1) for y in range(2) for x in range(2)], dtype=object)
"""Two by two: 2 3 above 0 1."""


def test_rook_needs_an_edge() -> None:
    """In a grid of two by two, four pairs share an edge."""
    assert adjacent_pairs(SQUARES, kind="rook").tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]


def test_queen_takes_corners() -> None:
    """In a grid of two by two, all six pairs touch."""
    assert len(adjacent_pairs(SQUARES, kind="queen")) == 6


def test_islands_and_nothing_have_no_neighbors() -> None:
    """Distant and empty polygons have no neighbors."""
    far = np.array([shapely.box(0, 0, 1, 1), shapely.MultiPolygon(), shapely.box(5, 5, 6, 6)], dtype=object)
    assert adjacent_pairs(far, kind="queen").shape == (0, 2)
    assert adjacent_pairs(np.empty(0, dtype=object), kind="rook").shape == (0, 2)


def test_border_length() -> None:
    """A degree of meridian at the equator is about 111.2 km, and a corner has no length."""
    pairs = np.array([[0, 1], [0, 3]])
    assert shared_border_km(SQUARES, pairs) == pytest.approx([111.195, 0.0])
    assert shared_border_km(SQUARES, np.empty((0, 2), dtype=np.int64)).size == 0
