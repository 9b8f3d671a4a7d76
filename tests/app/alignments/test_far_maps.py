"""Maps where the earth is awkward: across ±180 degrees, at the poles, and in one place, over HTTP."""

from typing import Any

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from tests.mvt import decode

Body = dict[str, Any]
Places = list[tuple[float, float, str]]

ALASKA: Places = [
    (51.88, -176.65, "West"),  # Adak
    (52.72, 174.10, "West"),  # Attu lies beyond 180
    (51.95, 179.50, "West"),
    (52.92, 172.91, "West"),
    (53.87, -166.53, "West"),
    (61.22, -149.90, "East"),
    (64.84, -147.72, "East"),
    (58.30, -134.42, "East"),
    (71.29, -156.79, "East"),
    (64.50, -165.41, "West"),
]
FIJI: Places = [
    (-16.43, 179.36, "West"),
    (-16.80, 179.99, "West"),
    (-16.85, -179.97, "East"),
    (-16.78, -179.99, "East"),
    (-18.14, 178.44, "West"),
    (-17.60, 177.45, "West"),
    (-18.20, -178.80, "East"),
    (-16.90, -179.90, "West"),
    (-16.80, 180.0, "East"),
    (-16.82, -180.0, "East"),
]
POLES: Places = [
    (90.0, 0.0, "West"),
    (90.0, 120.0, "East"),
    (89.99, -179.99, "East"),
    (-90.0, 0.0, "West"),
    (-89.9, 180.0, "West"),
    (-77.85, 166.67, "East"),
    (78.22, 15.65, "West"),
]
ONE_PLACE: Places = [(48.1374, 11.5755, "West" if number % 2 else "East") for number in range(12)]
RHINE: Places = [(50.94, 6.96, "West"), (50.94, 6.96, "East"), (50.11, 8.68, "East"), (50.36, 7.59, "West")]


def _alignment(client: TestClient, places: Places) -> str:
    """Return the current alignment of a dataset with an account at each place."""
    accounts = [
        {"id": f"A-{number}", "lat": lat, "lon": lon, "current_rep_id": rep, "measures": {"workload": 1}}
        for number, (lat, lon, rep) in enumerate(places)
    ]
    reps = [{"id": "West", "lat": places[0][0], "lon": places[0][1]}, {"id": "East", "lat": 0.0, "lon": 0.0}]
    body = {"accounts": accounts, "reps": reps, "coordinates_confirmed": True}
    answer = client.post("/v1/datasets", json=body)
    assert answer.status_code == 201, answer.text
    return str(client.get(f"/v1/datasets/{answer.json()['id']}/current").json()["id"])


def _tile_of(zoom: int, lat: float, lon: float) -> tuple[int, int]:
    across = min(int((lon + 180) / 360 * 2**zoom), 2**zoom - 1)
    bent = np.arcsinh(np.tan(np.radians(np.clip(lat, -85.0511, 85.0511)))) / np.pi
    return across, int(np.clip((1 - bent) / 2 * 2**zoom, 0, 2**zoom - 1))


def _assert_cut(geometry: Body) -> None:
    """Every ring lies within the map, is closed, runs as RFC 7946 asks, and no edge jumps across the map."""
    for rings in geometry["coordinates"]:
        for number, ring in enumerate(rings):
            points = np.array(ring)
            assert (np.abs(points) <= (180, 90)).all()
            assert ring[0] == ring[-1]
            assert shapely.LinearRing(ring).is_ccw == (number == 0)
            jumps = np.abs(np.diff(points[:, 0]))
            along_a_pole = (np.abs(points[:-1, 1]) == 90) & (np.abs(points[1:, 1]) == 90)
            assert (jumps[~along_a_pole] <= 180).all()


@pytest.mark.parametrize("places", [ALASKA, FIJI, POLES, ONE_PLACE, RHINE])
@pytest.mark.parametrize("simplify_m", [0, 250, 10_000])
def test_maps_are_sound_everywhere(client: TestClient, places: Places, simplify_m: int) -> None:
    """Valid territories that share no land, cut at ±180; each account lies in its rep's or is listed."""
    alignment = _alignment(client, places)
    answer = client.get(f"/v1/alignments/{alignment}/territories", params={"simplify_m": simplify_m})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    geometry = {item["id"]: shapely.geometry.shape(item["geometry"]) for item in found["features"]}
    assert all(item.is_valid for item in geometry.values())
    assert geometry["West"].intersection(geometry["East"]).area == pytest.approx(0, abs=1e-9)
    assert shapely.coverage_is_valid(list(geometry.values()))
    for item in found["features"]:
        _assert_cut(item["geometry"])
    for number, (lat, lon, rep) in enumerate(places):
        assert geometry[rep].intersects(shapely.Point(lon, lat)) or f"A-{number}" in found["outside"]
    apart = {(lat, lon) for lat, lon, _ in places}
    assert len(apart) == 1 or len(found["outside"]) < len(places) / 2


@pytest.mark.parametrize("places", [ALASKA, FIJI, ONE_PLACE])
def test_tiles_answer_everywhere(client: TestClient, places: Places) -> None:
    """At each zoom the tile of an account shows it and its rep's territory."""
    alignment = _alignment(client, places)
    for zoom in (0, 4, 9):
        for number in (0, 1, len(places) - 1):
            lat, lon, rep = places[number]
            x, y = _tile_of(zoom, lat, lon)
            answer = client.get(f"/v1/alignments/{alignment}/tiles/{zoom}/{x}/{y}")
            assert answer.status_code == 200, answer.text
            shown = decode(answer.content)
            reps = {feature.properties["rep_id"] for feature in shown["territories"].features}
            assert rep in reps
            assert f"A-{number}" in {feature.properties["account_id"] for feature in shown["accounts"].features}
