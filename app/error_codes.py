"""The one table: error code -> HTTP status, title, meaning and remedy. Data only.

A test proves that every code of the code base stands here, and GET /problems serves the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class ErrorCode:
    """What one code means.

    Parameters
    ----------
    status
        HTTP status of an answer of this code; None where it is a warning or a job's own problem.
    title
        A few words, the same for each occurrence.
    description
        When it occurs.
    fix
        What to do.
    """

    status: int | None
    title: str
    description: str
    fix: str


def _conflict(title: str, description: str, fix: str) -> ErrorCode:
    return ErrorCode(None, title, f"{description} A warning at import, a conflict of the job.", fix)


_BODY = {
    "NOT_JSON": ErrorCode(
        400, "Not JSON", "The body is truncated, too deep, has NaN, Infinity, a number that is too big, a byte "
        "order mark, a lone surrogate or bytes that are not UTF-8.", "Send strict JSON in UTF-8.",
    ),
    "DUPLICATE_KEY": ErrorCode(400, "A key twice", "One object has a key twice.", "Keep one of the two."),
    "UNSUPPORTED_MEDIA_TYPE": ErrorCode(
        415, "Unsupported media type", "The Content-Type or Content-Encoding is missing or not accepted here.",
        "Send one of the types that the sentence names, uncompressed.",
    ),
    "NOT_ACCEPTABLE": ErrorCode(
        406, "Not acceptable", "No form of this resource fits the Accept header or format.",
        "Ask for one of the forms that the sentence names.",
    ),
    "BODY_TOO_LARGE": ErrorCode(
        413, "Body too large", "The body or a file is over its limit.", "Upload files instead, or fewer rows.",
    ),
    "DECOMPRESSION_LIMIT": ErrorCode(
        413, "Unpacks too large", "A file unpacks to more than the limit.", "Send a smaller or a plain file.",
    ),
    "PROBLEM_TOO_LARGE": ErrorCode(
        422, "Problem too large", "Accounts times reps are over the limit.", "Split the problem by region.",
    ),
    "TOO_MANY": ErrorCode(422, "Too many", "A list or table has more rows than the limit.", "Send fewer rows."),
    "UNREADABLE_FILE": ErrorCode(
        422, "Unreadable file", "A file is not the format it says, its encoding is broken or its header missing.",
        "Save it again as CSV (UTF-8), XLSX, Parquet, JSON or GeoJSON.",
    ),
    "MISSING_COLUMN": ErrorCode(
        422, "Missing column", "A column that is needed is not there.", "Add it, or name it in `mapping`.",
    ),
    "UNMAPPED_COLUMN": ErrorCode(
        None, "Column not used", "A column was not used. A warning.", "Map it, or leave it out.",
    ),
    "ASSUMED_FORMAT": ErrorCode(
        None, "Format assumed", "The encoding or number form of a file had to be guessed. A warning.",
        "Check some rows, or save the file as CSV (UTF-8).",
    ),
    "UNKNOWN_FIELD": ErrorCode(
        422, "Unknown field", "A field that does not exist, perhaps misspelt.", "Use the name in the sentence.",
    ),
    "MISSING_FIELD": ErrorCode(422, "Missing field", "A field that is needed is not there.", "Add the field."),
    "WRONG_TYPE": ErrorCode(
        422, "Wrong type", "A value has another type, such as a number written as text.",
        "Send the type that the sentence names.",
    ),
    "INVALID_VALUE": ErrorCode(
        422, "Invalid value", "A value is not one of those allowed, or outside its range.",
        "Send a value that the sentence names.",
    ),
    "INVALID_INPUT": ErrorCode(
        422, "Invalid input", "Several different faults; each stands in errors.", "Mend each of them.",
    ),
    "INVALID_PAGE_TOKEN": ErrorCode(
        422, "Invalid page token", "The page token is not one that this list gave.", "Begin at the first page.",
    ),
}  # fmt: skip

_VALUES = {
    "NOT_A_FINITE_NUMBER": ErrorCode(
        422, "Not a finite number", "A number is NaN, infinite, or text in a column of numbers.",
        "Send a number, or leave the cell empty.",
    ),
    "NEGATIVE_MEASURE": ErrorCode(
        422, "Negative measure", "A measure or another amount is below 0.", "Amounts begin at 0.",
    ),
    "BAD_TEXT": ErrorCode(
        422, "Bad text", "Text has NUL or a control character, or is too long, or an id is empty.",
        "Mend the text as the sentence says.",
    ),
    "EMPTY_LIST": ErrorCode(422, "Empty list", "There are no accounts or no reps.", "Send at least one."),
    "DUPLICATE_ID": ErrorCode(422, "Duplicate id", "Two rows have the same id.", "Give each row its own id."),
    "DUPLICATE_AFTER_TRIM": ErrorCode(
        422, "Ids differ only invisibly", "Two ids are equal after trimming blanks and Unicode NFC.",
        "Write both the same way, or make them differ visibly.",
    ),
    "UNKNOWN_REFERENCE": ErrorCode(
        422, "Unknown reference", "A rep, account, unit or measure that is named is not in the data.",
        "Use one that is in the data.",
    ),
    "FAMILY_CYCLE": ErrorCode(
        422, "Family cycle", "Parents lead back to the account itself.", "Break the cycle at one parent_id.",
    ),
    "CONTRADICTORY_SETTING": ErrorCode(
        422, "Contradictory setting", "Two values exclude each other, or one is outside its range.",
        "Change one of the values that the sentence names.",
    ),
    "CRM_ID_REFUSED": ErrorCode(
        422, "Id refused for a CRM", "An id that a CRM's file would hold is none of that CRM's, or begins like a "
        "formula; ids are never changed.", "Correct the id where it comes from, and import the data again.",
    ),
    "CRM_COLUMN_MISSING": ErrorCode(
        422, "Column missing for a CRM", "A CRM's file needs something of a rep or account that the data do not say.",
        "Add the column that the sentence names, and import the data again.",
    ),
    "LOCK_CONFLICT": ErrorCode(
        422, "Lock conflict", "A lock contradicts another lock, a forbidden pair, eligibility, the radius, a rep "
        "who left, or its family.", "Drop one of the two.",
    ),
}  # fmt: skip

_PLACES = {
    "COORDINATE_MISSING": ErrorCode(
        422, "Coordinate missing", "An account can be located by nothing, or has only one of lat and lon.",
        "Send lat and lon, a unit_id, or a postal code with its country.",
    ),
    "COORDINATE_OUT_OF_RANGE": ErrorCode(
        422, "Coordinate out of range", "lat is outside -90..90 or lon outside -180..180.",
        "Send degrees WGS 84.",
    ),
    "LONGITUDE_0_360": ErrorCode(
        422, "Longitudes from 0 to 360", "Longitudes run from 0 to 360.", "Subtract 360 from values over 180.",
    ),
    "COORDINATES_LOOK_SWAPPED": ErrorCode(
        422, "Coordinates look swapped", "lat and lon seem to be exchanged.",
        "Exchange them, or send coordinates_confirmed: true.",
    ),
    "NULL_ISLAND": ErrorCode(
        None, "Null island", "Accounts lie at 0, 0. A warning.", "A geocoder's default is likely; look them up.",
    ),
    "COORDINATE_REPEATED": ErrorCode(
        None, "Coordinate repeated", "One point has over 20 % of the accounts. A warning.",
        "A geocoder's default is likely; look them up.",
    ),
    "FAR_FROM_ALL": ErrorCode(
        None, "Far from all", "Accounts lie far from all others. A warning.", "Check their coordinates.",
    ),
    "WRONG_CRS": ErrorCode(
        422, "Wrong coordinate system", "Coordinates are projected, or a crs member is not CRS 84.",
        "Send WGS 84 degrees, longitude first.",
    ),
    "INVALID_GEOMETRY": ErrorCode(
        422, "Invalid geometry", "A unit's polygon is broken. A warning where it was repaired.",
        "Repair the ring that the sentence names.",
    ),
    "ANTIMERIDIAN_NOT_CUT": ErrorCode(
        422, "Not cut at the antimeridian", "A polygon crosses longitude 180. A warning where it was cut.",
        "Cut it at 180 as RFC 7946 says.",
    ),
    "UNITS_OVERLAP": ErrorCode(
        422, "Units overlap", "Units cover the same ground. A warning where it was repaired.",
        "Send units that only touch.",
    ),
    "POSTAL_CODE_UNKNOWN": ErrorCode(
        422, "Postal code unknown",
        "A postal code is not in our list. A warning where its area gives a place, and where accounts without a place "
        "are taken or left out.",
        "Send lat and lon for these accounts.",
    ),
    "OUTSIDE_ALL_UNITS": ErrorCode(
        422, "Outside all units", "An account lies in no unit. A warning where contiguity is off.",
        "Give its unit_id or check its coordinates.",
    ),
    "NO_WAY": ErrorCode(
        None, "No way", "Pairs of account and rep have no way by road. A warning.",
        "Check the places, or give these pairs a cost of your own.",
    ),
    "TRAVEL_TIMES_UNAVAILABLE": ErrorCode(
        422, "Travel times unavailable", "The travel-time provider does not answer as it should.",
        "Try again later, or send travel times as pairs with a cost.",
    ),
    "ISLAND_BRIDGED": ErrorCode(
        None, "Island bridged", "Units stand alone on the map, and contiguity joins them to the nearest. A warning.",
        "Nothing to do where the gap is water; else check the borders of the two units.",
    ),
}  # fmt: skip

_WISHES = {
    "NO_ELIGIBLE_REP": _conflict(
        "No eligible rep", "No rep may have an account.", "Add the skill to a rep or drop a requirement.",
    ),
    "ACCOUNT_EXCEEDS_ANY_CAPACITY": _conflict(
        "Account exceeds any capacity", "One account is larger than every capacity.", "Raise a capacity.",
    ),
    "FAMILY_EXCEEDS_ANY_CAPACITY": _conflict(
        "Family exceeds any capacity", "One family is larger than every capacity.",
        "Raise a capacity or let families split.",
    ),
    "LOCKS_EXCEED_CAPACITY": _conflict(
        "Locks exceed capacity", "A rep's locked accounts are more than the rep's capacity.",
        "Unlock some or raise the capacity.",
    ),
    "CAPACITY_BELOW_TOTAL": _conflict(
        "Capacity below total", "All capacities together are less than the total.", "Raise capacities or add reps.",
    ),
    "MINIMUM_ABOVE_TOTAL": _conflict(
        "Minimum above total", "All minimums together are more than the total.", "Lower the minimums.",
    ),
    "GROUP_SHORT_OF_CAPACITY": _conflict(
        "Group short of capacity", "Accounts that only few reps may have need more than those reps can carry.",
        "Make more reps eligible or raise their capacities.",
    ),
    "BUDGET_TOO_SMALL": _conflict(
        "Budget too small", "The budget of moves cannot reach the other limits.", "Raise the budget.",
    ),
    "BALANCE_IMPOSSIBLE": _conflict(
        "Balance impossible", "No alignment keeps the hard balance.", "Widen the tolerance or make it soft.",
    ),
    "CONTIGUITY_IMPOSSIBLE": _conflict(
        "Contiguity impossible", "Locked or frozen units cannot be connected.", "Unlock units or turn it off.",
    ),
    "INFEASIBLE": _conflict(
        "Infeasible", "The criteria cannot be met together.", "Take one of the relaxations.",
    ),
    "ZERO_TOTAL": ErrorCode(
        None, "Zero total", "A measure sums to 0, its balance cannot be measured. A warning.",
        "Fill the column, or leave the measure out.",
    ),
}  # fmt: skip

_STATES = {
    "JOB_ENDED": ErrorCode(409, "Job has ended", "The job has ended already.", "Submit a new job."),
    "IN_USE": ErrorCode(409, "In use", "Something else uses it.", "Delete what uses it first, or archive it."),
    "NOT_ENDED": ErrorCode(409, "Not ended", "The job has not ended yet.", "Wait, or stop the job."),
    "HAS_VIOLATIONS": ErrorCode(
        409, "Has violations", "An alignment that breaks criteria cannot be published.", "Mend the violations.",
    ),
    "CHANGED": ErrorCode(
        412, "Changed", "The If-Match header names an older state.", "Read it again, then repeat.",
    ),
    "IDEMPOTENCY_IN_FLIGHT": ErrorCode(
        409, "Still in progress", "The first request with this Idempotency-Key is still in progress.",
        "Repeat it in a moment.",
    ),
    "IDEMPOTENCY_KEY_REUSED": ErrorCode(
        422, "Idempotency-Key reused", "This Idempotency-Key was used for another request.", "Use a new key.",
    ),
    "TARGET_FORBIDDEN": ErrorCode(
        422, "Target forbidden", "Webhooks and providers may not go to this address.", "Use a public address.",
    ),
    "NOT_FOUND": ErrorCode(404, "Not found", "There is no such resource.", "Check the id."),
    "METHOD_NOT_ALLOWED": ErrorCode(
        405, "Method not allowed", "This path has no such method.", "See Allow for its methods.",
    ),
    "UNAUTHENTICATED": ErrorCode(401, "Unauthenticated", "No valid key was sent.", "Send an API key."),
    "FORBIDDEN": ErrorCode(403, "Forbidden", "This key may not do that.", "Use another key."),
    "TOO_MANY_REQUESTS": ErrorCode(429, "Too many requests", "Over the rate.", "Wait as Retry-After says."),
    "UNAVAILABLE": ErrorCode(
        503, "Unavailable", "The database is away for now.", "Wait as Retry-After says, then repeat.",
    ),
    "STORAGE_FULL": ErrorCode(503, "Storage full", "The disk is full.", "Make room, then repeat."),
    "QUEUE_FULL": ErrorCode(503, "Queue full", "Too many jobs wait.", "Wait as Retry-After says."),
    "INTERNAL_ERROR": ErrorCode(
        500, "Internal error", "A fault of ours; the log has it under the request id.", "Report the request id.",
    ),
    "WORKER_LOST": ErrorCode(
        None, "Worker lost", "The job lost its worker too often. The job's problem.", "Submit it again.",
    ),
    "OUT_OF_MEMORY": ErrorCode(
        None, "Out of memory", "The solver ran out of memory. The job's problem.", "Split it or add memory.",
    ),
    "SOLVER_CRASHED": ErrorCode(
        None, "Solver crashed", "The solver ended unexpectedly. The job's problem.", "Submit it again.",
    ),
    "CHECKER_REJECTED": ErrorCode(
        None, "Checker rejected", "The result failed the independent check. The job's problem.",
        "Report the job id; no result was published.",
    ),
}  # fmt: skip

ERROR_CODES: Mapping[str, ErrorCode] = MappingProxyType(_BODY | _VALUES | _PLACES | _WISHES | _STATES)

DEFAULT_STATUS = 422


def status_of(code: str) -> int:
    """Return the HTTP status of an answer with this code; 422 for a code without its own."""
    entry = ERROR_CODES.get(code)
    return DEFAULT_STATUS if entry is None or entry.status is None else entry.status
