"""Vector tiles of an alignment: what they hold, and what their addresses answer."""

import numpy as np
import pytest

from app.alignments import tiles
from app.alignments.scorecards import scorecard
from app.alignments.territories import draw_territories
from geo_data.vector_tiles import Tile
from tests.app.alignments.conftest import Bench
from tests.app.alignments.line import columns
from tests.app.alignments.test_maps import on_land
from tests.mvt import decode


def path(alignment_id: str, z: int, x: int, y: int) -> str:
    return f"/v1/alignments/{alignment_id}/tiles/{z}/{x}/{y}"


def test_a_tile_shows_territories_and_accounts(bench: Bench, alignment_id: str) -> None:
    """The tile around Frankfurt has both territories with loads and colors, and the accounts with their reps."""
    answer = bench.client.get(path(alignment_id, 5, 17, 10))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.mapbox-vector-tile")
    found = decode(answer.content)
    territories = {feature.properties["rep_id"]: feature.properties for feature in found["territories"].features}
    assert set(territories) == {"R1", "R2"}
    assert territories["R1"]["rep_name"] == "Çelik"
    assert territories["R1"]["load:workload"] == 21.0
    assert territories["R1"]["color"].startswith("#")
    accounts = {feature.properties["account_id"]: feature.properties for feature in found["accounts"].features}
    assert accounts["a4"] == {
        "account_id": "a4",
        "name": "=SUM(A1)",
        "rep_id": "R2",
        "current_rep_id": "R1",
        "moved": True,
    }
    again = bench.client.get(path(alignment_id, 5, 17, 10), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_nothing_is_no_content(bench: Bench, alignment_id: str) -> None:
    """A tile of the Pacific is 204, a tile beyond the map is 404 or 422, and one of no alignment 404."""
    assert bench.client.get(path(alignment_id, 5, 0, 16)).status_code == 204
    assert bench.client.get(path(alignment_id, 1, 2, 0)).status_code == 404
    for place in ((23, 0, 0), (0, -1, 0)):
        assert bench.client.get(path(alignment_id, *place)).status_code == 422
    assert bench.client.get(path("al_none", 0, 0, 0)).status_code == 404


def test_crowded_tiles_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a tile has too many accounts, a point stands for all of one rep in its cell, and nobody is lost."""
    rows = [
        {**row, "id": f"{row['id']}-{copy}", "lon": row["lon"] or 9.0, "lat": 50.5}
        for row in on_land()
        for copy in range(30)
    ]
    found = columns(["R1"] * 60 + ["R2"] * 60, accounts=rows)
    card = scorecard(found, None)
    shapes = draw_territories(found, found.owner)
    monkeypatch.setattr(tiles, "MOST_POINTS", 10)
    shown = decode(tiles.tile_bytes(Tile(0, 0, 0), tiles.account_points(card), shapes))["accounts"].features
    assert len(shown) <= 10
    assert sum(feature.properties["count"] for feature in shown) == 120
    assert {feature.properties["rep_id"] for feature in shown} == {"R1", "R2"}


def test_borders_are_as_coarse_as_the_zoom_allows() -> None:
    """At zoom 0 borders may be 5 km off, at zoom 10 nothing that a pixel could show."""
    assert [tiles.simplify_m_at(zoom) for zoom in (0, 3, 6, 14)] == [5000, 1000, 100, 0]
    assert np.all(np.diff([tiles.simplify_m_at(zoom) for zoom in range(23)]) <= 0)
