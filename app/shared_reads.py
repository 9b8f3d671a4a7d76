"""Reads that many share who ask at once: who asks while a read is under way shares the next one.

A dashboard, a page and sixty scripts ask for the same few rows again and again, while imports and solvers want the same
cores. A read of many rows costs little more than one of a single row, so a queue of questions empties at once instead
of one by one, each through a thread of its own that waits for the interpreter several times. Nobody gets an answer that
is older than the question: a read answers only what was asked before it began.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Final, Generic, TypeVar

from starlette.concurrency import run_in_threadpool

PATIENCE_S: Final = 0.05
"""After so long a read that has not ended, such as on a broken connection, holds the next one back no longer."""

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class SharedReads(Generic[Question, Answer]):
    """Answer questions together; used on one event loop.

    Parameters
    ----------
    read
        Answers several questions at once, each of them there once, and leaves out what it finds nothing for. Called in
        a thread; what it raises is raised for everybody who asked.
    """

    def __init__(self, read: Callable[[Collection[Question]], Mapping[Question, Answer]]) -> None:
        self._read = read
        self._waiting: dict[Question, list[asyncio.Future[Answer | None]]] = defaultdict(list)
        self._newest: asyncio.Future[None] | None = None

    async def find(self, question: Question) -> Answer | None:
        """Return the answer to a question, None when nothing was found for it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer | None] = loop.create_future()
        self._waiting[question].append(answer)
        if self._newest is None:
            self._newest = loop.create_future()  # who comes in the same turn of the loop is taken along
            loop.call_soon(self._begin)
        return await answer

    def _begin(self) -> None:
        """Begin a read for all who wait, unless nobody does."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        self._newest = None
        if waiting:
            read = asyncio.create_task(self._answer(waiting))
            self._newest = read
            asyncio.get_running_loop().call_later(PATIENCE_S, self._go_on_after, read)

    def _go_on_after(self, read: asyncio.Future[None] | None) -> None:
        """Let the next read begin, unless one has begun since this one."""
        if self._newest is read:
            self._begin()

    async def _answer(self, waiting: Mapping[Question, list[asyncio.Future[Answer | None]]]) -> None:
        """Read, and tell all who wait what was found, or why nothing was."""
        try:
            found = await run_in_threadpool(self._read, waiting.keys())
        except Exception as error:  # noqa: BLE001 - everybody who waits raises it
            for answer in _unanswered(waiting.values()):
                answer.set_exception(error)
        else:
            for question, answers in waiting.items():
                for answer in _unanswered([answers]):
                    answer.set_result(found.get(question))
        finally:
            self._go_on_after(asyncio.current_task())


def _unanswered(
    answers_of_questions: Iterable[list[asyncio.Future[Answer | None]]],
) -> Iterable[asyncio.Future[Answer | None]]:
    """Return the answers that somebody still waits for: who has gone has canceled his."""
    return (answer for answers in answers_of_questions for answer in answers if not answer.done())
