"""HTTP route of the audit."""

import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.audit.repository import AuditFilter
from app.audit.service import audit_page
from app.dependencies import ReadSession
from app.jobs.listing import Moment, utc
from app.pages import Page, PageParameters

router = APIRouter(prefix="/v1/audit", tags=["audit"])
TEXT_CHARACTERS = 1000


class AuditItem(BaseModel):
    """One change: who did what when, before and after."""

    number: int = Field(description="Counts all changes of the service from 1.", examples=[1204])
    created_at: datetime.datetime = Field(description="When it was committed, RFC 3339, UTC.")
    actor: str = Field(description="Who did it: the name of a key, a worker, or `local`.", examples=["local"])
    key_id: str | None = Field(description="The key that was used; null without one.")
    request_id: str | None = Field(description="X-Request-Id of the answer; null where no request did it.")
    action: str = Field(description="What was done.", examples=["scenario.changed", "alignment.published"])
    noun: str = Field(description="What it was done to.", examples=["scenario"])
    resource_id: str = Field(description="The id of that.", examples=["sc_01jz"])
    before: dict[str, Any] | None = Field(
        description="What was changed or deleted, as it was; a value over 4 KB is named by its hash."
    )
    after: dict[str, Any] | None = Field(description="The same as it became; null when it was deleted.")
    hash: str = Field(description="SHA-256 of the entry, which names the hash of the one before.")


Text = Annotated[str | None, Query(max_length=TEXT_CHARACTERS)]


@router.get("", summary="List the audit", response_model=Page[AuditItem])
def list_audit(
    session: ReadSession,
    page: PageParameters,
    actor: Annotated[Text, Query(description="Done by this one.")] = None,
    action: Annotated[Text, Query(description="This was done.", examples=["job.created"])] = None,
    noun: Annotated[Text, Query(description="Done to one of these.", examples=["job"])] = None,
    resource_id: Annotated[Text, Query(description="Done to this one.")] = None,
    request_id: Annotated[Text, Query(description="Done by this request.")] = None,
    created_after: Annotated[Moment | None, Query(description="At this time or later, RFC 3339.")] = None,
    created_before: Annotated[Moment | None, Query(description="Before this time, RFC 3339.")] = None,
) -> Page[AuditItem]:
    """List who did what when, newest first; entries are never changed or deleted."""
    wanted = AuditFilter(
        actor=actor,
        action=action,
        noun=noun,
        resource_id=resource_id,
        request_id=request_id,
        created_after=utc(created_after),
        created_before=utc(created_before),
    )
    return Page[AuditItem].model_validate(audit_page(session, wanted, page))
