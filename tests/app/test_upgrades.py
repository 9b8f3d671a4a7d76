"""Databases of every earlier schema become today's with all that they hold, also under processes that work on them."""

import datetime
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.database import create_engine
from app.migrations.models import is_ours, metadata
from app.migrations.upgrade import alembic_config, upgrade
from app.settings import Settings

SCRIPTS = ScriptDirectory.from_config(alembic_config())
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]
MOMENT = datetime.datetime(2026, 5, 1, 12, 0, tzinfo=datetime.UTC)
NUM_PROCESSES = 3
SAMPLES: dict[type[Any], Any] = {
    str: "x",
    int: 7,
    float: 1.5,
    bool: True,
    bytes: b"x",
    dict: {"a": 1},
    list: [1],
    datetime.datetime: MOMENT,
}


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Return settings of an empty database of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    return Settings(data_dir=tmp_path, database_url=url)


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    """Return an engine on that database."""
    engine = create_engine(settings)
    yield engine
    engine.dispose()


def upgrade_to(engine: sa.Engine, revision: str) -> None:
    """Bring a database to the schema of a revision, as the version of that time did."""
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def reflected(connection: sa.Connection) -> sa.MetaData:
    """Return the tables as they stand in the database."""
    found = sa.MetaData()
    found.reflect(connection)
    return found


def fill(engine: sa.Engine) -> None:
    """Store a row in every table that has none, each foreign key naming the row of its table."""
    with engine.begin() as connection:
        for table in reflected(connection).sorted_tables:
            if table.name == "alembic_version" or connection.execute(sa.select(table)).first() is not None:
                continue
            connection.execute(table.insert().values({column.name: sample(column) for column in table.c}))


def sample(column: sa.Column[Any]) -> Any:
    """Return a value for a column, the same for all columns of a type, so that foreign keys fit."""
    kind: type[Any] = dict if isinstance(column.type, sa.JSON) else column.type.python_type
    return SAMPLES[kind]


def rows(engine: sa.Engine) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of all tables, by column."""
    with engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for table in reflected(connection).sorted_tables
            if table.name != "alembic_version"
        }


def assert_newest(engine: sa.Engine) -> None:
    """Check that nothing differs between the database and the models."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_ours})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_every_earlier_schema_is_upgraded_with_its_rows(engine: sa.Engine, revision: str) -> None:
    """A database of an earlier version, with a row in every table, has today's schema and those rows afterwards."""
    upgrade_to(engine, revision)
    fill(engine)
    before = rows(engine)
    upgrade(engine)
    assert_newest(engine)
    after = rows(engine)
    for name, old in before.items():
        kept = [{column: row[column] for column in old[0]} for row in after[name]]
        assert kept == old, name


def test_processes_that_start_at_once_upgrade_once(settings: Settings, engine: sa.Engine) -> None:
    """Several processes that find an old schema at the same moment all come up on the new one."""
    upgrade_to(engine, REVISIONS[0])
    engine.dispose()
    children = []
    for _ in range(NUM_PROCESSES):
        child = os.fork()
        if child == 0:
            _upgrade_and_exit(settings)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * NUM_PROCESSES
    assert_newest(engine)


def test_workers_beat_on_while_the_schema_changes(engine: sa.Engine) -> None:
    """What an old worker writes is neither refused nor lost while a new one migrates under it."""
    upgrade_to(engine, REVISIONS[0])
    beats: list[datetime.datetime] = []
    begun, done = threading.Event(), threading.Event()
    with engine.begin() as connection:
        table = reflected(connection).tables["workers"]
        connection.execute(table.insert().values({column.name: sample(column) for column in table.c}))

    def beat() -> None:
        while not done.is_set() or len(beats) < 2:
            moment = MOMENT + datetime.timedelta(seconds=len(beats) + 1)
            with engine.begin() as connection:
                connection.execute(table.update().values(heartbeat_at=moment))
            beats.append(moment)
            begun.set()

    worker = threading.Thread(target=beat)
    worker.start()
    begun.wait()
    upgrade(engine)
    done.set()
    worker.join()
    assert_newest(engine)
    with engine.connect() as connection:
        (stored,) = connection.execute(sa.select(table.c.heartbeat_at)).one()
    assert stored.replace(tzinfo=datetime.UTC) == beats[-1]


def _upgrade_and_exit(settings: Settings) -> None:
    """Upgrade in a process of its own; does not return."""
    try:
        upgrade(create_engine(settings))
        os._exit(0)
    finally:
        os._exit(1)
