"""Names of workers: stable after a restart, never shared by two that live."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.jobs.identity import WorkerIdTakenError, worker_identity

NUM_WORKERS = 6


def test_a_name_is_kept_and_another_worker_gets_the_next(tmp_path: Path) -> None:
    """After its end a worker finds its name again; meanwhile a second one in the folder has another."""
    with worker_identity(tmp_path, None) as first, worker_identity(tmp_path, None) as second:
        assert first != second
        assert first.startswith(socket.gethostname())
    with worker_identity(tmp_path, None) as again:
        assert again == first


def test_machines_of_one_host_name_have_different_workers(tmp_path: Path) -> None:
    """Two data folders, as of two containers that have the same host name, never give the same name."""
    with worker_identity(tmp_path / "one", None) as one, worker_identity(tmp_path / "other", None) as other:
        assert one != other


def test_workers_that_start_at_once_have_different_names(tmp_path: Path) -> None:
    """Of several that find an empty folder each gets a name of its own, all with the one mark of the folder."""
    together = threading.Barrier(NUM_WORKERS)

    def named(_number: int) -> str:
        together.wait()
        with worker_identity(tmp_path, None) as name:
            together.wait()
            return name

    with ThreadPoolExecutor(NUM_WORKERS) as pool:
        names = list(pool.map(named, range(NUM_WORKERS)))
    assert len(set(names)) == NUM_WORKERS
    assert len({name.rpartition("-")[0] for name in names}) == 1


def test_a_given_name_that_is_held_is_refused(tmp_path: Path) -> None:
    """A second process with the same given name ends with one sentence that says what to do."""
    with (
        worker_identity(tmp_path, "Arbeiter 7"),
        pytest.raises(WorkerIdTakenError, match="TERRITORY_WORKER_ID"),
        worker_identity(tmp_path, "Arbeiter 7"),
    ):
        pytest.fail("both have it")
