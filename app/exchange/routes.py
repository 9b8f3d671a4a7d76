"""HTTP routes of files out: export bundles and the report of one alignment.

They stand under the alignment's path, so the alignments router includes them.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.alignments.representations import immutable
from app.alignments.views import AlignmentView
from app.dependencies import ReadSession, SessionsParameter
from app.documentation import not_modified_responses
from app.exchange.bundles import csv_bundle, xlsx_bundle
from app.exchange.report.page import report_html
from app.exchange.tables import MEDIA_TYPES, FileFormat

router = APIRouter()

_ZIP = "application/zip"
_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/{alignment_id}/exports/csv",
    summary="Export as CSV files",
    response_class=Response,
    responses={200: {"content": {_ZIP: _BINARY}, "description": "A zip of CSV files."}, **not_modified_responses()},
)
def export_csv(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return a zip with assignments, moves, reps, the delta and its rollback as CSV."""
    view = AlignmentView(session, alignment_id)
    return immutable(
        request,
        lambda: csv_bundle(view),
        etag=view.etag,
        media_type=_ZIP,
        filename=f"{alignment_id}.zip",
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
def export_xlsx(request: Request, session: ReadSession, alignment_id: str) -> Response:
    """Return a workbook with assignments, moves, reps, the delta and its rollback."""
    view = AlignmentView(session, alignment_id)
    return immutable(
        request,
        lambda: xlsx_bundle(view),
        etag=view.etag,
        media_type=MEDIA_TYPES[FileFormat.XLSX],
        filename=f"{alignment_id}.xlsx",
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
