import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings

Body = dict[str, Any]
ACCOUNTS = b"id,lat,lon,unit_id\nin,40.5,-119.5,\nnamed,10,10,b\nout,1,1,\n"
REPS = b"id,lat,lon\nr,40,-119\n"
UNITS = geopandas.GeoDataFrame(
    {"GEOID": ["a", "b"]},
    geometry=[shapely.box(-120, 40, -119, 41), shapely.box(-117, 40, -116, 41)],
    crs="EPSG:4326",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return one client for all layers."""
    with TestClient(create_app(Settings(data_dir=tmp_path_factory.mktemp("data"), log_level="error"))) as client:
        yield client


def post(client: TestClient, units: bytes, *, accounts: bytes = ACCOUNTS, **fields: str) -> Any:
    files = {
        "accounts": ("a.csv", accounts),
        "reps": ("r.csv", REPS),
        "units": ("units.bin", units),
    }
    return client.post("/v1/datasets", files=files, data=fields)


def accounts_of(client: TestClient, body: Body) -> dict[str, Body]:
    page = client.get(f"/v1/datasets/{body['id']}/accounts").json()
    return {item["id"]: item for item in page["items"]}


def test_accounts_are_placed_by_unit_id_or_by_point(shared: TestClient, tmp_path: Path) -> None:
    """A point finds its unit, a unit_id stays, who lies outside all is listed with the row, and islands are named."""
    UNITS.to_crs("EPSG:3857").to_file(tmp_path / "units.gpkg")
    answer = post(shared, (tmp_path / "units.gpkg").read_bytes())
    assert answer.status_code == 201, answer.text
    body = answer.json()
    found = {account: item["unit_id"] for account, item in accounts_of(shared, body).items()}
    assert found == {"in": "a", "named": "b", "out": None}
    checks = {check["code"]: check for check in body["checks"]}
    assert checks["OUTSIDE_ALL_UNITS"]["row"] == 4
    assert "turned into WGS 84" in checks["WRONG_CRS"]["detail"]
    assert checks["ISLAND_BRIDGED"]["params"]["unit_ids"] == ["a", "b"]
    assert checks["ISLAND_BRIDGED"]["params"]["length_km"] == pytest.approx(168, rel=0.02)


def test_a_mapping_names_the_id(shared: TestClient, tmp_path: Path) -> None:
    """A zipped Shapefile whose id column has a name of its own is read with a mapping, and refused without."""
    UNITS.rename(columns={"GEOID": "Bezirk"}).to_file(tmp_path / "units.shp")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part in tmp_path.glob("units.*"):
            archive.write(part, part.name)
    refused = post(shared, packed.getvalue())
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["params"]["columns"] == ["Bezirk"]
    mapped = post(shared, packed.getvalue(), mapping=json.dumps({"units": {"Bezirk": "id"}}))
    assert mapped.json()["counts"]["units"] == 2


@pytest.mark.parametrize("name", ["us_states", "us_counties", "world_countries"])
def test_bundled_units(shared: TestClient, name: str) -> None:
    """Bundled units are asked for by name, in a form and in JSON, and hold Manhattan, its coast and a ZIP code of it.

    Where the bundled coast is coarse, the nearest unit within 15 km has the account.
    """
    expected = {"us_states": "36", "us_counties": "36061", "world_countries": "840"}[name]
    accounts = b"id,lat,lon,postal_code,country\np,40.7549,-73.984,,\nshore,40.7606,-74.0027,,\nz,,,10036,US\n"
    body = post(shared, json.dumps({"bundled": name}).encode(), accounts=accounts).json()
    assert {item["unit_id"] for item in accounts_of(shared, body).values()} == {expected}
    rows = [{"id": "p", "lat": 40.7549, "lon": -73.984}]
    sent = {"accounts": rows, "reps": [{"id": "r", "lat": 40.7, "lon": -74.0}], "units": {"bundled": name}}
    again = shared.post("/v1/datasets?check_only=true", json=sent)
    assert again.json()["counts"]["units"] == body["counts"]["units"]


def test_unknown_bundle(shared: TestClient) -> None:
    """A name that is not bundled is refused with the nearest one."""
    answer = post(shared, b'{"bundled": "us_county"}')
    assert answer.status_code == 422
    assert "us_counties" in answer.json()["errors"][0]["detail"]


def test_topology(shared: TestClient) -> None:
    """A quantized topology is read; one that refers to arcs it does not have is refused, and so is an endless one."""
    arcs = [[[0, 0], [0, 10], [10, 0], [0, -10], [-10, 0]]]
    square = {"type": "Polygon", "id": "a", "arcs": [[0]], "properties": {"name": "Å"}}
    topology: Body = {
        "type": "Topology",
        "transform": {"scale": [0.1, 0.1], "translate": [-120, 40]},
        "objects": {"units": {"type": "GeometryCollection", "geometries": [square]}},
        "arcs": arcs,
    }
    body = post(shared, json.dumps(topology).encode(), accounts=b"id,lat,lon\nin,40.5,-119.5\n").json()
    assert accounts_of(shared, body)["in"]["unit_id"] == "a"
    square["arcs"] = [[7]]
    assert post(shared, json.dumps(topology).encode()).status_code == 422
    square["arcs"] = [[0] * 500_000]
    answer = post(shared, json.dumps(topology).encode(), accounts=b"id,lat,lon\nin,40.5,-119.5\n")
    assert [error["code"] for error in answer.json()["errors"]] == ["TOO_MANY"]


def test_a_bomb_is_refused_by_its_size(shared: TestClient) -> None:
    """An archive that would unpack to more than the limit is answered with 413."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2001):
            archive.writestr(f"{number}.shp", b"")
    answer = post(shared, packed.getvalue())
    assert (answer.status_code, answer.json()["code"]) == (413, "DECOMPRESSION_LIMIT")
