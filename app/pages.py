"""Pages of lists: ``page_size``, an opaque ``page_token`` and ``total_size``, the same for every noun."""

import base64
import datetime
import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.errors import Fault, InvalidInput

DEFAULT_PAGE_SIZE = 100
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra={"description": "One page of a list."})

    items: list[Item] = Field(description="The items of this page, in the list's order.")
    next_page_token: str | None = Field(description="Send as page_token for the next page; null at the end.")
    total_size: int = Field(description="Items of the whole list, after filters.")


class PageRequest(BaseModel):
    """What page is wanted: its size, the position after which it begins, and of which list with which filters."""

    size: int
    after: list[Any] | None
    of: str = ""

    def offset(self) -> int:
        """Return the position of a page that counts rows, 0 for the first.

        Raises
        ------
        InvalidInput
            When the token is of another kind of list.
        """
        if self.after is None:
            return 0
        if len(self.after) != 1 or type(self.after[0]) is not int or not 0 <= self.after[0] < 2**53:
            raise _bad_token()
        return self.after[0]

    def key(self, length: int) -> list[str] | None:
        """Return the key of the last item of the page before, of ``length`` texts, None for the first page.

        Raises
        ------
        InvalidInput
            When the token is of another kind of list.
        """
        if self.after is None:
            return None
        if len(self.after) != length or not all(isinstance(part, str) for part in self.after):
            raise _bad_token()
        return list(self.after)

    def moment_key(self) -> list[str] | None:
        """Return the key (created_at, id) of the last item of the page before, None for the first page.

        Raises
        ------
        InvalidInput
            When the token is of another kind of list.
        """
        key = self.key(2)
        if key is not None:
            try:
                moment = datetime.datetime.fromisoformat(key[0])
            except ValueError:
                raise _bad_token() from None
            if moment.tzinfo is None:
                raise _bad_token()
        return key

    def token(self, *position: str | int) -> str:
        """Make the opaque token of a position in this list: a row's number, or the last item's key."""
        return base64.urlsafe_b64encode(json.dumps([self.of, *position]).encode()).decode().rstrip("=")


def slice_page(items: Sequence[Item], request: PageRequest) -> tuple[Sequence[Item], str | None]:
    """Return the wanted rows of a list that is in memory, and the next page's token."""
    begin = request.offset()
    end = begin + request.size
    return items[begin:end], request.token(end) if end < len(items) else None


def _bad_token() -> InvalidInput:
    return InvalidInput(
        [
            Fault(
                code="INVALID_PAGE_TOKEN",
                detail=(
                    "The page_token is not one that this list gave for these filters; leave it out to begin at the "
                    "first page."
                ),
                params={"parameter": "page_token", "in": "query"},
            )
        ]
    )


async def _page_request(
    request: Request,
    page_size: Annotated[
        int, Query(ge=1, description="Items on one page; the limit stands at /v1/limits.", examples=[100])
    ] = DEFAULT_PAGE_SIZE,
    page_token: Annotated[str | None, Query(max_length=2000, description="next_page_token of the page before.")] = None,
) -> PageRequest:
    limit = request.app.state.settings.max_page_size
    if "page_size" not in request.query_params:
        page_size = min(page_size, limit)
    if page_size > limit:
        raise InvalidInput(
            [
                Fault(
                    code="INVALID_VALUE",
                    detail=f"page_size is {page_size}; the largest page has {limit} items.",
                    params={"parameter": "page_size", "in": "query", "limit": limit},
                )
            ]
        )
    of = _list_of(request)
    if page_token is None:
        return PageRequest(size=page_size, after=None, of=of)
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        after = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, UnicodeError, RecursionError):
        raise _bad_token() from None
    if not isinstance(after, list) or not 2 <= len(after) <= 5 or after[0] != of:
        raise _bad_token()
    return PageRequest(size=page_size, after=after[1:], of=of)


def _list_of(request: Request) -> str:
    """Return a mark of the list and its filters: a position in one list is none in another."""
    filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in ("page_size", "page_token"))
    asked = json.dumps([request.url.path, filters])
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


PageParameters = Annotated[PageRequest, Depends(_page_request)]
