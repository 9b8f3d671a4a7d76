"""Making the n-th thing fail: a statement of the database, or a file that is written."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError


@dataclass
class Countdown:
    """Counts what happens; the n-th thing fails, every other one goes well.

    Parameters
    ----------
    number
        Which one fails, from 1; 0 is none.
    lasting
        Whether all later ones fail, too.
    """

    number: int
    lasting: bool = False
    seen: int = 0
    has_failed: bool = False

    def happens(self) -> bool:
        """Count one thing; True when it must fail."""
        self.seen += 1
        fails = self.seen == self.number or (self.lasting and self.seen > self.number)
        self.has_failed = self.has_failed or fails
        return fails


@contextmanager
def failing_statements(engine: sa.Engine, number: int) -> Iterator[Countdown]:
    """Let the n-th statement or commit on any connection of the engine fail as a database does that goes away.

    What is raised wraps an error of the real driver, whose attributes (SQLSTATE) the queue reads too.
    """
    countdown = Countdown(number)
    driver: Any = engine.dialect.loaded_dbapi

    def fail(statement: str) -> None:
        if countdown.happens():
            raise OperationalError(statement, None, driver.OperationalError("the database is away, says the test"))

    def on_statement(_c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        fail(statement)

    def on_commit(_connection: sa.Connection) -> None:
        fail("COMMIT")

    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    try:
        yield countdown
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)
        event.remove(engine, "commit", on_commit)


_FILES: list[tuple[Countdown, str]] = []


def _watch(kind: str, arguments: tuple[Any, ...]) -> None:
    """Fail opening for writing, and renaming, under a folder; an audit hook stays for ever, so it looks at a list."""
    if not _FILES or kind not in ("open", "os.rename"):
        return
    countdown, folder = _FILES[-1]
    if not str(arguments[0]).startswith(folder):
        return
    is_written = kind == "os.rename" or (isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"))
    if is_written and countdown.happens():
        raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))


@contextmanager
def failing_writes(folder: object, number: int, *, lasting: bool = False) -> Iterator[Countdown]:
    """Let the n-th opening for writing or renaming of a file under the folder fail as on a full disk.

    With ``lasting`` so do all later ones.
    """
    countdown = Countdown(number, lasting)
    if not getattr(_watch, "is_installed", False):
        sys.addaudithook(_watch)
        _watch.is_installed = True  # type: ignore[attr-defined] # once in a process
    _FILES.append((countdown, str(folder)))
    try:
        yield countdown
    finally:
        _FILES.pop()
