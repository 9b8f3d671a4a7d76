"""One setting, the database URL, moves the service from a SQLite file to Postgres."""

from pathlib import Path

import httpx

from tests.stories.conftest import end_service, start_service
from tests.stories.waiting import finished


def test_the_main_job_runs_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    """With a Postgres URL, importing, solving and reading back work as on SQLite, and no SQLite file appears."""
    service = start_service(tmp_path, TERRITORY_DATABASE_URL=postgres_url)
    try:
        with service.client() as http:
            assert_small_job_succeeds(http)
    finally:
        end_service(service)
    assert list(tmp_path.rglob("*.db*")) == []
    assert list(tmp_path.rglob("*.sqlite*")) == []


def assert_small_job_succeeds(http: httpx.Client) -> None:
    """Submit six accounts on a line between two reps, all with one of them today."""
    accounts = [
        {"id": f"A/{n}", "lat": 50.0, "lon": 10.0 + n, "current_rep_id": "R 1", "measures": {"workload": 10.0}}
        for n in range(6)
    ]
    reps = [{"id": "R 1", "lat": 50.0, "lon": 9.5}, {"id": "R 2", "name": "दूसरा", "lat": 50.0, "lon": 15.5}]
    criteria = {
        "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.1, "hard": True}],
        "travel": {"weight": 50},
    }
    accepted = http.post(
        "/v1/jobs",
        json={"accounts": accounts, "reps": reps, "criteria": criteria, "search": {"time_limit_s": 300}},
    )
    assert accepted.status_code == 202, accepted.text
    job = finished(http, accepted.json()["id"])
    assert (job["state"], job["outcome"]) == ("succeeded", "optimal"), job
    page = http.get(f"/v1/alignments/{job['alignment_id']}/assignments").json()
    assert {item["account_id"]: item["rep_id"] for item in page["items"]} == {
        f"A/{n}": "R 1" if n < 3 else "R 2" for n in range(6)
    }
