"""Lists newest first: the position of a page, and the next page's token.

Scenarios and jobs are listed by time of creation, then id; a position is the last item's pair of both.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from app.pages import PageRequest

Position = tuple[datetime.datetime, str]


class Dated(Protocol):
    """A row with an id and a time of creation."""

    id: Any
    created_at: Any


Row = TypeVar("Row", bound=Dated)


def position_of(page: PageRequest) -> Position | None:
    """Return where a page begins, None for the first.

    Raises
    ------
    InvalidInput
        When the page token is not one of such a list.
    """
    key = page.moment_key()
    return None if key is None else (datetime.datetime.fromisoformat(key[0]), key[1])


def older_than(model: Any, position: Position | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition that a row of ``model`` follows a position, none for the first page."""
    if position is None:
        return []
    moment, identifier = position
    return [
        sa.or_(
            model.created_at < moment,
            sa.and_(model.created_at == moment, model.id < identifier),
        )
    ]


def page_json(
    rows: Sequence[Row], page: PageRequest, *, total: int, show: Callable[[Sequence[Row]], list[dict[str, Any]]]
) -> dict[str, Any]:
    """Return a page; ``rows`` may hold one row more than the page, which tells that there is a next one."""
    shown = rows[: page.size]
    has_more = len(rows) > page.size
    last = shown[-1] if shown else None
    token = page.token(last.created_at.isoformat(), last.id) if has_more and last is not None else None
    return {"items": show(shown), "next_page_token": token, "total_size": total}
