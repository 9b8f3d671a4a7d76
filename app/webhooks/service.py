"""The rules of deliveries as a caller sees them: list, show, send again. No HTTP."""

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.database import utc_now
from app.errors import NotFound
from app.pages import PageRequest
from app.scenarios.chronology import page_json, position_of
from app.webhooks.models import WebhookDelivery
from app.webhooks.repository import DeliveryFilter, WebhookRepository
from app.webhooks.schemas import DeliveryState


def deliveries_page(session: Session, wanted: DeliveryFilter, page: PageRequest) -> dict[str, Any]:
    """Return a page of deliveries, newest first.

    Raises
    ------
    InvalidInput
        When the page token is not one of this list.
    """
    found, total = WebhookRepository(session).page(wanted, limit=page.size + 1, after=position_of(page))
    urls = {row.id: url for row, url in found}
    return page_json(
        [row for row, _ in found],
        page,
        total=total,
        show=lambda rows: [delivery_json(row, urls[row.id]) for row in rows],
    )


def redeliver(session: Session, delivery_id: str) -> dict[str, Any]:
    """Send an event again, from the first of its attempts on, whatever became of it before.

    Raises
    ------
    NotFound
        When there is no such delivery.
    """
    webhooks = WebhookRepository(session)
    row = webhooks.delivery(delivery_id)
    webhook = None if row is None else webhooks.of_job(row.job_id)
    if row is None or webhook is None:
        raise NotFound("There is no such delivery; GET /v1/webhooks/deliveries lists them.")
    row.state = DeliveryState.WAITING
    row.attempts = 0
    row.next_attempt_at = utc_now()
    row.delivered_at = row.status = row.error = None
    return delivery_json(row, webhook.url)


def delivery_json(row: WebhookDelivery, url: str) -> dict[str, Any]:
    """Return what the API shows of a delivery; a query of the address may be a secret, and is left out."""
    parts = urlsplit(url)
    return {
        "id": row.id,
        "event": row.event,
        "job_id": row.job_id,
        "url": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "state": row.state,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "next_attempt_at": row.next_attempt_at,
        "delivered_at": row.delivered_at,
        "status": row.status,
        "error": row.error,
    }
