"""Proven prices: the forced question is on the scale of the original one, and a real job answers it."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.alignments.explanation_proofs import Forced, forced_situation, on_one_scale, proof_sentence
from app.errors import InvalidInput
from app.jobs.models import Job
from app.jobs.states import JobState
from tests.app.alignments.conftest import Bench
from tests.app.alignments.judged import normalized, situation_of
from tests.app.alignments.test_explanations import everything
from tests.app.conftest import tiny_dataset
from tests.app.jobs.conftest import living, submit, wait_until_ended
from tests.checker.random_problems import Raw, random_problem

__all__ = ["living"]

QUESTION: dict[str, Any] = {
    "criteria": {
        "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.1, "hard": True}],
        "travel": {"weight": 30, "road_factor": 1.3},
        "disruption": {"weight": 30, "measure": "potential"},
    },
    "search": {"time_limit_s": 300.0, "gap": 0},
}


@pytest.mark.parametrize("seed", range(8))
def test_the_forced_question_is_on_the_scale_of_the_original(seed: int) -> None:
    """Every assignment that keeps the lock has, by the forced criteria, the objective that it has by the original."""
    raw = normalized(random_problem(seed, num_accounts=4, num_reps=3))
    choices = everything(raw)
    best = choices[seed]
    situation = situation_of(raw, list(best[0]), best[1])
    for account in range(4):
        members = situation.item_of(account).tolist()
        for rep_id in raw.reps["id"]:
            try:
                forced = forced_situation(situation, account, rep_id)
            except InvalidInput:
                continue
            criteria = on_one_scale(situation, forced).model_dump(mode="json")
            narrower = Raw(raw.accounts, raw.reps, raw.pairs, criteria)
            for choice, examined in choices[:: 5 + seed]:
                if all(choice[member] == rep_id for member in members):
                    objective = narrower.examine(list(choice)).report.objective
                    assert objective == pytest.approx(examined.report.objective, abs=1e-9)


@pytest.mark.parametrize(
    ("objective", "ends"),
    [
        (36.8, "the objective is 1.1 % worse, with all moves that follow."),
        (36.4, "the objective stays the same, with all moves that follow."),
        (36.0, "and a longer search improves it, too."),
    ],
)
def test_a_proof_says_what_the_rep_costs(objective: float, ends: str) -> None:
    """Worse, the same, or even better than an alignment that was not searched to its end."""
    job = Job(state=JobState.SUCCEEDED, outcome="feasible")
    sentence = proof_sentence("R9", Forced(0, job, objective=objective), than=36.4)
    assert sentence.startswith("Solved again with R9 as its rep: the objective ")
    assert sentence.endswith(ends)


def solved(living: TestClient, **changes: Any) -> dict[str, Any]:
    """Solve the four accounts on a line and return the alignment; `a4` goes to the nearer rep."""
    body = tiny_dataset()
    body["accounts"] += [
        {"id": f"b{k}", "lat": 50.5, "lon": 10.0 + k, "measures": {"workload": 9.0 + k, "potential": 500.0}}
        for k in range(5)
    ]
    job = wait_until_ended(living, submit(living, {**body, **QUESTION, **changes})["id"])
    found: dict[str, Any] = living.get(f"/v1/alignments/{job['alignment_id']}").json()
    return found


def test_a_forced_solve_is_the_proven_alternative(living: TestClient) -> None:
    """The job's answer stands in the explanation with its price, which both bounds enclose; asking again is the job."""
    alignment = solved(living)
    path = f"/v1/alignments/{alignment['id']}/explanations"
    direct = living.get(f"{path}/a2").json()
    goal = "R2" if direct["rep_id"] == "R1" else "R1"
    tag = living.get(f"{path}/a2").headers["ETag"]
    answer = living.post(f"{path}/a2", json={"rep_id": goal})
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{asked['id']}"
    assert asked["initial_alignment_id"] == alignment["id"]
    job = wait_until_ended(living, asked["id"])
    again = living.post(path, params={"account_id": "a2"}, json={"rep_id": goal}).json()
    assert again["id"] == asked["id"]
    told = living.get(f"{path}/a2")
    assert told.headers["ETag"] != tag
    proof = told.json()["proofs"][0]
    assert (proof["rep_id"], proof["job_id"], proof["state"]) == (goal, asked["id"], "succeeded")
    by_level = {one["level"]: one for one in told.json()["alternatives"] if one["rep_id"] == goal}
    proven = by_level["proven"]
    assert proven["alignment_id"] == job["alignment_id"]
    assert proven["violations"] == []
    found = living.get(f"/v1/alignments/{job['alignment_id']}").json()
    assert proven["price"] == pytest.approx(found["objective"] - alignment["objective"], abs=1e-9)
    assert 0 <= proven["price_lower_bound"] <= proven["price"] + 1e-9
    assert proven["price_upper_bound"] == pytest.approx(found["objective"] - alignment["lower_bound"], abs=1e-6)
    assert by_level["direct"]["price_lower_bound"] <= proven["price_lower_bound"]
    assert sum(term["weighted"] for term in proven["terms"]) == pytest.approx(proven["price"], abs=1e-9)
    moved = {move["account_id"] for move in proven["follow_up"]}
    assert len(moved) == proven["num_follow_up"]
    differ = living.get(f"/v1/alignments/{alignment['id']}/comparison", params={"with": job["alignment_id"]}).json()
    assert {item["account_id"] for item in differ["accounts"]["items"]} == moved | {"a2"}


def test_impossible_is_proven_too(living: TestClient) -> None:
    """Where no alignment gives the account to the rep, the explanation says so, and has no proven alternative."""
    body = tiny_dataset()
    body["accounts"][1]["measures"]["workload"] = 30.0
    body["reps"][1]["capacity"] = {"workload": {"max": 26.0}}
    question = {**QUESTION, "criteria": {"travel": {"weight": 30}}}
    job = wait_until_ended(living, submit(living, {**body, **question})["id"])
    path = f"/v1/alignments/{job['alignment_id']}/explanations/a2"
    wait_until_ended(living, living.post(path, json={"rep_id": "R2"}).json()["id"])
    told = living.get(path).json()
    assert told["proofs"][0]["outcome"] == "infeasible"
    assert told["proofs"][0]["sentence"].startswith("Proven: no alignment that keeps the criteria gives it to R2.")
    assert {one["level"] for one in told["alternatives"]} == {"direct"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rep_id": "R9"}, "UNKNOWN_REFERENCE"),
        ({"rep_id": "R1"}, "CONTRADICTORY_SETTING"),
        ({"rep_id": "R2"}, "LOCK_CONFLICT"),
        ({"rep_id": "R2", "search": {"time_limit_s": 1e7}}, "INVALID_VALUE"),
    ],
)
def test_what_needs_no_solve_is_refused(living: TestClient, body: dict[str, Any], code: str) -> None:
    """An unknown rep, the rep who has it, a rep who may not have it, or too long a search makes no job."""
    data = tiny_dataset()
    data["accounts"][0]["locked"] = True
    job = wait_until_ended(living, submit(living, {**data, **QUESTION, "criteria": {"travel": {"weight": 1}}})["id"])
    answer = living.post(f"/v1/alignments/{job['alignment_id']}/explanations/a1", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert np.all([fault["pointer"] for fault in answer.json()["errors"]])


def test_a_refused_proof_names_its_own_remedy(app: Any, client: TestClient) -> None:
    """Toward a rep who left, without the skill or too far away, nobody is told to drop a lock that nobody set."""
    body = tiny_dataset()
    body["reps"] += [
        {"id": "R3", "lat": 50.0, "lon": 12.0, "active": False},
        {"id": "R4", "lat": 50.0, "lon": 80.0, "max_distance_km": 100.0, "skills": ["medical"]},
    ]
    body["reps"][0]["skills"] = ["medical"]
    body["accounts"][0]["requires"] = ["medical"]
    bench = Bench(app, client, body, criteria={"travel": {"weight": 30}})
    path = f"/v1/alignments/{bench.store(['R1', 'R1', 'R2', 'R2'])}/explanations/a1"
    said = {}
    for rep_id in ("R2", "R3", "R4"):
        answer = client.post(path, json={"rep_id": rep_id})
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["code"], fault["pointer"]) == (422, "LOCK_CONFLICT", "/rep_id")
        said[rep_id] = fault["detail"], fault["fix"]
    assert said["R2"][0] == "'a1' cannot go to 'R2': R2 lacks the required skill medical."
    assert said["R3"] == ("'a1' cannot go to 'R3': R3 has left.", "Name a rep who has not left.")
    assert "max_distance_km" in said["R4"][1]
    assert not any("lock" in text.lower() for told in said.values() for text in told)


def test_an_import_has_nothing_to_prove(living: TestClient) -> None:
    """The current alignment that came with the data has no criteria, so no price can be proven."""
    dataset_id = living.post("/v1/datasets", json=tiny_dataset()).json()["id"]
    current = living.get(f"/v1/datasets/{dataset_id}/current").json()["id"]
    answer = living.post(f"/v1/alignments/{current}/explanations/a1", json={"rep_id": "R2"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/rep_id")
