"""The body of POST /v1/datasets: JSON or multipart files, spooled, then read and checked off the event loop."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.bodies import media_type_of, refuse_encoding, require_json, spool, too_large, unsupported
from app.datasets.faults import FaultLog
from app.datasets.import_processes import ImportProcesses
from app.datasets.importing import OPTION_FIELDS, ImportOptions, read_files, read_json_dataset
from app.datasets.readers.uploads import UploadedFile
from app.datasets.schemas import DatasetOptions, DatasetRequest
from app.datasets.tables import DatasetTables
from app.errors import Fault, InvalidInput, ProblemError
from app.settings import Settings
from app.strict_json import decode
from app.travel_times.pairs import travel_source, with_travel_times
from app.validation import nearest, validate_model

FILES = ("accounts", "reps", "pairs", "units")
OPTIONS = (*OPTION_FIELDS, "travel_times")
FLAGS = ("coordinates_confirmed", "travel_times")
FIELDS = (*OPTIONS, "mapping")
UNIT_FORMATS = "GeoJSON, TopoJSON, a zipped Shapefile, GeoPackage, FlatGeobuf, or JSON that names bundled units."
MAX_FIELD_BYTES = 1024 * 1024
MAX_PARTS = 32


@dataclass(frozen=True)
class Submission:
    """A dataset that was read and checked, without errors.

    Parameters
    ----------
    tables
        The tables in stored form.
    log
        The warnings.
    name
        Name that the caller gave.
    """

    tables: DatasetTables
    log: FaultLog
    name: str | None


async def read_submission(request: Request) -> Submission:
    """Read the body of POST /v1/datasets.

    Raises
    ------
    ProblemError
        When it is not JSON or multipart, over a limit, or not strict JSON.
    InvalidInput
        When the data has faults, with all of them.
    """
    settings: Settings = request.app.state.settings
    imports: ImportProcesses = request.app.state.imports
    if media_type_of(request) == "multipart/form-data":
        refuse_encoding(request)
        imports.expect(request.headers.get("content-length", ""))
        return await _read_multipart(request, settings, imports)
    if media_type_of(request) not in ("", "application/json") and not media_type_of(request).endswith("+json"):
        raise unsupported(request, "application/json or multipart/form-data")
    require_json(request)
    imports.expect(request.headers.get("content-length", ""))
    async with spool(request, limit=settings.max_json_bytes) as body:
        request.state.body_sha256 = body.sha256
        return await run_in_threadpool(lambda: _from_json(body.file.read(), settings, imports))


read_submission.strict_model = DatasetRequest  # type: ignore[attr-defined] # read by app/documentation.py
read_submission.other_content = {  # type: ignore[attr-defined] # read by app/documentation.py
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["accounts", "reps"],
            "properties": {
                **{
                    name: {
                        "type": "string",
                        "contentMediaType": "application/octet-stream",
                        "description": UNIT_FORMATS if name == "units" else "CSV, XLSX, Parquet or JSON.",
                    }
                    for name in FILES
                },
                "mapping": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "description": 'Columns of each file, such as {"accounts": {"Kundennummer": "id"}}.',
                },
                "name": {"type": "string", "minLength": 1, "maxLength": 1000},
                "coordinates_confirmed": {"type": "string", "enum": ["true", "false"]},
                "unknown_current": {"type": "string", "enum": ["error", "unassigned"]},
                "unlocated": {"type": "string", "enum": ["error", "leave_out"]},
                "travel_times": {"type": "string", "enum": ["true", "false"]},
            },
        }
    }
}


def _from_json(content: bytes, settings: Settings, imports: ImportProcesses) -> Submission:
    tables, log, rest = imports.call(len(content), read_json_dataset, content, settings, other_fields=OPTIONS)
    try:
        options = validate_model(DatasetOptions, rest, decode(rest))
    except InvalidInput as error:
        log.extend(fault for fault in error.faults if fault.code != "UNKNOWN_FIELD")
        options = DatasetOptions()
    log.raise_errors()
    return Submission(_timed(tables, options, settings, log), log, options.name)


async def _read_multipart(request: Request, settings: Settings, imports: ImportProcesses) -> Submission:
    limit = settings.max_unpacked_bytes

    async def limited() -> AsyncGenerator[bytes, None]:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise too_large("The upload", limit)
            yield chunk

    parser = MultiPartParser(
        request.headers, limited(), max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=MAX_FIELD_BYTES
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        said = getattr(error, "message", "its boundary or a header is broken")
        raise ProblemError("UNREADABLE_FILE", f"The multipart body cannot be read: {str(said)[:200]}") from None
    try:
        submission, fingerprint = await run_in_threadpool(lambda: _from_form(form, settings, imports))
    finally:
        await form.close()
    request.state.body_sha256 = fingerprint
    return submission


def _from_form(form: FormData, settings: Settings, imports: ImportProcesses) -> tuple[Submission, str]:
    parts: dict[str, bytes] = {}
    for name, value in form.multi_items():
        if name not in (*FILES, *FIELDS):
            near = nearest(name, (*FILES, *FIELDS))
            detail = f"'{name[:64]}' is not a part of this form" + (f": did you mean '{near}'?" if near else ".")
            raise InvalidInput([Fault(code="UNKNOWN_FIELD", detail=detail, file=name)])
        if name in parts:
            raise ProblemError("DUPLICATE_KEY", f"The part '{name}' is there twice; send it once.")
        if isinstance(value, UploadFile):
            if (value.size or 0) > settings.max_file_bytes:
                raise too_large(f"The file '{name}'", settings.max_file_bytes)
            parts[name] = value.file.read()
        else:
            parts[name] = value.encode("utf-8", "surrogatepass")
    digests = [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in sorted(parts.items())]
    fingerprint = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    options = _form_options(parts)
    mapping = _mapping(parts)
    files = [UploadedFile(name, parts[name], _object(mapping.get(name, {}), name)) for name in FILES if name in parts]
    read = ImportOptions(options.coordinates_confirmed, options.unknown_current, options.unlocated)
    size = sum(len(file.content) for file in files)
    tables, log = imports.call(size, read_files, files, settings, read)
    log.raise_errors()
    return Submission(_timed(tables, options, settings, log), log, options.name), fingerprint


def _timed(tables: DatasetTables, options: DatasetOptions, settings: Settings, log: FaultLog) -> DatasetTables:
    """Return the tables with travel times as pairs, where they are asked for."""
    if not options.travel_times:
        return tables
    source = travel_source(settings)
    if source is None:
        detail = "travel_times is asked for, but this service has no travel-time provider."
        fix = "Set TERRITORY_TRAVEL_PROVIDER_URL, or send travel times as pairs with a cost."
        raise InvalidInput([Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, pointer="/travel_times")])
    timed = with_travel_times(tables, source, log)
    log.raise_errors()
    return timed


def _form_options(parts: Mapping[str, bytes]) -> DatasetOptions:
    values: dict[str, Any] = {}
    for name in OPTIONS:
        if name in parts:
            text = parts[name].decode("utf-8", "replace")
            values[name] = {"true": True, "false": False}.get(text, text) if name in FLAGS else text
    content = msgspec.json.encode(values)
    return validate_model(DatasetOptions, content, decode(content))


def _mapping(parts: Mapping[str, bytes]) -> Mapping[str, object]:
    if "mapping" not in parts:
        return {}
    try:
        return _object(decode(parts["mapping"]), "mapping")
    except ProblemError as error:
        if error.code != "NOT_JSON":
            raise
        detail = error.detail.replace("The body", "The mapping")
        fault = Fault(code="NOT_JSON", detail=detail, file="mapping")
        raise ProblemError("NOT_JSON", detail, faults=[fault]) from None


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        detail = f"The mapping of '{name}' must be a JSON object of column names to fields."
        raise InvalidInput([Fault(code="WRONG_TYPE", detail=detail, file="mapping")])
    return value
