"""What an error says of the storage: no room, not writable, away. Such work goes through later as it stands.

Looks at the errors of both drivers, and at the operating system's where files are written.
"""

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.storage_room import lacks_room

_FULL_SQLSTATE, _READ_ONLY_SQLSTATE, _DEADLOCK_SQLSTATE = "53100", "25006", "40P01"


def is_full(error: BaseException) -> bool:
    """Tell whether there is no room: on our own disk, or where SQLite or Postgres writes."""
    if isinstance(error, DBAPIError):
        return "disk is full" in str(error.orig) or _sqlstate(error) == _FULL_SQLSTATE
    return lacks_room(error)


def is_read_only(error: BaseException) -> bool:
    """Tell whether the database takes no writes: a file without the right to write, or a standby."""
    if not isinstance(error, DBAPIError):
        return False
    return "readonly database" in str(error.orig) or _sqlstate(error) == _READ_ONLY_SQLSTATE


def is_away(error: BaseException) -> bool:
    """Tell whether the database cannot be reached or does not get round to it."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, PoolTimeoutError))


def is_deadlock(error: BaseException) -> bool:
    """Tell whether two transactions waited for each other and this one was ended: the same work goes through now."""
    return isinstance(error, DBAPIError) and _sqlstate(error) == _DEADLOCK_SQLSTATE


def may_pass(error: BaseException) -> bool:
    """Tell whether the same work may go through later, because the storage and not the work is at fault."""
    return is_full(error) or is_read_only(error) or is_away(error)


def _sqlstate(error: DBAPIError) -> str | None:
    code: str | None = getattr(error.orig, "sqlstate", None)
    return code
