"""The rules of alignments: stored complete and immutable, named, deleted when nothing uses them.

Knows no HTTP. What is read from an alignment (scorecard, moves, map) stands in views.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import blobs
from app.alignments.columns import rep_positions
from app.alignments.models import Alignment
from app.alignments.repository import AlignmentRepository
from app.alignments.summaries import AlignmentSummary, Origin, OriginKind
from app.datasets.models import Dataset
from app.datasets.service import get_dataset, load_tables
from app.datasets.tables import ASSIGNMENT_FIELDS, read_parquet, write_parquet
from app.errors import Conflict, NotFound
from app.identifiers import new_id
from app.scenarios.center import read_centers
from app.scenarios.models import Scenario

DISTRIBUTION = "territory-optimizer"
COUNTED = frozenset({"accounts", "reps", "moved", "unassigned"})
"""What is counted of every alignment."""


def store_alignment(
    session: Session,
    *,
    dataset_id: str,
    scenario_id: str | None,
    origin: Origin | Mapping[str, str | None],
    assignments: pa.Table,
    summary: AlignmentSummary | Mapping[str, Any],
    name: str | None = None,
    certificate: Mapping[str, Any] | bytes | None = None,
) -> Alignment:
    """Store a complete alignment in the caller's transaction and return its row.

    Parameters
    ----------
    session
        The caller's; nothing is committed here.
    dataset_id, scenario_id
        What the alignment belongs to; no scenario for an import.
    origin
        What made it.
    assignments
        Columns account_id, rep_id (null is unassigned); the dataset's accounts in their order.
    summary
        What is known of it. Counts and hashes that it leaves out are filled in from the data, and the rows are
        checked on the way; who gives all counts has checked them.
    name
        A name for people; one is made from the origin where it is left out.
    certificate
        The proof of its bound, where there is one that was checked.

    Raises
    ------
    NotFound
        When the dataset or scenario does not exist.
    ValueError
        When the rows are not the dataset's accounts in their order, or name an unknown rep.
    """
    dataset = get_dataset(session, dataset_id)
    scenario = None if scenario_id is None else _scenario(session, scenario_id)
    if not isinstance(origin, Origin):
        origin = Origin(OriginKind(str(origin["kind"])), origin.get("job_id"), origin.get("parent_id"))
    if not isinstance(summary, AlignmentSummary):
        summary = AlignmentSummary.from_json(summary)
    table = assignments.select(ASSIGNMENT_FIELDS.names).cast(ASSIGNMENT_FIELDS)
    if not summary.counts.keys() >= COUNTED:
        summary = replace(summary, counts=_counts(session, dataset, table))
    row = Alignment(
        id=new_id("al"),
        name=name or _default_name(dataset, scenario, origin),
        num_edits=0,
        origin_kind=origin.kind.value,
        job_id=origin.job_id,
        parent_id=origin.parent_id,
        dataset_id=dataset_id,
        scenario_id=scenario_id,
        summary=_with_sources(summary, dataset, scenario).to_json(),
        assignments_sha256=blobs.put(session, write_parquet(table)),
        certificate_sha256=_put_certificate(session, certificate),
    )
    AlignmentRepository(session).add(row)
    return row


def current_alignment(session: Session, dataset_id: str, *, parent_id: str | None = None) -> Alignment | None:
    """Return the alignment that came with a dataset, stored when it is asked for the first time.

    None where no account has a current rep. It is judged without criteria: the objective is null.

    Parameters
    ----------
    session
        The caller's; nothing is committed here.
    dataset_id
        The dataset.
    parent_id
        The alignment that was published as this dataset.

    Raises
    ------
    NotFound
        When the dataset does not exist.
    """
    known = AlignmentRepository(session).imported(dataset_id)
    if known is not None:
        return known
    tables = load_tables(session, dataset_id)
    current = tables.accounts.column("current_rep_id")
    is_known = pc.is_in(current, value_set=tables.reps.column("id").combine_chunks(), skip_nulls=True)
    rep_ids = pc.if_else(is_known, current, pa.scalar(None, pa.string()))
    if rep_ids.null_count == len(rep_ids):
        return None
    try:
        with session.begin_nested():
            return store_alignment(
                session,
                dataset_id=dataset_id,
                scenario_id=None,
                origin=Origin(OriginKind.IMPORT, parent_id=parent_id),
                assignments=pa.table({"account_id": tables.accounts.column("id"), "rep_id": rep_ids}),
                summary=AlignmentSummary(),
            )
    except IntegrityError:  # another request stored it meanwhile
        return AlignmentRepository(session).imported(dataset_id)


def get_alignment(session: Session, alignment_id: str) -> Alignment:
    """Return one alignment.

    Raises
    ------
    NotFound
        When there is none of this id.
    """
    row = AlignmentRepository(session).get(alignment_id)
    if row is None:
        raise NotFound(f"There is no alignment {alignment_id}.")
    return row


def assignments_of(session: Session, alignment: Alignment) -> pa.Table:
    """Return the stored assignments: account_id, rep_id, in the dataset's order."""
    return read_parquet(blobs.read(session, alignment.assignments_sha256))


def criteria_of(session: Session, alignment: Alignment) -> dict[str, Any] | None:
    """Return the normalized criteria that an alignment is judged by, None for an import."""
    if alignment.scenario_id is None:
        return None
    scenario = session.get(Scenario, alignment.scenario_id)
    return None if scenario is None else scenario.criteria


def summary_json(alignment: Alignment) -> dict[str, Any]:
    """Return what the API shows of an alignment before any row is read."""
    summary = dict(alignment.summary)
    centers = summary.pop("centers", {})
    return {
        "id": alignment.id,
        "name": alignment.name,
        "archived": alignment.archived,
        "created_at": alignment.created_at,
        "origin": {
            "kind": alignment.origin_kind,
            "job_id": alignment.job_id,
            "parent_id": alignment.parent_id,
        },
        "dataset_id": alignment.dataset_id,
        "scenario_id": alignment.scenario_id,
        "num_edits": alignment.num_edits,
        "placement": None,
        **summary,
        "centers": {rep_id: center.to_json() for rep_id, center in read_centers(centers).items()},
        "links": _links(alignment),
    }


def certificate_bytes(session: Session, alignment: Alignment) -> bytes:
    """Return the stored certificate as JSON.

    Raises
    ------
    NotFound
        When the alignment has no bound that a certificate proves.
    """
    if alignment.certificate_sha256 is None:
        raise NotFound(f"The alignment {alignment.id} has no certificate: no bound of it was proven.")
    return blobs.read(session, alignment.certificate_sha256)


def change_alignment(alignment: Alignment, *, name: str | None, archived: bool | None) -> None:
    """Rename an alignment, or put it away or back; None leaves a thing as it is."""
    if name is not None:
        alignment.name = name
    if archived is not None:
        alignment.archived = archived


def delete_alignment(session: Session, alignment: Alignment) -> None:
    """Delete an alignment that nothing refers to.

    Raises
    ------
    Conflict
        When a job has it as its result, a dataset as its current one, or another alignment as its parent.
    """
    repository = AlignmentRepository(session)
    if alignment.origin_kind == OriginKind.IMPORT:
        _refuse_use(alignment, f"it is the current alignment of the dataset {alignment.dataset_id}")
    if repository.num_jobs(alignment.id):
        _refuse_use(alignment, "a job has it as its result")
    if repository.num_children(alignment.id):
        _refuse_use(alignment, "other alignments or published datasets were made from it")
    repository.remove(alignment)


def discard_alignment(session: Session, alignment_id: str | None) -> None:
    """Delete an alignment that is no longer wanted, unless something was made from it, or is being made just now.

    A child that another transaction stores at this moment keeps it: that is only seen when the row is deleted, so the
    deletion alone is undone, and not the caller's transaction.
    """
    session.flush()
    alignment = None if alignment_id is None else AlignmentRepository(session).get(alignment_id)
    if alignment is not None:
        with suppress(Conflict, IntegrityError), session.begin_nested():
            delete_alignment(session, alignment)


def _refuse_use(alignment: Alignment, reason: str) -> None:
    raise Conflict(
        "IN_USE",
        f"The alignment {alignment.id} cannot be deleted: {reason}. Archive it instead.",
        params={"alignment_id": alignment.id},
    )


def _scenario(session: Session, scenario_id: str) -> Scenario:
    scenario = session.get(Scenario, scenario_id)
    if scenario is None:
        raise NotFound(f"There is no scenario {scenario_id}.")
    return scenario


def _with_sources(summary: AlignmentSummary, dataset: Dataset, scenario: Scenario | None) -> AlignmentSummary:
    """Fill in which data, criteria and version an alignment comes from, where the summary does not say."""
    criteria = None if scenario is None else scenario.criteria_sha256
    return replace(
        summary,
        hashes={"dataset": dataset.sha256, "criteria": criteria, **summary.hashes},
        software={"version": software_version(), **summary.software},
    )


def _counts(session: Session, dataset: Dataset, assignments: pa.Table) -> dict[str, int]:
    """Count accounts, reps, moves and unassigned accounts, and check the assignments on the way."""
    tables = load_tables(session, dataset.id)
    accounts, reps = tables.accounts, tables.reps.column("id")
    if not accounts.column("id").equals(assignments.column("account_id")):
        raise ValueError("the assignments' rows are not the dataset's accounts in their order")
    owner = rep_positions(assignments.column("rep_id"), reps)
    unassigned = assignments.column("rep_id").null_count
    if int((owner < 0).sum()) != unassigned:
        raise ValueError("the assignments name a rep that the dataset does not have")
    current = rep_positions(accounts.column("current_rep_id"), reps)
    moved = int(np.count_nonzero((current >= 0) & (current != owner)))
    return {"accounts": accounts.num_rows, "reps": len(reps), "moved": moved, "unassigned": unassigned}


def _put_certificate(session: Session, certificate: Mapping[str, Any] | bytes | None) -> str | None:
    if certificate is None:
        return None
    if not isinstance(certificate, bytes):
        certificate = json.dumps(certificate, ensure_ascii=False, allow_nan=False).encode()
    return blobs.put(session, certificate)


def _default_name(dataset: Dataset, scenario: Scenario | None, origin: Origin) -> str:
    if origin.kind is OriginKind.IMPORT:
        return f"{dataset.name} – current"
    return dataset.name if scenario is None else scenario.name


def software_version() -> str:
    """Return the version of the installed package, `0` when it runs from bare sources."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


def _links(alignment: Alignment) -> dict[str, str]:
    base = f"/v1/alignments/{alignment.id}"
    parts = ("scorecard", "assignments", "moves", "territories", "map", "report")
    return {"self": base, **{part: f"{base}/{part}" for part in parts}}
