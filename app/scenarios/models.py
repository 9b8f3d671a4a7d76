"""How scenarios stand in the database: a dataset, criteria, search limits, and where the question came from."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utc_now
from app.tenancy import TenantOwned


class Scenario(TenantOwned, Base):
    """One question asked of a dataset; criteria and search change only until a job used it."""

    __tablename__ = "scenarios"
    __table_args__ = (sa.Index("ix_scenarios_tenant_id_created_at", "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    dataset_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("datasets.id"), index=True)
    based_on: Mapped[str | None] = mapped_column(
        sa.String(40), sa.ForeignKey("scenarios.id", ondelete="SET NULL"), index=True
    )
    criteria: Mapped[dict[str, Any]]
    search: Mapped[dict[str, Any]]
    criteria_sha256: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now, index=True)
    archived: Mapped[bool] = mapped_column(default=False)
