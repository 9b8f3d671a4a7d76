"""Copies of the whole database in one file, and bringing one back.

Everything is in the database, so one file is everything. SQLite is copied by ``VACUUM INTO`` and Postgres by
``pg_dump``, both while the service works; what is restored goes into an empty place and is examined there.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from app.errors import TerritoryError

POSTGRES_MAGIC: Final = b"PGDMP"
SQLITE_MAGIC: Final = b"SQLite format 3\x00"


class BackupError(TerritoryError):
    """A copy cannot be made, or cannot be brought back; the sentence says why."""


def back_up(url: sa.URL, target: Path) -> int:
    """Write a consistent copy to a new file, readable by its owner alone; return its size in bytes.

    Raises
    ------
    BackupError
        When the file is there already, or the copy fails.
    """
    if target.exists():
        raise BackupError(f"{target} exists; a backup never overwrites one.")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        if url.get_backend_name() == "sqlite":
            _vacuum_into(_path_of(url), part)
        else:
            _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={part}")
        part.chmod(0o600)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(source: Path, url: sa.URL) -> None:
    """Bring a copy back into an empty place.

    Raises
    ------
    BackupError
        When the file is no backup of that kind of database or is damaged, or the place is not empty.
    """
    with source.open("rb") as file:
        magic = file.read(len(SQLITE_MAGIC))
    is_sqlite = url.get_backend_name() == "sqlite"
    if not magic.startswith(SQLITE_MAGIC if is_sqlite else POSTGRES_MAGIC):
        raise BackupError(f"{source} is no backup of {'SQLite' if is_sqlite else 'Postgres'}.")
    if is_sqlite:
        _restore_file(source, _path_of(url))
        return
    engine = sa.create_engine(url)
    try:
        names = sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if names:
        raise BackupError(f"the database has {len(names):,} tables; restore into an empty one.")
    _run("pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", str(source))


def _vacuum_into(path: Path, target: Path) -> None:
    if not path.exists():
        raise BackupError(f"there is no database at {path}.")
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise BackupError(f"the database cannot be copied: {error}") from None


def _restore_file(source: Path, target: Path) -> None:
    if target.exists():
        raise BackupError(f"{target} exists; move it away first, with its -wal and -shm.")
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise BackupError(f"{source} is damaged: {found}")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.chmod(0o600)
    part.replace(target)


def _path_of(url: sa.URL) -> Path:
    return Path(url.database or "")


def _run(program: str, url: sa.URL, *arguments: str) -> None:
    """Run a program of Postgres; the password goes by the environment, where no list of processes shows it."""
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = os.environ | ({} if url.password is None else {"PGPASSWORD": str(url.password)})
    try:
        done = subprocess.run(
            [program, *arguments, f"--dbname={address}"], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BackupError(f"{program} is not installed here; it comes with Postgres' client programs.") from None
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
