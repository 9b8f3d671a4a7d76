"""Edits by hand over HTTP: a child rescored at once, exactly as the independent checker would."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.alignments.models import Alignment
from app.alignments.service import assignments_of, criteria_of
from app.database import snapshot
from app.datasets.service import load_tables
from checker import check
from tests.app.alignments.conftest import CRITERIA, Bench
from tests.app.conftest import tiny_dataset

NEAREST: list[str | None] = ["R1", "R1", "R2", "R2"]


def checked(bench: Bench, alignment_id: str) -> Any:
    """Return what the checker says of a stored alignment, from the stored tables and criteria."""
    with snapshot(bench.app.state.sessions) as session:
        row = session.get_one(Alignment, alignment_id)
        tables = load_tables(session, row.dataset_id)
        plain = {name: {c: t.column(c).to_pylist() for c in t.column_names} for name, t in tables.named()}
        criteria = criteria_of(session, row)
        assert criteria is not None
        rep_ids = assignments_of(session, row).column("rep_id").to_pylist()
        return check(plain["accounts"], plain["reps"], plain.get("pairs"), criteria, rep_ids)


def judged(bench: Bench, rep_ids: list[str | None]) -> str:
    """Store an alignment with the terms that the checker finds."""
    bare = bench.store(rep_ids)
    report = checked(bench, bare)
    terms = [vars(term) for term in report.terms]
    return bench.store(
        rep_ids, summary={"objective": report.objective, "terms": terms, "lower_bound": 0.1, "gap": None}
    )


def edit(bench: Bench, alignment_id: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Post an edit that must be accepted."""
    answer = bench.client.post(f"/v1/alignments/{alignment_id}/edits", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    child: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/v1/alignments/{child['id']}"
    assert answer.headers["ETag"] == bench.client.get(answer.headers["Location"]).headers["ETag"]
    return child


def reps_of(bench: Bench, alignment_id: str) -> list[str | None]:
    """Return the rep of each account."""
    items = bench.get(f"/v1/alignments/{alignment_id}/assignments")["items"]
    return [item["rep_id"] for item in items]


def assert_as_checked(bench: Bench, child: dict[str, Any]) -> None:
    """Hold objective, terms and violations of a stored child to the checker's."""
    report = checked(bench, child["id"])
    assert child["objective"] == pytest.approx(report.objective, rel=1e-9)
    assert [term["name"] for term in child["terms"]] == [term.name for term in report.terms]
    for shown, term in zip(child["terms"], report.terms, strict=True):
        assert shown["reference"] == pytest.approx(term.reference, rel=1e-9)
        assert shown["weighted"] == pytest.approx(term.weighted, rel=1e-9, abs=1e-12)
        assert shown["unit"] == term.unit
    told = sorted((v["criterion"], v["measure"] or "", v["rep_id"] or "", v["detail"]) for v in child["violations"])
    assert told == sorted((v.criterion, v.measure or "", v.rep_id or "", v.detail) for v in report.violations)


EDITS: list[dict[str, Any]] = [
    {"moves": [{"account_id": "a3", "rep_id": "R1"}]},
    {"moves": [{"account_id": "a3", "rep_id": None}]},
    {"moves": [{"account_id": "a3", "rep_id": "R1", "lock": True}]},
    {"swaps": [["a1", "a4"]]},
    {"locks": ["a2"]},
    {"locks": [{"account_id": "a2", "rep_id": "R2"}]},
    {"forbid": [{"account_id": "a1", "rep_id": "R1"}]},
    {"capacity": [{"rep_id": "R1", "measure": "workload", "max": 20.0, "min": 3.0}]},
    {
        "moves": [{"account_id": "a3", "rep_id": "R1"}],
        "capacity": [{"rep_id": "R2", "measure": "accounts", "min": 3.0}],
    },
]


@pytest.mark.parametrize("body", EDITS)
def test_a_child_is_scored_as_the_checker_scores_it(bench: Bench, body: dict[str, Any]) -> None:
    """Objective, references, terms and violations of every kind of edit equal a full check from raw data."""
    parent = judged(bench, NEAREST)
    child = edit(bench, parent, body)
    assert child["origin"] == {"kind": "edit", "job_id": None, "parent_id": parent}
    assert_as_checked(bench, child)
    assert_as_checked(bench, edit(bench, child["id"], {"moves": [{"account_id": "a4", "rep_id": "R1"}]}))


def test_moves_alone_keep_the_question(bench: Bench) -> None:
    """Without new locks or limits the child has its parent's dataset, scenario and bound; it may break criteria."""
    parent = judged(bench, NEAREST)
    child = edit(bench, parent, {"moves": [{"account_id": "a3", "rep_id": "R1"}], "name": "Board"})
    assert (child["dataset_id"], child["scenario_id"]) == (bench.dataset_id, bench.scenario_id)
    assert child["name"] == "Board"
    assert child["lower_bound"] == 0.1
    assert [violation["criterion"] for violation in child["violations"]] == ["balance", "balance"]
    assert (child["outcome"], child["gap"]) == ("infeasible", None)
    change = child["scorecard_change"]
    assert change["accounts"] == 1
    assert change["violations"] == 2
    assert {rep["rep_id"]: rep["measures"]["workload"]["load"] for rep in change["reps"]} == {"R1": 12.0, "R2": -12.0}
    assert bench.client.post(f"/v1/alignments/{child['id']}/publish").json()["code"] == "HAS_VIOLATIONS"


def test_undo_is_the_parent(bench: Bench) -> None:
    """An edit leaves its parent as it was, and the opposite edit has the parent's numbers."""
    parent = judged(bench, NEAREST)
    before = bench.get(f"/v1/alignments/{parent}")
    child = edit(bench, parent, {"swaps": [["a1", "a4"]]})
    assert reps_of(bench, child["id"]) == ["R2", "R1", "R2", "R1"]
    assert reps_of(bench, child["origin"]["parent_id"]) == NEAREST
    back = edit(bench, child["id"], {"swaps": [["a1", "a4"]]})
    assert reps_of(bench, back["id"]) == NEAREST
    assert back["objective"] == pytest.approx(before["objective"], rel=1e-12)
    assert back["violations"] == before["violations"]


def test_a_lock_does_not_change_what_a_move_costs(bench: Bench) -> None:
    """The lock gives the child references of its own; the change is told by the parent's, with it as without."""
    parent = judged(bench, NEAREST)
    move = {"account_id": "a3", "rep_id": "R1"}
    plain, locked = (edit(bench, parent, {"moves": [{**move, "lock": lock}]}) for lock in (False, True))
    cost = plain["scorecard_change"]["objective"]
    assert cost == pytest.approx(plain["objective"] - bench.get(f"/v1/alignments/{parent}")["objective"])
    assert locked["objective"] != pytest.approx(plain["objective"])
    assert locked["scorecard_change"]["objective"] == pytest.approx(cost)


def test_a_lock_lives_in_a_scenario_of_its_own_and_can_be_released(bench: Bench) -> None:
    """A locked move makes a scenario based on the parent's, whose criteria stay; unlocking takes the lock out again."""
    parent = judged(bench, NEAREST)
    child = edit(bench, parent, {"moves": [{"account_id": "a3", "rep_id": "R1", "lock": True}]})
    scenario = bench.get(f"/v1/scenarios/{child['scenario_id']}")
    assert scenario["based_on"] == bench.scenario_id
    assert scenario["criteria"]["locks"] == [{"account_id": "a3", "rep_id": "R1"}]
    assert shown_as_locked(bench, child["id"]) == {"a3"}
    assert bench.get(f"/v1/scenarios/{bench.scenario_id}")["criteria"]["locks"] == []
    patched = bench.client.patch(f"/v1/scenarios/{child['scenario_id']}", json={"criteria": CRITERIA})
    assert patched.json()["code"] == "IN_USE"
    free = edit(bench, child["id"], {"unlocks": ["a3"]})
    assert bench.get(f"/v1/scenarios/{free['scenario_id']}")["criteria"]["locks"] == []
    assert shown_as_locked(bench, free["id"]) == set()
    assert_as_checked(bench, free)


def shown_as_locked(bench: Bench, alignment_id: str) -> set[str]:
    """Return the ids of the accounts that list and map call locked, which must be the same."""
    path = f"/v1/alignments/{alignment_id}"
    listed = {item["account_id"] for item in bench.get(f"{path}/assignments")["items"] if item["locked"]}
    points = [feature["properties"] for feature in bench.get(f"{path}/map")["features"]]
    assert {point["account_id"] for point in points if point["kind"] == "account" and point["locked"]} == listed
    return listed


def test_limits_and_locks_of_the_data_live_in_a_derived_dataset(bench: Bench) -> None:
    """A changed capacity makes a dataset with a parent; the parent's dataset keeps its limits."""
    parent = judged(bench, NEAREST)
    child = edit(bench, parent, {"capacity": [{"rep_id": "R1", "measure": "workload", "max": 20.0}]})
    dataset = bench.get(f"/v1/datasets/{child['dataset_id']}")
    assert dataset["parent_id"] == bench.dataset_id
    lines = {rep["rep_id"]: rep for rep in bench.get(f"/v1/alignments/{child['id']}/scorecard")["reps"]}
    assert lines["R1"]["measures"]["workload"]["max"] == 20.0
    assert bench.get(f"/v1/alignments/{parent}/scorecard")["reps"][0]["measures"]["workload"]["max"] is None
    assert [violation["criterion"] for violation in child["violations"]] == ["capacity"]
    free = edit(bench, child["id"], {"capacity": [{"rep_id": "R1", "measure": "workload", "max": None}]})
    assert free["violations"] == []


def test_a_locked_account_of_the_data_can_be_unlocked(app: Any, client: TestClient) -> None:
    """Releasing `locked` lets a move of that account be right, and the checker agrees."""
    body = tiny_dataset()
    body["accounts"][3]["locked"] = True
    bench = Bench(app, client, body)
    parent = judged(bench, ["R1", "R1", "R2", "R1"])
    moved = edit(bench, parent, {"moves": [{"account_id": "a4", "rep_id": "R2"}]})
    assert "locks" in [violation["criterion"] for violation in moved["violations"]]
    free = edit(bench, moved["id"], {"unlocks": ["a4"]})
    assert free["violations"] == []
    assert_as_checked(bench, free)


def test_a_family_goes_along(app: Any, client: TestClient) -> None:
    """With `family` all accounts of the tree move; without it the family is split, which is a violation."""
    body = tiny_dataset()
    body["accounts"][1]["parent_id"] = "a1"
    bench = Bench(app, client, body)
    parent = judged(bench, NEAREST)
    alone = edit(bench, parent, {"moves": [{"account_id": "a1", "rep_id": "R2"}]})
    assert "families" in [violation["criterion"] for violation in alone["violations"]]
    together = edit(bench, parent, {"moves": [{"account_id": "a1", "rep_id": "R2", "family": True, "lock": True}]})
    assert reps_of(bench, together["id"]) == ["R2"] * 4
    assert_as_checked(bench, together)


def test_a_stale_if_match_is_refused(bench: Bench) -> None:
    """Of two planners who read the same alignment, the second to edit it gets 412 and makes nothing."""
    parent = judged(bench, NEAREST)
    tag = bench.client.get(f"/v1/alignments/{parent}").headers["ETag"]
    move = {"moves": [{"account_id": "a3", "rep_id": "R1"}]}
    edit(bench, parent, move, **{"If-Match": tag})
    late = bench.client.post(f"/v1/alignments/{parent}/edits", json=move, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "CHANGED")
    assert bench.get("/v1/alignments")["total_size"] == 3


def test_the_same_key_edits_once(bench: Bench) -> None:
    """A repeated request with an Idempotency-Key answers the first child again."""
    parent = judged(bench, NEAREST)
    move = {"moves": [{"account_id": "a3", "rep_id": "R1"}]}
    one, two = (edit(bench, parent, move, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert one["id"] == two["id"]


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"moves": [{"account_id": "a33", "rep_id": "R1"}]}, "UNKNOWN_REFERENCE", "/moves/0/account_id"),
    ({"swaps": [["a1", "nobody"]]}, "UNKNOWN_REFERENCE", "/swaps/0/1"),
    ({"forbid": [{"account_id": "a1", "rep_id": "R9"}]}, "UNKNOWN_REFERENCE", "/forbid/0/rep_id"),
    ({"unlocks": ["zz"]}, "UNKNOWN_REFERENCE", "/unlocks/0"),
    ({"capacity": [{"rep_id": "R1", "measure": "worklod", "max": 1.0}]}, "UNKNOWN_REFERENCE", "/capacity/0/measure"),
    ({"capacity": [{"rep_id": "R1", "measure": "workload"}]}, "CONTRADICTORY_SETTING", "/capacity/0"),
    ({"swaps": [["a1", "a1"]]}, "CONTRADICTORY_SETTING", "/swaps/0"),
    ({"swaps": [["a1"]]}, "INVALID_VALUE", "/swaps/0"),
    ({"swaps": [["a1", "a2", "a3"]]}, "INVALID_VALUE", "/swaps/0"),
    (
        {"locks": [{"account_id": "a1"}], "moves": [{"account_id": "a1", "rep_id": None}]},
        "CONTRADICTORY_SETTING",
        "/locks/0",
    ),
    (
        {"capacity": [{"rep_id": "R1", "measure": "workload", "max": 50.0}] * 2},
        "CONTRADICTORY_SETTING",
        "/capacity/1",
    ),
    ({"moves": [{"account_id": "a1", "rep_id": None, "lock": True}]}, "CONTRADICTORY_SETTING", "/moves/0/lock"),
    (
        {"moves": [{"account_id": "a1", "rep_id": "R1"}, {"account_id": "a1", "rep_id": "R2"}]},
        "CONTRADICTORY_SETTING",
        "/moves/1",
    ),
    ({"locks": [{"account_id": "a1"}], "unlocks": ["a1"]}, "CONTRADICTORY_SETTING", "/locks/0"),
    (
        {"locks": [{"account_id": "a1"}], "forbid": [{"account_id": "a1", "rep_id": "R1"}]},
        "LOCK_CONFLICT",
        "/locks/0",
    ),
    (
        {"locks": [{"account_id": "a1", "rep_id": "R1"}, {"account_id": "a1", "rep_id": "R2"}]},
        "LOCK_CONFLICT",
        "/locks/1",
    ),
    ({}, "CONTRADICTORY_SETTING", ""),
    ({"moves": [{"account_id": "a1", "rep_id": "R2", "lok": True}]}, "UNKNOWN_FIELD", "/moves/0/lok"),
]


@pytest.mark.parametrize(("body", "code", "pointer"), REFUSED)
def test_what_makes_no_sense_is_refused_with_its_place(
    bench: Bench, body: dict[str, Any], code: str, pointer: str
) -> None:
    """Unknown ids, contradictions and conflicting locks are 422 with code and pointer, and nothing is stored."""
    parent = judged(bench, NEAREST)
    answer = bench.client.post(f"/v1/alignments/{parent}/edits", json=body)
    assert answer.status_code == 422, answer.text
    assert (code, pointer) in [(error["code"], error.get("pointer") or "") for error in answer.json()["errors"]]
    assert bench.get("/v1/alignments")["total_size"] == 2


@pytest.mark.parametrize("body", [body for body, code, _ in REFUSED if code == "CONTRADICTORY_SETTING"])
def test_a_contradiction_says_what_to_change(bench: Bench, body: dict[str, Any]) -> None:
    """The remedy of a contradiction names fields or places; only an empty edit has the general one."""
    answer = bench.client.post(f"/v1/alignments/{judged(bench, NEAREST)}/edits", json=body)
    (fault,) = [error for error in answer.json()["errors"] if error["code"] == "CONTRADICTORY_SETTING"]
    general = "Change one of the values that the sentence names."
    assert (fault["fix"] == general) == (not body or body == {"capacity": [{"rep_id": "R1", "measure": "workload"}]})


def test_a_swap_names_two_accounts(bench: Bench) -> None:
    """One account is no swap, and is told so in words of swaps."""
    answer = bench.client.post(f"/v1/alignments/{judged(bench, NEAREST)}/edits", json={"swaps": [["a1"]]})
    (fault,) = answer.json()["errors"]
    assert (fault["code"], fault["pointer"]) == ("INVALID_VALUE", "/swaps/0")
    assert fault["detail"].endswith("a swap names two accounts, here are 1.")


def test_an_unknown_id_names_the_nearest(bench: Bench) -> None:
    """The fault of a misspelt account proposes the account that was meant."""
    parent = judged(bench, NEAREST)
    body = {"moves": [{"account_id": "a44", "rep_id": "R1"}]}
    fault = bench.client.post(f"/v1/alignments/{parent}/edits", json=body).json()["errors"][0]
    assert "Did you mean 'a4'?" in fault["detail"]


def test_an_import_is_edited_without_criteria(bench: Bench) -> None:
    """An edit of the current alignment has no objective, and cannot be solved around."""
    current = bench.current()
    child = edit(bench, current, {"moves": [{"account_id": "a4", "rep_id": "R2"}]})
    assert (child["objective"], child["terms"], child["violations"]) == (None, [], [])
    assert child["scorecard_change"]["accounts"] == 1
    answer = bench.client.post(f"/v1/alignments/{current}/edits", json={"reoptimize": "all"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reoptimize")


def test_a_solve_around_an_edit_is_a_job_that_holds_the_moves(bench: Bench) -> None:
    """With `reoptimize` the answer is a job that begins with the edited alignment, whose moves are locked."""
    parent = judged(bench, NEAREST)
    body = {"moves": [{"account_id": "a3", "rep_id": "R1"}], "reoptimize": "touched", "search": {"time_limit_s": 5.0}}
    answer = bench.client.post(f"/v1/alignments/{parent}/edits", json=body)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    child = bench.get(f"/v1/alignments/{job['initial_alignment_id']}")
    assert child["origin"]["parent_id"] == parent
    scenario = bench.get(f"/v1/scenarios/{job['scenario_id']}")
    assert scenario["criteria"]["locks"] == [{"account_id": "a3", "rep_id": "R1"}]
    assert scenario["search"]["time_limit_s"] == 5.0


def test_a_later_solve_holds_all_edits_of_the_chain(bench: Bench) -> None:
    """Solving around without a further edit locks what the edits before it placed."""
    parent = judged(bench, NEAREST)
    first = edit(bench, parent, {"moves": [{"account_id": "a3", "rep_id": "R1"}]})
    second = edit(bench, first["id"], {"moves": [{"account_id": "a2", "rep_id": "R2"}]})
    answer = bench.client.post(f"/v1/alignments/{second['id']}/edits", json={"reoptimize": "all"})
    assert answer.status_code == 202, answer.text
    locks = bench.get(f"/v1/scenarios/{answer.json()['scenario_id']}")["criteria"]["locks"]
    assert locks == [{"account_id": "a2", "rep_id": "R2"}, {"account_id": "a3", "rep_id": "R1"}]
