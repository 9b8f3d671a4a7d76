"""``territory replay`` and ``territory diff`` on a real service and its database, in processes of their own."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.alignments.canonical import canonical_sha256
from app.datasets.tables import read_parquet
from tests.app.cli.test_commands import territory
from tests.app.jobs.conftest import random_question
from tests.stories.conftest import end_service, start_service


@dataclass(frozen=True)
class Stored:
    """A running service with alignments of every kind: where it is, and their ids."""

    data: Path
    address: str
    current: str
    deterministic: str
    edited: str
    around: str
    by_clock: str

    def get(self, path: str) -> Any:
        """Return a JSON answer of the service."""
        answer = httpx.get(self.address + path, timeout=60.0, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()


def solved(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Submit a job and return it when it has ended with an alignment."""
    answer = http.post(path, json=body)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    while job["state"] in ("queued", "running"):
        job = http.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=20"}).json()
    assert job["alignment_id"] is not None, job["problem"]
    return job


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    """A service that has solved a question of 40 accounts by work and by the clock, and around an edit."""
    data = tmp_path_factory.mktemp("data")
    service = start_service(data)
    question = random_question(accounts=40, reps=3)
    question["criteria"]["balance"] = [{"measure": "workload", "tolerance": 0.1, "hard": True}]
    by_work = {"time_limit_s": 600, "gap": 0.02, "deterministic": True, "seed": 7}
    try:
        with httpx.Client(base_url=service.address, timeout=60.0, trust_env=False) as http:
            job = solved(http, "/v1/jobs", question | {"search": by_work})
            by_clock = solved(http, "/v1/jobs", question | {"search": {"time_limit_s": 600, "gap": 0.2}})
            alignment = job["alignment_id"]
            first = http.get(f"/v1/alignments/{alignment}/assignments?account_id=a0").json()["items"][0]
            other = "r1" if first["rep_id"] == "r0" else "r0"
            body = {"moves": [{"account_id": "a0", "rep_id": other, "lock": True}], "name": "Łódź → 東京"}
            edited = http.post(f"/v1/alignments/{alignment}/edits", json=body).json()["id"]
            around = solved(http, f"/v1/alignments/{edited}/edits", {"reoptimize": "touched"})
            yield Stored(
                data=data,
                address=service.address,
                current=http.get(f"/v1/datasets/{job['dataset_id']}/current").json()["id"],
                deterministic=alignment,
                edited=edited,
                around=around["alignment_id"],
                by_clock=by_clock["alignment_id"],
            )
    finally:
        end_service(service)


def copied(stored: Stored, folder: Path) -> sqlite3.Connection:
    """Return the database of a copy of the data in another folder."""
    source = sqlite3.connect(stored.data / "territory.sqlite")
    target = sqlite3.connect(folder / "territory.sqlite")
    with source:
        source.backup(target)
    source.close()
    return target


def test_what_a_deterministic_job_found_is_found_again(stored: Stored) -> None:
    """Solved again from the database, byte for byte, on the recorded machine; the hash is named."""
    software = stored.get(f"/v1/alignments/{stored.deterministic}")["software"]
    assert {"version", "ortools", "numpy", "numba", "python", "processor", "threads", "seed"} <= software.keys()
    done = territory("replay", stored.deterministic, "--data", str(stored.data))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{stored.deterministic}: the same bytes"
    assert "sha256" in done.stdout


def test_a_solve_around_an_edit_is_done_again_from_the_root(stored: Stored) -> None:
    """Job, edit, the edit that held it, and the job around it: all four steps over HTTP, each the same."""
    done = territory("replay", stored.around, "--server", stored.address, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "same"
    assert [step["kind"] for step in found["steps"]] == ["job", "edit", "edit", "job"]
    assert found["steps"][0]["alignment_id"] == stored.deterministic


def test_what_the_clock_limited_is_audited(stored: Stored) -> None:
    """It is said plainly that nobody can promise the same answer; the checker and the certificate confirm it."""
    done = territory("replay", stored.by_clock, "--data", str(stored.data))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "limited by the clock" in done.stdout
    assert "all criteria are kept" in done.stdout
    assert "the certificate holds" in done.stdout
    assert "FAILED" not in done.stdout


def test_a_forged_alignment_is_found_out(stored: Stored, tmp_path: Path) -> None:
    """With the other job's assignments in its place, the replay shows line by line what was found instead."""
    with copied(stored, tmp_path) as database:
        database.execute(
            "UPDATE alignments SET assignments_sha256 = "
            "(SELECT assignments_sha256 FROM alignments WHERE id = ?) WHERE id = ?",
            (stored.current, stored.deterministic),
        )
    database.close()
    done = territory("replay", stored.deterministic, "--data", str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == f"{stored.deterministic}: DIFFERENT"
    assert any(line.startswith("- a") for line in lines)
    assert any(line.startswith("+ a") for line in lines)


def test_another_version_cannot_promise_the_same_bytes(stored: Stored, tmp_path: Path) -> None:
    """An alignment of an older version is not solved again: exit code 2, and what differs is named."""
    with copied(stored, tmp_path) as database:
        database.execute("UPDATE alignments SET summary = json_set(summary, '$.software.version', '0.0.1')")
    database.close()
    done = territory("replay", stored.deterministic, "--data", str(tmp_path))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "version 0.0.1, here" in done.stdout


def test_what_is_not_there_is_said_in_a_sentence(stored: Stored, tmp_path: Path) -> None:
    """An unknown id, a folder without a database, a service that is away, and two places at once: exit code 2."""
    for arguments, sentence in (
        (("replay", "al_none", "--data", str(stored.data)), "al_none"),
        (("diff", stored.current, "al_none", "--server", stored.address), "al_none"),
        (("diff", "a", "b", "--data", str(tmp_path)), "there is no database"),
        (("replay", "a", "--server", "http://127.0.0.1:9"), "no service answers"),
        (("diff", "a", "b", "--data", str(tmp_path), "--server", stored.address), "two places"),
    ):
        done = territory(*arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert sentence in done.stderr
    assert not (tmp_path / "territory.sqlite").exists()


def test_a_diff_is_the_same_from_the_database_and_over_http(stored: Stored) -> None:
    """Text with loads, byte for byte the same; exit code 1, since the edit moved an account."""
    pair = (stored.deterministic, stored.edited)
    one = territory("diff", *pair, "--data", str(stored.data), "--loads")
    two = territory("diff", *pair, "--server", stored.address, "--loads")
    assert (one.returncode, two.returncode) == (1, 1), one.stderr + two.stderr
    assert one.stdout == two.stdout
    assert "Łódź → 東京" in one.stdout
    assert any(line.startswith("+ a0 ") for line in one.stdout.splitlines())
    same = territory("diff", stored.edited, stored.edited, "--data", str(stored.data), "--json")
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["accounts"] == []


def test_the_named_hash_is_that_of_the_canonical_bytes(stored: Stored, tmp_path: Path) -> None:
    """Anybody can reckon it from the assignments: one line of JSON an account, by id."""
    body = httpx.get(
        f"{stored.address}/v1/alignments/{stored.edited}/assignments", params={"format": "parquet"}, trust_env=False
    ).content
    done = territory("diff", stored.edited, stored.edited, "--data", str(stored.data))
    assert f"sha256:{canonical_sha256(read_parquet(body))}" in done.stdout
