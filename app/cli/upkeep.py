"""Commands that look after stored data: ``sweep``, ``purge``, ``backup``, ``restore``, ``drill``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.failure import Failure
from app.cli.service import DataDir, bring_up_to_date, foreseen, settings_from
from app.settings import Settings


def sweep(data: DataDir = None) -> None:
    """Forget what the settings TERRITORY_KEEP_… let go; workers do it once a day."""
    from app.database import create_engine, session_factory, utc_now
    from app.retention.sweeping import sweep as sweep_data
    from app.tenancy import of_all_tenants

    settings = _ready(data)
    with foreseen():
        engine = create_engine(settings)
        swept = sweep_data(of_all_tenants(session_factory(engine, actor="command line")), settings, now=utc_now())
        engine.dispose()
    _say(
        f"forgotten: {swept.jobs:,} jobs, {swept.alignments:,} alignments, {swept.scenarios:,} scenarios, "
        f"{swept.datasets:,} datasets, {swept.blobs:,} blobs"
    )


def purge(
    tenant: Annotated[str, typer.Argument(help="The tenant whose data go.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataDir = None,
) -> None:
    """Delete everything of a tenant, but for the audit; there is no way back but a backup."""
    from app.database import create_engine, session_factory
    from app.retention.purging import purge_tenant

    settings = _ready(data)
    if not yes:
        typer.confirm(f"Delete everything of the tenant '{tenant}'?", abort=True)
    with foreseen():
        engine = create_engine(settings)
        counts = purge_tenant(session_factory(engine, actor="command line"), tenant)
        engine.dispose()
    _say("nothing was there" if not counts else ", ".join(f"{number:,} {name}" for name, number in counts.items()))


def backup(
    target: Annotated[Path, typer.Argument(help="New file.")],
    data: DataDir = None,
) -> None:
    """Copy the whole database into one file, while the service works."""
    import sqlalchemy as sa

    from app.retention.backups import BackupError, back_up

    settings = settings_from(data_dir=data)
    with foreseen(BackupError):
        size = back_up(sa.make_url(settings.resolved_database_url()), target)
    _say(f"{target}: {size:,} bytes")


def restore(
    source: Annotated[Path, typer.Argument(help="A file of `territory backup`.", exists=True)],
    data: DataDir = None,
) -> None:
    """Bring a backup back into an empty place, and examine it there."""
    import sqlalchemy as sa

    from app.retention.backups import BackupError
    from app.retention.backups import restore as restore_data

    settings = settings_from(data_dir=data)
    with foreseen(BackupError):
        restore_data(source, sa.make_url(settings.resolved_database_url()))
    bring_up_to_date(settings)
    _examine(settings)


def drill(
    into: Annotated[
        str | None,
        typer.Option(help="Empty Postgres database to restore into; SQLite is restored into a temporary folder."),
    ] = None,
    data: DataDir = None,
) -> None:
    """Rehearse the worst: back up, restore elsewhere, and examine every byte of what came back."""
    import tempfile

    import sqlalchemy as sa

    from app.retention.backups import BackupError, back_up
    from app.retention.backups import restore as restore_data

    settings = settings_from(data_dir=data)
    url = sa.make_url(settings.resolved_database_url())
    if url.get_backend_name() != "sqlite" and into is None:
        raise Failure("name an empty Postgres database with --into", exit_code=2)
    with tempfile.TemporaryDirectory(prefix="territory-drill-") as name, foreseen(BackupError):
        copy = Path(name) / "backup"
        size = back_up(url, copy)
        elsewhere = settings.model_copy(update={"data_dir": Path(name) / "restored", "database_url": into})
        restore_data(copy, sa.make_url(elsewhere.resolved_database_url()))
        _say(f"backup: {size:,} bytes")
        _examine(elsewhere)


def _examine(settings: Settings) -> None:
    from app.database import create_engine, session_factory
    from app.retention.examination import examine_database

    with foreseen():
        engine = create_engine(settings)
        found = examine_database(session_factory(engine))
        engine.dispose()
    for fault in found.faults:
        _say(fault)
    shown = ("datasets", "scenarios", "jobs", "alignments", "blobs", "audit_entries")
    _say("restored: " + ", ".join(f"{found.rows[name]:,} {name}" for name in shown))
    if found.faults:
        raise Failure(f"{len(found.faults):,} faults in what came back")


def _ready(data: Path | None) -> Settings:
    settings = settings_from(data_dir=data)
    bring_up_to_date(settings)
    return settings


def _say(text: str) -> None:
    Console().print(text, highlight=False, soft_wrap=True)
