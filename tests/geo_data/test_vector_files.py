import io
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geo_data.exceptions import UnpackLimitError, UnreadableLayerError
from geo_data.layer import Layer, LayerFault
from geo_data.vector_files import FileLimits, is_vector_file, read_vector_file

LIMITS = FileLimits()
SQUARES = geopandas.GeoDataFrame(
    {
        "GEOID": ["06001", "06003", "06005"],
        "NAME": ["Łódź", "京都", "c"],
        "pop": [1, 2, 3],
        "share": [0.5, float("nan"), 1.5],
    },
    geometry=[shapely.box(-120, 40, -119, 41), shapely.box(-119, 40, -118, 41), shapely.box(-118, 40, -117, 41)],
    crs="EPSG:4326",
)


def written(folder: Path, suffix: str, frame: geopandas.GeoDataFrame = SQUARES, **options: Any) -> bytes:
    """Write a layer as GDAL does; a Shapefile becomes a zip of its parts."""
    path = folder / f"layer{suffix}"
    frame.to_file(path, **options)
    if suffix != ".shp":
        return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("layer.*")):
            archive.write(part, f"some folder/{part.name}")
    return packed.getvalue()


def codes(faults: tuple[LayerFault, ...]) -> list[tuple[str, str]]:
    return [(fault.code, fault.severity) for fault in faults]


def read(content: bytes, **options: Any) -> tuple[Layer, tuple[LayerFault, ...]]:
    return read_vector_file(content, LIMITS, **options)


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".fgb"])
def test_every_format_reads_the_same(tmp_path: Path, suffix: str) -> None:
    """A Shapefile, a GeoPackage and a FlatGeobuf of one layer give the same units, whatever their order."""
    content = written(tmp_path, suffix)
    assert is_vector_file(content)
    layer, faults = read(content)
    assert codes(faults) == []
    assert dict(zip(layer.ids, layer.names, strict=True)) == {"06001": "Łódź", "06003": "京都", "06005": "c"}
    properties = layer.properties[layer.ids.index("06003")]
    assert properties["pop"] == 2
    assert properties["share"] is None
    west = layer.geometry[layer.ids.index("06001")]
    assert west.equals(shapely.box(-120, 40, -119, 41))


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".fgb"])
@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:5070", "EPSG:4269"])
def test_projected_layers_are_turned_into_degrees(tmp_path: Path, suffix: str, crs: str) -> None:
    """Web Mercator, an equal-area projection and NAD83 come back as WGS 84 degrees, and that is reported."""
    layer, faults = read(written(tmp_path, suffix, SQUARES.to_crs(crs)))
    assert ("WRONG_CRS", "warning") in codes(faults)
    west = layer.geometry[layer.ids.index("06001")]
    assert shapely.hausdorff_distance(west, shapely.box(-120, 40, -119, 41)) < 1e-4


def test_a_shapefile_without_a_system_must_be_in_degrees(tmp_path: Path) -> None:
    """Without a .prj file degrees are assumed and reported, and meters are refused."""
    SQUARES.to_crs("EPSG:3857").to_file(tmp_path / "meters.shp")
    SQUARES.to_file(tmp_path / "degrees.shp")
    found = {}
    for name in ("meters", "degrees"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for suffix in (".shp", ".shx", ".dbf"):
                archive.write(tmp_path / f"{name}{suffix}", f"{name}{suffix}")
        found[name] = codes(read(packed.getvalue())[1])
    assert found == {
        "meters": [("WRONG_CRS", "warning"), ("WRONG_CRS", "error")],
        "degrees": [("WRONG_CRS", "warning")],
    }


def test_ids_may_be_mapped(tmp_path: Path) -> None:
    """Where no usual column is there, the sentence lists the columns, and a mapping names one."""
    content = written(tmp_path, ".gpkg", SQUARES.rename(columns={"GEOID": "Schlüssel"}))
    (fault,) = read(content)[1]
    assert fault.code == "MISSING_COLUMN"
    assert fault.params["columns"] == ["Schlüssel", "NAME", "pop", "share"]
    assert read(content, id_property="Schlüssel")[0].ids == ("06001", "06003", "06005")
    assert read(content, id_property="pop")[0].ids == ("1", "2", "3")


def test_one_layer_of_several(tmp_path: Path) -> None:
    """Of several layers the first is taken and reported; a name chooses another; an unknown name is refused."""
    SQUARES.to_file(tmp_path / "layer.gpkg", layer="all")
    SQUARES.iloc[:1].to_file(tmp_path / "layer.gpkg", layer="one")
    content = (tmp_path / "layer.gpkg").read_bytes()
    layer, faults = read(content)
    assert (len(layer.ids), codes(faults)) == (3, [("UNMAPPED_COLUMN", "warning")])
    assert len(read(content, layer="one")[0].ids) == 1
    with pytest.raises(UnreadableLayerError, match="has no layer 'none'"):
        read(content, layer="none")


def test_broken_files_are_refused(tmp_path: Path) -> None:
    """Files cut in half, empty archives and other databases are refused with a sentence, never with a crash."""
    for suffix in (".shp", ".gpkg", ".fgb"):
        content = written(tmp_path, suffix)
        with pytest.raises(UnreadableLayerError):
            read(content[: len(content) // 3])
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(UnreadableLayerError, match=r"no \.shp"):
        read(empty.getvalue())
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE a (b)")
    with pytest.raises(UnreadableLayerError, match="not a GeoPackage"):
        read((tmp_path / "other.db").read_bytes())


def test_a_view_is_no_layer(tmp_path: Path) -> None:
    """A view that counts for ever is not read."""
    written(tmp_path, ".gpkg")
    with sqlite3.connect(tmp_path / "layer.gpkg") as database:
        database.execute(
            "CREATE VIEW bomb AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
        database.execute("UPDATE gpkg_contents SET table_name = 'bomb'")
    with pytest.raises(UnreadableLayerError, match="no table of features"):
        read((tmp_path / "layer.gpkg").read_bytes())


def test_an_archive_may_not_unpack_without_bound() -> None:
    """A zip of zeros is refused by its size before it is unpacked, and so is one of ten thousand files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.shp", bytes(8_000_000))
    with pytest.raises(UnpackLimitError):
        read_vector_file(packed.getvalue(), FileLimits(unpacked_bytes=1_000_000))
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number}.shp", b"")
    with pytest.raises(UnpackLimitError):
        read(many.getvalue())


def test_limits_of_features_and_vertices(tmp_path: Path) -> None:
    """More features or vertices than allowed are refused."""
    content = written(tmp_path, ".gpkg")
    for limits in (FileLimits(features=2), FileLimits(vertices=14)):
        assert codes(read_vector_file(content, limits)[1]) == [("TOO_MANY", "error")]


def test_points_are_no_units(tmp_path: Path) -> None:
    """A layer of points is refused feature by feature."""
    points = SQUARES.set_geometry(SQUARES.geometry.representative_point())
    assert codes(read(written(tmp_path, ".gpkg", points))[1]) == [("INVALID_GEOMETRY", "error")] * 3
