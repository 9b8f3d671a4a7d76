"""Open the database of a service for a command that asks about what is stored there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import make_url

from app.cli.client import ServiceClient
from app.cli.failure import Failure
from app.cli.service import bring_up_to_date, settings_from
from app.database import Sessions, create_engine, session_factory
from app.tenancy import of_all_tenants

CANNOT = 2
"""Exit code of a question that could not be answered at all."""

StoredData = Annotated[
    Path | None, typer.Option("--data", help="Folder of the service's database; TERRITORY_DATA_DIR otherwise.")
]
ServerUrl = Annotated[
    str | None, typer.Option("--server", help="Ask a running service at this address instead of a database.")
]


@contextmanager
def stored_sessions(data: Path | None) -> Iterator[Sessions]:
    """Yield sessions of all tenants of a database that is there already.

    Raises
    ------
    Failure
        When there is none, or it cannot be used.
    """
    settings = settings_from(data_dir=data)
    url = make_url(settings.resolved_database_url())
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise Failure(f"there is no database at {url.database}; name its folder with --data.", exit_code=CANNOT)
    bring_up_to_date(settings)
    engine = create_engine(settings)
    try:
        yield of_all_tenants(session_factory(engine))
    finally:
        engine.dispose()


@contextmanager
def service_at(address: str) -> Iterator[ServiceClient]:
    """Yield a client of a running service.

    Raises
    ------
    Failure
        When no service answers there.
    """
    client = ServiceClient(address.rstrip("/"))
    try:
        if not client.is_ready():
            raise Failure(f"no service answers at {address}.", exit_code=CANNOT)
        yield client
    finally:
        client.close()


def one_place(data: Path | None, server: str | None) -> None:
    """Refuse two places at once.

    Raises
    ------
    Failure
        When both a folder and an address are given.
    """
    if data is not None and server is not None:
        raise Failure("--data and --server name two places; give one of them.", exit_code=CANNOT)
