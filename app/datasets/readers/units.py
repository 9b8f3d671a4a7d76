"""Units from GeoJSON (RFC 7946): strict JSON, then `geo_data.layer` for geometry and its faults."""

import dataclasses

import msgspec
import pyarrow as pa
import shapely

from app.datasets.faults import FaultLog, Origin
from app.datasets.readers.reading import ReadLimits
from app.datasets.tables import UNIT_FIELDS
from app.errors import Fault
from app.strict_json import count_keys, decode_syntax, duplicate_key_error, measure_structure, text_faults
from geo_data.exceptions import UnreadableLayerError
from geo_data.layer import LayerFault, read_layer


def read_units(content: bytes, origin: Origin, log: FaultLog, limits: ReadLimits) -> pa.Table:
    """Read a FeatureCollection, or a list of Features, into the stored form of units.

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
    if isinstance(parsed, list):
        content = b'{"type":"FeatureCollection","features":' + content + b"}"
    try:
        layer, faults = read_layer(content, max_vertices=limits.max_vertices)
    except UnreadableLayerError as error:
        log.add(Fault(code="WRONG_TYPE", detail=_sentence(str(error)), **origin.place(None)))
        return UNIT_FIELDS.empty_table()
    log.extend(_fault(fault, origin) for fault in faults if fault.code != "DUPLICATE_ID")
    columns = (
        layer.ids,
        layer.names,
        [shapely.to_wkb(shape) for shape in layer.geometry],
        [msgspec.json.encode(properties).decode() for properties in layer.properties],
    )
    arrays = [pa.array(values, field.type) for values, field in zip(columns, UNIT_FIELDS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=UNIT_FIELDS)


def units_origin(content: bytes, *, base: str, file: str | None = None) -> Origin:
    """Return the origin of units, whose rows are the features of a collection, or a plain list."""
    within = "/features" if content.lstrip().startswith(b"{") else ""
    return Origin("units", file=file, base=base, within=within)


def _fault(fault: LayerFault, origin: Origin) -> Fault:
    is_missing_id = fault.code == "MISSING_COLUMN"
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
