"""Salesforce's own ids of accounts and reps, read from ids and attributes, and the refusal of what cannot be loaded.

Owns the names of the columns that a Salesforce admin adds to the data.
"""

from dataclasses import dataclass
from typing import Final

from app.alignments.columns import AlignmentColumns
from app.datasets.salesforce_ids import is_record_id, same_record
from app.errors import Fault
from app.exchange.crm_changes import FIRST_ROW, CrmChanges, Refusals, attribute, listed

ACCOUNT_ID: Final = "SalesforceId"
ASSOCIATION_ID: Final = "ObjectTerritory2AssociationId"
USER_ID: Final = "UserId"
TERRITORY_ID: Final = "Territory2Id"
DEVELOPER_NAME: Final = "DeveloperName"
USER_PREFIX: Final = "005"
TERRITORY_PREFIX: Final = "0MI"
_HOW_TO_MEND: Final = (
    "Export the records with their Id from Salesforce; an 18-character id whose case was changed is harmed for good."
)

Names = list[str | None]


@dataclass(frozen=True, eq=False)
class SalesforceBook:
    """Ids by position; None where unknown.

    Parameters
    ----------
    account
        Record of each account: its attribute SalesforceId, else its id.
    association
        Id of each account's association with its territory; None where the data have no such column.
    user, territory, developer_name
        Of each rep: attributes UserId, Territory2Id and DeveloperName, else the rep's id where it is one of these.
    """

    account: Names
    association: Names | None
    user: Names
    territory: Names
    developer_name: Names

    @property
    def has_users(self) -> bool:
        """Tell whether owners can be told."""
        return any(self.user)

    @property
    def has_territories(self) -> bool:
        """Tell whether territories can be told."""
        return any(self.territory)

    def user_of(self, rep: int) -> str | None:
        """Return a rep's user; None for nobody."""
        return None if rep < 0 else self.user[rep]

    def territory_of(self, rep: int) -> str | None:
        """Return a rep's territory; None for nobody."""
        return None if rep < 0 else self.territory[rep]


def salesforce_book(columns: AlignmentColumns) -> SalesforceBook:
    """Read Salesforce's ids from ids and attributes."""
    accounts, reps = columns.tables.accounts, columns.tables.reps
    return SalesforceBook(
        account=attribute(accounts, ACCOUNT_ID) or list(columns.account_ids),
        association=attribute(accounts, ASSOCIATION_ID),
        user=_of_reps(columns, attribute(reps, USER_ID), USER_PREFIX),
        territory=_of_reps(columns, attribute(reps, TERRITORY_ID), TERRITORY_PREFIX),
        developer_name=attribute(reps, DEVELOPER_NAME) or [None] * columns.num_reps,
    )


def refuse_unloadable(book: SalesforceBook, changes: CrmChanges) -> None:
    """Refuse ids that Salesforce does not have, records that stand twice, and reps of whom nothing is known.

    Raises
    ------
    InvalidInput
        With every row.
    """
    refusals = Refusals()
    _refuse_accounts(book, changes, refusals)
    if not book.has_users and not book.has_territories:
        refusals.faults.append(_nobody_known())
    if book.has_users:
        _refuse_reps(book.user, changes, refusals, noun="user id", column=USER_ID, prefix=USER_PREFIX)
    if book.has_territories:
        names = {"noun": "territory id", "column": TERRITORY_ID, "prefix": TERRITORY_PREFIX}
        _refuse_reps(book.territory, changes, refusals, **names)
    refusals.raise_all()


def _of_reps(columns: AlignmentColumns, given: Names | None, prefix: str) -> Names:
    """Return a rep's own column, and the rep's id where that is such an id itself."""
    own: Names = [rep_id if is_record_id(rep_id) and rep_id.startswith(prefix) else None for rep_id in columns.rep_ids]
    return own if given is None else [one or two for one, two in zip(given, own, strict=True)]


def _refuse_accounts(book: SalesforceBook, changes: CrmChanges, refusals: Refusals) -> None:
    first: dict[str, int] = {}
    again: dict[str, int] = {}
    for position, record in enumerate(book.account):
        if record is not None and first.setdefault(same_record(record), position) != position:
            again.setdefault(same_record(record), position)
    for position in changes.account.tolist():
        record, account_id = book.account[position], changes.columns.account_ids[position]
        place = {"table": "accounts", "row": position, "value": record or account_id}
        if record is None:
            detail = f"The account '{account_id[:64]}' has no {ACCOUNT_ID}."
            refusals.refuse("CRM_COLUMN_MISSING", detail, fix=f"Fill its column {ACCOUNT_ID}.", **place)
        elif refusals.is_dangerous(record, noun="account id", table="accounts", row=position):
            continue
        elif not is_record_id(record):
            detail = f"'{record[:64]}' is no Salesforce id: 15 or 18 letters and digits, the last 3 of 18 fitting."
            fix = f"{_HOW_TO_MEND} Where your data have ids of their own, add the column {ACCOUNT_ID} to the accounts."
            refusals.refuse("CRM_ID_REFUSED", detail, fix=fix, **place)
        elif same_record(record) in again:
            rows = sorted((first[same_record(record)] + FIRST_ROW, again[same_record(record)] + FIRST_ROW))
            detail = (
                f"'{record}' stands twice, in rows {rows[0]} and {rows[1]}: its 15 and 18 characters are one record."
            )
            refusals.refuse("DUPLICATE_ID", detail, fix="Keep one of the two rows.", **place)


def _refuse_reps(known: Names, changes: CrmChanges, refusals: Refusals, *, noun: str, column: str, prefix: str) -> None:
    lacking = [rep for rep in changes.reps if known[rep] is None]
    rep_ids = changes.columns.rep_ids
    named = listed([rep_ids[rep] for rep in lacking])
    for rep in lacking:
        detail = f"The rep '{rep_ids[rep][:64]}' has no Salesforce {noun}."
        fix = f"Add the column {column} to the reps and fill it for {named}."
        refusals.refuse("CRM_COLUMN_MISSING", detail, table="reps", row=rep, value=rep_ids[rep], fix=fix)
    for rep in changes.reps:
        value = known[rep]
        if value is None or refusals.is_dangerous(value, noun=noun, table="reps", row=rep):
            continue
        if not is_record_id(value) or not value.startswith(prefix):
            detail = (
                f"'{value[:64]}' of '{rep_ids[rep][:64]}' is no {noun}: 15 or 18 characters that begin with {prefix}."
            )
            refusals.refuse("CRM_ID_REFUSED", detail, table="reps", row=rep, value=value, fix=_HOW_TO_MEND)


def _nobody_known() -> Fault:
    return Fault(
        code="CRM_COLUMN_MISSING",
        detail=f"No rep has a Salesforce user ({USER_ID}, {USER_PREFIX}…) or territory ({TERRITORY_ID}, "
        f"{TERRITORY_PREFIX}…), so there is nothing that could be loaded.",
        fix=f"Add the column {USER_ID} to the reps to change account owners, {TERRITORY_ID} for sales territories, "
        "or both.",
        file="reps",
        pointer="/reps",
    )
