"""How alignments stand in the database: one row of facts, the assignments as a blob, files and proofs beside."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.blobs import Blob
from app.database import Base, utc_now
from app.datasets.models import Dataset
from app.tenancy import TenantOwned


class Alignment(TenantOwned, Base):
    """One complete, immutable alignment; only its name, its archive mark and the count of its edits can change."""

    __tablename__ = "alignments"
    __table_args__ = (
        sa.Index("ix_alignments_tenant_id_created_at", "tenant_id", "created_at"),
        sa.Index(
            "uq_alignments_imported",
            "dataset_id",
            unique=True,
            sqlite_where=sa.text("origin_kind = 'import'"),
            postgresql_where=sa.text("origin_kind = 'import'"),
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime.datetime] = mapped_column(default=utc_now, index=True)
    origin_kind: Mapped[str] = mapped_column(sa.String(16))
    job_id: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    parent_id: Mapped[str | None] = mapped_column(sa.String(40), sa.ForeignKey("alignments.id"), index=True)
    dataset_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey(Dataset.id), index=True)
    scenario_id: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    num_edits: Mapped[int] = mapped_column(default=0, server_default="0")
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    assignments_sha256: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey(Blob.sha256), index=True)
    certificate_sha256: Mapped[str | None] = mapped_column(sa.String(64), sa.ForeignKey(Blob.sha256), index=True)


class AlignmentFile(TenantOwned, Base):
    """One file beside an alignment: derived from it and kept, such as its territories, or the edit that made it."""

    __tablename__ = "alignment_files"

    alignment_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey(Alignment.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), sa.ForeignKey(Blob.sha256), index=True)


class ExplanationProof(TenantOwned, Base):
    """One forced solve: the job that solves an alignment's question again with an account at another rep."""

    __tablename__ = "explanation_proofs"

    job_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    alignment_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey(Alignment.id, ondelete="CASCADE"), index=True
    )
    account_id: Mapped[str] = mapped_column(sa.Text)
    rep_id: Mapped[str] = mapped_column(sa.Text)
