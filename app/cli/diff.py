"""``territory diff``: what changes between two alignments, like a diff of code."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol
from urllib.parse import quote

import typer

from app.cli.failure import Failure
from app.cli.stored import CANNOT, ServerUrl, StoredData, one_place, service_at, stored_sessions

PAGE = 10_000

Json = dict[str, Any]


class Source(Protocol):
    """Where two alignments are compared."""

    def text(self, *, loads: bool) -> str:
        """Return the diff as text."""
        ...

    def body(self) -> Json:
        """Return the diff as JSON, with all accounts that differ."""
        ...


def diff(
    first: Annotated[str, typer.Argument(help="Id of an alignment.")],
    second: Annotated[str, typer.Argument(help="Id of another one of the same accounts.")],
    data: StoredData = None,
    server: ServerUrl = None,
    loads: Annotated[bool, typer.Option("--loads", help="Show each rep's loads before and after.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show who gets which accounts; exit code 0 without a difference, 1 with one, 2 where it cannot be told."""
    one_place(data, server)
    place = _database(data, first, second) if server is None else _service(server, first, second)
    with place as source:
        try:
            body = source.body()
            shown = json.dumps(body, ensure_ascii=False, indent=1) + "\n" if as_json else source.text(loads=loads)
        except Failure as failure:
            raise Failure(str(failure), exit_code=CANNOT) from None
    sys.stdout.buffer.write(shown.encode())
    raise typer.Exit(1 if body["num_differing"] else 0)


class _Stored:
    """Two alignments of a database."""

    def __init__(self, session: Any, first: str, second: str) -> None:
        from app.alignments.views import AlignmentView
        from app.errors import ProblemError

        try:
            self._views = AlignmentView(session, first), AlignmentView(session, second)
        except ProblemError as error:
            raise Failure(error.detail, exit_code=CANNOT) from None

    def text(self, *, loads: bool) -> str:
        from app.alignments.diff_texts import diff_text
        from app.alignments.diffs import alignment_diff

        return diff_text(alignment_diff(*self._views), with_loads=loads)

    def body(self) -> Json:
        from app.alignments.diff_answers import diffed_comparison
        from app.errors import ProblemError
        from app.pages import PageRequest

        size = max(1, self._views[0].columns.num_accounts)
        try:
            found = diffed_comparison(*self._views, PageRequest(size=size, after=None))
        except ProblemError as error:
            raise Failure(error.detail) from None
        told: Json = found["diff"] | {"accounts": found["accounts"]["items"]}
        return told


class _Served:
    """Two alignments of a running service."""

    def __init__(self, service: Any, first: str, second: str) -> None:
        self._service = service
        self._path = f"/v1/alignments/{quote(first, safe='')}/comparison"
        self._second = second

    def text(self, *, loads: bool) -> str:
        asked = {"with": self._second, "format": "text", "loads": "true" if loads else "false"}
        return str(self._service.text(self._path, **asked))

    def body(self) -> Json:
        asked = {"with": self._second, "page_size": PAGE}
        page = self._service.get(self._path, **asked)
        found: Json = page["diff"] | {"accounts": page["accounts"]["items"]}
        while page["accounts"]["next_page_token"] is not None:
            page = self._service.get(self._path, **asked, page_token=page["accounts"]["next_page_token"])
            found["accounts"] += page["accounts"]["items"]
        return found


@contextmanager
def _database(data: Path | None, first: str, second: str) -> Iterator[Source]:
    from app.database import snapshot

    with stored_sessions(data) as sessions, snapshot(sessions) as session:
        yield _Stored(session, first, second)


@contextmanager
def _service(address: str, first: str, second: str) -> Iterator[Source]:
    with service_at(address) as service:
        yield _Served(service, first, second)
