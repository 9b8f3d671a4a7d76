"""A worker's stable name: the same after a restart, never shared by two living processes.

A lock file per name in the data folder is held for the process' life; the operating system frees it when the process
dies, however it dies. Machines, containers above all, may have the same host name and each a data folder of its own:
so a name that nobody gave contains the folder's mark, drawn once by chance.
"""

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from app.errors import TerritoryError

MAX_WORKERS_PER_FOLDER = 1000
MARK: Final = "mark"
MARK_BYTES: Final = 4


class WorkerIdTakenError(TerritoryError):
    """Another living process has this worker's name."""


@contextmanager
def worker_identity(data_dir: Path, worker_id: str | None) -> Iterator[str]:
    """Hold a worker's name: the given one, or the first of this machine and folder that is free.

    Raises
    ------
    WorkerIdTakenError
        When another process holds the given name.
    """
    folder = data_dir / "workers"
    folder.mkdir(parents=True, exist_ok=True)
    own = f"{socket.gethostname()}-{_mark(folder)}"
    names = [worker_id] if worker_id else [f"{own}-{number}" for number in range(MAX_WORKERS_PER_FOLDER)]
    for name in names:
        descriptor = os.open(folder / f"{_file_name(name)}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield name
        finally:
            os.close(descriptor)
        return
    raise WorkerIdTakenError(
        f"Another worker with the name '{names[0]}' is running on {data_dir}; "
        "give this one another TERRITORY_WORKER_ID."
    )


def _mark(folder: Path) -> str:
    """Return the mark of a folder; the first process that asks draws it, the others wait for that."""
    with (folder / MARK).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        mark = file.read()
        if not mark:
            mark = secrets.token_hex(MARK_BYTES)
            file.write(mark)
        return mark


def _file_name(name: str) -> str:
    return name.encode().hex() if not name.replace("-", "").replace(".", "").isalnum() else name
