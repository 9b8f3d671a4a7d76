import numpy as np
import pytest
import shapely

from geo_data.adjacency import adjacent_pairs, find_neighbors, neighbors
from geo_data.boundaries import us_counties

SQUARES = np.array([shapely.box(x, y, x + 1, y + 1) for y in range(2) for x in range(2)], dtype=object)
"""Two by two: 2 3 above 0 1."""


def _pairs(geometry: list[shapely.Geometry], kind: str = "rook") -> list[tuple[int, int]]:
    found = neighbors(geometry, kind)  # type: ignore[arg-type] # the literal comes as a text
    return list(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_rook_needs_an_edge() -> None:
    """In a grid of two by two, four pairs share an edge."""
    assert adjacent_pairs(SQUARES, kind="rook").tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]


def test_queen_takes_corners() -> None:
    """In a grid of two by two, all six pairs touch."""
    assert len(adjacent_pairs(SQUARES, kind="queen")) == 6


def test_islands_and_nothing_have_no_neighbors() -> None:
    """Distant and empty polygons touch nothing."""
    far = np.array([shapely.box(0, 0, 1, 1), shapely.MultiPolygon(), shapely.box(5, 5, 6, 6)], dtype=object)
    assert adjacent_pairs(far, kind="queen").shape == (0, 2)
    assert adjacent_pairs(np.empty(0, dtype=object), kind="rook").shape == (0, 2)


def test_border_length() -> None:
    """A degree of meridian is about 111.2 km, and a corner has no length."""
    found = neighbors(SQUARES, "queen")
    lengths = dict(zip(zip(found.first.tolist(), found.second.tolist(), strict=True), found.shared_m, strict=True))
    assert lengths[0, 1] == pytest.approx(111_195, rel=1e-4)
    assert lengths[0, 3] == 0


def test_wkb_is_as_good_as_shapes() -> None:
    """Units may come as WKB, as they are stored."""
    as_bytes = neighbors([shapely.to_wkb(square) for square in SQUARES], "rook")
    assert as_bytes.first.tolist() == [0, 0, 1, 2]
    assert as_bytes.first.dtype == as_bytes.second.dtype == as_bytes.bridged.dtype == np.int32


def test_an_islet_is_bridged_to_the_nearest_unit() -> None:
    """What stands alone is joined to the nearest unit, and so are two islands of a chain."""
    units = [*SQUARES, shapely.box(3, 1.2, 4, 1.8), shapely.box(6, 1.2, 7, 1.8)]
    found = neighbors(units, "rook")
    assert found.bridged.tolist() == [[3, 4], [4, 5]]
    assert found.bridge_km == pytest.approx([111.2, 222.3], rel=0.02)
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) >= {(3, 4), (4, 5)}


def test_units_that_touch_in_a_corner_are_bridged_for_rook() -> None:
    """Two squares on a diagonal are one part by queen, and need a bridge of no length by rook."""
    diagonal = [SQUARES[0], SQUARES[3]]
    assert neighbors(diagonal, "queen").bridged.size == 0
    by_rook = neighbors(diagonal, "rook")
    assert by_rook.bridged.tolist() == [[0, 1]]
    assert by_rook.bridge_km.tolist() == [0.0]


def test_an_enclave_is_a_neighbor_of_what_surrounds_it() -> None:
    """A unit in a hole of another shares its border; one with water around it is bridged across."""
    around = shapely.Polygon(shapely.box(0, 0, 3, 3).exterior, [shapely.box(1, 1, 2, 2).exterior])
    assert _pairs([around, shapely.box(1, 1, 2, 2)]) == [(0, 1)]
    assert neighbors([around, shapely.box(1.2, 1.2, 1.8, 1.8)], "rook").bridged.tolist() == [[0, 1]]


def test_rounded_borders_still_match() -> None:
    """Borders that miss each other by less than a meter count as shared."""
    left = shapely.Polygon([(0, 0), (1.000004, 0.000003), (0.999996, 0.999998), (0, 1)])
    assert neighbors([left, shapely.box(1, 0, 2, 1)], "rook").bridged.size == 0


def test_a_corner_with_a_tiny_edge_is_a_corner() -> None:
    """Two units that meet in a corner, each with an edge of 20 cm there, are no neighbors by rook."""
    tiny = 2e-6
    below = shapely.Polygon([(0, 0), (1, 0), (1, 1 - tiny), (1 - tiny, 1), (0, 1)])
    above = shapely.Polygon([(1, 1 + tiny), (1 + tiny, 1), (2, 1), (2, 2), (1, 2)])
    assert adjacent_pairs(np.array([below, above]), kind="rook").size == 0
    assert adjacent_pairs(np.array([below, above]), kind="queen").tolist() == [[0, 1]]


def test_vertices_need_not_match() -> None:
    """Two units beside a long one share its border though no vertex of it is theirs."""
    found = neighbors([shapely.box(0, 0, 1, 3), shapely.box(1, 0.5, 2, 1.5), shapely.box(1, 1.5, 2, 2.5)], "rook")
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert found.shared_m[0] == pytest.approx(111_195, rel=0.01)


def test_overlapping_units_are_neighbors() -> None:
    """Polygons that share land are neighbors even where their borders only cross."""
    assert neighbors([shapely.box(0, 1, 3, 2), shapely.box(1, 0, 2, 3)], "rook").bridged.size == 0


def test_the_antimeridian_divides_nobody() -> None:
    """Units that meet on 180 degrees are neighbors, whether their vertices match or not; halves are no island."""
    east, west = shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)
    assert neighbors([east, west], "rook").bridged.size == 0
    assert neighbors([east, shapely.box(-180, 0.25, -179, 0.75)], "rook").bridged.size == 0
    both = shapely.MultiPolygon([east, west])
    assert _pairs([both, shapely.box(-179, 0, -178, 1), shapely.box(178, 0, 179, 1)]) == [(0, 1), (0, 2)]


def test_counties_make_one_map() -> None:
    """All 3,231 bundled US counties hang together; Nantucket is bridged to Barnstable County on Cape Cod or Dukes."""
    counties = us_counties()
    found = find_neighbors(np.array([county.geometry for county in counties], dtype=object), "rook")
    reached = {0}
    links: dict[int, set[int]] = {}
    for one, other in zip(found.first.tolist(), found.second.tolist(), strict=True):
        links.setdefault(one, set()).add(other)
        links.setdefault(other, set()).add(one)
    waiting = [0]
    while waiting:
        fresh = links[waiting.pop()] - reached
        reached |= fresh
        waiting.extend(fresh)
    assert len(reached) == sum(not county.geometry.is_empty for county in counties)
    names = [{counties[one].name, counties[other].name} for one, other in found.bridged.tolist()]
    assert any("Nantucket" in pair and pair & {"Barnstable", "Dukes"} for pair in names)
    assert 3 * len(counties) > len(found.first) - len(found.bridged) > 2.5 * len(counties)


def test_as_many_units_as_the_us_has_zip_codes() -> None:
    """In a grid of 33,000 jittered squares every inner edge is found, and nothing is bridged."""
    rows, columns = 150, 220
    y, x = np.mgrid[0 : rows + 1, 0 : columns + 1] * 0.1
    jitter = np.random.default_rng(7).uniform(-0.03, 0.03, size=(2, rows + 1, columns + 1))
    x, y = x + jitter[0], y + jitter[1]
    corners = [(slice(0, -1), slice(0, -1)), (slice(0, -1), slice(1, None)), (slice(1, None), slice(1, None))]
    corners.append((slice(1, None), slice(0, -1)))
    rings = np.stack([np.stack((x[at], y[at]), axis=-1) for at in corners], axis=2).reshape(-1, 4, 2)
    found = neighbors(shapely.polygons(rings), "rook")
    assert len(found.first) == rows * (columns - 1) + columns * (rows - 1)
    assert found.bridged.size == 0
