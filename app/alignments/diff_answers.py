"""The answer of a comparison: JSON with the diff beside both scorecards, or the diff as text.

Owns the choice between the two, and what the diff adds to the comparison's body.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import pyarrow as pa
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from app.alignments import schemas
from app.alignments.columns import ACCOUNTS, AlignmentColumns, rep_positions
from app.alignments.comparisons import have_same_accounts
from app.alignments.diff_texts import diff_text
from app.alignments.diffs import alignment_diff
from app.alignments.listing import comparison_json
from app.alignments.representations import accepted, json_bytes
from app.alignments.views import AlignmentView
from app.pages import Page, PageRequest

PLAIN_TEXT = "text/plain"
Json = dict[str, Any]


class ComparisonFormat(StrEnum):
    """Name a form of a comparison."""

    JSON = "json"
    TEXT = "text"


class DiffSideResource(BaseModel):
    """One of two compared alignments."""

    id: str = Field(description="The alignment's id.")
    name: str = Field(description="Its name.")
    assignments_sha256: str = Field(
        description="Hash of its canonical bytes: one line an account, by id, each the JSON array [account_id, rep_id]."
    )
    objective: float | None = Field(description="Sum of its weighted terms; null without criteria.")
    num_violations: int = Field(description="Criteria that it breaks.")
    travel_km: float | None = Field(description="Road kilometers a year of the team.")


class LoadChange(BaseModel):
    """A load in both alignments."""

    before: float | None = Field(description="In the first; null where the rep is not in its data.")
    after: float | None = Field(description="In the second; null where the rep is not in its data.")


class RepDiffResource(BaseModel):
    """What changes for one rep."""

    rep_id: str | None = Field(description="The rep; null is the accounts that nobody has.")
    rep_name: str | None = Field(description="Its name, or its id.")
    lost: int = Field(description="Accounts that it has in the first alignment only.")
    gained: int = Field(description="Accounts that it has in the second alignment only.")
    loads: dict[str, LoadChange] = Field(description="Loads by measure, the count of accounts included.")


class DiffResource(BaseModel):
    """What changes from the first alignment to the second, rep by rep."""

    first: DiffSideResource = Field(description="The first alignment.")
    second: DiffSideResource = Field(description="The second alignment.")
    num_accounts: int = Field(description="Accounts of the data.")
    num_differing: int = Field(description="Those of them whose rep differs.")
    reps: list[RepDiffResource] = Field(description="The reps whose accounts differ, by id; nobody last.")


class DetailedDifference(schemas.Difference):
    """One account that two alignments give to different reps, with names and what goes with it."""

    rep_name: str | None = Field(description="Name of its rep here.")
    with_rep_name: str | None = Field(description="Name of its rep in the other one.")
    measures: dict[str, float] = Field(description="Its amounts by measure, for its rep here.")
    with_measures: dict[str, float] = Field(description="Its amounts by measure, for its rep in the other one.")


class DiffedComparison(schemas.Comparison):
    """Two alignments of the same accounts; differences are the second minus the first."""

    accounts: Page[DetailedDifference] = Field(description="The accounts that differ, by id.")  # type: ignore[assignment] # the same page with more in each item
    diff: DiffResource = Field(description="The same by rep; as text with `format=text`.")


def comparison_answer(
    request: Request,
    one: AlignmentView,
    two: AlignmentView,
    page: PageRequest,
    *,
    form: ComparisonFormat | None,
    with_loads: bool,
) -> Response:
    """Answer with the comparison in the form that the caller takes, JSON where it does not say.

    Raises
    ------
    InvalidInput
        When the two alignments are not of the same accounts.
    """
    if not _wants_text(request, form) or not have_same_accounts(one.columns, two.columns):
        return Response(json_bytes(diffed_comparison(one, two, page)), media_type="application/json")
    text = diff_text(alignment_diff(one, two), with_loads=with_loads)
    return Response(text.encode(), media_type=f"{PLAIN_TEXT}; charset=utf-8", headers={"Vary": "Accept"})


def diffed_comparison(one: AlignmentView, two: AlignmentView, page: PageRequest) -> Json:
    """Return the comparison's body with the diff.

    Raises
    ------
    InvalidInput
        When the two alignments are not of the same accounts.
    """
    body = comparison_json(one, two, page)
    items = body["accounts"]["items"]
    ids = [item["account_id"] for item in items]
    ours, theirs = _details(one.columns, ids), _details(two.columns, ids)
    for item, (name, amounts), (with_name, with_amounts) in zip(items, ours, theirs, strict=True):
        item |= {"rep_name": name, "with_rep_name": with_name, "measures": amounts, "with_measures": with_amounts}
    return body | {"diff": alignment_diff(one, two).json()}


def _details(columns: AlignmentColumns, account_ids: Sequence[str]) -> list[tuple[str | None, dict[str, float]]]:
    """Return each account's rep by name and its amounts."""
    rows = rep_positions(pa.array(account_ids, pa.string()), columns.tables.accounts.column("id")).tolist()
    amounts = {name: columns.amount_at(name, columns.owner) for name in columns.measures if name != ACCOUNTS}
    return [
        (
            None if columns.owner[row] < 0 else columns.rep_names[columns.owner[row]],
            {name: float(amount[row]) for name, amount in amounts.items()},
        )
        for row in rows
    ]


def _wants_text(request: Request, form: ComparisonFormat | None) -> bool:
    """Tell whether the caller takes text rather than JSON."""
    if form is not None:
        return form is ComparisonFormat.TEXT
    wanted = accepted(request.headers.get("accept", "*/*"))
    known = [kind for kind in wanted if kind in (PLAIN_TEXT, "text/*", "application/json", "application/*", "*/*")]
    return bool(known) and known[0].startswith("text/")
