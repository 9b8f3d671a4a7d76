"""The database: naming convention, engine, sessions and the unit of work, for SQLite and Postgres.

Every model of every noun is mapped on ``Base``. Writers go through ``transaction``, readers through
``snapshot``; nothing else commits.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from app.audit.origin import ACTOR
from app.audit.recording import install_audit
from app.settings import Settings
from app.storage_faults import is_deadlock
from app.tenancy import Sessions as Sessions  # every noun takes it from here
from app.tenancy import install_tenancy

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
READ_ONLY_OPTION = "territory_read_only"
BUSY_TIMEOUT_MS = 30_000
DEADLOCK_PATIENCE = 5
"""How often work is tried that meets other transactions in deadlocks."""
IDLE_IN_TRANSACTION_S = 120
"""Postgres ends a transaction that says nothing for so long, because its process is frozen or its machine is gone: what
it holds is held no longer."""
POSTGRES_CONNECTION = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""How a connection notices that the other machine is gone, in seconds (the last one in milliseconds); parameters of
the address win."""

Value = TypeVar("Value")


class UtcDateTime(sa.types.TypeDecorator[datetime.datetime]):
    """Store moments as UTC and give them back with their time zone, on SQLite as on Postgres."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime.datetime | None, dialect: sa.engine.Dialect
    ) -> datetime.datetime | None:
        """Turn any aware moment into UTC before it is stored."""
        return None if value is None else value.astimezone(datetime.UTC)

    def process_result_value(self, value: Any, dialect: sa.engine.Dialect) -> datetime.datetime | None:
        """Give the stored moment its UTC zone back."""
        if value is None:
            return None
        moment: datetime.datetime = value
        return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)


class Base(DeclarativeBase):
    """The mapping that all nouns share; its metadata is what migrations compare with."""

    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute, nobody changes it
        datetime.datetime: UtcDateTime(),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
    }


def utc_now() -> datetime.datetime:
    """Return this moment in UTC."""
    return datetime.datetime.now(datetime.UTC)


def create_engine(settings: Settings) -> sa.Engine:
    """Make the engine of ``settings``; a SQLite file gets its folder, WAL and foreign keys."""
    url = sa.make_url(settings.resolved_database_url())
    if url.get_backend_name() != "sqlite":
        engine = sa.create_engine(
            url,
            connect_args={name: value for name, value in POSTGRES_CONNECTION.items() if name not in url.query},
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
        )
        event.listen(engine, "connect", _bound_idle_transactions)
        return engine
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        pool_size=10,
        max_overflow=50,
    )
    install_sqlite_rules(engine)
    return engine


def _bound_idle_transactions(connection: Any, _record: Any) -> None:
    """Let Postgres end a transaction of this connection that nobody goes on with."""
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_S}s'")
    connection.commit()


def install_sqlite_rules(engine: sa.Engine) -> None:
    """Make every connection of a SQLite engine wait, check foreign keys, and begin as a writer.

    ``BEGIN IMMEDIATE`` takes the write lock at once, so that a transaction waits at its start and never
    fails half-way; a session of ``snapshot`` begins deferred and never blocks anybody. SQLite's own ``lower`` knows
    the letters of English only.
    """

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    def on_begin(connection: sa.Connection) -> None:
        is_reader = connection.get_execution_options().get(READ_ONLY_OPTION, False)
        connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def session_factory(engine: sa.Engine, *, actor: str | None = None) -> Sessions:
    """Return the maker of sessions, of the default tenant; objects stay readable after the commit.

    ``actor`` is who acts in the audit where no request does, such as a worker.
    """
    sessions = sessionmaker(engine, expire_on_commit=False, info={} if actor is None else {ACTOR: actor})
    install_tenancy(sessions)
    install_audit(sessions)
    return sessions


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """Open a unit of work: committed when the block ends, rolled back when it raises."""
    with sessions() as session, session.begin():
        yield session


def hold_name(session: Session, name: str) -> None:
    """Wait until no other transaction holds a name, and hold it until the commit; SQLite has one writer anyway.

    Parameters
    ----------
    session
        An open transaction.
    name
        What is looked at and then changed, unique in the database.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def transact(sessions: Sessions, work: Callable[[Session], Value]) -> Value:
    """Do work in a transaction of its own, and again where it met another one in a deadlock, which ended it whole.

    Parameters
    ----------
    sessions
        The database.
    work
        May be done several times; nothing of all but the last time stays.
    """
    for _ in range(DEADLOCK_PATIENCE - 1):
        try:
            with transaction(sessions) as session:
                return work(session)
        except DBAPIError as error:
            if not is_deadlock(error):
                raise
    with transaction(sessions) as session:
        return work(session)


@contextmanager
def snapshot(sessions: Sessions) -> Iterator[Session]:
    """Open a session that only reads; on SQLite it never takes the write lock."""
    with sessions() as session:
        session.connection(execution_options={READ_ONLY_OPTION: True})
        try:
            yield session
        finally:
            session.rollback()
