"""Metrics: what Prometheus reads of requests, the queue, solves and webhooks, and what documents say of it."""

import datetime
import json
import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.database import transaction, utc_now
from app.jobs.endings import Ending, end
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules, claim, finish
from app.jobs.repository import JobRepository
from app.jobs.states import JobState
from app.metrics.tallies import BUCKETS, bucket_of
from tests.app.conftest import tiny_dataset

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = ("deploy/grafana-dashboard.json", "deploy/alerts.yml", "docs/operations.md")
RULES = LeaseRules(lease_s=60, max_deaths=3)


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample that is served, by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(client: TestClient, name: str, **labels: str) -> float:
    """Return one sample."""
    return samples(client)[f"territory_{name}", tuple(sorted(labels.items()))]


def submitted(client: TestClient) -> str:
    """Submit a job and return its id."""
    return str(client.post("/v1/jobs", json=tiny_dataset()).json()["id"])


def test_the_queue_is_seen(client: TestClient, app: FastAPI) -> None:
    """Queued jobs, the age of the oldest, and leases that ran out are told as they stand."""
    first, _ = submitted(client), submitted(client)
    with transaction(app.state.sessions) as session:
        JobRepository(session).get(first).created_at = utc_now() - datetime.timedelta(seconds=100)
    assert value(client, "jobs", state="queued") == 2
    assert 100 <= value(client, "queue_oldest_seconds") < 200
    with transaction(app.state.sessions) as session:
        assert claim(session, Dispatch(first, 1), worker_id="w", rules=RULES) is not None
        JobRepository(session).get(first).lease_expires_at = utc_now() - datetime.timedelta(seconds=1)
    assert value(client, "jobs", state="running") == 1
    assert value(client, "leases_expired") == 1
    assert value(client, "workers") == 0
    assert value(client, "queue_oldest_seconds") < 100


def test_what_ended_is_counted_once_and_for_ever(client: TestClient, app: FastAPI) -> None:
    """Outcome, attempts, seconds and gap of an ended job are added up in the database, whoever asks later."""
    job_id = submitted(client)
    with transaction(app.state.sessions) as session:
        held = claim(session, Dispatch(job_id, 1), worker_id="w", rules=RULES)
        assert held is not None
        progress = {"elapsed_s": 7.0, "gap": 0.003}
        ending = Ending(state=JobState.SUCCEEDED, outcome="feasible", stop_reason="gap", progress=progress)
        assert finish(session, held, ending)
        assert not finish(session, held, ending)
    assert value(client, "jobs_ended_total", kind="alignment", state="succeeded", outcome="feasible") == 1
    assert value(client, "solve_seconds_bucket", le="5") == 0
    assert value(client, "solve_seconds_bucket", le="10") == 1
    assert value(client, "solve_seconds_sum") == 7
    assert value(client, "solve_gap_bucket", le="0.002") == 0
    assert value(client, "solve_gap_bucket", le="0.005") == 1
    assert value(client, "job_attempts_count") == 1
    assert value(client, "job_wait_seconds_count") == 1


def test_failures_are_told_by_code(client: TestClient, app: FastAPI) -> None:
    """A failed job counts under its code, and not among the solves."""
    job_id = submitted(client)
    with transaction(app.state.sessions) as session:
        jobs = JobRepository(session)
        problem = {"code": "OUT_OF_MEMORY", "detail": "x"}
        end(jobs, jobs.get(job_id), Ending(state=JobState.FAILED, problem=problem))
    assert value(client, "job_failures_total", code="OUT_OF_MEMORY") == 1
    assert value(client, "solve_seconds_count") == 0


def test_what_is_rolled_back_is_not_counted(client: TestClient, app: FastAPI) -> None:
    """A cancel that fails counts nothing."""
    job_id = submitted(client)
    with app.state.sessions() as session:
        jobs = JobRepository(session)
        end(jobs, jobs.get(job_id), Ending(state=JobState.CANCELED))
        session.rollback()
    assert not any(name == "territory_jobs_ended_total" for name, _ in samples(client))


def test_requests_are_told_by_route_and_not_by_id(client: TestClient) -> None:
    """Times of answers have the route's template as label, so that ids never swell the number of series."""
    client.get("/v1/jobs/job_1")
    client.get("/v1/jobs/job_2")
    assert value(client, "http_requests_total", method="GET", route="/v1/jobs/{job_id}", status="404") == 2
    assert not [labels for _, labels in samples(client) if "job_1" in str(labels)]


@pytest.mark.parametrize(("amount", "bound"), [(0.0, "0.5"), (0.5, "0.5"), (0.51, "1"), (1e9, "+Inf")])
def test_bounds_of_buckets_belong_to_them(amount: float, bound: str) -> None:
    """A bucket holds what is at most its bound."""
    assert bucket_of("solve_seconds", amount) == bound
    assert set(BUCKETS) == {"job_wait_seconds", "solve_seconds", "solve_gap", "job_attempts"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_metric_that_a_document_names_is_served(client: TestClient, document: str) -> None:
    """Dashboard, alerts and runbooks name no metric that /metrics does not serve."""
    job_id = submitted(client)
    client.delete(f"/v1/jobs/{job_id}")
    served = set(re.findall(r"^# TYPE (\w+)", client.get("/metrics").text, flags=re.MULTILINE))
    text = (ROOT / document).read_text(encoding="utf-8")
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bterritory_\w+", text)}
    assert named
    assert {name for name in named if name not in served and f"{name}_total" not in served} == set()
    if document.endswith(".json"):
        assert json.loads(text)["panels"]


def test_every_command_that_the_runbooks_name_exists() -> None:
    """Each ``territory …`` of docs/operations.md is a command with these options."""
    from typer.main import get_command

    from app.cli.main import cli

    root = get_command(cli)
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    found = re.findall(r"\bterritory ((?:[a-z]+ ?)+)((?:--[a-z-]+[^\n`]*)?)", text)
    assert found
    for words, options in found:
        command = root
        for word in words.split():
            commands = getattr(command, "commands", None)
            if commands is None:
                break
            assert word in commands, f"territory {words}"
            command = commands[word]
        known = {name for parameter in command.params for name in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", options)) <= known, f"territory {words} {options}"
