"""Units: GeoJSON, TopoJSON, files of geographic information systems, or those that ship with the service.

JSON is read strictly, then `geo_data` reads geometry and says what is wrong with it.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import shapely

from app.datasets.faults import FaultLog, Origin
from app.datasets.readers.flat_table import UnreadableError
from app.datasets.readers.reading import ReadLimits
from app.datasets.tables import UNIT_FIELDS
from app.errors import Fault
from app.strict_json import count_keys, decode_syntax, duplicate_key_error, measure_structure, text_faults
from app.validation import nearest
from geo_data.bundled import BUNDLED_NAMES, bundled_layer
from geo_data.exceptions import EmptyLayerError, UnpackLimitError, UnreadableLayerError
from geo_data.geojson_layer import read_layer
from geo_data.layer import Layer, LayerFault
from geo_data.topojson_layer import read_topology_layer
from geo_data.vector_files import FileLimits, read_vector_file

REACH = b"reach_degrees"
"""Metadata of units whose borders are coarse: how far off an account may lie, in degrees."""

BUNDLED_REACH = 0.15  # about 15 km, as coarse as the atlas draws islands and reclaimed land
_MAPPED = ("id", "layer")


def read_units(
    content: bytes, origin: Origin, log: FaultLog, limits: ReadLimits, *, mapping: Mapping[str, object] | None = None
) -> pa.Table:
    """Read a FeatureCollection, a list of Features, a topology, or the name of bundled units.

    Parameters
    ----------
    content
        JSON without a byte order mark.
    origin
        Where it came from.
    log
        Receives every fault.
    limits
        Limits of depth and vertices.
    mapping
        Which property is the id, and which layer of a topology is meant.

    Raises
    ------
    ProblemError
        When the content is not strict JSON.
    """
    structure = measure_structure(content, max_depth=limits.max_json_depth)
    parsed = decode_syntax(content)
    if structure.num_keys != count_keys(parsed):
        raise duplicate_key_error(content)
    for fault in text_faults(parsed):
        log.add(dataclasses.replace(fault, pointer=f"{origin.base or ''}{fault.pointer}", file=origin.file))
    if isinstance(parsed, dict) and "bundled" in parsed:
        return _bundled(parsed, origin, log)
    wanted = _wanted(mapping or {}, log)
    try:
        layer, faults = _json_layer(content, parsed, limits, wanted)
    except UnreadableLayerError as error:
        code = "INVALID_GEOMETRY" if isinstance(error, EmptyLayerError) else "WRONG_TYPE"
        log.add(Fault(code=code, detail=_sentence(str(error)), **origin.place(None)))
        return UNIT_FIELDS.empty_table()
    _add_faults(faults, origin, log)
    return _table(layer)


def read_unit_file(
    content: bytes, log: FaultLog, limits: ReadLimits, *, mapping: Mapping[str, object]
) -> tuple[pa.Table, Origin]:
    """Read a Shapefile in a zip, a GeoPackage or a FlatGeobuf into the stored form of units.

    Parameters
    ----------
    content
        The file.
    log
        Receives every fault.
    limits
        Limits of rows, vertices and unpacked size.
    mapping
        Which column is the id, and which layer is meant.

    Raises
    ------
    UnreadableError
        When the file cannot be read, or unpacks to more than the limit.
    """
    wanted = _wanted(mapping, log)
    most = FileLimits(
        features=limits.max_rows["units"], vertices=limits.max_vertices, unpacked_bytes=limits.max_unpacked_bytes
    )
    try:
        layer, faults = read_vector_file(content, most, layer=wanted["layer"], id_property=wanted["id"])
    except UnreadableLayerError as error:
        raise UnreadableError(_sentence(str(error))) from None
    except UnpackLimitError as error:
        raise UnreadableError(_sentence(str(error)), code="DECOMPRESSION_LIMIT") from None
    origin = Origin("units", file="units", rows=np.arange(1, limits.max_rows["units"] + 2))
    for row, properties in enumerate(layer.properties):
        for fault in text_faults([layer.ids[row], *properties.values()]):
            log.add(dataclasses.replace(fault, pointer=None, **origin.place(row)))
    _add_faults(faults, origin, log)
    return _table(layer), origin


def units_origin(content: bytes, *, base: str, file: str | None = None) -> Origin:
    """Return the origin of units, whose rows are the features of a collection, or a plain list."""
    within = "/features" if content.lstrip().startswith(b"{") else ""
    return Origin("units", file=file, base=base, within=within)


def _json_layer(
    content: bytes, parsed: object, limits: ReadLimits, wanted: Mapping[str, str | None]
) -> tuple[Layer, tuple[LayerFault, ...]]:
    if isinstance(parsed, dict) and parsed.get("type") == "Topology":
        return read_topology_layer(
            parsed, max_vertices=limits.max_vertices, layer=wanted["layer"], id_property=wanted["id"]
        )
    if isinstance(parsed, list):
        content = b'{"type":"FeatureCollection","features":' + content + b"}"
    return read_layer(content, max_vertices=limits.max_vertices, id_property=wanted["id"])


def _bundled(parsed: Mapping[str, Any], origin: Origin, log: FaultLog) -> pa.Table:
    name = parsed["bundled"]
    known = ", ".join(BUNDLED_NAMES)
    for other in parsed.keys() - {"bundled"}:
        detail = f"'{other[:64]}' cannot stand beside 'bundled'."
        log.add(Fault(code="UNKNOWN_FIELD", detail=detail, **origin.place(None)))
    if not isinstance(name, str) or name not in BUNDLED_NAMES:
        near = nearest(name, BUNDLED_NAMES) if isinstance(name, str) else None
        detail = f"'{str(name)[:64]}' is not bundled" + (f": did you mean '{near}'?" if near else f"; {known} are.")
        log.add(Fault(code="INVALID_VALUE", detail=detail, fix=f"Name one of {known}.", **origin.place(None)))
        return UNIT_FIELDS.empty_table()
    return _table(bundled_layer(name)).replace_schema_metadata({REACH: str(BUNDLED_REACH)})


def _wanted(mapping: Mapping[str, object], log: FaultLog) -> dict[str, str | None]:
    """Read which column is the id and which layer is meant; field to column or column to field."""
    wanted: dict[str, str | None] = dict.fromkeys(_MAPPED)
    for key, value in mapping.items():
        if key in _MAPPED and isinstance(value, str):
            wanted[key] = value
        elif isinstance(value, str) and value in _MAPPED:
            wanted[value] = key
        elif value is not None:
            detail = (
                f"The mapping of units names '{key[:64]}'; it may say which column is 'id' and which 'layer' is read."
            )
            log.add(Fault(code="UNKNOWN_FIELD", detail=detail, file="mapping"))
    return wanted


def _table(layer: Layer) -> pa.Table:
    columns = (
        layer.ids,
        layer.names,
        [shapely.to_wkb(shape) for shape in layer.geometry],
        [msgspec.json.encode(properties).decode() for properties in layer.properties],
    )
    arrays = [pa.array(values, field.type) for values, field in zip(columns, UNIT_FIELDS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=UNIT_FIELDS)


def _add_faults(faults: Iterable[LayerFault], origin: Origin, log: FaultLog) -> None:
    log.extend(_fault(fault, origin) for fault in faults if fault.code != "DUPLICATE_ID")


def _fault(fault: LayerFault, origin: Origin) -> Fault:
    is_missing_id = fault.code == "MISSING_COLUMN" and fault.index is not None
    place = origin.place(fault.index, "id" if is_missing_id else "geometry")
    return Fault(
        code="MISSING_FIELD" if is_missing_id else fault.code,
        detail=_sentence(fault.detail),
        fix=_sentence(fault.fix),
        params=fault.params,
        severity=fault.severity,
        **place,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
