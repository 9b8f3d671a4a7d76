"""Which geometries are barriers."""

import numpy as np
import pytest

from geo_data.barriers.outline import BarrierShapeError, barrier_polygons, corners_of, outline_of


@pytest.mark.parametrize(
    ("geometry", "code", "words"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "INVALID_GEOMETRY", "valid"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "INVALID_GEOMETRY", "rings"),
        ({"type": "Polygon", "coordinates": []}, "INVALID_GEOMETRY", "polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}, "INVALID_GEOMETRY", ""),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "INVALID_GEOMETRY", "polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [5e5, 0], [5e5, 6e6], [0, 0]]]}, "WRONG_CRS", "6,000,000"),
        ({"type": "Polygon"}, "INVALID_GEOMETRY", "rings"),
    ],
)
def test_what_is_no_polygon_in_degrees_is_refused(geometry: dict[str, object], code: str, words: str) -> None:
    """A bow tie, a line, a ring of two points and meters are refused, each with its reason."""
    with pytest.raises(BarrierShapeError) as refused:
        barrier_polygons(geometry)
    assert refused.value.code == code
    assert words in refused.value.detail


def test_a_square_has_four_corners_and_its_hole_none() -> None:
    """Ways bend at the outer corners only: into the corners of a hole no way leads."""
    square = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    hole = [[0.4, 0.4], [0.4, 0.6], [0.6, 0.6], [0.6, 0.4], [0.4, 0.4]]
    shape = barrier_polygons({"type": "Polygon", "coordinates": [square, hole]})
    found = corners_of(outline_of([(shape, np.inf)])).point
    assert len(found) == 4


def test_a_barrier_around_the_earth_has_no_border_on_the_antimeridian() -> None:
    """A belt from -180 to 180 degrees has two borders, and none where the map is cut."""
    belt = [[-180, -1], [180, -1], [180, 1], [-180, 1], [-180, -1]]
    outline = outline_of([(barrier_polygons({"type": "Polygon", "coordinates": [belt]}), np.inf)])
    latitude = np.degrees(np.arcsin(np.concatenate([outline.start, outline.end])[:, 2]))
    assert np.allclose(np.abs(latitude), 1.0)
