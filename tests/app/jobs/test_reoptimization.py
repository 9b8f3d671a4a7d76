"""A solve around an edit with a real worker: what was placed stays, and with `touched` so does everybody far away."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.reoptimization import held_outside, unproven
from app.scenarios.planning import plan
from app.scenarios.schemas import Criteria
from optimizer import MaxRuntime, Outcome, score, solve, violations
from tests.app.alignments.judged import judged_problem, tables_of
from tests.app.jobs.conftest import random_question, submit, wait_until_ended


def rep_ids(client: TestClient, alignment_id: str) -> dict[str, str]:
    """Return the rep of each account."""
    answer = client.get(f"/v1/alignments/{alignment_id}/assignments", params={"page_size": 1000})
    return {item["account_id"]: item["rep_id"] for item in answer.json()["items"]}


def test_touched_leaves_far_territories_alone(living: TestClient) -> None:
    """The job keeps the placed account and all accounts of reps who are no neighbors, and names what it began with."""
    question: dict[str, Any] = random_question(accounts=400, reps=24)
    question["search"] = {"time_limit_s": 60, "gap": 0.1}
    question["criteria"]["balance"] = [{"measure": "workload", "tolerance": 0.2, "hard": True}]
    first = wait_until_ended(living, submit(living, question)["id"])
    before = rep_ids(living, first["alignment_id"])
    goal = before["a1"]
    body = {"moves": [{"account_id": "a0", "rep_id": goal}], "reoptimize": "touched"}
    answer = living.post(f"/v1/alignments/{first['alignment_id']}/edits", json=body)
    assert answer.status_code == 202, answer.text
    job = wait_until_ended(living, answer.json()["id"])
    assert (job["state"], job["outcome"]) == ("succeeded", "feasible")
    assert job["progress"]["lower_bound"] is None
    after = rep_ids(living, job["alignment_id"])
    assert after["a0"] == goal
    changed = {account for account in before if before[account] != after[account]}
    assert len({before[account] for account in changed} | {after[account] for account in changed}) <= 14
    found = living.get(f"/v1/alignments/{job['alignment_id']}").json()
    assert found["violations"] == []
    assert found["origin"] == {
        "kind": "job",
        "job_id": job["id"],
        "parent_id": job["initial_alignment_id"],
    }
    assert job["initial_alignment_id"] == answer.json()["initial_alignment_id"]


@pytest.mark.parametrize("seed", range(10))
def test_the_narrower_question_has_the_objective_of_the_whole(seed: int) -> None:
    """With only some reps open the others keep their accounts, and every objective is that of the whole question."""
    raw, assignment, _ = judged_problem(seed)
    planned = plan(tables_of(raw), Criteria.model_validate(raw.criteria, strict=False))
    open_reps = raw.reps["id"][:2]
    narrower = held_outside(planned, assignment, open_reps)
    result = solve(narrower.problem, narrower.criteria, MaxRuntime(0.3))
    told = unproven(result)
    assert told.outcome in (Outcome.FEASIBLE, Outcome.UNKNOWN)
    assert told.lower_bound is None
    if told.outcome is not Outcome.FEASIBLE or result.alignment is None:
        return
    chosen = planned.assigned_rep_ids(result.alignment)
    for before, after in zip(assignment, chosen, strict=True):
        assert after in ((before,) if before is not None and before not in open_reps else (*open_reps, None))
    assert not violations(planned.problem, planned.criteria, result.alignment)

    expected = score(planned.problem, planned.criteria, result.alignment).objective
    assert result.objective == pytest.approx(expected, rel=1e-9)
