"""Which accounts wait, and until which day: read from the request and from a column of the dataset.

Owns what a day looks like, and every fault of one with its place.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from app.datasets.tables import ATTRIBUTE_PREFIX, DatasetTables, prefixed
from app.errors import Fault
from app.transitions.schemas import Hold, TransitionRequest
from app.validation import nearest

FIRST_DAY: Final = datetime.date(1900, 1, 1)
LAST_DAY: Final = datetime.date(2999, 12, 31)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

Days = Mapping[str, datetime.date]


def start_and_holds(
    request: TransitionRequest, tables: DatasetTables, faults: list[Fault]
) -> tuple[datetime.date | None, Days]:
    """Return the first day, and the day of every held account by its id.

    Parameters
    ----------
    request, tables
        What is asked, and of which dataset.
    faults
        Gets every day that is none, every account or column that is not there, and holds without a start.
    """
    start = None
    if request.start is not None:
        start = _day(request.start, faults, pointer="/start")
    elif request.hold_until or request.hold_until_attribute is not None:
        detail = "Holds are days, and without a start the weeks have none."
        fix = "Send start, the first day of the first week."
        faults.append(Fault(code="CONTRADICTORY_SETTING", detail=detail, fix=fix, pointer="/start"))
    days: dict[str, datetime.date] = {}
    account_ids = tables.accounts.column("id").to_pylist()
    for account_id, day in (
        *_listed(request.hold_until, account_ids, faults),
        *_attributed(request.hold_until_attribute, tables, account_ids, faults),
    ):
        days[account_id] = max(day, days.get(account_id, day))
    return start, days


def week_of(day: datetime.date, start: datetime.date) -> int:
    """Return the first week, from 0, that begins on a day or after it."""
    return max(0, -((start - day).days // 7))


def _listed(
    holds: Sequence[Hold], account_ids: Sequence[str], faults: list[Fault]
) -> Iterator[tuple[str, datetime.date]]:
    known = frozenset(account_ids) if holds else frozenset()
    for number, hold in enumerate(holds):
        pointer = f"/hold_until/{number}"
        if hold.account_id not in known:
            detail = f"There is no account '{hold.account_id[:64]}' in the dataset."
            faults.append(
                Fault(code="UNKNOWN_REFERENCE", detail=detail, pointer=f"{pointer}/account_id", value=hold.account_id)
            )
        day = _day(hold.date, faults, pointer=f"{pointer}/date")
        if day is not None:
            yield hold.account_id, day


def _attributed(
    attribute: str | None, tables: DatasetTables, account_ids: Sequence[str], faults: list[Fault]
) -> Iterator[tuple[str, datetime.date]]:
    if attribute is None:
        return
    known = prefixed(tables.accounts, ATTRIBUTE_PREFIX)
    if attribute not in known:
        near = nearest(attribute, known)
        detail = f"The accounts have no text column '{attribute[:64]}'."
        fix = f"Did you mean '{near}'?" if near else "Import the dataset with such a column, or send hold_until."
        faults.append(
            Fault(code="UNKNOWN_REFERENCE", detail=detail, fix=fix, pointer="/hold_until_attribute", value=attribute)
        )
        return
    cells = tables.accounts.column(ATTRIBUTE_PREFIX + attribute).to_pylist()
    for row, (account_id, cell) in enumerate(zip(account_ids, cells, strict=True), start=2):
        if cell is None or not cell.strip():
            continue
        day = _day(cell.strip(), faults, file="accounts", row=row)
        if day is not None:
            yield account_id, day


def _day(
    text: str, faults: list[Fault], *, pointer: str | None = None, file: str | None = None, row: int | None = None
) -> datetime.date | None:
    """Return the day that a text names, or None with a fault."""
    try:
        day = datetime.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is not None and FIRST_DAY <= day <= LAST_DAY:
        return day
    wrong = "is not a day" if day is None else f"is not between {FIRST_DAY} and {LAST_DAY}"
    faults.append(
        Fault(
            code="INVALID_VALUE",
            detail=f"'{text[:64]}' {wrong}.",
            fix="Write days as 2027-02-15 (ISO 8601).",
            pointer=pointer,
            file=file,
            row=row,
            value=text,
        )
    )
    return None
