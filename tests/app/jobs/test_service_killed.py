"""The whole service dies in mid-solve: its processes end with it, and after a restart the job goes on."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.app.jobs.conftest import eventually, random_question


def test_a_killed_service_resumes_its_job(tmp_path: Path, compiled: Path) -> None:
    """Kill -9 of the service ends worker and solver; a new service ends the job once, from where it was."""
    with serving(tmp_path, compiled) as (process, client):
        job_id = client.post("/v1/jobs", json=random_question()).json()["id"]
        eventually(lambda: client.get(f"/v1/jobs/{job_id}").json()["alignment_id"])
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        process.kill()
        eventually(lambda: not any(is_there(child) for child in children))
    with serving(tmp_path, compiled) as (process, client):
        eventually(lambda: client.get(f"/v1/jobs/{job_id}").json()["attempts"] == 2)
        client.post(f"/v1/jobs/{job_id}/stop")
        ended = client.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=50"}).json()
        assert (ended["state"], ended["stop_reason"], ended["attempts"]) == ("succeeded", "stopped", 2)
        assert client.get(f"/v1/alignments/{ended['alignment_id']}").json()["violations"] == []


@contextmanager
def serving(folder: Path, compiled: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """Run the service as ``territory serve`` does, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "TERRITORY_LOG_LEVEL": "error",
        "TERRITORY_LEASE_S": "3",
        "NUMBA_CACHE_DIR": str(compiled),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port), "--data", str(folder)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
    try:
        eventually(lambda: is_ready(client))
        yield process, client
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=30)


def is_ready(client: httpx.Client) -> bool:
    """Tell whether the service answers."""
    with contextlib.suppress(httpx.TransportError):
        return client.get("/health/ready").is_success
    return False


def is_there(process: psutil.Process) -> bool:
    """Tell whether a process lives; one that only waits to be collected does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
