"""A JSON body with accounts, reps, units and pairs inline, of a dataset or of a one-call job."""

from collections.abc import Iterable

import msgspec

from app.datasets.faults import Origin
from app.datasets.fields import TABLES
from app.datasets.readers.json_rows import read_rows
from app.datasets.readers.reading import Reading, ReadLimits
from app.datasets.readers.units import read_units, units_origin
from app.errors import Fault
from app.strict_json import (
    count_keys,
    decode_syntax,
    duplicate_key_error,
    measure_structure,
    not_json,
    text_faults,
)
from app.validation import nearest, pointer_of

DATA_FIELDS = ("accounts", "reps", "pairs", "units")


def read_json_body(content: bytes, reading: Reading, limits: ReadLimits, *, other_fields: Iterable[str]) -> bytes:
    """Read the data of a JSON object into ``reading``; return the rest of the object as JSON.

    Parameters
    ----------
    content
        The whole body.
    reading
        Receives tables, origins and faults.
    limits
        Limits of rows and depth.
    other_fields
        Fields that may stand beside the data; all others are faults.

    Raises
    ------
    ProblemError
        When the body is not a strict JSON object.
    """
    structure = measure_structure(content, max_depth=limits.max_json_depth)
    if not content.lstrip().startswith(b"{"):
        decode_syntax(content, msgspec.Raw)
        raise not_json("The body must be a JSON object.")
    parts: dict[str, msgspec.Raw] = decode_syntax(content, dict[str, msgspec.Raw])
    _refuse_duplicates(content, structure.num_keys, parts)
    known = [*DATA_FIELDS, *other_fields]
    for name in parts.keys() - set(known):
        near = nearest(name, known)
        hint = f"did you mean '{near}'?" if near else f"known are {', '.join(known)}."
        detail = f"'{name[:64]}' is not a field: {hint}"
        reading.log.add(
            Fault(
                code="UNKNOWN_FIELD",
                detail=detail,
                pointer=pointer_of([name]),
                params={"nearest": near} if near else {},
            )
        )
    for name in DATA_FIELDS:
        raw = parts.get(name)
        if raw is None or bytes(raw) == b"null":
            continue
        origin = Origin(name, base=f"/{name}")
        if name == "units":
            origin = units_origin(bytes(raw), base="/units")
            reading.add(read_units(bytes(raw), origin, reading.log, limits), origin)
        else:
            reading.add(read_rows(raw, TABLES[name], origin, reading.log), origin)
    return _rest(parts, reading)


def decode_part(raw: msgspec.Raw) -> object:
    """Parse one part of a body strictly.

    Raises
    ------
    ProblemError
        When it is not strict JSON.
    """
    parsed = decode_syntax(raw)
    if measure_structure(bytes(raw)).num_keys != count_keys(parsed):
        raise duplicate_key_error(bytes(raw))
    return parsed


def _rest(parts: dict[str, msgspec.Raw], reading: Reading) -> bytes:
    rest = {name: raw for name, raw in parts.items() if name not in DATA_FIELDS}
    for name, raw in rest.items():
        for fault in text_faults({name: decode_part(raw)}):
            reading.log.add(fault)
    return msgspec.json.encode(rest)


def _refuse_duplicates(content: bytes, num_keys: int, parts: dict[str, msgspec.Raw]) -> None:
    """Refuse a key that stands twice at the top: then the parts that were kept have too few keys."""
    inner = sum(measure_structure(bytes(raw)).num_keys for raw in parts.values())
    if num_keys != inner + len(parts):
        raise duplicate_key_error(content)
