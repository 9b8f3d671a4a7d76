import re

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_data.coloring import PALETTE, assign_colors, territory_colors

GRID = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(6) for y in range(6)], dtype=object)
IDS = [f"R-{number}" for number in range(36)]


def test_palette() -> None:
    """The palette holds twenty-one different colors."""
    assert len(set(PALETTE)) == 21
    assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color in PALETTE)


def test_neighbors_differ() -> None:
    """On a grid of 36 squares no square has the color of one that it touches, corners included."""
    colors = territory_colors(GRID, IDS)
    first, second = shapely.STRtree(GRID).query(GRID, predicate="intersects")
    assert all(colors[a] != colors[b] for a, b in zip(first, second, strict=True) if a != b)


@settings(deadline=None)
@given(st.permutations(range(36)))
def test_order_of_rows_changes_nothing(order: list[int]) -> None:
    """A rep's color does not depend on the order of the rows."""
    shuffled = territory_colors(GRID[order], [IDS[position] for position in order])
    colors = territory_colors(GRID, IDS)
    assert shuffled == [colors[position] for position in order]


def test_rep_keeps_its_color_without_conflict() -> None:
    """A rep that touches nobody has the same color in any company."""
    nobody = np.empty((0, 2), dtype=np.int64)
    assert assign_colors(["Çelik", "b"], nobody)[0] == assign_colors(["a", "z", "Çelik"], nobody)[2]


def test_more_neighbors_than_colors() -> None:
    """Where all of forty reps touch, every color is used before the coloring gives up."""
    pairs = np.array([(a, b) for a in range(40) for b in range(a)])
    assert len(set(assign_colors([str(number) for number in range(40)], pairs))) >= 10


def test_nobody() -> None:
    """No reps have no colors."""
    assert territory_colors(np.empty(0, dtype=object), []) == []
