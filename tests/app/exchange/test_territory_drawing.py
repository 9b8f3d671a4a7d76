"""Drawings of territories: paths of what is there, and none of what is not."""

import shapely

from app.exchange.report.territory_drawing import path_of


def test_what_is_empty_has_no_path() -> None:
    """A frame far inland has land but no border, and a line without corners draws nothing."""
    empty = [shapely.LineString(), shapely.Polygon(), shapely.GeometryCollection([shapely.LineString()])]
    assert [path_of(geometry) for geometry in empty] == ["", "", ""]
    assert path_of(shapely.LineString([(0, 0), (1, 0), (1, 0), (2, 1)])) == "M0 0L1 0L2 1"
