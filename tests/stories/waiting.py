"""Wait for a job over HTTP, by long polls."""

from typing import Any

import httpx


def finished(http: httpx.Client, job_id: str) -> dict[str, Any]:
    """Wait for a job to end and return its last body."""
    for _ in range(20):
        job: dict[str, Any] = http.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=10"}).json()
        if job["state"] not in ("queued", "running"):
            return job
    raise AssertionError(f"job {job_id} did not end: {job}")
