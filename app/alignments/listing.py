"""Lists of alignments, assignments, moves and differences: pages as JSON, whole files otherwise.

Owns filters, pages and the choice of the file's form. The rows themselves come from the view.
"""

import hashlib
from typing import Any

import pyarrow as pa
from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.alignments.assignments import AssignmentFilter, assignment_items, filtered, measure_titles
from app.alignments.comparisons import difference_json, differing_accounts, have_same_accounts
from app.alignments.moves import MoveFilter, chosen, move_items, move_titles, moved_positions, moves_table
from app.alignments.repository import AlignmentFilter, AlignmentRepository
from app.alignments.representations import immutable, json_bytes
from app.alignments.scorecards import scorecard_json
from app.alignments.service import summary_json
from app.alignments.views import AlignmentView
from app.errors import Fault, InvalidInput
from app.exchange.tables import MEDIA_TYPES, FileFormat, csv_bytes, parquet_bytes, xlsx_bytes
from app.pages import PageRequest

Json = dict[str, Any]


def alignments_page(session: Session, wanted: AlignmentFilter, page: PageRequest) -> Json:
    """Return a page of alignments, newest first.

    Raises
    ------
    InvalidInput
        When the page token is not one of this list.
    """
    repository = AlignmentRepository(session)
    rows = repository.page(wanted, after=page.moment_key(), limit=page.size + 1)
    last = rows[page.size - 1] if len(rows) > page.size else None
    return {
        "items": [summary_json(row) for row in rows[: page.size]],
        "next_page_token": None if last is None else page.token(last.created_at.isoformat(), last.id),
        "total_size": repository.count(wanted),
    }


def assignments_answer(
    request: Request,
    view: AlignmentView,
    wanted: AssignmentFilter,
    page: PageRequest,
    *,
    form: FileFormat,
    bom: bool,
) -> Response:
    """Answer with the asked assignments: one page as JSON, all of them as a file."""

    def make() -> bytes:
        table = filtered(view.assignments, wanted)
        if form is FileFormat.JSON:
            rows = table.slice(page.offset(), page.size)
            return _page_bytes(assignment_items(rows, measure_titles(view.columns)), table.num_rows, page)
        return file_bytes(table, form, title="assignments", bom=bom)

    return _listed(request, view, make, name="assignments", form=form, seen=wanted.seen_reps)


def moves_answer(
    request: Request, view: AlignmentView, wanted: MoveFilter, page: PageRequest, *, form: FileFormat, bom: bool
) -> Response:
    """Answer with the asked moves: one page as JSON, all of them as a file."""

    def make() -> bytes:
        positions = chosen(view.card, moved_positions(view.card), wanted)
        if form is FileFormat.JSON:
            rows = moves_table(view.card, view.criteria, positions[page.offset() : page.offset() + page.size])
            return _page_bytes(move_items(rows, move_titles(view.columns)), len(positions), page)
        return file_bytes(moves_table(view.card, view.criteria, positions), form, title="moves", bom=bom)

    return _listed(request, view, make, name="moves", form=form)


def comparison_json(one: AlignmentView, two: AlignmentView, page: PageRequest) -> Json:
    """Return both scorecards, the second minus the first, and a page of the accounts that differ.

    Raises
    ------
    InvalidInput
        When the two alignments are not of the same accounts.
    """
    if not have_same_accounts(one.columns, two.columns):
        raise InvalidInput([_other_accounts(one, two)])
    table = differing_accounts(one.columns, two.columns)
    rows = table.slice(page.offset(), page.size).to_pylist()
    return {
        "alignment_id": one.row.id,
        "with_id": two.row.id,
        "scorecard": scorecard_json(one.card),
        "with_scorecard": scorecard_json(two.card),
        "difference": difference_json(one.card, two.card, accounts=table.num_rows),
        "accounts": _page_json(rows, table.num_rows, page),
    }


def file_bytes(table: pa.Table, form: FileFormat, *, title: str, bom: bool = True) -> bytes:
    """Return a table as a file of the wanted form; the title names a workbook's sheet."""
    if form is FileFormat.CSV:
        return csv_bytes(table, bom=bom)
    return xlsx_bytes({title: table}) if form is FileFormat.XLSX else parquet_bytes(table)


def _listed(
    request: Request,
    view: AlignmentView,
    make: Any,
    *,
    name: str,
    form: FileFormat,
    seen: frozenset[str] | None = None,
) -> Response:
    asked = f"{form}?{request.url.query}{'' if seen is None else sorted(seen)}"
    question = hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()
    return immutable(
        request,
        make,
        etag=f'{view.etag[:-1]}-{question[:16]}"',
        media_type=MEDIA_TYPES[form],
        filename=None if form is FileFormat.JSON else f"{name}.{form.value}",
    )


def _page_json(rows: list[Json], total: int, page: PageRequest) -> Json:
    end = page.offset() + page.size
    return {
        "items": rows,
        "next_page_token": page.token(end) if end < total else None,
        "total_size": total,
    }


def _page_bytes(rows: list[Json], total: int, page: PageRequest) -> bytes:
    return json_bytes(_page_json(rows, total, page))


def _other_accounts(one: AlignmentView, two: AlignmentView) -> Fault:
    ours, theirs = set(one.columns.account_ids), set(two.columns.account_ids)
    missing, added = len(ours - theirs), len(theirs - ours)
    return Fault(
        code="INVALID_VALUE",
        detail=(
            f"{two.row.id} is of other accounts: {missing:,} of {len(ours):,} are missing there and {added:,} are new."
        ),
        fix="Compare alignments of one dataset, or of datasets with the same accounts.",
        params={"parameter": "with", "in": "query", "missing": missing, "added": added},
    )
