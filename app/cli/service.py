"""Commands that run the service and its database: ``serve``, ``worker``, ``migrate``, ``openapi``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from app.cli.failure import Failure
from app.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data", help="Folder of the database; TERRITORY_DATA_DIR otherwise.")]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; TERRITORY_HOST otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; TERRITORY_PORT otherwise.")] = None,
    data: DataDir = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Leave executing jobs to `territory worker`.")] = False,
) -> None:
    """Run the API, the page and one embedded worker."""
    from app.server import AddressError, run_server

    settings = settings_from(host=host, port=port, data_dir=data)
    bring_up_to_date(settings)
    refuse_open_door(settings)
    with foreseen(AddressError):
        run_server(settings, with_worker=not no_worker)


def worker(data: DataDir = None) -> None:
    """Execute jobs; on as many machines as wanted, all with the same TERRITORY_DATABASE_URL."""
    from app.jobs.identity import WorkerIdTakenError
    from app.jobs.worker import run_worker
    from app.logs import configure_logs

    settings = settings_from(data_dir=data)
    configure_logs(settings)
    bring_up_to_date(settings)
    with foreseen(WorkerIdTakenError):
        run_worker(settings)


def migrate(data: DataDir = None) -> None:
    """Bring the database to this version's schema; `serve` and `worker` do it by themselves."""
    bring_up_to_date(settings_from(data_dir=data))


def openapi(target: Annotated[Path, typer.Argument(help="File to write.")] = Path("docs/openapi.json")) -> None:
    """Write the OpenAPI document."""
    from app.main import create_app

    document = create_app(settings_from()).openapi()
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def settings_from(**overrides: Any) -> Settings:
    """Return the settings of the environment with what was said on the command line on top."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        faults = [f"TERRITORY_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
        raise Failure("\n  ".join(["a setting cannot be used:", *faults]), exit_code=2) from None


def bring_up_to_date(settings: Settings) -> None:
    """Migrate the database, so that one that cannot be used is found before anything is started.

    Raises
    ------
    Failure
        When the database cannot be opened or changed.
    """
    from app.database import create_engine
    from app.migrations.upgrade import upgrade

    with foreseen():
        engine = create_engine(settings)
        upgrade(engine)
        engine.dispose()


def refuse_open_door(settings: Settings) -> None:
    """Refuse to listen where others can reach the service while nobody is asked for a key.

    Raises
    ------
    Failure
        When the address is not loopback, and there are neither keys nor an issuer of tokens nor a word of a proxy.
    """
    from app.access.reach import is_loopback
    from app.cli.keys import keys_exist

    if is_loopback(settings.host) or settings.access == "open" or settings.oidc_issuer:
        return
    with foreseen():
        if keys_exist(settings):
            return
    raise Failure(
        f"{settings.host} can be reached by others, and nobody has a key yet: make one with `territory keys create "
        "NAME`, configure TERRITORY_OIDC_ISSUER, or set TERRITORY_ACCESS=open where a proxy in front asks who calls.",
        exit_code=2,
    )


@contextmanager
def foreseen(*errors: type[Exception]) -> Iterator[None]:
    """Turn a database that cannot be used, and the named errors, into one clear sentence."""
    import sqlalchemy as sa

    try:
        yield
    except sa.exc.DBAPIError as error:
        raise Failure(f"the database cannot be used: {error.orig}") from None
    except OSError as error:
        raise Failure(str(error)) from None
    except errors as error:
        raise Failure(str(error)) from None
