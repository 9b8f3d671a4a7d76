"""HTTP routes of datasets: thin; the rules stand in service, submission, changes and removal."""

from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from app.alignments.schemas import Alignment
from app.alignments.service import current_alignment, summary_json
from app.bodies import strict_body
from app.datasets.changes import changed_tables
from app.datasets.quota import refuse_full_store
from app.datasets.removal import delete_dataset
from app.datasets.repository import DatasetRepository
from app.datasets.rows import account_rows, rep_rows, sorted_rows
from app.datasets.schemas import (
    AccountItem,
    CheckItem,
    DatasetChange,
    DatasetChanges,
    DatasetPreview,
    DatasetSummary,
    RepItem,
)
from app.datasets.service import (
    change_dataset,
    create_dataset,
    dataset_json,
    get_dataset,
    load_tables,
    preview_json,
)
from app.datasets.submission import Submission, read_submission
from app.dependencies import ReadSession, SettingsParameter, WriteSession
from app.documentation import not_modified_responses, problem_responses
from app.errors import NotFound
from app.etags import IfMatch, etag_of, is_not_modified, require_match
from app.idempotency import Answer, OnceParameter
from app.json_form import json_form
from app.pages import Page, PageParameters, slice_page

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

IMPORT_PROBLEMS = problem_responses(
    "UNSUPPORTED_MEDIA_TYPE", "BODY_TOO_LARGE", "DECOMPRESSION_LIMIT", "NOT_JSON", "DUPLICATE_KEY", "INVALID_INPUT"
)
Search = Annotated[str | None, Query(max_length=200, description="Only those whose name or id has this text.")]


@router.post(
    "",
    status_code=201,
    response_model=DatasetSummary,
    summary="Import a dataset",
    responses={200: {"model": DatasetPreview, "description": "check_only: what it would be."}, **IMPORT_PROBLEMS},
)
def post_dataset(
    submission: Annotated[Submission, Depends(read_submission)],
    once: OnceParameter,
    check_only: Annotated[bool, Query(description="Check, and store nothing.")] = False,
) -> Response:
    """Check accounts, reps, units and pairs, and store them as an immutable dataset; all faults at once."""
    log, name, tables = submission.log, submission.name, submission.tables
    if check_only:
        preview = preview_json(tables, name=name, checks=log.warnings, num_checks=log.num_warnings)
        return JSONResponse(preview)

    def work(session: Session) -> Answer:
        refuse_full_store(session, once.settings)
        dataset = create_dataset(session, tables, name=name, checks=log.warnings, num_checks=log.num_warnings)
        return _created(dataset_json(session, dataset))

    return once.run(work)


@router.get("", response_model=Page[DatasetSummary], summary="List datasets")
def get_datasets(
    session: ReadSession,
    page: PageParameters,
    archived: Annotated[bool | None, Query(description="Only archived ones, or only those in use.")] = None,
    q: Search = None,
) -> dict[str, Any]:
    """List datasets, newest first."""
    repository = DatasetRepository(session)
    found = list(repository.page(archived=archived, text=q, after=page.moment_key(), limit=page.size + 1))
    shown = found[: page.size]
    more = len(found) > page.size
    return {
        "items": [dataset_json(session, dataset) for dataset in shown],
        "next_page_token": page.token(shown[-1].created_at.isoformat(), shown[-1].id) if more else None,
        "total_size": repository.count(archived=archived, text=q),
    }


@router.get(
    "/{dataset_id}",
    response_model=DatasetSummary,
    summary="Show a dataset",
    responses=not_modified_responses(),
)
def get_one_dataset(dataset_id: str, request: Request, session: ReadSession) -> Response:
    """Show a dataset: counts, measures, hash, and what its import check warned of."""
    return _shown(dataset_json(session, get_dataset(session, dataset_id)), request)


@router.patch(
    "/{dataset_id}",
    response_model=DatasetSummary,
    summary="Rename or archive a dataset",
    responses=problem_responses("CHANGED"),
)
def patch_dataset(
    dataset_id: str,
    body: Annotated[DatasetChange, strict_body(DatasetChange)],
    session: WriteSession,
    if_match: IfMatch = None,
) -> Response:
    """Rename a dataset, or put it away or back; its data never change."""
    dataset = get_dataset(session, dataset_id)
    require_match(if_match, etag_of(dataset_json(session, dataset)))
    change_dataset(dataset, name=body.name, archived=body.archived)
    return _shown(dataset_json(session, dataset), None)


@router.delete(
    "/{dataset_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a dataset",
    responses=problem_responses("IN_USE", "CHANGED"),
)
def delete_one_dataset(dataset_id: str, session: WriteSession, if_match: IfMatch = None) -> Response:
    """Delete a dataset that no scenario, job or alignment uses."""
    dataset = get_dataset(session, dataset_id)
    require_match(if_match, etag_of(dataset_json(session, dataset)))
    delete_dataset(session, dataset)
    return Response(status_code=204)


@router.get("/{dataset_id}/accounts", response_model=Page[AccountItem], summary="List a dataset's accounts")
def get_accounts(
    dataset_id: str,
    session: ReadSession,
    page: PageParameters,
    rep_id: Annotated[str | None, Query(max_length=1000, description="Only this current rep's.")] = None,
    q: Search = None,
) -> dict[str, Any]:
    """List accounts by id."""
    table = load_tables(session, dataset_id).accounts
    wanted = sorted_rows(table, text=q, rep_id=rep_id).tolist()
    rows, token = slice_page(wanted, page)
    shown = table.take(pa.array(rows, pa.int64()))
    return {"items": list(account_rows(shown)), "next_page_token": token, "total_size": len(wanted)}


@router.get("/{dataset_id}/reps", response_model=Page[RepItem], summary="List a dataset's reps")
def get_reps(dataset_id: str, session: ReadSession, page: PageParameters, q: Search = None) -> dict[str, Any]:
    """List reps by id, those who have left included."""
    table = load_tables(session, dataset_id).reps
    wanted = sorted_rows(table, text=q).tolist()
    rows, token = slice_page(wanted, page)
    shown = table.take(pa.array(rows, pa.int64()))
    return {"items": list(rep_rows(shown)), "next_page_token": token, "total_size": len(wanted)}


@router.get("/{dataset_id}/checks", response_model=Page[CheckItem], summary="List a dataset's warnings")
def get_checks(dataset_id: str, session: ReadSession, page: PageParameters) -> dict[str, Any]:
    """List what the import check warned of, up to 1,000."""
    checks = get_dataset(session, dataset_id).checks
    items, token = slice_page(checks, page)
    return {"items": items, "next_page_token": token, "total_size": len(checks)}


@router.get(
    "/{dataset_id}/current",
    response_model=Alignment,
    summary="Show the current alignment",
    responses=not_modified_responses(),
)
def get_current(dataset_id: str, request: Request, session: WriteSession) -> Response:
    """Show the current alignment that came with the data, as an alignment; 404 where no account has a rep."""
    get_dataset(session, dataset_id)
    current = current_alignment(session, dataset_id)
    if current is None:
        raise NotFound("No account of this dataset has a current rep.")
    return _shown(summary_json(current), request)


@router.post(
    "/{dataset_id}/changes", status_code=201, response_model=DatasetSummary, summary="Let reps leave, join or change"
)
def post_changes(
    dataset_id: str,
    body: Annotated[DatasetChanges, strict_body(DatasetChanges)],
    settings: SettingsParameter,
    once: OnceParameter,
) -> Response:
    """Let reps leave, join or change: a new dataset with parent_id; accounts keep their current reps."""

    def work(session: Session) -> Answer:
        refuse_full_store(session, settings)
        parent = get_dataset(session, dataset_id)
        tables, log = changed_tables(load_tables(session, dataset_id), body, settings)
        dataset = create_dataset(
            session,
            tables,
            name=body.name or parent.name,
            parent_id=dataset_id,
            checks=log.warnings,
            num_checks=log.num_warnings,
        )
        return _created(dataset_json(session, dataset))

    return once.run(work)


def _created(body: dict[str, Any]) -> Answer:
    return Answer(201, body, location=body["links"]["self"], headers={"ETag": etag_of(body)})


def _shown(body: dict[str, Any], request: Request | None) -> Response:
    """Answer with a body and its ETag; 304 when the caller has it already."""
    etag = etag_of(body)
    if request is not None and is_not_modified(request.headers, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return JSONResponse(json_form(body), headers={"ETag": etag})
