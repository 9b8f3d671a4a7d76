"""Lists of jobs: which ones a query asks for, and the page that answers it."""

import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.jobs.repository import JobFilter, JobRepository
from app.jobs.representation import job_json
from app.jobs.resources import MAX_TAGS
from app.jobs.states import JobState
from app.pages import PageRequest
from app.scenarios.chronology import page_json, position_of


def _not_a_number(value: object) -> object:
    """Refuse seconds since 1970, which pydantic would take: they are not RFC 3339."""
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("a time is written as in 2027-01-31T09:30:00Z.")
    return value


Moment = Annotated[datetime.datetime, BeforeValidator(_not_a_number)]
"""A time as RFC 3339 writes it; without a zone it is UTC."""


def jobs_page(session: Session, wanted: JobFilter, page: PageRequest) -> dict[str, Any]:
    """Return a page of jobs, newest first.

    Raises
    ------
    InvalidInput
        When the page token is not one of this list.
    """
    found, total = JobRepository(session).page(wanted, limit=page.size + 1, after=position_of(page))
    return page_json(found, page, total=total, show=lambda jobs: [job_json(job) for job in jobs])


async def _job_filter(
    state: Annotated[list[JobState] | None, Query(description="Any of these states; may be repeated.")] = None,
    tag: Annotated[
        list[str] | None,
        Query(
            max_length=MAX_TAGS,
            description="`name:value`, or `name` for any value; may be repeated, all must hold.",
            examples=[["year:2027"]],
        ),
    ] = None,
    created_after: Annotated[Moment | None, Query(description="Submitted at this time or later, RFC 3339.")] = None,
    created_before: Annotated[Moment | None, Query(description="Submitted before this time, RFC 3339.")] = None,
    scenario_id: Annotated[str | None, Query(description="Jobs of this scenario.")] = None,
) -> JobFilter:
    return JobFilter(
        states=state or (),
        tags=tag or (),
        created_after=utc(created_after),
        created_before=utc(created_before),
        scenario_id=scenario_id,
    )


def utc(moment: datetime.datetime | None) -> datetime.datetime | None:
    """Read a time without a zone as UTC; one at the edge of the calendar stays as it is."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=datetime.UTC)
    try:
        return moment.astimezone(datetime.UTC)
    except OverflowError:
        return moment.replace(tzinfo=datetime.UTC)


JobFilterParameter = Annotated[JobFilter, Depends(_job_filter)]
