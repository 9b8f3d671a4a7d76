"""What jobs that have not ended wait for, read from the database: whose they are, and where the queue has them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from app.database import create_engine, session_factory, snapshot
from app.jobs.engine import Dispatch
from app.jobs.models import Job
from app.jobs.repository import JobRepository, alive_since
from app.settings import Settings
from app.tenancy import of_all_tenants

OF_ENGINE: Final = "SELECT status, executor_id, application_version FROM {table} WHERE workflow_uuid = :id"
"""The engine's own record of a dispatch."""


def left_jobs(folder: Path, url: str, job_ids: Sequence[str], *, lease_s: float) -> list[Mapping[str, Any]]:
    """Return one line for each of the jobs: its row, how old its lease is, and what the engine says of its dispatch.

    Parameters
    ----------
    folder, url
        Of the service's data and database.
    job_ids
        The jobs that are left.
    lease_s
        The service's lease in seconds.
    """
    engine = create_engine(Settings(data_dir=folder / "data", database_url=url))
    table = "dbos.workflow_status" if engine.dialect.name == "postgresql" else "workflow_status"
    of_engine = sa.text(OF_ENGINE.format(table=table))
    try:
        with snapshot(of_all_tenants(session_factory(engine))) as session:
            jobs = JobRepository(session)
            now = jobs.now()
            living = jobs.living_workers(alive_since(now, lease_s=lease_s))
            rows = [session.get_one(Job, job_id) for job_id in job_ids]
            found = {
                row.id: session.connection().execute(of_engine, {"id": Dispatch(row.id, row.dispatch).id}).first()
                for row in rows
            }
        return [
            {
                "id": row.id,
                "state": str(row.state),
                "attempts": row.attempts,
                "dispatch": row.dispatch,
                "worker": row.worker_id,
                "worker_lives": row.worker_id in living,
                "lease_left_s": row.lease_expires_at and round((row.lease_expires_at - now).total_seconds(), 1),
                "engine": [*(found[row.id] or ("unknown",))],
            }
            for row in rows
        ]
    finally:
        engine.dispose()
