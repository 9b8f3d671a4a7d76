"""Import: read, complete and check what a caller sent; nothing is stored here.

``read_json_dataset`` is also the reader of a one-call job, so that both name the same faults at the same
pointers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.datasets.checks import CheckLimits, check_tables
from app.datasets.checks.references import positions
from app.datasets.completion import complete
from app.datasets.faults import FaultLog, Origin
from app.datasets.owner_names import with_named_owners
from app.datasets.readers.json_body import read_json_body
from app.datasets.readers.reading import Reading, ReadLimits
from app.datasets.readers.uploads import UploadedFile, read_upload
from app.datasets.record_references import with_matched_records
from app.datasets.tables import DatasetTables
from app.errors import Fault, Severity
from app.settings import Settings
from app.strict_json import decode_syntax

OPTION_FIELDS = ("name", "coordinates_confirmed", "unknown_current", "unlocated")


@dataclass(frozen=True)
class ImportOptions:
    """What a caller vouches for.

    Parameters
    ----------
    coordinates_confirmed
        Coordinates that look swapped are right.
    unknown_current
        `error`, or `unassigned`: accounts whose current rep is not in the data have none.
    unlocated
        `error`, or `leave_out`: accounts without a place are not taken in.
    """

    coordinates_confirmed: bool = False
    unknown_current: str = "error"
    unlocated: str = "error"


def read_limits(settings: Settings) -> ReadLimits:
    """Return the limits of readers."""
    return ReadLimits(
        max_rows=max_rows(settings),
        max_unpacked_bytes=settings.max_unpacked_bytes,
        max_columns=settings.max_columns,
        max_json_depth=settings.max_json_depth,
        max_text_characters=settings.max_text_characters,
        max_vertices=settings.max_polygon_vertices,
    )


def max_rows(settings: Settings) -> dict[str, int]:
    """Return the most rows of each table."""
    return {
        "accounts": settings.max_accounts,
        "reps": settings.max_reps,
        "pairs": settings.max_pairs,
        "units": settings.max_units,
    }


def read_json_dataset(
    content: bytes, settings: Settings, *, other_fields: Sequence[str] = OPTION_FIELDS
) -> tuple[DatasetTables, FaultLog, bytes]:
    """Read the accounts, reps, units and pairs of a JSON body, and check them.

    ``coordinates_confirmed``, ``unlocated`` and ``unknown_current`` are taken from the body itself, the last also
    from its ``search``.

    Parameters
    ----------
    content
        The whole body.
    settings
        Limits.
    other_fields
        Fields that may stand beside the data; any other is a fault.

    Returns
    -------
    DatasetTables, FaultLog, bytes
        The tables in stored form (not to be used when ``log.num_errors``), every fault, and the rest of the
        body as JSON.

    Raises
    ------
    ProblemError
        When the body is not a strict JSON object.
    """
    reading = Reading(FaultLog(settings.max_listed_faults))
    rest = read_json_body(content, reading, read_limits(settings), other_fields=other_fields)
    return finish(reading, settings, _options(decode_syntax(rest))), reading.log, rest


def read_files(
    files: Sequence[UploadedFile], settings: Settings, options: ImportOptions
) -> tuple[DatasetTables, FaultLog]:
    """Read uploaded files, and check them.

    Raises
    ------
    TooLarge
        When a file unpacks to more than the limit.
    """
    reading = Reading(FaultLog(settings.max_listed_faults))
    for file in files:
        read_upload(file, reading, read_limits(settings))
    sent = {file.table for file in files}
    for name in ("accounts", "reps"):
        if name not in sent:
            detail = f"The file '{name}' is missing."
            reading.log.add(Fault(code="MISSING_FIELD", detail=detail, file=name))
    return finish(reading, settings, options, names_owners=True), reading.log


def finish(
    reading: Reading, settings: Settings, options: ImportOptions, *, names_owners: bool = False
) -> DatasetTables:
    """Complete and check what was read; return it in stored form.

    Parameters
    ----------
    names_owners
        Owners may be told by name or email, as in a CRM's exports.
    """
    unread = {"accounts", "reps"} - reading.tables.keys()
    leaves_out = options.unlocated == "leave_out" and "pairs" not in reading.tables
    tables = complete(reading, needs_places=not leaves_out)
    tables = with_matched_records(_without_unlocated(tables, reading) if leaves_out else tables)
    if names_owners:
        tables = with_named_owners(tables)
    if options.unknown_current == "unassigned":
        tables = _without_unknown_current(tables, reading)
    if unread and reading.log.num_errors:
        return tables
    origins = {name: reading.origin(name) for name in ("accounts", "reps", "pairs", "units")}
    check_tables(tables, origins, reading.log, check_limits(settings, options))
    return tables


def check_limits(settings: Settings, options: ImportOptions) -> CheckLimits:
    """Return the limits of the check."""
    return CheckLimits(
        max_rows=max_rows(settings),
        max_measures=settings.max_measures,
        max_account_rep_pairs=settings.max_account_rep_pairs,
        max_id_characters=settings.max_id_characters,
        max_name_characters=settings.max_name_characters,
        max_text_characters=settings.max_text_characters,
        coordinates_confirmed=options.coordinates_confirmed,
    )


def recheck(tables: DatasetTables, settings: Settings) -> FaultLog:
    """Check tables that were made from stored ones, such as after a rep left."""
    log = FaultLog(settings.max_listed_faults)
    origins = {name: Origin(name, base=f"/{name}") for name in ("accounts", "reps", "pairs", "units")}
    check_tables(tables, origins, log, check_limits(settings, ImportOptions(coordinates_confirmed=True)))
    return log


def _options(rest: Mapping[str, Any]) -> ImportOptions:
    """Return the options that a body has; values of a wrong type are the model's business."""
    search = rest.get("search")
    said = rest.get("unknown_current")
    if said is None and isinstance(search, dict):
        said = search.get("unknown_current")
    return ImportOptions(
        coordinates_confirmed=rest.get("coordinates_confirmed") is True,
        unknown_current="unassigned" if said == "unassigned" else "error",
        unlocated="leave_out" if rest.get("unlocated") == "leave_out" else "error",
    )


def _without_unlocated(tables: DatasetTables, reading: Reading) -> DatasetTables:
    """Return the tables without accounts that have no place; each of them is among the warnings already.

    An account with one of lat and lon stays: that is an error.
    """
    origin = reading.origin("accounts")
    has_place = pc.or_(tables.accounts["lat"].is_valid(), tables.accounts["lon"].is_valid())
    rows = np.flatnonzero(has_place.to_numpy())
    num_left_out = tables.accounts.num_rows - len(rows)
    if not num_left_out:
        return tables
    what = "1 account has no place and is" if num_left_out == 1 else f"{num_left_out:,} accounts have no place and are"
    detail = f"{what} left out of the dataset; the warnings name their rows."
    severity: Severity = "warning" if len(rows) else "error"
    fault = Fault(
        code="COORDINATE_MISSING",
        detail=detail if len(rows) else "No account has a place, so that none is left.",
        fix="Send lat and lon, or postal codes of the United States.",
        params={"left_out": num_left_out},
        severity=severity,
        **origin.place(None),
    )
    reading.log.add(fault, first=True)
    reading.origins["accounts"] = replace(origin, kept=rows)
    return replace(tables, accounts=tables.accounts.filter(has_place).combine_chunks())


def _without_unknown_current(tables: DatasetTables, reading: Reading) -> DatasetTables:
    """Return the tables without current reps that are not in the data, each reported as a warning."""
    accounts, origin = tables.accounts, reading.origin("accounts")
    column = accounts["current_rep_id"]
    known = positions(column, pa.concat_arrays([tables.reps["id"].combine_chunks()])) >= 0
    unknown = np.flatnonzero(~known & column.is_valid().to_numpy())

    def make(row: int) -> Fault:
        text = str(column[row].as_py())
        detail = f"{origin.label('current_rep_id')} '{text[:64]}' is not in the data; the account has no current rep."
        place = origin.place(row, "current_rep_id")
        return Fault(code="UNKNOWN_REFERENCE", detail=detail, value=text, severity="warning", **place)

    reading.log.rows(unknown, make, severity="warning")
    kept = pc.if_else(pa.array(known), column, pa.scalar(None, pa.string()))
    changed = accounts.set_column(accounts.column_names.index("current_rep_id"), "current_rep_id", kept)
    return DatasetTables(accounts=changed, reps=tables.reps, pairs=tables.pairs, units=tables.units)
