"""A real service in a process of its own, with an embedded worker, for stories from a user's view."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

START_LIMIT_S = 180.0  # a busy machine is slow, not wrong
END_LIMIT_S = 120.0


@dataclass
class Service:
    """A running ``territory serve``."""

    process: subprocess.Popen[bytes]
    address: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """Return an HTTP client of the service."""
        return httpx.Client(base_url=self.address, timeout=60.0, trust_env=False)


def start_service(data_dir: Path, **environment: str) -> Service:
    """Start a service, with settings from the environment, and wait until it says where it listens."""
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--data", str(data_dir)]
    service = Service(
        subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    )
    listening = threading.Event()

    def read_log() -> None:
        assert service.process.stderr is not None
        for line in service.process.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": line.decode("utf-8", "replace")}
            service.log.append(event)
            if event.get("event") == "listening":
                service.address = event["address"]
                listening.set()
        listening.set()

    threading.Thread(target=read_log, daemon=True).start()
    assert listening.wait(START_LIMIT_S), "the service did not say where it listens"
    assert service.address, service.log
    return service


def end_service(service: Service) -> None:
    """End a service in order: its worker has ended before it."""
    service.process.terminate()
    assert service.process.wait(timeout=END_LIMIT_S) == 0


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Serve from an empty folder, once for all stories of a test process."""
    running = start_service(tmp_path_factory.mktemp("service"))
    yield running
    end_service(running)


@pytest.fixture
def http(service: Service) -> Iterator[httpx.Client]:
    """Return a client of the running service."""
    with service.client() as client:
        yield client
