"""How API keys stand in the database: never the key itself, only what it takes to recognize it."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utc_now
from app.tenancy import TenantOwned


class ApiKey(TenantOwned, Base):
    """One key of a tenant; it is valid until it expires or is revoked, and is never deleted."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.String(16))
    verbs: Mapped[list[Any]] = mapped_column(default=list)
    rep_id: Mapped[str | None] = mapped_column(sa.Text)
    prefix: Mapped[str] = mapped_column(sa.String(16), unique=True)
    salt: Mapped[str] = mapped_column(sa.String(32))
    hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime.datetime | None]
    revoked_at: Mapped[datetime.datetime | None]
