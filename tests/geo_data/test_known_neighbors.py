"""Neighbors of bundled units that are looked up instead of reckoned."""

import numpy as np
import pytest
import shapely

from geo_data.adjacency import neighbors
from geo_data.boundaries.known_neighbors import COLUMNS, known_neighbors
from geo_data.bundled import BUNDLED_NAMES, bundled_layer
from geo_data.bundled_neighbors import bundled_neighbors


def test_the_file_holds_what_is_reckoned() -> None:
    """The states' neighbors by edge and by corner, and their bridges, are those of the file."""
    units = bundled_layer("us_states").geometry
    for name, reckoned in bundled_neighbors("us_states"):
        number, kind, _, column = name.split(":")
        known = known_neighbors(units, kind)
        assert known is not None, "run: python -m geo_data.bundled_neighbors"
        assert int(number) == len(units)
        np.testing.assert_allclose(known[column], reckoned, rtol=1e-9)


@pytest.mark.parametrize("name", BUNDLED_NAMES)
def test_every_bundled_layer_is_known(name: str) -> None:
    """Both kinds of neighbors of each layer are looked up, whether it comes as geometry or as WKB."""
    units = bundled_layer(name).geometry
    for kind in ("rook", "queen"):
        known = known_neighbors([shapely.to_wkb(unit) for unit in units], kind)
        assert known is not None, "run: python -m geo_data.bundled_neighbors"
        found = neighbors(units, kind)
        for column in COLUMNS:
            assert getattr(found, column).tolist() == known[column].tolist()


def test_other_units_are_not_known() -> None:
    """As many units of another shape, and fewer of the same, are reckoned."""
    units = bundled_layer("us_states").geometry
    assert known_neighbors(units[1:], "rook") is None
    moved = units.copy()
    moved[0] = shapely.box(0, 0, 1, 1)
    assert known_neighbors(moved, "rook") is None
    assert neighbors([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], "rook").first.tolist() == [0]
