"""A store that is full, read-only, or whose migration dies: one clear sentence, nothing corrupted, work goes on."""

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from sqlalchemy import event

from app.database import create_engine, session_factory
from app.main import create_app
from app.migrations.models import is_ours, metadata
from app.migrations.upgrade import upgrade
from app.retention.examination import examine_database
from app.settings import Settings
from tests.app.conftest import tiny_dataset


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Render no traces of the many faults: that takes longer than everything else."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str | None:
    """Return the database's address on each store."""
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else None


on_both_stores = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def settings(tmp_path: Path, url: str | None) -> Settings:
    """Return settings of an empty database."""
    return Settings(data_dir=tmp_path / "data", database_url=url, log_level="error", log_format="console")


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """Return a client of the started application."""
    with TestClient(create_app(settings)) as client:
        yield client


def engine_of(client: TestClient) -> sa.Engine:
    """Return the started application's engine."""
    engine: sa.Engine = client.app.state.engine  # type: ignore[attr-defined] # the app's own place
    return engine


def assert_whole(client: TestClient) -> None:
    """Examine every stored byte, reference and entry of the audit."""
    assert examine_database(session_factory(engine_of(client))).faults == ()


def large_dataset() -> dict[str, Any]:
    """Return a dataset of some hundred kilobytes that no compression helps."""
    data = tiny_dataset()
    first = data["accounts"][0]
    data["accounts"] = [
        {**first, "id": os.urandom(60).hex(), "lon": 10 + number / 3000, "name": os.urandom(60).hex()}
        for number in range(3000)
    ]
    return data


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_full_disk_stores_nothing_and_passes(client: TestClient) -> None:
    """Where there is no room an import answers 503 with one sentence and leaves nothing; with room it goes through."""
    kept = client.post("/v1/datasets", json=tiny_dataset()).json()["id"]
    engine = engine_of(client)
    room = [1]

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={room[0]}").close()

    event.listen(engine, "connect", limit)
    with engine.connect() as connection:
        room[0] = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 20
    engine.dispose()
    refused = client.post("/v1/datasets", json=large_dataset())
    assert (refused.status_code, refused.json()["code"]) == (503, "STORAGE_FULL"), refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/v1/datasets").json()["total_size"] == 1
    assert client.get(f"/v1/datasets/{kept}/accounts").status_code == 200
    room[0] = 1_000_000
    engine.dispose()
    assert client.post("/v1/datasets", json=large_dataset()).status_code == 201
    assert_whole(client)


@dataclass
class SmallDisk:
    """A file system of 64 MiB with a Postgres database on it."""

    url: str
    folder: Path

    def fill(self) -> None:
        """Leave no more room than some pages."""
        free = shutil.disk_usage(self.folder).free
        (self.folder / "ballast").write_bytes(bytes(free - 64 * 1024))

    def make_room(self) -> None:
        """Give back what was filled."""
        (self.folder / "ballast").unlink()


@pytest.fixture
def small_disk(postgres_server: str) -> Iterator[SmallDisk]:
    """Return a database on a small disk of its own; skips where none can be mounted."""
    name = f"small_{uuid.uuid4().hex}"
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        home = Path(connection.execute(sa.text("SHOW data_directory")).scalar_one())
    folder = home.parent / name
    folder.mkdir()
    size = f"size=64m,mode=700,uid={home.stat().st_uid},gid={home.stat().st_gid}"
    program = shutil.which("mount")
    if program is None or subprocess.run([program, "-t", "tmpfs", "-o", size, name, folder], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE TABLESPACE {name} LOCATION '{folder}'"))
            connection.execute(sa.text(f"CREATE DATABASE {name} TABLESPACE {name}"))
        address = url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        yield SmallDisk(address, folder)
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
            connection.execute(sa.text(f"DROP TABLESPACE {name}"))
    finally:
        engine.dispose()
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_of_postgres_stores_nothing_and_passes(small_disk: SmallDisk, tmp_path: Path) -> None:
    """As on SQLite: 503 with one sentence, nothing left over, reading goes on; with room the import goes through."""
    settings = Settings(data_dir=tmp_path, database_url=small_disk.url, log_level="error", log_format="console")
    with TestClient(create_app(settings)) as client:
        kept = client.post("/v1/datasets", json=tiny_dataset()).json()["id"]
        small_disk.fill()
        refused = client.post("/v1/datasets", json=large_dataset())
        assert (refused.status_code, refused.json()["code"]) == (503, "STORAGE_FULL"), refused.text
        assert int(refused.headers["Retry-After"]) > 0
        assert client.get("/v1/datasets").json()["total_size"] == 1
        assert client.get(f"/v1/datasets/{kept}/accounts").status_code == 200
        small_disk.make_room()
        assert client.post("/v1/datasets", json=large_dataset()).status_code == 201
        assert_whole(client)


@on_both_stores
def test_a_read_only_store_serves_what_it_has(client: TestClient) -> None:
    """Reading goes on, writing answers 503 with one sentence; when it may be written again, writing does too."""
    kept = client.post("/v1/datasets", json=tiny_dataset()).json()["id"]
    engine = engine_of(client)
    words = {"sqlite": "PRAGMA query_only=ON", "postgresql": "SET SESSION default_transaction_read_only = on"}
    is_read_only = [True]

    def restrict(connection: Any, _record: Any) -> None:
        if is_read_only[0]:
            connection.execute(words[engine.dialect.name]).close()
            if engine.dialect.name == "postgresql":
                connection.commit()

    event.listen(engine, "connect", restrict)
    engine.dispose()
    refused = client.post("/v1/datasets", json=tiny_dataset())
    assert refused.status_code == 503, refused.text
    assert "read-only" in refused.json()["detail"]
    assert client.get(f"/v1/datasets/{kept}/accounts").json()["total_size"] == 4
    is_read_only[0] = False
    engine.dispose()
    assert client.post("/v1/datasets", json=tiny_dataset()).status_code == 201
    assert_whole(client)


@on_both_stores
def test_a_migration_that_dies_is_done_again(settings: Settings) -> None:
    """A process that is killed in the middle of a migration leaves the schema as it was; the next one migrates."""
    num_statements = killed_migration(settings, None)
    assert num_statements > 50
    for number in (5, num_statements // 2, num_statements):
        assert killed_migration(settings, number) == number
    engine = create_engine(settings)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def killed_migration(settings: Settings, number: int | None) -> int:
    """Migrate in a process that is killed; return how many statements it came to, having checked that none stayed.

    Parameters
    ----------
    settings
        Name the database.
    number
        The statement before which it is killed, from 1; without one it is killed before the commit, after all.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _migrate_and_die(settings, number, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the migration ended by itself with {os.waitstatus_to_exitcode(status)}"
    assert os.WTERMSIG(status) == signal.SIGKILL
    engine = create_engine(settings)
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    return int(told)


def _migrate_and_die(settings: Settings, number: int | None, writer: int) -> None:
    """Migrate, and be killed at the n-th statement or at the commit, telling how many there were; does not return."""
    seen = [0]

    def die(*_: Any) -> None:
        os.write(writer, str(seen[0]).encode())
        os.kill(os.getpid(), signal.SIGKILL)

    def count(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            die()

    try:
        engine = create_engine(settings)
        event.listen(engine, "before_cursor_execute", count)
        event.listen(engine, "commit", die)
        upgrade(engine)
    finally:
        os._exit(1)
