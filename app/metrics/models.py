"""How tallies stand in the database: sums that only grow, the same for every process and after every restart."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class Tally(Base):
    """One sum, of all tenants: a metric's name, its labels as JSON, and how much it has grown to."""

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    labels: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    value: Mapped[float]
