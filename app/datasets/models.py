"""How datasets stand in the database: one row of facts, the bulk as blobs."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, utc_now
from app.tenancy import TenantOwned


class Dataset(TenantOwned, Base):
    """One imported, checked, immutable dataset; only its name and archive mark can change."""

    __tablename__ = "datasets"
    __table_args__ = (sa.Index("ix_datasets_tenant_id_created_at", "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    parent_id: Mapped[str | None] = mapped_column(
        sa.String(40), sa.ForeignKey("datasets.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now, index=True)
    archived: Mapped[bool] = mapped_column(default=False)
    num_accounts: Mapped[int]
    num_reps: Mapped[int]
    num_units: Mapped[int]
    num_pairs: Mapped[int]
    num_families: Mapped[int]
    measures: Mapped[list[Any]] = mapped_column(default=list)
    checks: Mapped[list[Any]] = mapped_column(default=list)
    num_checks: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    accounts_sha256: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("blobs.sha256"))
    reps_sha256: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey("blobs.sha256"))
    pairs_sha256: Mapped[str | None] = mapped_column(sa.String(64), sa.ForeignKey("blobs.sha256"))
    units_sha256: Mapped[str | None] = mapped_column(sa.String(64), sa.ForeignKey("blobs.sha256"))
