"""Looks at jobs by all who poll, wait or follow, shared by those who look at once (app/shared_reads.py)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from app.database import Sessions, snapshot
from app.errors import NotFound
from app.jobs.models import Job
from app.jobs.repository import JobRepository
from app.jobs.representation import job_json
from app.jobs.resources import JobResource
from app.jobs.states import JobState
from app.shared_reads import SharedReads
from app.tenancy import of_tenant


@dataclass(frozen=True)
class JobView:
    """A job as it stood in one moment.

    Parameters
    ----------
    has_ended
        Nothing of it changes any more.
    num_events
        How many events it has had.
    fields
        What the API shows of it.
    """

    has_ended: bool
    num_events: int
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, job: Job) -> "JobView":
        """Return what a row says, which its session may then forget."""
        return cls(JobState(job.state).has_ended, job.num_events, job_json(job))

    @cached_property
    def body(self) -> bytes:
        """The job as JSON, made once for all who share the view."""
        return JobResource.model_validate(self.fields).model_dump_json(by_alias=True).encode()


Look = Callable[[str], Awaitable[JobView | None]]
"""Looks at a job of one tenant; None when it has no such job."""
TenantsJob = tuple[str, str]
"""A tenant and a job's id."""


class JobReads:
    """Shared looks at the jobs of all tenants; an app has one of these.

    Parameters
    ----------
    sessions
        The app's.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._reads: SharedReads[TenantsJob, JobView] = SharedReads(partial(_views, sessions))

    def of_tenant(self, tenant_id: str) -> Look:
        """Return how a tenant looks at its jobs."""
        return partial(self._find, tenant_id)

    async def _find(self, tenant_id: str, job_id: str) -> JobView | None:
        if not job_id.isascii():
            return None  # no id of ours; what a database refuses must not fail the others in a read
        return await self._reads.find((tenant_id, job_id))


async def existing(look: Look, job_id: str) -> JobView:
    """Return a job that must be there.

    Raises
    ------
    NotFound
        When there is no such job.
    """
    view = await look(job_id)
    if view is None:
        raise NotFound("There is no such job.")
    return view


def _views(sessions: Sessions, wanted: Iterable[TenantsJob]) -> dict[TenantsJob, JobView]:
    """Return all jobs that are there, each tenant's by a query in a session of its own."""
    asked: dict[str, list[str]] = defaultdict(list)
    for tenant_id, job_id in wanted:
        asked[tenant_id].append(job_id)
    views = {}
    for tenant_id, job_ids in asked.items():
        with snapshot(of_tenant(sessions, tenant_id)) as session:
            views.update({(tenant_id, job.id): JobView.of(job) for job in JobRepository(session).several(job_ids)})
    return views
