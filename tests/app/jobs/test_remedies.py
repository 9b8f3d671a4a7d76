"""Remedies of impossible jobs: of different kinds, checked on the relaxed question, with an alignment each."""

from typing import Any

from fastapi.testclient import TestClient

from tests.app.conftest import tiny_dataset
from tests.app.jobs.conftest import submit, wait_until_ended


def short_of_hours(**search: Any) -> dict[str, Any]:
    """Return 46 h of work for capacities of 22 h and 20 h, with a time limit that is never reached."""
    question: dict[str, Any] = {**tiny_dataset(), "search": {"time_limit_s": 60, **search}}
    for rep, most in zip(question["reps"], (22, 20), strict=True):
        rep["capacity"] = {"workload": {"max": most}}
    question["criteria"] = {"travel": {"weight": 30}}
    return question


def test_remedies_are_of_different_kinds_and_ranked(living: TestClient) -> None:
    """4 h short: raise a maximum, add a rep, or leave an account out; the cheapest stands first."""
    ended = wait_until_ended(living, submit(living, short_of_hours())["id"])
    assert (ended["outcome"], ended["alignment_id"]) == ("infeasible", None)
    conflict = ended["conflicts"][0]
    assert conflict["sentence"] == "All accounts together need 46 h; all capacities together are 42 h: 4 h short."
    assert "at least 4 h in all" in conflict["fix"]
    offered = ended["relaxations"]
    assert {"capacity_max", "add_rep", "unassigned"} <= {relaxation["kind"] for relaxation in offered}
    prices = [relaxation["price"] for relaxation in offered]
    assert prices == sorted(prices)
    assert len({relaxation["scenario_id"] for relaxation in offered}) == len(offered)
    for relaxation in offered:
        alignment = living.get(f"/v1/alignments/{relaxation['alignment_id']}").json()
        assert (alignment["outcome"], alignment["violations"]) == ("feasible", [])
        assert alignment["scenario_id"] == relaxation["scenario_id"]


def test_an_added_rep_stands_in_data_of_its_own(living: TestClient) -> None:
    """The alignment with one rep more breaks nothing in a dataset made from the job's, and can be solved further."""
    job = submit(living, short_of_hours())
    ended = wait_until_ended(living, job["id"])
    hired = next(relaxation for relaxation in ended["relaxations"] if relaxation["kind"] == "add_rep")
    assert hired["dataset_id"] != ended["dataset_id"]
    dataset = living.get(f"/v1/datasets/{hired['dataset_id']}").json()
    assert (dataset["parent_id"], dataset["counts"]["reps"]) == (ended["dataset_id"], 3)
    alignment = living.get(f"/v1/alignments/{hired['alignment_id']}").json()
    assert (alignment["violations"], alignment["scenario_id"]) == ([], hired["scenario_id"])
    assert alignment["counts"]["unassigned"] == 0
    again = wait_until_ended(living, submit(living, {"scenario_id": hired["scenario_id"]})["id"])
    assert again["outcome"] in ("optimal", "feasible")


def test_the_least_bad_alignment_comes_where_it_is_asked_for(living: TestClient) -> None:
    """`least_bad` stores the least violating alignment as the job's, with what it breaks."""
    ended = wait_until_ended(living, submit(living, short_of_hours(on_infeasible="least_bad"))["id"])
    assert ended["outcome"] == "infeasible"
    alignment = living.get(f"/v1/alignments/{ended['alignment_id']}").json()
    assert alignment["outcome"] == "infeasible"
    assert alignment["violations"]
