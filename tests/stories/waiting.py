"""Wait for a job over HTTP, by long polls."""

from typing import Any

import httpx


def finished(http: httpx.Client, job_id: str, *, patience: int = 60) -> dict[str, Any]:
    """Wait for a job to end, for so many polls of 10 s, and return its last body."""
    for _ in range(patience):
        job: dict[str, Any] = http.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=10"}).json()
        if job["state"] not in ("queued", "running"):
            return job
    raise AssertionError(f"job {job_id} did not end: {job}")
