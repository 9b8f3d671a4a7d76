"""HTTP routes of files out: export bundles and the report of one alignment.

They stand under the alignment's path, so the alignments router includes them.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.alignments.books import ReaderParameter
from app.alignments.columns import AlignmentColumns
from app.alignments.representations import immutable
from app.alignments.views import AlignmentView
from app.dependencies import ReadSession, SessionsParameter
from app.documentation import not_modified_responses, problem_responses
from app.exchange.archives import zip_bytes
from app.exchange.bundles import csv_bundle, xlsx_bundle
from app.exchange.hubspot import hubspot_files
from app.exchange.report.page import report_html
from app.exchange.salesforce import salesforce_files
from app.exchange.tables import MEDIA_TYPES, FileFormat

router = APIRouter()

_ZIP = "application/zip"
_FILE_NAME = 60
"""So many letters of each name stand in a file's."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_CRM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {_ZIP: _BINARY}, "description": "A zip of CSV files for the CRM's loader, with a README."},
    **not_modified_responses(),
    **problem_responses("CRM_ID_REFUSED", "CRM_COLUMN_MISSING", "DUPLICATE_ID"),
}


@router.get(
    "/{alignment_id}/exports/csv",
    summary="Export as CSV files",
    response_class=Response,
    responses={200: {"content": {_ZIP: _BINARY}, "description": "A zip of CSV files."}, **not_modified_responses()},
)
def export_csv(request: Request, session: ReadSession, reader: ReaderParameter, alignment_id: str) -> Response:
    """Return a zip with assignments, moves, reps, the delta and its rollback as CSV.

    Managers and reps get the assignments and reps of their branch or book.
    """
    view = AlignmentView(session, alignment_id)
    return immutable(
        request,
        lambda: csv_bundle(view, seen=reader.seen(view)),
        etag=f'{view.etag[:-1]}{reader.tag}"',
        media_type=_ZIP,
        filename=f"{_called(view)}.zip",
    )


@router.get(
    "/{alignment_id}/exports/xlsx",
    summary="Export as a workbook",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPES[FileFormat.XLSX]: _BINARY}, "description": "A workbook."},
        **not_modified_responses(),
    },
)
def export_xlsx(request: Request, session: ReadSession, reader: ReaderParameter, alignment_id: str) -> Response:
    """Return a workbook with assignments, moves, reps, the delta and its rollback.

    Managers and reps get the assignments and reps of their branch or book.
    """
    view = AlignmentView(session, alignment_id)
    return immutable(
        request,
        lambda: xlsx_bundle(view, seen=reader.seen(view)),
        etag=f'{view.etag[:-1]}{reader.tag}"',
        media_type=MEDIA_TYPES[FileFormat.XLSX],
        filename=f"{_called(view)}.xlsx",
    )


@router.get(
    "/{alignment_id}/exports/salesforce",
    summary="Export for Salesforce",
    response_class=Response,
    responses=_CRM_RESPONSES,
)
def export_salesforce(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return a zip of what changes: owners, territory associations to delete and insert, and their rollback."""
    return _crm_archive(request, AlignmentView(session, alignment_id), salesforce_files, crm="salesforce")


@router.get(
    "/{alignment_id}/exports/hubspot",
    summary="Export for HubSpot",
    response_class=Response,
    responses=_CRM_RESPONSES,
)
def export_hubspot(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return a zip of what changes: the owners of companies, and their rollback."""
    return _crm_archive(request, AlignmentView(session, alignment_id), hubspot_files, crm="hubspot")


def _called(view: AlignmentView) -> str:
    """Return how the files of an alignment are called: after itself and its dataset, with the end of its id."""
    names = " - ".join(dict.fromkeys((view.row.name[:_FILE_NAME], view.dataset.name[:_FILE_NAME])))
    return f"{names} {view.row.id[-6:]}"


def _crm_archive(
    request: Request, view: AlignmentView, files: Callable[[AlignmentColumns], dict[str, bytes]], *, crm: str
) -> Response:
    return immutable(
        request,
        lambda: zip_bytes(files(view.columns)),
        etag=view.etag,
        media_type=_ZIP,
        filename=f"{_called(view)}-{crm}.zip",
    )


@router.get(
    "/{alignment_id}/report",
    summary="Show the report",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "One HTML page."},
        **not_modified_responses(),
    },
)
def get_report(request: Request, session: ReadSession, sessions: SessionsParameter, alignment_id: str) -> Response:
    """Return one self-contained, printable HTML page with maps and charts."""
    view = AlignmentView(session, alignment_id)
    return immutable(request, lambda: report_html(view, sessions).encode(), etag=view.etag, media_type="text/html")
