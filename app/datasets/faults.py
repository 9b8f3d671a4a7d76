"""Collect what is wrong with a dataset in one pass: every fault counted, the first thousand named."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import Fault, InvalidInput, Severity
from app.validation import pointer_of

MAX_LISTED = 1000
HEADER_ROWS = 1
MEASURED = {"measure": "measures", "attribute": "attributes", "target": "targets"}


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a table came from, so that a row and field can be named as the caller wrote them.

    Parameters
    ----------
    table
        `accounts`, `reps`, `pairs` or `units`.
    file
        Name of the uploaded file; None for a JSON body.
    rows
        1-based row of each record as a spreadsheet shows it; None where record i stands in row i + 2.
        Shape ``(records,)``.
    columns
        The file's own column name of each field.
    base
        Pointer of the table in a JSON body or file; None for flat files.
    within
        Pointer from there to the list of rows, such as ``/features``; empty where the table is the list.
    kept
        Which of the records that were sent each record is; None where all were kept. Shape ``(records,)``.
    """

    table: str
    file: str | None = None
    rows: NDArray[np.int64] | None = None
    columns: dict[str, str] = field(default_factory=dict)
    base: str | None = None
    within: str = ""
    kept: NDArray[np.int64] | None = None

    def place(self, row: int | None, name: str | None = None) -> dict[str, Any]:
        """Return the place of a record (0-based) and field as a fault's arguments."""
        place: dict[str, Any] = {}
        if row is not None and self.kept is not None:
            row = int(self.kept[row])
        if self.base is not None:
            inside = "" if row is None else self.within + pointer_of([row, *_json_path(name)])
            place["pointer"] = self.base + inside
        if self.file is not None:
            place["file"] = self.file
            if row is not None and self.base is None:
                place["row"] = row + HEADER_ROWS + 1 if self.rows is None else int(self.rows[row])
            if name in self.columns:
                place["column"] = self.columns[name]
        return place

    def label(self, name: str) -> str:
        """Return what the caller calls a field."""
        kind, _, rest = name.partition(":")
        if name in self.columns:
            return self.columns[name]
        if self.base is None and kind in ("min", "max", "target"):
            return f"{rest}_{kind}"
        return rest or name


Place = tuple[str | None, str | None, int | None, str | None]


def _place(
    pointer: str | None = None, file: str | None = None, row: int | None = None, column: str | None = None
) -> Place:
    return pointer, file, row, column


def _json_path(name: str | None) -> list[str]:
    if name is None:
        return []
    kind, colon, rest = name.partition(":")
    if not colon:
        return [name]
    return ["capacity", rest, kind] if kind in ("min", "max") else [MEASURED.get(kind, kind), rest]


class FaultLog:
    """Errors and warnings found so far; lists are cut at a limit, totals are not.

    Parameters
    ----------
    limit
        Most errors, and most warnings, that are listed.
    """

    def __init__(self, limit: int = MAX_LISTED) -> None:
        self._limit = limit
        self._listed: dict[Severity, list[Fault]] = {"error": [], "warning": []}
        self._total: dict[Severity, int] = {"error": 0, "warning": 0}

    @property
    def errors(self) -> list[Fault]:
        """The listed errors."""
        return self._listed["error"]

    @property
    def warnings(self) -> list[Fault]:
        """The listed warnings."""
        return self._listed["warning"]

    @property
    def num_errors(self) -> int:
        """Errors found, those not listed included."""
        return self._total["error"]

    @property
    def num_warnings(self) -> int:
        """Warnings found, those not listed included."""
        return self._total["warning"]

    def add(self, fault: Fault, *, first: bool = False) -> None:
        """Count a fault, and list it while there is room; before all others, the last of which may leave."""
        self._total[fault.severity] += 1
        listed = self._listed[fault.severity]
        if first:
            self._listed[fault.severity] = [fault, *listed][: self._limit]
        elif len(listed) < self._limit:
            listed.append(fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add each fault."""
        for fault in faults:
            self.add(fault)

    def rows(
        self, rows: NDArray[Any] | list[int], make: Callable[[int], Fault], *, severity: Severity = "error"
    ) -> None:
        """Add one fault a row; ``make`` is called only for those that are listed."""
        room = self._limit - len(self._listed[severity])
        self._listed[severity].extend(make(int(row)) for row in rows[: max(room, 0)])
        self._total[severity] += len(rows)

    def without_errors_at(self, rows: NDArray[np.int64], origin: Origin, fields: Sequence[str]) -> NDArray[np.int64]:
        """Return those of the rows of which no listed error names one of the fields: what follows from it is none.

        Only as many rows as can be listed are looked at.
        """
        named = {_place(fault.pointer, fault.file, fault.row, fault.column) for fault in self.errors}
        first = rows[: self._limit].tolist() if named else []
        is_again = [any(_place(**origin.place(row, name)) in named for name in fields) for row in first]
        return np.delete(rows, np.flatnonzero(is_again))

    def has_errors_in(self, origin: Origin) -> bool:
        """Tell whether a listed error is in a table."""
        if origin.file is not None:
            return any(fault.file == origin.file for fault in self.errors)
        return any((fault.pointer or "").startswith(str(origin.base)) for fault in self.errors)

    def raise_errors(self) -> None:
        """Go on when there is no error.

        Raises
        ------
        InvalidInput
            When there is one, with all of them.
        """
        if self.num_errors:
            raise InvalidInput(self.errors, total=self.num_errors)
