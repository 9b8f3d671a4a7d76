"""The outbox: events are written in the transaction of what they tell of, so neither exists without the other."""

import datetime
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.database import utc_now
from app.identifiers import new_id
from app.webhooks.models import Webhook, WebhookDelivery
from app.webhooks.repository import WebhookRepository
from app.webhooks.schemas import DeliveryState, WebhookEvent
from app.webhooks.targets import Target


def register(session: Session, job_id: str, target: Target | None) -> None:
    """Remember where the events of a job go; nothing without a target."""
    if target is not None:
        events = [str(event) for event in target.events]
        WebhookRepository(session).add(Webhook(job_id=job_id, url=target.url, secret=target.secret, events=events))


def announce(session: Session, job_id: str, event: WebhookEvent, data: Mapping[str, Any]) -> None:
    """Put an event of a job into the outbox, in the caller's transaction; nothing when nobody asked for it.

    Parameters
    ----------
    session
        The caller's; nothing is committed here.
    job_id
        The job whose webhook is told.
    event
        What happened.
    data
        What is told, JSON.
    """
    webhooks = WebhookRepository(session)
    webhook = webhooks.of_job(job_id)
    if webhook is None or event not in webhook.events:
        return
    now = utc_now()
    content = {"type": str(event), "timestamp": _moment(now), "data": dict(data)}
    webhooks.add(
        WebhookDelivery(
            id=new_id("msg"),
            tenant_id=webhook.tenant_id,
            job_id=job_id,
            event=event,
            payload=json.dumps(content, ensure_ascii=False, allow_nan=False),
            state=DeliveryState.WAITING,
            attempts=0,
            created_at=now,
            next_attempt_at=now,
        )
    )


def _moment(moment: datetime.datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
