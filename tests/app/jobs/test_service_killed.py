"""The whole service dies in mid-solve: its processes end with it, and after a restart the job goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.app.jobs.conftest import LEASE_S, eventually, is_there, random_question
from tests.stories.conftest import Service, end_service, start_service
from tests.stories.waiting import finished


def test_a_killed_service_resumes_its_job(tmp_path: Path) -> None:
    """Kill -9 of the service ends worker and solver; a new service ends the job once, from where it was."""
    with serving(tmp_path) as (service, client):
        job_id = client.post("/v1/jobs", json=random_question()).json()["id"]
        eventually(lambda: client.get(f"/v1/jobs/{job_id}").json()["alignment_id"])
        children = psutil.Process(service.process.pid).children(recursive=True)
        assert len(children) >= 2
        service.process.kill()
        service.process.wait()
        eventually(lambda: not any(is_there(child) for child in children))
    with serving(tmp_path) as (service, client):
        eventually(lambda: client.get(f"/v1/jobs/{job_id}").json()["attempts"] == 2)
        client.post(f"/v1/jobs/{job_id}/stop")
        ended = finished(client, job_id)
        assert (ended["state"], ended["stop_reason"], ended["attempts"]) == ("succeeded", "stopped", 2)
        assert client.get(f"/v1/alignments/{ended['alignment_id']}").json()["violations"] == []


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Service, httpx.Client]]:
    """Run the service as ``territory serve`` does, until the block ends."""
    service = start_service(folder, TERRITORY_LEASE_S=str(LEASE_S))
    try:
        with service.client() as client:
            yield service, client
    finally:
        if service.process.poll() is None:
            end_service(service)
