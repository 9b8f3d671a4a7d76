"""How webhooks stand in the database: where a job's events go, and the outbox of events."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utc_now
from app.tenancy import TenantOwned


class Webhook(TenantOwned, Base):
    """Where the events of one job go. The secret stands here as it is, because each delivery is signed with it."""

    __tablename__ = "webhooks"

    job_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str] = mapped_column(sa.Text)
    secret: Mapped[str | None] = mapped_column(sa.Text)
    events: Mapped[list[Any]]
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now)


class WebhookDelivery(TenantOwned, Base):
    """One event in the outbox, written with what it tells of, and kept as the record of its delivery.

    ``attempts`` is also the fence: who sends it writes the result only while it stands as it did.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (sa.Index("ix_webhook_deliveries_state_next_attempt_at", "state", "next_attempt_at"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    job_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("webhooks.job_id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(sa.String(32))
    payload: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now, index=True)
    next_attempt_at: Mapped[datetime.datetime | None]
    delivered_at: Mapped[datetime.datetime | None]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.Text)
