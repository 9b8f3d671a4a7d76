"""The shortest way around barriers, worked out by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo_data.barriers import Barrier, Barriers, barrier_polygons, barriers_of
from geo_data.barriers.crossings import paired_crossing_costs
from geo_data.distances import distances_km, unit_vectors

Ring = Sequence[Sequence[float]]

RIVER: Ring = [[0, -1], [0.02, -1], [0.02, 1], [0, 1], [0, -1]]
"""Two degrees from south to north, two kilometers wide."""


def polygon(*rings: Ring, cost_km: float = np.inf) -> Barrier:
    """Return a barrier of one polygon."""
    return Barrier(barrier_polygons({"type": "Polygon", "coordinates": list(rings)}), cost_km)


def detour_km(barriers: Barriers, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the detour between two places, checked to be the same as a pair of its own and in both directions."""
    ways = barriers.seen_from([end[0]], [end[1]])
    found = float(ways.detours_km([start[0]], [start[1]])[0, 0])
    paired = ways.paired_detours_km([start[0]], [start[1]], np.zeros(1, dtype=np.int64))
    back = barriers.seen_from([start[0]], [start[1]]).detours_km([end[0]], [end[1]])
    assert paired[0] == pytest.approx(found, abs=1e-6)
    assert back[0, 0] == pytest.approx(found, abs=1e-6)
    return found


def length_km(*places: tuple[float, float]) -> float:
    """Return the length of a way over some places."""
    lat, lon = np.array(places).T
    return float(distances_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())


def test_a_way_leads_around_the_nearer_end_of_a_river() -> None:
    """From bank to bank the way bends at the two corners of the nearer end, and is as long as by hand."""
    barriers = barriers_of([polygon(RIVER)])
    around = length_km((0.4, -0.1), (1, 0), (1, 0.02), (0.4, 0.1)) - length_km((0.4, -0.1), (0.4, 0.1))
    assert detour_km(barriers, (0.4, -0.1), (0.4, 0.1)) == pytest.approx(around, abs=0.01)


def test_nothing_is_added_where_nothing_is_in_the_way() -> None:
    """On one bank, and beyond the river's end, the way is the great circle."""
    barriers = barriers_of([polygon(RIVER)])
    assert detour_km(barriers, (0.4, -0.1), (-0.4, -0.1)) == 0
    assert detour_km(barriers, (1.2, -0.1), (1.2, 0.1)) == 0


def test_a_bridge_is_a_gap_between_two_polygons() -> None:
    """A river that is drawn in two pieces is crossed between them."""
    south: Ring = [[0, -1], [0.02, -1], [0.02, 0.5], [0, 0.5], [0, -1]]
    north: Ring = [[0, 0.501], [0.02, 0.501], [0.02, 1], [0, 1], [0, 0.501]]
    barriers = barriers_of([polygon(south), polygon(north)])
    over = length_km((0.4, -0.1), (0.5, 0), (0.5, 0.02), (0.4, 0.1)) - length_km((0.4, -0.1), (0.4, 0.1))
    assert detour_km(barriers, (0.4, -0.1), (0.4, 0.1)) == pytest.approx(over, abs=0.01)


def test_pieces_that_touch_leave_no_gap() -> None:
    """Two polygons with a common border are one barrier: nobody slips through between them."""
    south: Ring = [[0, -1], [0.02, -1], [0.02, 0.5], [0, 0.5], [0, -1]]
    north: Ring = [[0, 0.5], [0.02, 0.5], [0.02, 1], [0, 1], [0, 0.5]]
    whole = detour_km(barriers_of([polygon(RIVER)]), (0.4, -0.1), (0.4, 0.1))
    assert detour_km(barriers_of([polygon(south), polygon(north)]), (0.4, -0.1), (0.4, 0.1)) == pytest.approx(whole)


def test_a_crossing_at_a_cost_is_taken_where_it_is_the_shorter_way() -> None:
    """A ferry of 20 km is taken in the middle of the river, and not near its end."""
    barriers = barriers_of([polygon(RIVER, cost_km=20.0)])
    assert detour_km(barriers, (0.0, -0.1), (0.0, 0.1)) == pytest.approx(20.0)
    near = detour_km(barriers, (0.99, -0.1), (0.99, 0.1))
    assert near == pytest.approx(detour_km(barriers_of([polygon(RIVER)]), (0.99, -0.1), (0.99, 0.1)))
    assert near < 1.0


def test_a_place_in_mountains_pays_half_the_crossing() -> None:
    """Into or out of a barrier that may be crossed is half a crossing, and within it costs nothing."""
    hills = [[0, -1], [1, -1], [1, 1], [0, 1], [0, -1]]
    barriers = barriers_of([polygon(hills, cost_km=30.0)])
    assert detour_km(barriers, (0.0, -0.5), (0.0, 0.5)) == pytest.approx(15.0)
    assert detour_km(barriers, (0.0, 0.2), (0.0, 0.8)) == 0


def test_an_island_has_no_way_to_the_mainland() -> None:
    """Land inside a lake that nobody crosses is reached from nowhere else; on the island ways are straight."""
    lake = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    island = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]
    barriers = barriers_of([polygon(lake, island)])
    assert detour_km(barriers, (1.5, 1.5), (5.0, 2.0)) == np.inf
    assert detour_km(barriers, (1.6, 1.4), (1.2, 1.8)) == 0


def test_a_place_in_a_lake_goes_straight_to_the_nearest_shore() -> None:
    """An address that a coarse lake swallows is reached from its shore, whichever side one comes from."""
    lake = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    barriers = barriers_of([polygon(lake)])
    wet, shore, east = (0.5, 0.1), (0.5, 0.0), (0.5, 1.5)
    assert detour_km(barriers, wet, (0.5, -0.5)) == pytest.approx(0, abs=0.01)
    by_hand = min(
        length_km(wet, shore, (0, 0), (0, 1), east),
        length_km(wet, shore, (1, 0), (1, 1), east),
    ) - length_km(wet, east)
    assert detour_km(barriers, wet, east) == pytest.approx(by_hand, abs=0.02)
    assert detour_km(barriers, wet, wet) == 0


@pytest.mark.parametrize("shift", [0.0, 90.0, 180.0, -97.3])
def test_the_antimeridian_is_a_place_like_any_other(shift: float) -> None:
    """A barrier turned around the earth, across ±180 degrees too, makes the same detours."""

    def at(lon: float) -> float:
        return (lon + shift + 180) % 360 - 180

    block = [[-0.5 + shift, -18], [0.5 + shift, -18], [0.5 + shift, -16], [-0.5 + shift, -16], [-0.5 + shift, -18]]
    barriers = barriers_of([polygon(block)])
    expected = length_km((-17.2, -1), (-18, -0.5), (-18, 0.5), (-17.2, 1)) - length_km((-17.2, -1), (-17.2, 1))
    assert detour_km(barriers, (-17.2, at(-1)), (-17.2, at(1))) == pytest.approx(expected, abs=0.3)


def test_a_cap_around_the_pole_is_walked_around() -> None:
    """The frozen sea north of 80 degrees is walked around along its edge, as the taut string by hand says."""
    cap = [[-180, 80], [180, 80], [180, 90], [-180, 90], [-180, 80]]
    barriers = barriers_of([polygon(cap)])
    tangent = np.degrees(np.arccos(np.tan(np.radians(70)) / np.tan(np.radians(80))))
    to_edge = length_km((70, 0), (80, tangent))
    along = 6371.0088 * np.cos(np.radians(80)) * np.radians(180 - 2 * tangent)
    by_hand = 2 * to_edge + along - length_km((70, 0), (70, 180))
    assert detour_km(barriers, (70.0, 0.0), (70.0, 180.0)) == pytest.approx(by_hand, abs=2.0)
    assert detour_km(barriers, (70.0, 0.0), (70.0, 30.0)) == 0


def test_a_narrow_strait_between_two_barriers_is_seen_by_both_kinds() -> None:
    """Where one barrier costs and the other is closed, the way goes through the dear one only if that is shorter."""
    closed: Ring = [[0, -1], [0.02, -1], [0.02, 0], [0, 0], [0, -1]]
    dear: Ring = [[0, 0], [0.02, 0], [0.02, 1], [0, 1], [0, 0]]
    barriers = barriers_of([polygon(closed), polygon(dear, cost_km=5.0)])
    assert detour_km(barriers, (0.5, -0.1), (0.5, 0.1)) == pytest.approx(5.0)
    over = length_km((-0.3, -0.1), (0, 0), (0, 0.02), (-0.3, 0.1)) - length_km((-0.3, -0.1), (-0.3, 0.1))
    assert detour_km(barriers, (-0.3, -0.1), (-0.3, 0.1)) == pytest.approx(over + 5.0, abs=0.02)


def test_a_way_inside_a_barrier_stays_in_it_around_its_inner_corner() -> None:
    """In an L of dear hills the way from one arm into the other bends at the inner corner, and nothing is paid."""
    hills = [[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2], [0, 0]]
    barriers = barriers_of([polygon(hills, cost_km=500.0)])
    around = length_km((1.8, 0.9), (1, 1), (0.9, 1.8)) - length_km((1.8, 0.9), (0.9, 1.8))
    assert detour_km(barriers, (1.8, 0.9), (0.9, 1.8)) == pytest.approx(around, abs=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_ways_are_the_shortest_of_the_whole_graph_of_corners(seed: int) -> None:
    """What is looked at, a few corners in a few directions, gives the ways of the graph of all that see each other."""
    rng = np.random.default_rng(seed)
    shapes = []
    for _ in range(9):
        turn = np.sort(rng.uniform(0, 2 * np.pi, 9))
        width = rng.uniform(0.15, 0.8, 9)
        ring = rng.uniform(-3, 3, 2) + np.column_stack([width * np.cos(turn), width * np.sin(turn)])
        read = shapely.Polygon(ring)
        if read.is_valid:
            shapes.append(polygon([*ring.tolist(), ring[0].tolist()], cost_km=[np.inf, 40.0, 5.0][seed % 3]))
    barriers = barriers_of(shapes)
    lat, lon = rng.uniform(-4, 4, (2, 40))
    found = barriers.seen_from(lat[:15], lon[:15]).detours_km(lat[15:], lon[15:])
    ends, stub = barriers.ashore(unit_vectors(lat, lon))
    points = np.ascontiguousarray(np.concatenate([ends, barriers.corners.point]))
    one, other = np.triu_indices(len(points), 1)
    cost = paired_crossing_costs(barriers.table, points[one], points[other])
    chord = np.linalg.norm(points[one] - points[other], axis=1)
    straight = 2 * 6371.0088 * np.arcsin(chord / 2)
    seen = np.isfinite(cost)
    graph = csr_array(((straight + cost)[seen] + 1e-12, (one[seen], other[seen])), shape=(len(points),) * 2)
    way = dijkstra(graph, directed=False, indices=np.arange(40))[15:, :15] + stub[15:, None] + stub[:15]
    direct = np.linalg.norm(unit_vectors(lat, lon)[15:, None] - unit_vectors(lat, lon)[None, :15], axis=2)
    whole = way - 2 * 6371.0088 * np.arcsin(direct / 2)
    assert len(shapes) > 3
    assert (whole > 1).any()
    np.testing.assert_allclose(found, whole, atol=0.003)


def test_random_barriers_give_ways_that_are_distances() -> None:
    """Among random polygons no detour is negative, no way beats a way over a third place, and both forms agree."""
    rng = np.random.default_rng(7)
    shapes = []
    for _ in range(12):
        lon, lat = rng.uniform(-3, 3, 2)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 7))
        ring = np.column_stack([lon + 0.6 * np.cos(angles), lat + 0.4 * np.sin(angles)])
        shapes.append(polygon([*ring.tolist(), ring[0].tolist()], cost_km=[np.inf, 40.0][int(rng.integers(2))]))
    barriers = barriers_of(shapes)
    lat, lon = rng.uniform(-4, 4, 40), rng.uniform(-4, 4, 40)
    detour = barriers.seen_from(lat, lon).detours_km(lat, lon)
    straight = np.stack([distances_km(lat, lon, np.full(40, lat[i]), np.full(40, lon[i])) for i in range(40)], axis=1)
    way = detour + straight
    assert (detour >= 0).all()
    assert np.isfinite(way).all()
    np.testing.assert_allclose(way, way.T, atol=1e-6)
    over_third = (way[:, :, None] + way[None, :, :]).min(axis=1)
    assert (way <= over_third + 0.05).all()
