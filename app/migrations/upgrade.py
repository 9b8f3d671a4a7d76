"""Bring a database to the newest schema; safe when several processes start at once."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ADVISORY_LOCK = 7_402_513
FOLDER = Path(__file__).parent


def alembic_config() -> Config:
    """Return Alembic's configuration: the scripts of this folder."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def upgrade(engine: sa.Engine) -> None:
    """Run every migration that the database has not seen, in one transaction."""
    config = alembic_config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
