"""Jobs executed by a real worker process and a real solver process, watched over HTTP."""

import json
import time
from typing import Any

import psutil
from fastapi.testclient import TestClient

from app.jobs.embedded import EmbeddedWorker
from tests.app.conftest import tiny_dataset
from tests.app.jobs.conftest import (
    eventually,
    is_there,
    random_question,
    read,
    submit,
    wait_until_ended,
    wait_until_found,
)
from tests.stories.waiting import finished

BROKEN_S = 120.0


def tiny_question(**more: Any) -> dict[str, Any]:
    return {**tiny_dataset(), "search": {"time_limit_s": 300}, **more}


def test_a_job_ends_with_a_checked_alignment(living: TestClient) -> None:
    """A submitted job is waited for by long polls, and its alignment keeps every criterion."""
    job = submit(living, tiny_question(tags={"year": "2027"}))
    assert (job["state"], job["attempts"], job["alignment_id"]) == ("queued", 0, None)
    ended = finished(living, job["id"])
    assert (ended["state"], ended["problem"]) == ("succeeded", None)
    assert ended["outcome"] in ("optimal", "feasible")
    assert ended["progress"]["violations"] == 0
    assert ended["started_at"] <= ended["ended_at"]
    alignment = living.get(f"/v1/jobs/{job['id']}/alignment").json()
    assert alignment["id"] == ended["alignment_id"]
    assert alignment["violations"] == []
    assert abs(sum(term["weighted"] for term in alignment["terms"]) - alignment["objective"]) < 1e-9
    assert alignment["origin"] == {"kind": "job", "job_id": job["id"], "parent_id": None}


def test_events_resume_after_the_last_one_seen(living: TestClient) -> None:
    """The stream begins with the queued state, ends after done, and resumes behind any event."""
    job_id = submit(living, tiny_question())["id"]
    events = stream(living, job_id)
    assert [event["id"] for event in events] == [str(number) for number in range(1, len(events) + 1)]
    assert (events[0]["event"], events[0]["data"]["state"]) == ("state", "queued")
    assert events[-1]["event"] == "done"
    assert events[-1]["data"]["state"] == "succeeded"
    seen = len(events) - 2
    assert stream(living, job_id, last=str(seen)) == events[seen:]
    assert stream(living, job_id, last=events[-1]["id"]) == []


def test_an_infeasible_wish_is_answered_with_arithmetic(living: TestClient) -> None:
    """Capacities below the total make a succeeded job of outcome infeasible, with a conflict that adds up."""
    question = tiny_question()
    for rep in question["reps"]:
        rep["capacity"] = {"workload": {"max": 20}}
    ended = wait_until_ended(living, submit(living, question)["id"])
    assert (ended["state"], ended["outcome"], ended["alignment_id"]) == ("succeeded", "infeasible", None)
    arithmetic = ended["conflicts"][0]["arithmetic"]
    assert arithmetic["demand"] - arithmetic["capacity"] == arithmetic["short"] > 0
    assert "46" in ended["conflicts"][0]["sentence"]
    for relaxation in ended["relaxations"]:
        assert relaxation["changes"]
        assert living.get(f"/v1/alignments/{relaxation['alignment_id']}").status_code == 200


def test_stop_keeps_the_best_and_cancel_keeps_nothing(living: TestClient, worker: EmbeddedWorker) -> None:
    """A stop ends the search with the alignment so far, a cancel ends it without; neither leaves a solver behind."""
    stopped = submit(living, random_question())["id"]
    wait_until_found(living, stopped)
    assert living.get(f"/v1/jobs/{stopped}/alignment").json()["violations"] == []
    solving = solver_processes(worker)
    begin = time.monotonic()
    assert living.post(f"/v1/jobs/{stopped}/stop").status_code == 202
    ended = wait_until_ended(living, stopped)
    record_latency("stop", begin)
    assert (ended["state"], ended["stop_reason"], ended["outcome"]) == ("succeeded", "stopped", "feasible")
    assert ended["alignment_id"] is not None
    eventually(lambda: not any(is_there(process) for process in solving))
    assert living.post(f"/v1/jobs/{stopped}/stop").json()["code"] == "JOB_ENDED"

    canceled = submit(living, random_question())["id"]
    wait_until_found(living, canceled)
    solving = solver_processes(worker)
    begin = time.monotonic()
    answer = living.delete(f"/v1/jobs/{canceled}")
    assert (answer.status_code, answer.json()["state"], answer.json()["alignment_id"]) == (202, "canceled", None)
    eventually(lambda: not any(is_there(process) for process in solving))
    record_latency("cancel", begin)
    assert living.get(f"/v1/jobs/{canceled}/alignment").status_code == 404
    assert living.delete(f"/v1/jobs/{canceled}").status_code == 409


def test_a_killed_solver_is_replaced_and_goes_on(living: TestClient, worker: EmbeddedWorker) -> None:
    """A solver that is killed costs one attempt; the next one begins with the last stored alignment."""
    job_id = submit(living, random_question())["id"]
    wait_until_found(living, job_id)
    for process in solver_processes(worker):
        process.kill()
    eventually(lambda: read(living, job_id)["attempts"] == 2)
    living.post(f"/v1/jobs/{job_id}/stop")
    ended = wait_until_ended(living, job_id)
    assert (ended["state"], ended["attempts"]) == ("succeeded", 2)
    assert ended["alignment_id"] is not None


def test_a_killed_worker_is_restarted_and_goes_on(living: TestClient, worker: EmbeddedWorker) -> None:
    """When the worker process is killed its solver ends too, and the restarted worker ends the job once."""
    job_id = submit(living, random_question())["id"]
    wait_until_found(living, job_id)
    solving = solver_processes(worker)
    begin = time.monotonic()
    psutil.Process(worker.process_id).kill()
    eventually(lambda: not any(is_there(process) for process in solving))
    eventually(lambda: read(living, job_id)["attempts"] == 2)
    record_latency("resume", begin)
    living.post(f"/v1/jobs/{job_id}/stop")
    ended = wait_until_ended(living, job_id)
    assert (ended["state"], ended["attempts"]) == ("succeeded", 2)
    assert [event["event"] for event in stream(living, job_id)].count("done") == 1


def stream(client: TestClient, job_id: str, *, last: str | None = None) -> list[dict[str, Any]]:
    """Return all events of a job's stream until it ends."""
    headers = {} if last is None else {"Last-Event-ID": last}
    text = client.get(f"/v1/jobs/{job_id}/events", headers=headers).text
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if fields:
            events.append({**fields, "data": json.loads(fields["data"])})
    return events


def solver_processes(worker: EmbeddedWorker) -> list[psutil.Process]:
    """Return the solver processes of a worker."""
    children: list[psutil.Process] = psutil.Process(worker.process_id).children()
    return children


def record_latency(name: str, begin: float) -> None:
    """Hold a latency against a bound that only a broken path misses; benchmarks measure the real one."""
    assert time.monotonic() - begin < BROKEN_S, name
