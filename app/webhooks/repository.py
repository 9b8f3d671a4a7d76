"""Every query on webhooks and their outbox."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.scenarios.chronology import Position, older_than
from app.webhooks.models import Webhook, WebhookDelivery
from app.webhooks.schemas import DeliveryState, WebhookEvent


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries are wanted; what is None or empty does not filter."""

    job_id: str | None = None
    states: Sequence[DeliveryState] = ()
    events: Sequence[WebhookEvent] = ()


class WebhookRepository:
    """Read and write webhooks within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: Webhook | WebhookDelivery) -> None:
        """Store a webhook, or an event in the outbox."""
        self._session.add(row)
        self._session.flush()

    def of_job(self, job_id: str) -> Webhook | None:
        """Return a job's webhook, None without one."""
        return self._session.get(Webhook, job_id)

    def delivery(self, delivery_id: str) -> WebhookDelivery | None:
        """Return a delivery, and keep others from changing it until the commit."""
        return self._session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)

    def due(self, now: datetime.datetime, *, limit: int) -> Sequence[WebhookDelivery]:
        """Return deliveries whose time has come, oldest first, leaving out what another sender holds."""
        return self._session.scalars(
            sa.select(WebhookDelivery)
            .where(WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.next_attempt_at <= now)
            .order_by(WebhookDelivery.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()

    def is_any_due(self, now: datetime.datetime) -> bool:
        """Tell whether any delivery's time has come, without taking a lock."""
        is_due = sa.and_(WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.next_attempt_at <= now)
        return self._session.scalar(sa.select(WebhookDelivery.id).where(is_due).limit(1)) is not None

    def page(
        self, wanted: DeliveryFilter, *, limit: int, after: Position | None
    ) -> tuple[Sequence[tuple[WebhookDelivery, str]], int]:
        """Return up to ``limit`` deliveries that follow ``after`` with their addresses, newest first, and the total."""
        conditions: list[sa.ColumnElement[bool]] = []
        if wanted.job_id is not None:
            conditions.append(WebhookDelivery.job_id == wanted.job_id)
        if wanted.states:
            conditions.append(WebhookDelivery.state.in_(list(wanted.states)))
        if wanted.events:
            conditions.append(WebhookDelivery.event.in_(list(wanted.events)))
        total = self._session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery).where(*conditions)) or 0
        rows = self._session.execute(
            sa.select(WebhookDelivery, Webhook.url)
            .join(Webhook, Webhook.job_id == WebhookDelivery.job_id)
            .where(*conditions, *older_than(WebhookDelivery, after))
            .order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
            .limit(limit)
        ).all()
        return [(row[0], row[1]) for row in rows], total
