"""Webhooks as the HTTP API takes and shows them; pydantic alone."""

import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.scenarios.numbers import StrictModel
from app.validation import WEB_ADDRESS, WEBHOOK_SECRET
from app.webhooks.signatures import usable_secret

URL_CHARACTERS = 2000


class WebhookEvent(StrEnum):
    """What a webhook tells."""

    SUCCEEDED = "job.succeeded"
    FAILED = "job.failed"
    CANCELED = "job.canceled"
    PUBLISHED = "alignment.published"


class DeliveryState(StrEnum):
    """Where a delivery stands: waiting → delivered or failed."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookRequest(StrictModel):
    """Where to tell what becomes of a job, signed after Standard Webhooks."""

    url: str = Field(
        min_length=1,
        max_length=URL_CHARACTERS,
        pattern=WEB_ADDRESS,
        description="An https address; one that is private, loopback or link-local is refused.",
        examples=["https://example.com/hooks/territory"],
    )
    secret: Annotated[str, AfterValidator(usable_secret)] | None = Field(
        default=None,
        pattern=WEBHOOK_SECRET,
        description=(
            "`whsec_` and 24 to 64 random bytes in base64, which sign each delivery; never shown again. Left out: the "
            "service's own, TERRITORY_WEBHOOK_SECRET."
        ),
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    events: list[WebhookEvent] | None = Field(
        default=None, min_length=1, max_length=len(WebhookEvent), description="Only these events; left out: all."
    )


class Delivery(BaseModel):
    """One event on its way to its receiver."""

    id: str = Field(description="Sent as `webhook-id`, the same at every attempt.", examples=["msg_01jz"])
    event: WebhookEvent = Field(description="What it tells.")
    job_id: str = Field(description="The job whose webhook it is.")
    url: str = Field(description="The receiver, without its query.")
    state: DeliveryState = Field(description="waiting → delivered or failed.")
    attempts: int = Field(description="How often it was sent since it was last wanted.")
    created_at: datetime.datetime = Field(description="When the event happened.")
    next_attempt_at: datetime.datetime | None = Field(description="When it is sent next; null when it is over.")
    delivered_at: datetime.datetime | None = Field(description="When the receiver took it.")
    status: int | None = Field(description="HTTP status of the last answer; null without one.")
    error: str | None = Field(description="Why the last attempt did not succeed.")
