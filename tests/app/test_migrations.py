"""Migrations lead to exactly the schema that the models describe, on SQLite and on Postgres."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.database import create_engine
from app.migrations.models import is_ours, metadata
from app.migrations.upgrade import alembic_config, upgrade
from app.settings import Settings


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An engine on an empty database of each store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else f"sqlite:///{tmp_path / 'a.db'}"
    engine = create_engine(Settings(data_dir=tmp_path, database_url=url))
    yield engine
    engine.dispose()


def test_migrated_schema_equals_the_models(engine: sa.Engine) -> None:
    """After all migrations nothing differs between the database and the models."""
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_ours})
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(engine: sa.Engine) -> None:
    """A service that starts on an up-to-date database leaves it as it is."""
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_downgrade_leaves_an_empty_database(engine: sa.Engine) -> None:
    """Undoing every migration removes every table of ours."""
    upgrade(engine)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
