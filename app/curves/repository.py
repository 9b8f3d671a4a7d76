"""All queries on curves and their points. No rules: the service has them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.curves.models import Curve, CurvePoint


class CurveRepository:
    """Read and write curves within the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, curve: Curve) -> None:
        """Store a new curve; its job stands already."""
        self._session.add(curve)
        self._session.flush()

    def get(self, job_id: str) -> Curve | None:
        """Return the curve of a job, None where the job computes none."""
        return self._session.get(Curve, job_id)

    def points(self, job_id: str) -> Sequence[CurvePoint]:
        """Return the points of a job's curve in their order."""
        query = sa.select(CurvePoint).where(CurvePoint.job_id == job_id).order_by(CurvePoint.position)
        return self._session.scalars(query).all()

    def replace_points(self, job_id: str, points: Sequence[CurvePoint]) -> None:
        """Put points in the place of those that a job's curve has."""
        for point in self.points(job_id):
            self._session.delete(point)
        self._session.flush()
        self._session.add_all(points)
        self._session.flush()
