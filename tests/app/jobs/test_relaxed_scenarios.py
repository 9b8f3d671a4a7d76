"""The scenarios of relaxations: each alignment breaks nothing where it belongs, and can be published."""

import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import transaction
from app.jobs.engine import Dispatch
from app.jobs.leases import LeaseRules, claim
from app.jobs.results import store_ending, write_question
from app.jobs.solver_files import SolverFiles
from app.jobs.solver_process import answer_question
from tests.app.conftest import tiny_dataset

RULES = LeaseRules(lease_s=600, max_deaths=3)


def executed(app: FastAPI, client: TestClient, folder: Path, question: dict[str, Any]) -> dict[str, Any]:
    """Submit a job, execute it in this process, and return it ended."""
    answer = client.post("/v1/jobs", json=question)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]
    folder.mkdir()
    files = SolverFiles(folder)
    with transaction(app.state.sessions) as session:
        held = claim(session, Dispatch(job_id, 1), worker_id="w", rules=RULES)
        assert held is not None
        write_question(session, held, files)
    result = answer_question(files, tell=lambda kind, **content: None, stop=threading.Event())
    with transaction(app.state.sessions) as session:
        assert store_ending(session, held, files, result)
    ended: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
    return ended


@pytest.fixture
def ended(app: FastAPI, client: TestClient, tmp_path: Path) -> dict[str, Any]:
    """Return an impossible job that has ended: 46 h of work for capacities of 22 h and 20 h."""
    question: dict[str, Any] = {**tiny_dataset(), "criteria": {"travel": {"weight": 30}}}
    for rep, most in zip(question["reps"], (22, 20), strict=True):
        rep["capacity"] = {"workload": {"max": most}}
    question["search"] = {"time_limit_s": 60, "deterministic": True}
    return executed(app, client, tmp_path / "first", question)


def test_what_a_relaxation_allows_can_be_published(
    app: FastAPI, client: TestClient, tmp_path: Path, ended: dict[str, Any]
) -> None:
    """Every alignment is feasible by its own scenario, is published, and its question can be solved further."""
    offered = ended["relaxations"]
    assert (ended["outcome"], len({one["scenario_id"] for one in offered})) == ("infeasible", len(offered))
    assert {"capacity_max", "add_rep", "unassigned"} <= {one["kind"] for one in offered}
    for number, one in enumerate(offered):
        alignment = client.get(f"/v1/alignments/{one['alignment_id']}").json()
        assert (alignment["outcome"], alignment["violations"]) == ("feasible", [])
        assert (alignment["scenario_id"], alignment["dataset_id"]) == (one["scenario_id"], one["dataset_id"])
        published = client.post(f"/v1/alignments/{one['alignment_id']}/publish")
        assert published.status_code == 201, published.text
        assert published.json()["parent_id"] == one["dataset_id"]
        again = executed(app, client, tmp_path / f"again-{number}", {"scenario_id": one["scenario_id"]})
        assert again["outcome"] in ("optimal", "feasible")


def test_changes_stand_in_criteria_or_in_data(client: TestClient, ended: dict[str, Any]) -> None:
    """What is wanted changes in the scenario, limits of reps in a dataset made from the job's, whose own stay."""
    relaxed = {one["kind"]: one for one in ended["relaxations"]}
    raised, left_out, hired = relaxed["capacity_max"], relaxed["unassigned"], relaxed["add_rep"]
    assert left_out["dataset_id"] == ended["dataset_id"]
    scenario = client.get(f"/v1/scenarios/{left_out['scenario_id']}").json()
    assert (scenario["based_on"], scenario["criteria"]["unassigned"]["allowed"]) == (ended["scenario_id"], True)
    assert scenario["name"].endswith(left_out["sentence"].rstrip("."))
    for one in (raised, hired):
        assert client.get(f"/v1/datasets/{one['dataset_id']}").json()["parent_id"] == ended["dataset_id"]
    reps = client.get(f"/v1/datasets/{raised['dataset_id']}/reps").json()["items"]
    limits = {rep["id"]: rep["capacity"]["workload"]["max"] for rep in reps}
    assert all(limits[change["rep_id"]] == change["after"] for change in raised["changes"])
    assert client.get(f"/v1/datasets/{hired['dataset_id']}").json()["counts"]["reps"] == 3
    before = client.get(f"/v1/scenarios/{ended['scenario_id']}").json()
    assert not before["criteria"]["unassigned"]["allowed"]
