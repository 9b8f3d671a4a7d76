import pytest
import shapely

from geo_data.antimeridian import cut_at_antimeridian, needs_cut


@pytest.mark.parametrize(
    "ring",
    [
        pytest.param([(170, 0), (190, 0), (190, 10), (170, 10)], id="beyond 180"),
        pytest.param([(170, 0), (-170, 0), (-170, 10), (170, 10)], id="jumping"),
        pytest.param([(-190, 0), (-170, 0), (-170, 10), (-190, 10)], id="beyond -180"),
    ],
)
def test_cut_into_two_halves(ring: list[tuple[float, float]]) -> None:
    """However it is written, a square across the antimeridian becomes one half on each side."""
    polygon = shapely.Polygon(ring)
    assert needs_cut(polygon)
    halves = cut_at_antimeridian(polygon)
    assert sorted(part.bounds for part in halves.geoms) == [(-180, 0, -170, 10), (170, 0, 180, 10)]
    assert not any(needs_cut(part) for part in halves.geoms)


def test_holes_are_kept() -> None:
    """A hole that lies on the other side of the antimeridian is cut out there."""
    shell = [(170, 0), (-170, 0), (-170, 10), (170, 10)]
    hole = [(-178, 4), (-174, 4), (-174, 6), (-178, 6)]
    assert cut_at_antimeridian(shapely.Polygon(shell, [hole])).area == pytest.approx(200 - 8)


def test_ring_around_a_pole_holds_the_pole() -> None:
    """A ring once around the earth at 80° south is the cap below it."""
    ring = [(-180, -80), (-90, -80), (0, -80), (90, -80), (180, -80), (-180, -80)]
    assert cut_at_antimeridian(shapely.Polygon(ring)).area == pytest.approx(3600)


def test_ordinary_polygons_need_no_cut() -> None:
    """A polygon that ends at 180 degrees is fine as it is, and so is an empty one."""
    assert not needs_cut(shapely.box(170, 0, 180, 10))
    assert not needs_cut(shapely.Polygon())
