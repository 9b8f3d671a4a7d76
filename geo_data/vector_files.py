"""Layers from files of geographic information systems: Shapefile in a zip, GeoPackage, FlatGeobuf.

Owns what is opened at all: the kind is told by the first bytes, archives are unpacked by us within a limit, and
of a GeoPackage only plain tables are read. Coordinates in another system are turned into WGS 84 degrees, which
is reported.
"""

import datetime
import io
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from geo_data.exceptions import UnpackLimitError, UnreadableLayerError
from geo_data.layer import Layer, LayerFault, RawLayer, build_layer

__all__ = ["FileLimits", "is_vector_file", "read_vector_file"]

_ZIP, _FLATGEOBUF, _SQLITE = b"PK\x03\x04", b"fgb\x03fgb", b"SQLite format 3\x00"
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MOST_MEMBERS = 2_000
_CHUNK = 1 << 20
_ID_NAMES = (
    *("id", "unit_id", "geoid", "geoid20", "geoid10", "zcta5ce20", "zcta5ce10", "zip", "zipcode", "zip_code"),
    *("postal_code", "postcode", "plz", "fips", "code", "nuts_id", "iso_a3", "iso_a2"),
)
_WGS84 = CRS.from_user_input("OGC:CRS84")


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a file may hold at most.

    Attributes
    ----------
    features, vertices
        Units, and vertices of all their polygons.
    unpacked_bytes
        Size of what an archive unpacks to.
    """

    features: int = 250_000
    vertices: int = 2_000_000
    unpacked_bytes: int = 1 << 30


def is_vector_file(content: bytes) -> bool:
    """Tell whether the first bytes are those of a zip, a GeoPackage or a FlatGeobuf."""
    return content.startswith((_ZIP, _FLATGEOBUF, _SQLITE))


def read_vector_file(
    content: bytes, limits: FileLimits, *, layer: str | None = None, id_property: str | None = None
) -> tuple[Layer, tuple[LayerFault, ...]]:
    """Read the polygons of one layer, in WGS 84 degrees.

    Parameters
    ----------
    content
        The file.
    limits
        What it may hold at most.
    layer
        Name of the layer; the largest one where left out, which is reported when there are others.
    id_property
        The column that holds the ids; a usual name such as ``id`` or ``GEOID`` where left out.

    Raises
    ------
    UnreadableLayerError
        When the file is broken, of another kind, or has no such layer.
    UnpackLimitError
        When it unpacks to more than the limit.
    """
    raw = RawLayer()
    with tempfile.TemporaryDirectory(prefix="territory-units-") as folder:
        path, chosen = _stored(content, Path(folder), limits, layer, raw.faults)
        try:
            meta, _, geometry, columns = pyogrio.raw.read(
                path, layer=chosen, force_2d=True, max_features=limits.features + 1
            )
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError) as error:
            raise UnreadableLayerError(f"the file cannot be read: {str(error)[:120]}") from error
    if geometry is None:
        raise UnreadableLayerError("the layer has no geometry")
    if len(geometry) > limits.features:
        detail = f"the layer has more than {limits.features:,} features"
        raw.faults.append(LayerFault("TOO_MANY", detail, "send fewer units", params={"limit": limits.features}))
        return build_layer(raw)
    fields = [str(name) for name in meta["fields"]]
    id_column = _id_column(fields, id_property, raw.faults)
    shapes = shapely.from_wkb(geometry, on_invalid="ignore")
    if int(shapely.get_num_coordinates(shapes).sum()) <= limits.vertices:
        shapes = _in_degrees(shapes, meta.get("crs"), raw.faults)
    if any(fault.severity == "error" for fault in raw.faults):
        return build_layer(raw)
    for index in np.flatnonzero(shapely.is_missing(shapes)).tolist():
        detail = "the feature has no geometry that can be read"
        raw.faults.append(LayerFault("INVALID_GEOMETRY", detail, "send polygons", index=index))
    texts = [_plain(column) for column in columns]
    raw.shapes = shapes.tolist()
    raw.properties = [dict(zip(fields, row, strict=True)) for row in zip(*texts, strict=True)] or [{}] * len(shapes)
    raw.ids = [_as_id(properties.get(id_column)) for properties in raw.properties]
    return build_layer(raw, max_vertices=limits.vertices)


def _stored(
    content: bytes, folder: Path, limits: FileLimits, layer: str | None, faults: list[LayerFault]
) -> tuple[Path, str]:
    """Write the file where GDAL can open it; return its path and the layer to read."""
    if content.startswith(_ZIP):
        return _unpacked_shapefile(content, folder, limits, layer, faults)
    if content.startswith(_FLATGEOBUF):
        path = folder / "units.fgb"
        path.write_bytes(content)
        return path, _one_of(_layer_names(path), None, faults)
    path = folder / "units.gpkg"
    path.write_bytes(content)
    return path, _one_of(_plain_tables(path), layer, faults)


def _unpacked_shapefile(
    content: bytes, folder: Path, limits: FileLimits, layer: str | None, faults: list[LayerFault]
) -> tuple[Path, str]:
    """Unpack one Shapefile out of an archive, under names of our own."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if len(members) > _MOST_MEMBERS or total > limits.unpacked_bytes:
                raise UnpackLimitError(limits.unpacked_bytes, total)
            found = {_stem(member): member.file_size for member in members if _suffix(member) == ".shp"}
            if not found:
                raise UnreadableLayerError("the zip holds no .shp file; send a zipped Shapefile")
            chosen = _one_of(sorted(found, key=lambda stem: (-found[stem], stem)), layer, faults)
            for member in members:
                if _stem(member) == chosen and _suffix(member) in _SHAPEFILE_PARTS:
                    _extract(archive, member, folder / f"units{_suffix(member)}", limits.unpacked_bytes)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableLayerError(f"the zip cannot be unpacked: {str(error)[:120]}") from error
    if not (folder / "units.dbf").exists() or not (folder / "units.shx").exists():
        raise UnreadableLayerError("the zip lacks the .dbf or .shx file that belongs to the .shp file")
    return folder / "units.shp", "units"


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, limit: int) -> None:
    written = 0
    with archive.open(member) as source, path.open("wb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise UnpackLimitError(limit, written)
            target.write(chunk)


def _stem(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).stem


def _suffix(member: zipfile.ZipInfo) -> str:
    is_hidden = "__MACOSX" in member.filename or PurePosixPath(member.filename).name.startswith(".")
    return "" if is_hidden else PurePosixPath(member.filename).suffix.lower()


def _plain_tables(path: Path) -> list[str]:
    """Return the feature tables of a GeoPackage, the first first; views could compute without end."""
    query = (
        "SELECT c.table_name FROM gpkg_contents c JOIN sqlite_master m ON lower(m.name) = lower(c.table_name) "
        "WHERE c.data_type = 'features' AND m.type = 'table' AND m.rootpage > 0 ORDER BY c.rowid"
    )
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            names = [str(row[0]) for row in database.execute(query).fetchmany(_MOST_MEMBERS)]
    except sqlite3.Error as error:
        raise UnreadableLayerError(f"the file is not a GeoPackage: {str(error)[:120]}") from error
    if not names:
        raise UnreadableLayerError("the GeoPackage has no table of features")
    return names


def _layer_names(path: Path) -> list[str]:
    try:
        return [str(row[0]) for row in pyogrio.list_layers(path)]
    except (pyogrio.errors.DataSourceError, ValueError) as error:
        raise UnreadableLayerError(f"the file cannot be read: {str(error)[:120]}") from error


def _one_of(names: Sequence[str], wanted: str | None, faults: list[LayerFault]) -> str:
    listed = ", ".join(repr(name[:64]) for name in names[:8])
    if not names or (wanted is not None and wanted not in names):
        raise UnreadableLayerError(f"the file has no layer {str(wanted)[:64]!r}; it has {listed or 'none'}")
    if wanted is None and len(names) > 1:
        detail = f"the file has several layers ({listed}); {names[0][:64]!r} was taken"
        fix = "name another one in mapping.units as 'layer'"
        params = {"layer": names[0][:64]}
        faults.append(LayerFault("UNMAPPED_COLUMN", detail, fix, severity="warning", params=params))
    return names[0] if wanted is None else wanted


def _id_column(fields: Sequence[str], wanted: str | None, faults: list[LayerFault]) -> str:
    """Return the column that holds the ids; a fault where there is none."""
    if wanted is not None and wanted in fields:
        return wanted
    known = {name.lower(): name for name in reversed(fields)}
    found = next((known[name] for name in _ID_NAMES if name in known), None) if wanted is None else None
    if found is not None:
        return found
    listed = ", ".join(repr(name[:64]) for name in fields[:20]) or "none"
    detail = f"no column holds the ids of the units{'' if wanted is None else f': {wanted[:64]!r} is none'}"
    fix = f"map one of the columns to 'id' in mapping.units; there are {listed}"
    faults.append(LayerFault("MISSING_COLUMN", detail, fix, params={"columns": list(fields[:20])}))
    return ""


def _in_degrees(shapes: NDArray[np.object_], crs_text: str | None, faults: list[LayerFault]) -> NDArray[np.object_]:
    """Turn coordinates into WGS 84 degrees; what has no coordinate system must be in degrees already."""
    if not crs_text:
        detail = "the file does not say its coordinate system; WGS 84 degrees were assumed"
        faults.append(LayerFault("WRONG_CRS", detail, "send a .prj file along", severity="warning"))
        return shapes
    try:
        crs = CRS.from_user_input(crs_text)
        if crs.equals(_WGS84, ignore_axis_order=True):
            return shapes
        transformer = Transformer.from_crs(crs, _WGS84, always_xy=True)
    except ProjError as error:
        detail = f"the file's coordinate system cannot be used: {str(error)[:120]}"
        faults.append(LayerFault("WRONG_CRS", detail, "send longitude and latitude in WGS 84 degrees"))
        return shapes
    name = f"{crs_text[:64]} ({crs.name[:64]})" if not crs_text.startswith(("PROJ", "GEOG")) else crs.name[:64]
    detail = f"the coordinates were in {name}; they were turned into WGS 84 degrees"
    params = {"crs": name}
    faults.append(LayerFault("WRONG_CRS", detail, "nothing to do", severity="warning", params=params))

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    turned: NDArray[np.object_] = shapely.transform(shapes, moved)
    return turned


def _plain(column: NDArray[Any]) -> list[Any]:
    """Return a column's values as JSON has them; bytes and what is not finite are null."""
    values: list[Any] = column.astype(str).tolist() if column.dtype.kind == "M" else column.tolist()
    return [_plain_value(value) for value in values]


def _plain_value(value: Any) -> Any:
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool) else None


def _as_id(value: Any) -> object:
    """Read whole numbers that a database stores as floating point as what they are."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.strip() if isinstance(value, str) else value
