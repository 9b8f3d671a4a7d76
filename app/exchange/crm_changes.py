"""What a CRM must be told of an alignment: the accounts whose rep differs from the current one, and its reverse.

Owns the values that stand in the files of every CRM: attributes of accounts and reps by name, and the refusal of what
cannot be loaded, with every row. Refuses to change an id: a file for a CRM holds it byte for byte or not at all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow as pa

from app.alignments.columns import AlignmentColumns, Integers
from app.datasets.tables import ATTRIBUTE_PREFIX
from app.errors import Fault, InvalidInput
from app.exchange.guarding import is_dangerous

FIRST_ROW: Final = 2
"""Row of the first record in a file with one line of headers."""

MOST_FAULTS: Final = 1000


@dataclass(frozen=True, eq=False)
class CrmChanges:
    """The accounts that change rep, in the order of their ids.

    Parameters
    ----------
    columns
        The alignment beside its dataset.
    account
        Positions of the accounts. Shape ``(changes,)``.
    source, goal
        The rep before and after, -1 for none. Shape ``(changes,)``.
    """

    columns: AlignmentColumns
    account: Integers
    source: Integers
    goal: Integers

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield account, source and goal of each change."""
        yield from zip(self.account.tolist(), self.source.tolist(), self.goal.tolist(), strict=True)

    def reverse(self) -> "CrmChanges":
        """Return what undoes exactly these changes."""
        return replace(self, source=self.goal, goal=self.source)

    @property
    def reps(self) -> list[int]:
        """Return every rep who gives or takes an account, ascending."""
        concerned = np.unique(np.concatenate([self.source, self.goal]))
        listed: list[int] = concerned[concerned >= 0].tolist()
        return listed


def crm_changes(columns: AlignmentColumns) -> CrmChanges:
    """Return what an alignment changes against the current one, accounts without a rep before or after included."""
    ids = columns.account_ids
    differs = np.flatnonzero(columns.current != columns.owner)
    account = np.array(sorted(differs.tolist(), key=lambda position: ids[position].encode()), dtype=np.int64)
    return CrmChanges(columns, account, columns.current[account], columns.owner[account])


@dataclass
class Refusals:
    """Everything that keeps a CRM's file from being made, raised at once."""

    faults: list[Fault] = field(default_factory=list)

    def refuse(self, code: str, detail: str, *, table: str, row: int, value: str | None, fix: str) -> None:
        """Take note of a row by its position in its table."""
        self.faults.append(
            Fault(
                code=code,
                detail=detail,
                fix=fix,
                pointer=f"/{table}/{row}",
                file=table,
                row=row + FIRST_ROW,
                value=value,
            )
        )

    def is_dangerous(self, text: str, *, noun: str, table: str, row: int) -> bool:
        """Tell whether a spreadsheet would take the text for a formula; then it is noted."""
        if not is_dangerous(text):
            return False
        detail = (
            f"The {noun} {text[:64]!r} begins with = + - @, a tab or a line break; a spreadsheet between here and the "
            "CRM would take it for a formula."
        )
        fix = "Correct it in the CRM and import it again; ids are never changed here."
        self.refuse("CRM_ID_REFUSED", detail, table=table, row=row, value=text, fix=fix)
        return True

    def raise_all(self) -> None:
        """Raise what was noted.

        Raises
        ------
        InvalidInput
            When there is anything.
        """
        if self.faults:
            raise InvalidInput(self.faults[:MOST_FAULTS], total=len(self.faults))


def attribute(table: pa.Table, name: str) -> list[str | None] | None:
    """Return an attribute by its name, case and punctuation aside; None where there is none.

    An empty cell is None.
    """
    for column in table.column_names:
        if column.startswith(ATTRIBUTE_PREFIX) and _plain(column.removeprefix(ATTRIBUTE_PREFIX)) == _plain(name):
            return [text.strip() or None if text else None for text in table.column(column).to_pylist()]
    return None


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names as a sentence has them: R-1, R-2 and 3 more."""
    shown = ", ".join(names[:most])
    rest = len(names) - most
    return shown if rest <= 0 else f"{shown} and {rest:,} more"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
