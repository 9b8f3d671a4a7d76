"""A rep leaves, joins or goes part-time: a changed dataset and a job, in which only what is needed moves."""

from typing import Any

from fastapi.testclient import TestClient

from tests.app.jobs.conftest import wait_until_ended

CRITERIA: dict[str, Any] = {
    "travel": {"weight": 1},
    "disruption": {"weight": 100, "measure": "workload"},
}
SEARCH = {"time_limit_s": 300.0, "gap": 0}


def team() -> dict[str, Any]:
    """Return three reps on a line, each with four accounts around the own home, and room for six.

    R1 aaaa . . . R2 bbbb . . . R3 cccc     10 hours an account, 60 hours a rep
    """
    reps = [
        {"id": f"R{number}", "lat": 50.0, "lon": 10.0 + 2 * number, "capacity": {"workload": {"max": 60.0}}}
        for number in (1, 2, 3)
    ]
    accounts = [
        {
            "id": f"{letter}{place}",
            "lat": 50.0,
            "lon": 10.0 + 2 * number + 0.1 * place,
            "current_rep_id": f"R{number}",
            "measures": {"workload": 10.0},
        }
        for number, letter in ((1, "a"), (2, "b"), (3, "c"))
        for place in (1, 2, 3, 4)
    ]
    return {"name": "Team", "accounts": accounts, "reps": reps}


def solved(client: TestClient, changes: dict[str, Any], criteria: dict[str, Any]) -> list[dict[str, Any]]:
    """Import the team, change it, solve beginning with the alignment in force, and return the moves."""
    dataset_id = client.post("/v1/datasets", json=team()).json()["id"]
    changed = client.post(f"/v1/datasets/{dataset_id}/changes", json=changes)
    assert changed.status_code == 201, changed.text
    assert changed.json()["parent_id"] == dataset_id
    body = {"dataset_id": changed.json()["id"], "criteria": criteria, "search": SEARCH}
    scenario_id = client.post("/v1/scenarios", json=body).json()["id"]
    job = wait_until_ended(client, client.post("/v1/jobs", json={"scenario_id": scenario_id}).json()["id"])
    assert (job["state"], job["outcome"]) == ("succeeded", "optimal"), job
    found: list[dict[str, Any]] = client.get(f"/v1/alignments/{job['alignment_id']}/moves").json()["items"]
    return found


def test_the_search_begins_with_the_alignment_in_force(client: TestClient) -> None:
    """A job on a changed dataset begins where the team stands, one on an imported dataset does not."""
    dataset_id = client.post("/v1/datasets", json=team()).json()["id"]
    changed_id = client.post(f"/v1/datasets/{dataset_id}/changes", json={"leave": ["R2"]}).json()["id"]
    jobs = []
    for one in (dataset_id, changed_id, changed_id):
        scenario_id = client.post("/v1/scenarios", json={"dataset_id": one, "criteria": CRITERIA}).json()["id"]
        jobs.append(client.post("/v1/jobs", json={"scenario_id": scenario_id}).json())
    in_force = client.get(f"/v1/datasets/{changed_id}/current").json()["id"]
    assert [job["initial_alignment_id"] for job in jobs] == [None, in_force, in_force]


def test_when_a_rep_leaves_only_their_accounts_move(living: TestClient) -> None:
    """The others have room, so nobody else's account moves, with moves priced and with no other move allowed."""
    capped = {"travel": {"weight": 1}, "disruption": {"max_moved": {"accounts": 0}}}
    for criteria in (CRITERIA, capped):
        moves = solved(living, {"leave": ["R2"]}, criteria)
        assert {move["account_id"] for move in moves} == {"b1", "b2", "b3", "b4"}
        assert {move["reason_code"] for move in moves} == {"REP_LEFT"}
        assert sorted(move["to"] for move in moves) == ["R1", "R1", "R3", "R3"]


def test_when_room_is_just_enough_still_nobody_else_moves(living: TestClient) -> None:
    """R1 has room for one, R2 for two, a rep who joins for one: the leaver's four accounts fit, and no other moves."""
    changes = {
        "leave": ["R3"],
        "update": [{"rep_id": "R1", "capacity": {"workload": {"max": 50.0}}}],
        "join": [{"id": "R4", "lat": 50.0, "lon": 16.3, "capacity": {"workload": {"max": 10.0}}}],
    }
    moves = solved(living, changes, CRITERIA)
    assert {move["account_id"] for move in moves} == {"c1", "c2", "c3", "c4"}
    assert sorted(move["to"] for move in moves) == ["R1", "R2", "R2", "R4"]


def test_when_a_rep_goes_part_time_only_the_surplus_moves(living: TestClient) -> None:
    """R1 keeps 20 of 40 hours, so exactly two of its accounts go, the ones nearest to whom they go to."""
    changes = {"update": [{"rep_id": "R1", "fte": 0.5, "capacity": {"workload": {"max": 20.0}}}]}
    moves = solved(living, changes, CRITERIA)
    assert [(move["account_id"], move["to"]) for move in moves] == [("a3", "R2"), ("a4", "R2")]
    assert {move["reason_code"] for move in moves} == {"OVER"}


def test_a_rep_who_joins_takes_what_balance_needs(living: TestClient) -> None:
    """With loads within 35 % of the fair share of 30 hours, the new rep gets the two accounts that the band asks."""
    criteria = {**CRITERIA, "balance": [{"measure": "workload", "target": "equal", "tolerance": 0.35, "hard": True}]}
    moves = solved(living, {"join": [{"id": "R4", "lat": 50.0, "lon": 13.0}]}, criteria)
    assert {move["to"] for move in moves} == {"R4"}
    assert len(moves) == 2
