"""Shared looks at jobs on a real database: one statement for all, and every tenant sees its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from app.database import create_engine, session_factory
from app.jobs import dbos_engine
from app.jobs.dbos_engine import DbosQueue
from app.jobs.job_reads import JobReads
from app.migrations.upgrade import upgrade
from app.settings import Settings
from app.tenancy import DEFAULT_TENANT
from tests.app.jobs.questions import submit_tiny
from tests.app.loops import on_a_loop


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    """Return a fresh database."""
    engine = create_engine(settings)
    upgrade(engine)
    dbos_engine.migrate(engine)
    yield engine
    engine.dispose()


@contextmanager
def reads_of_jobs(engine: sa.Engine) -> Iterator[list[str]]:
    """Collect the statements that read jobs."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM jobs" in statement:
            found.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(engine, "before_cursor_execute", note)


def test_many_looks_are_one_statement_and_one_body(engine: sa.Engine, settings: Settings) -> None:
    """Thirty looks at three jobs; who looks at the same job gets the same bytes."""
    sessions, queue = session_factory(engine), DbosQueue(engine)
    job_ids = [submit_tiny(sessions, queue, settings) for _ in range(3)]

    async def ask() -> None:
        look = JobReads(sessions).of_tenant(DEFAULT_TENANT)
        with reads_of_jobs(engine) as found:
            views = await asyncio.gather(*(look(job_id) for job_id in job_ids * 10))
        assert len(found) == 1
        assert [view is not None and view.fields["id"] for view in views] == job_ids * 10
        assert len({id(view.body) for view in views if view is not None}) == 3

    on_a_loop(ask())


def test_tenants_see_their_own_jobs_alone(engine: sa.Engine, settings: Settings) -> None:
    """In one read, the same id is a job for its tenant and nothing for another; so is what is no id at all."""
    sessions = session_factory(engine)
    job_id = submit_tiny(sessions, DbosQueue(engine), settings)

    async def ask() -> None:
        reads = JobReads(sessions)
        own, foreign = reads.of_tenant(DEFAULT_TENANT), reads.of_tenant("other")
        found = await asyncio.gather(own(job_id), foreign(job_id), own("nothing"), own("\ud800"), own(""))
        assert [view is not None for view in found] == [True, False, False, False, False]

    on_a_loop(ask())
