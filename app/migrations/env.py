"""Alembic's entry: compares the models' metadata with a database, or migrates one.

``upgrade`` hands its connection over; the command line (`alembic -c app/migrations/alembic.ini`) makes one
from the settings in the environment.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from app.database import UtcDateTime, create_engine
from app.migrations.models import is_ours, metadata
from app.settings import Settings


def in_plain_words(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types into migrations as SQLAlchemy's, so that old scripts need no code of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate(connection: sa.Connection) -> None:
    """Run the wanted migrations on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=is_ours,
        compare_type=True,
        render_item=in_plain_words,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with create_engine(Settings()).begin() as made:
        migrate(made)
