"""Territories and points of an alignment as GeoJSON."""

import numpy as np
import pytest
import shapely

from app.alignments.columns import alignment_columns
from app.alignments.maps import Box, points_geojson, territories_geojson
from app.alignments.scorecards import scorecard
from app.alignments.territories import (
    TerritoryShapes,
    draw_territories,
    simplify_step,
)
from app.datasets.tables import UNIT_FIELDS, DatasetTables
from tests.app.alignments.line import Rows, account_rows, columns, rep_rows, table
from tests.app.alignments.test_columns import assigned


def on_land() -> Rows:
    """Return the line's accounts moved to Germany, one without a place."""
    rows = [{**row, "lat": 50.5, "lon": 8.0 + row["lon"] / 2} for row in account_rows()]
    rows[3] |= {"lat": None, "lon": None}
    return rows


def test_each_rep_is_a_feature_and_each_account_lies_inside_its_own() -> None:
    """Valid polygons without overlaps; reps without accounts have empty coordinates."""
    found = columns(["R1", "R1", "R2", "R2"], accounts=on_land())
    shapes = draw_territories(found, found.owner)
    answer = territories_geojson(scorecard(found, None), shapes)
    geometry = {item["id"]: shapely.geometry.shape(item["geometry"]) for item in answer["features"]}
    assert answer["outside"] == []
    assert geometry["R3"].is_empty
    assert answer["features"][2]["geometry"]["coordinates"] == []
    assert all(item.is_valid for item in geometry.values())
    assert geometry["R1"].intersection(geometry["R2"]).area == pytest.approx(0.0, abs=1e-12)
    assert geometry["R1"].covers(shapely.Point(8.5, 50.5))
    assert geometry["R2"].covers(shapely.Point(10.0, 50.5))


def test_properties_are_the_scorecards() -> None:
    """A feature carries id, name, color, accounts and the measures of the rep."""
    found = columns(["R1", "R1", "R2", "R2"], accounts=on_land())
    answer = territories_geojson(scorecard(found, None), draw_territories(found, found.owner))
    properties = answer["features"][0]["properties"]
    assert (properties["rep_id"], properties["rep_name"], properties["accounts"]) == ("R1", "Rep R1", 2)
    assert properties["measures"]["workload"]["load"] == 30.0
    assert properties["color"].startswith("#")
    assert "crs" not in answer


def test_shapes_survive_storage() -> None:
    """The kept form gives the same geometry, colors and list of outsiders back."""
    found = columns(["R1", "R1", "R2", "R2"], accounts=on_land())
    drawn = draw_territories(found, found.owner)
    read = TerritoryShapes.from_parquet(drawn.to_parquet())
    assert shapely.equals_exact(read.geometry, drawn.geometry).all()
    assert (read.color, read.outside) == (drawn.color, drawn.outside)


def test_units_are_dissolved_and_go_to_most_of_their_workload() -> None:
    """u1 is all R1's; u2 is shared by R1 (30 h) and R2 (40 h) and becomes R2's; u3 has no accounts."""
    rows = account_rows()
    for row, unit in zip(rows, ("u1", "u1", "u2", "u2"), strict=True):
        row["unit_id"] = unit
    boxes = {"u1": shapely.box(0, -1, 3, 1), "u2": shapely.box(3, -1, 6, 1), "u3": shapely.box(6, -1, 9, 1)}
    units = table([{"id": name, "geometry": box.wkb} for name, box in boxes.items()], UNIT_FIELDS)
    plain = columns(accounts=rows).tables
    data = DatasetTables(plain.accounts, table(rep_rows(), plain.reps.schema), units=units)
    found = alignment_columns(data, assigned(data, ["R1", "R1", "R1", "R2"]))
    shapes = draw_territories(found, found.owner)
    assert shapely.area(shapes.geometry).tolist() == [6.0, 6.0, 0.0, 0.0]
    assert shapes.outside == ["a3"]


def test_points_leave_out_and_count_what_has_no_place() -> None:
    """Three of four accounts and three of four reps have a place; the locked one says so."""
    found = columns(accounts=on_land())
    answer = points_geojson(scorecard(found, None), {}, None, np.array([True, False, False, False]))
    assert answer["counts"] == {
        "accounts": 3,
        "reps": 3,
        "accounts_without_place": 1,
        "reps_without_place": 1,
    }
    first = answer["features"][0]
    assert first["geometry"] == {"type": "Point", "coordinates": [8.5, 50.5]}
    assert first["properties"]["rep_id"] == "R1"
    assert [one["properties"]["locked"] for one in answer["features"][:3]] == [True, False, False]


def test_a_box_may_cross_the_antimeridian() -> None:
    """West above east holds the places on both sides of 180°."""
    box = Box(170, -10, -170, 10)
    held = box.holds(np.array([0.0, 0.0, 0.0, 20.0]), np.array([175.0, -175.0, 0.0, 175.0]))
    assert held.tolist() == [True, True, False, False]


@pytest.mark.parametrize(("meters", "step"), [(0, 0), (49, 0), (250, 250), (999, 500), (1e9, 10_000)])
def test_simplification_has_few_steps(meters: float, step: int) -> None:
    """Any tolerance is rounded down to a step, so that few maps are kept."""
    assert simplify_step(meters) == step
