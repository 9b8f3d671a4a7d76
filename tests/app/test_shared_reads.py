"""Shared reads: few for many, never older than the question, and nobody pays for another one's trouble."""

import asyncio
import threading
from collections.abc import Collection

import pytest

from app.shared_reads import SharedReads
from tests.app.loops import PATIENCE_S, on_a_loop


class Shelf:
    """What stands under some letters; reads begin where ``begun`` is set and wait at gates of their own."""

    def __init__(self, *, gates: int = 0) -> None:
        self.stands = {"a": 1, "b": 2, "c": 3}
        self.asked: list[list[str]] = []
        self.gates = [threading.Event() for _ in range(gates)]
        self.begun = [threading.Event() for _ in range(gates)]

    def read(self, letters: Collection[str]) -> dict[str, int]:
        """Wait at the next gate, if there is one more, and tell what stands there."""
        number = len(self.asked)
        self.asked.append(sorted(letters))
        found = {letter: self.stands[letter] for letter in letters if letter in self.stands}
        if number < len(self.gates):
            self.begun[number].set()
            assert self.gates[number].wait(PATIENCE_S)
        return found

    async def has_begun(self, number: int) -> None:
        """Return when a read waits at its gate."""
        assert await asyncio.to_thread(self.begun[number].wait, PATIENCE_S)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no read be overtaken for its slowness, unless a test is about that."""
    monkeypatch.setattr("app.shared_reads.PATIENCE_S", PATIENCE_S)


def test_who_asks_in_the_same_moment_shares_a_read() -> None:
    """A hundred questions about three letters, and one about a letter that is not there, are one read."""

    async def ask() -> None:
        shelf = Shelf()
        reads = SharedReads(shelf.read)
        found = await asyncio.gather(*(reads.find("abcz"[number % 4]) for number in range(100)))
        assert found == [[1, 2, 3, None][number % 4] for number in range(100)]
        assert shelf.asked == [["a", "b", "c", "z"]]

    on_a_loop(ask())


def test_who_asks_while_a_read_is_under_way_shares_the_next() -> None:
    """What changes after a read has looked is seen by everybody who asks afterwards."""

    async def ask() -> None:
        shelf = Shelf(gates=1)
        reads = SharedReads(shelf.read)
        early = asyncio.create_task(reads.find("a"))
        await shelf.has_begun(0)
        shelf.stands["a"] = 10
        late = [asyncio.create_task(reads.find("a")) for _ in range(50)]
        await asyncio.sleep(0)
        assert len(shelf.asked) == 1
        shelf.gates[0].set()
        assert await early == 1
        assert set(await asyncio.gather(*late)) == {10}
        assert shelf.asked == [["a"], ["a"]]

    on_a_loop(ask())


def test_who_goes_away_is_not_missed() -> None:
    """A canceled question disturbs neither its read nor the others in it."""

    async def ask() -> None:
        shelf = Shelf(gates=1)
        reads = SharedReads(shelf.read)
        gone, stays = asyncio.create_task(reads.find("a")), asyncio.create_task(reads.find("a"))
        await shelf.has_begun(0)
        gone.cancel()
        shelf.gates[0].set()
        assert await stays == 1
        assert gone.cancelled()
        assert await reads.find("b") == 2

    on_a_loop(ask())


def test_a_read_that_hangs_holds_nobody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later questions are answered while the first read says nothing, and the first is answered when it does."""
    monkeypatch.setattr("app.shared_reads.PATIENCE_S", 0.01)

    async def ask() -> None:
        shelf = Shelf(gates=1)
        reads = SharedReads(shelf.read)
        hanging = asyncio.create_task(reads.find("a"))
        await shelf.has_begun(0)
        assert await reads.find("b") == 2
        assert await reads.find("c") == 3
        assert not hanging.done()
        shelf.gates[0].set()
        assert await hanging == 1

    on_a_loop(ask())


def test_a_failure_is_told_to_all_who_wait_and_to_nobody_after() -> None:
    """An error reaches everybody in the read; the next read is a new try."""

    async def ask() -> None:
        shelf = Shelf()
        is_away = True

        def read(letters: Collection[str]) -> dict[str, int]:
            if is_away:
                raise ConnectionError("the shelf is away")
            return shelf.read(letters)

        reads = SharedReads(read)
        failures = await asyncio.gather(*(reads.find(letter) for letter in "abc"), return_exceptions=True)
        assert [str(failure) for failure in failures] == ["the shelf is away"] * 3
        is_away = False
        assert await reads.find("a") == 1

    on_a_loop(ask())
