"""Blobs: stored once, found again, and stored by two transactions at the same time."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import blobs
from app.database import Sessions, create_engine, session_factory, snapshot, transact, transaction
from app.errors import NotFound
from app.migrations.upgrade import upgrade
from app.settings import Settings

CONTENT = bytes(range(256)) * (blobs.CHUNK_BYTES // 256) + b"a second chunk"
PATIENCE_S = 30.0


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """Return the engine of a migrated database of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    engine = create_engine(Settings(data_dir=tmp_path, database_url=url))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: sa.Engine) -> Sessions:
    """Return sessions of that database."""
    return session_factory(engine, actor="tester")


def put(sessions: Sessions) -> str:
    """Store the content in a transaction of its own."""
    return put_content(sessions, CONTENT)


def put_content(sessions: Sessions, content: bytes) -> str:
    """Store some content in a transaction of its own."""
    with transaction(sessions) as session:
        return blobs.put(session, content)


def assert_stored_once(sessions: Sessions, sha256: str) -> None:
    """Check that the content is there, whole, in its two chunks."""
    with snapshot(sessions) as session:
        assert blobs.read(session, sha256) == CONTENT
        assert session.scalar(sa.select(sa.func.count()).select_from(blobs.BlobChunk)) == 2


def await_a_waiter(engine: sa.Engine) -> None:
    """Return when a transaction of this Postgres waits for another one."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
    deadline = time.monotonic() + PATIENCE_S
    with engine.connect() as connection:
        while not connection.scalar(waiting):
            assert time.monotonic() < deadline, "nobody waits"


def test_the_same_bytes_are_stored_once(sessions: Sessions, tmp_path: Path) -> None:
    """Bytes and a file with the same bytes have one name and one content."""
    sha256 = put(sessions)
    (tmp_path / "file").write_bytes(CONTENT)
    with transaction(sessions) as session:
        assert blobs.put(session, tmp_path / "file") == sha256
        assert blobs.put(session, CONTENT) == sha256
    assert_stored_once(sessions, sha256)


@pytest.mark.parametrize("ending", ["commit", "rollback"])
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_the_second_of_two_writers_waits(engine: sa.Engine, sessions: Sessions, ending: str) -> None:
    """Whether the first one commits or rolls back, the second ends with the content stored."""
    with ThreadPoolExecutor(1) as thread:
        with sessions() as first:
            sha256 = blobs.put(first, CONTENT)
            second = thread.submit(put, sessions)
            await_a_waiter(engine)
            getattr(first, ending)()
        assert second.result(PATIENCE_S) == sha256
    assert_stored_once(sessions, sha256)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_writer_stores_again_what_is_discarded_meanwhile(engine: sa.Engine, sessions: Sessions) -> None:
    """A writer that finds the content while another transaction discards it stores it again."""
    sha256 = put(sessions)
    with ThreadPoolExecutor(1) as thread:
        with transaction(sessions) as sweep:
            blobs.discard_unused(sweep, sha256)
            second = thread.submit(put, sessions)
            await_a_waiter(engine)
        assert second.result(PATIENCE_S) == sha256
    assert_stored_once(sessions, sha256)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_the_same_contents_in_opposite_order_block_nobody(engine: sa.Engine, sessions: Sessions) -> None:
    """Two transactions that store the same contents, named in opposite order, end both without a deadlock."""
    contents = {"one": b"1" * 100, "two": b"2" * 100}
    backwards = dict(reversed(contents.items()))

    def store(named: dict[str, bytes]) -> dict[str, str]:
        with transaction(sessions) as session:
            return blobs.put_all(session, named)

    with ThreadPoolExecutor(1) as thread:
        with sessions() as first:
            digests = blobs.put_all(first, contents)
            second = thread.submit(store, backwards)
            await_a_waiter(engine)
            assert blobs.put_all(first, backwards) == digests
            first.commit()
        assert second.result(PATIENCE_S) == digests
    with snapshot(sessions) as session:
        assert blobs.read(session, digests["two"]) == contents["two"]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_work_that_meets_a_deadlock_is_done_again(engine: sa.Engine, sessions: Sessions) -> None:
    """Two transactions that wait for each other are both stored in the end; at least one was ended and repeated."""
    begun, tries = Barrier(2), Counter[str]()

    def store(name: str, first: bytes, second: bytes) -> None:
        def work(session: Session) -> None:
            tries[name] += 1
            blobs.put(session, first)
            if tries[name] == 1:
                begun.wait(PATIENCE_S)
            blobs.put(session, second)

        transact(sessions, work)

    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(store, "a", b"left", b"right"), threads.submit(store, "b", b"right", b"left")]
        for end in ends:
            end.result(PATIENCE_S)
    assert max(tries.values()) >= 2
    with snapshot(sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(blobs.Blob)) == 2


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_discard_waits_for_nobody(sessions: Sessions) -> None:
    """Two transactions that each store what the other one discards keep both contents, and neither waits."""
    left, right = (put_content(sessions, content) for content in (b"left", b"right"))
    with sessions() as one, sessions() as other:
        blobs.put(one, b"left")
        blobs.put(other, b"right")
        blobs.discard_unused(one, right)
        blobs.discard_unused(other, left)
        one.commit()
        other.commit()
    with snapshot(sessions) as session:
        assert (blobs.read(session, left), blobs.read(session, right)) == (b"left", b"right")


def test_a_discarded_content_is_gone(sessions: Sessions) -> None:
    """A content that nothing uses is discarded with its chunks."""
    sha256 = put(sessions)
    with transaction(sessions) as session:
        blobs.discard_unused(session, sha256)
    with snapshot(sessions) as session, pytest.raises(NotFound):
        blobs.read(session, sha256)
