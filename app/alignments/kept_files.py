"""What is derived from an alignment once and then kept, because it will never change: territories and points.

Owns the kinds of kept files. Raise a kind's number when its content would be drawn otherwise.
"""

from contextlib import suppress

from sqlalchemy.exc import IntegrityError, OperationalError

from app.alignments.repository import AlignmentRepository
from app.alignments.territories import DEFAULT_SIMPLIFY_M, TerritoryShapes, draw_territories
from app.alignments.tiles import account_points
from app.alignments.views import AlignmentView
from app.database import Sessions, transaction

_VERSION = 1
_POINTS_VERSION = 1


def kept_territories(
    sessions: Sessions,
    view: AlignmentView,
    *,
    simplify_m: int = DEFAULT_SIMPLIFY_M,
    before: bool = False,
) -> TerritoryShapes:
    """Return the territories of an alignment, or of the current one before it, drawn only once.

    Keeping them is a favor to the next reader: where the database is read-only, the answer is given
    all the same.
    """
    kind = f"territories-{'before-' if before else ''}{simplify_m}-v{_VERSION}"
    content = AlignmentRepository(view.session).file(view.row.id, kind)
    if content is not None:
        return TerritoryShapes.from_parquet(content)
    owner = view.columns.current if before else view.columns.owner
    shapes = draw_territories(view.columns, owner, simplify_m=simplify_m)
    _keep(sessions, view, kind, shapes.to_parquet())
    return shapes


def kept_points(sessions: Sessions, view: AlignmentView) -> bytes:
    """Return what tiles show of accounts, so that a tile needs no scorecard."""
    kind = f"points-v{_POINTS_VERSION}"
    content = AlignmentRepository(view.session).file(view.row.id, kind)
    if content is None:
        content = account_points(view.card)
        _keep(sessions, view, kind, content)
    return content


def _keep(sessions: Sessions, view: AlignmentView, kind: str, content: bytes) -> None:
    with suppress(IntegrityError, OperationalError), transaction(sessions) as session:
        AlignmentRepository(session).keep_file(view.row.id, kind, content)
