"""Forgetting what is old and unused: ended jobs, alignments, scenarios, datasets, webhooks, and bulk data of none.

Nothing goes that something else was made from, and nothing at all unless a setting says how long it is kept. Each
thing goes in a transaction of its own, so that writers never wait long.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from app.alignments.models import Alignment, ExplanationProof
from app.alignments.service import delete_alignment
from app.blobs import Blob, BlobChunk
from app.curves.models import CurvePoint
from app.database import Base, Sessions, snapshot, transact, transaction
from app.datasets.models import Dataset
from app.datasets.removal import delete_dataset
from app.errors import Conflict
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.states import UNENDED
from app.scenarios.models import Scenario
from app.scenarios.repository import ScenarioRepository
from app.settings import Settings

AT_A_TIME: Final = 200


@dataclass(frozen=True, kw_only=True)
class Swept:
    """How many of each went."""

    jobs: int = 0
    alignments: int = 0
    scenarios: int = 0
    datasets: int = 0
    blobs: int = 0


def sweep(sessions: Sessions, settings: Settings, *, now: datetime.datetime) -> Swept:
    """Forget what the settings let go, of all tenants; return how much that was."""
    jobs = _each(sessions, Job, _ended_before(_moment(now, settings.keep_jobs_days)), _forget_job)
    alignments = _each(
        sessions, Alignment, _unused_alignments(_moment(now, settings.keep_alignments_days)), delete_alignment
    )
    unused = _moment(now, settings.keep_datasets_days)
    scenarios = _each(sessions, Scenario, _unused_scenarios(unused), lambda s, row: ScenarioRepository(s).remove(row))
    datasets = _each(sessions, Dataset, _unused_datasets(unused), delete_dataset)
    return Swept(
        jobs=jobs, alignments=alignments, scenarios=scenarios, datasets=datasets, blobs=discard_garbage(sessions)
    )


def discard_garbage(sessions: Sessions) -> int:
    """Delete bulk data that no row names; return how many there were."""
    named = [
        sa.select(key.parent).where(key.parent.is_not(None))
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "blobs.sha256" and table.name != BlobChunk.__tablename__
    ]
    query = sa.except_(sa.select(Blob.__table__.c.sha256), *named).limit(AT_A_TIME)
    num_discarded = 0
    while True:
        with snapshot(sessions) as session:
            found = session.connection().scalars(query).all()
        done = 0
        for sha256 in found:
            with suppress(IntegrityError), transaction(sessions) as session:  # somebody uses it after all
                session.execute(sa.delete(BlobChunk).where(BlobChunk.sha256 == sha256))
                session.execute(sa.delete(Blob).where(Blob.sha256 == sha256))
                session.flush()
                done += 1
        num_discarded += done
        if done < len(found) or len(found) < AT_A_TIME:
            return num_discarded


def _moment(now: datetime.datetime, days: float | None) -> datetime.datetime | None:
    return None if days is None else now - datetime.timedelta(days=days)


def _each(
    sessions: Sessions,
    model: type[Any],
    query: sa.Select[str] | None,
    forget: Callable[[Session, Any], None],
) -> int:
    """Forget the rows that a query finds, one transaction each; return how many went."""
    if query is None:
        return 0
    num_forgotten = 0
    for row_id in _found(sessions, query):
        with suppress(Conflict, IntegrityError):
            num_forgotten += transact(sessions, partial(_forgotten, model=model, row_id=row_id, forget=forget))
    return num_forgotten


def _forgotten(session: Session, *, model: type[Any], row_id: str, forget: Callable[[Session, Any], None]) -> bool:
    """Forget one row; tell whether it was there."""
    if model is Job:
        JobRepository(session).parts(row_id, locked=True)  # before their whole, as everywhere
    row = session.get(model, row_id, with_for_update=True)
    if row is None:
        return False
    forget(session, row)
    session.flush()
    return True


def _found(sessions: Sessions, query: sa.Select[str]) -> Iterator[str]:
    """Yield ids until a look finds nothing new; what stays although it was found is seen once."""
    seen: set[str] = set()
    while True:
        with snapshot(sessions) as session:
            new = [row_id for row_id in session.scalars(query.limit(AT_A_TIME + len(seen))) if row_id not in seen]
        yield from new
        seen.update(new)
        if not new:
            return


def _ended_before(moment: datetime.datetime | None) -> sa.Select[str] | None:
    if moment is None:
        return None
    whole = (Job.ended_at < moment, Job.state.not_in(UNENDED), Job.whole_id.is_(None))  # parts go with it
    return sa.select(Job.id).where(*whole).order_by(Job.ended_at)


def _forget_job(session: Session, job: Job) -> None:
    """Delete a job with its parts, events, tags, curve and webhook; its alignments stay as long as alignments do."""
    session.execute(sa.delete(ExplanationProof).where(ExplanationProof.job_id == job.id))
    session.execute(sa.delete(Job).where(Job.whole_id == job.id))
    session.delete(job)


def _unused_alignments(moment: datetime.datetime | None) -> sa.Select[str] | None:
    if moment is None:
        return None
    child = aliased(Alignment)
    return (
        sa.select(Alignment.id)
        .where(
            Alignment.created_at < moment,
            Alignment.origin_kind != "import",
            ~sa.exists().where(sa.or_(Job.alignment_id == Alignment.id, Job.initial_alignment_id == Alignment.id)),
            ~sa.exists().where(CurvePoint.alignment_id == Alignment.id),
            ~sa.exists().where(child.parent_id == Alignment.id),
        )
        .order_by(Alignment.created_at)
    )


def _unused_scenarios(moment: datetime.datetime | None) -> sa.Select[str] | None:
    if moment is None:
        return None
    return (
        sa.select(Scenario.id)
        .where(
            Scenario.created_at < moment,
            ~sa.exists().where(Job.scenario_id == Scenario.id),
            ~sa.exists().where(Alignment.scenario_id == Scenario.id),
        )
        .order_by(Scenario.created_at)
    )


def _unused_datasets(moment: datetime.datetime | None) -> sa.Select[str] | None:
    if moment is None:
        return None
    return (
        sa.select(Dataset.id)
        .where(
            Dataset.created_at < moment,
            ~sa.exists().where(Scenario.dataset_id == Dataset.id),
            ~sa.exists().where(Job.dataset_id == Dataset.id),
            ~sa.exists().where(Alignment.dataset_id == Dataset.id, Alignment.origin_kind != "import"),
        )
        .order_by(Dataset.created_at)
    )
