"""How curves stand in the database: what was asked beside its job, and one row a point."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base
from app.tenancy import TenantOwned


class Curve(TenantOwned, Base):
    """What a job of the kind ``curve`` computes, and what is known of the curve as a whole."""

    __tablename__ = "curves"

    job_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    wanted: Mapped[dict[str, Any]] = mapped_column(default=dict)
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CurvePoint(TenantOwned, Base):
    """One point of a curve; several may share an alignment.

    ``file`` is the solver's name of the alignment, unique within the job over all attempts.
    """

    __tablename__ = "curve_points"

    job_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("curves.job_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str | None] = mapped_column(sa.String(64))
    alignment_id: Mapped[str | None] = mapped_column(sa.String(40), sa.ForeignKey("alignments.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
