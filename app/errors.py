"""What can go wrong, in the domain's words: one tree of exceptions, and the fault that each may carry.

This file knows no HTTP: ``app/error_codes.py`` is the one table code -> status, and
``app/problems.py`` renders an error as ``application/problem+json``. So the solver's child process and
the command line may raise and catch everything here.

    TerritoryError
    └── ProblemError            has a code of the table, a sentence and faults
        ├── InvalidInput        what was sent breaks rules (many faults at once)
        ├── NotFound            missing, or another tenant's
        ├── Conflict            the resource is in the wrong state
        ├── PreconditionFailed  stale If-Match
        ├── TooLarge            over a limit of size
        └── Unavailable         the database is away, the disk is full
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong with what was sent, and where.

    Parameters
    ----------
    code
        Stable word of ``app/error_codes.py``.
    detail
        One sentence with its numbers.
    fix
        What to do about it.
    pointer
        JSON pointer into the body, such as ``/accounts/17/lat``; None for files.
    file
        Uploaded file, such as ``accounts``; None for a JSON body.
    row
        1-based row of the file as a spreadsheet shows it (the header is row 1).
    column
        The file's own name of the column.
    value
        The offending value; cut and cleaned when rendered.
    params
        Every number and id of the sentence.
    severity
        A warning does not refuse.
    """

    code: str
    detail: str
    fix: str = ""
    pointer: str | None = None
    file: str | None = None
    row: int | None = None
    column: str | None = None
    value: object | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "error"


class TerritoryError(Exception):
    """Root of everything that this service raises on purpose."""


class ProblemError(TerritoryError):
    """An error with a code of the one table.

    Parameters
    ----------
    code
        Stable word of ``app/error_codes.py``; it decides status, title and the problem's type.
    detail
        One plain sentence that says what to do.
    faults
        Everything that is wrong, each with its place.
    total
        Number of faults found, when more than are listed.
    params
        Every number of the sentence.
    headers
        HTTP headers that belong to this answer, such as Retry-After.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        total: int | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.total = len(self.faults) if total is None else total
        self.params = dict(params or {})
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied as what it is, not by calling its class again: it may have been raised in another process."""
        return _copied, (type(self), self.args), self.__dict__


def _copied(kind: type[ProblemError], args: tuple[Any, ...]) -> ProblemError:
    return kind.__new__(kind, *args)


class InvalidInput(ProblemError):
    """What was sent breaks rules; all faults at once, never only the first."""

    def __init__(self, faults: Sequence[Fault], *, total: int | None = None) -> None:
        count = len(faults) if total is None else total
        codes = {fault.code for fault in faults}
        first = faults[0].detail if faults else "Something is not right."
        rest = "" if count <= 1 else f" And {count - 1:,} more; see errors."
        super().__init__(codes.pop() if len(codes) == 1 else "INVALID_INPUT", first + rest, faults=faults, total=total)


class NotFound(ProblemError):
    """There is no such thing, or it is another tenant's."""

    def __init__(self, detail: str) -> None:
        super().__init__("NOT_FOUND", detail)


class Conflict(ProblemError):
    """The resource is in a state that does not allow this (IN_USE, JOB_ENDED, HAS_VIOLATIONS…)."""


class PreconditionFailed(ProblemError):
    """The caller's If-Match is stale."""

    def __init__(self, current_etag: str) -> None:
        super().__init__(
            "CHANGED",
            f"It has changed since you read it; its ETag is now {current_etag}. Read it again, then repeat.",
            params={"etag": current_etag},
            headers={"ETag": current_etag},
        )


class TooLarge(ProblemError):
    """A body or file is over its limit, packed or unpacked."""


class Unavailable(ProblemError):
    """Something that the service needs is away for now."""

    def __init__(self, code: str, detail: str, *, retry_after_s: int = 5) -> None:
        super().__init__(code, detail, headers={"Retry-After": str(retry_after_s)})
