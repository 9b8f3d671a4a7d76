"""An alignment for HubSpot: the companies whose owner changes, and the rollback of exactly that.

Owns how a rep is called there: by email or by name, as HubSpot's import takes it. A rep whose id is such a name or
email is called by it, because then the company's owner stood so in the data, and the rollback is what there was.
"""

from collections import Counter
from typing import Final

from app.alignments.columns import AlignmentColumns
from app.exchange.archives import loader_csv
from app.exchange.crm_changes import CrmChanges, Refusals, attribute, crm_changes, listed
from app.exchange.crm_texts import hubspot_readme

COMPANIES: Final = "companies.csv"
RECORD_ID: Final = "Record ID"
EMAIL: Final = "Email"
OWNER: Final = "Company owner"

Names = list[str | None]


def hubspot_files(columns: AlignmentColumns) -> dict[str, bytes]:
    """Return the files by name.

    Raises
    ------
    InvalidInput
        When an id begins like a formula, or a rep who gives or takes companies cannot be told by name or email.
    """
    changes = crm_changes(columns)
    records, labels = _records(columns), _labels(columns)
    _refuse(changes, records, labels)
    return {
        "README.txt": hubspot_readme(changes),
        COMPANIES: _companies(changes, records, labels),
        f"rollback/{COMPANIES}": _companies(changes.reverse(), records, labels),
    }


def _records(columns: AlignmentColumns) -> Names:
    return attribute(columns.tables.accounts, RECORD_ID) or list(columns.account_ids)


def _labels(columns: AlignmentColumns) -> Names:
    """Return what each rep is called in HubSpot; None where nothing that it knows is given."""
    reps = columns.tables.reps
    emails = attribute(reps, EMAIL) or [None] * columns.num_reps
    names = reps.column("name").to_pylist()
    return [_label(*said) for said in zip(columns.rep_ids, names, emails, strict=True)]


def _label(rep_id: str, name: str | None, email: str | None) -> str | None:
    is_email_or_name = "@" in rep_id[1:] or rep_id == name or (name is None and " " in rep_id)
    return rep_id if is_email_or_name else email or name


def _companies(changes: CrmChanges, records: Names, labels: Names) -> bytes:
    """Return the import; a company that ends without a rep keeps its owner, which an empty cell would not clear."""
    rows = [(records[account] or "", labels[goal] or "") for account, _, goal in changes.rows() if goal >= 0]
    return loader_csv((RECORD_ID, OWNER), rows)


def _refuse(changes: CrmChanges, records: Names, labels: Names) -> None:
    refusals, columns = Refusals(), changes.columns
    for position in changes.account.tolist():
        record = records[position]
        if record is None:
            detail = f"The account '{columns.account_ids[position][:64]}' has no {RECORD_ID}."
            fix = f"Fill its column {RECORD_ID}."
            value = columns.account_ids[position]
            refusals.refuse("CRM_COLUMN_MISSING", detail, table="accounts", row=position, value=value, fix=fix)
        else:
            refusals.is_dangerous(record, noun="record id", table="accounts", row=position)
    lacking = listed([columns.rep_ids[rep] for rep in changes.reps if labels[rep] is None])
    times = Counter(labels)
    for rep in changes.reps:
        label, rep_id = labels[rep], columns.rep_ids[rep]
        if label is None:
            detail = f"HubSpot knows users by name or email; the rep '{rep_id[:64]}' has neither."
            fix = f"Add the column {EMAIL} to the reps and fill it for {lacking}."
            refusals.refuse("CRM_COLUMN_MISSING", detail, table="reps", row=rep, value=rep_id, fix=fix)
        elif times[label] > 1:
            detail = f"{times[label]} reps are called '{label[:64]}' in HubSpot; '{rep_id[:64]}' is one of them."
            fix = f"Add the column {EMAIL} to the reps to tell them apart."
            refusals.refuse("CRM_COLUMN_MISSING", detail, table="reps", row=rep, value=label, fix=fix)
        else:
            refusals.is_dangerous(label, noun=OWNER, table="reps", row=rep)
    refusals.raise_all()
