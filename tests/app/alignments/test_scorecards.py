"""The scorecard of four accounts on a line, by hand."""

from typing import Any

import pytest

from app.alignments.scorecards import scorecard, scorecard_json
from app.scenarios.center import Center
from tests.app.alignments.line import DEGREE_KM, account_rows, columns, rep_rows


def rep_of(answer: dict[str, Any], rep_id: str) -> dict[str, Any]:
    """Return one rep's line."""
    return next(rep for rep in answer["reps"] if rep["rep_id"] == rep_id)


def test_equal_targets_are_the_mean_over_active_reps() -> None:
    """100 hours over R1, R2 and the open seat R4 are 33.3 each; R3 has left and has no target."""
    answer = scorecard_json(scorecard(columns(), None))
    workload = {rep["rep_id"]: rep["measures"]["workload"] for rep in answer["reps"]}
    assert workload["R1"]["load"] == 30.0
    assert workload["R2"]["load"] == 70.0
    assert workload["R1"]["target"] == pytest.approx(100 / 3)
    assert workload["R2"]["index"] == pytest.approx(210.0)
    assert workload["R4"] == {
        "load": 0.0,
        "target": pytest.approx(100 / 3),
        "index": 0.0,
        "min": None,
        "max": None,
        "before": {"load": 0.0, "index": 0.0},
    }
    assert workload["R3"]["target"] is None
    assert workload["R3"]["index"] is None
    assert workload["R3"]["before"] == {"load": 40.0, "index": None}


def test_without_criteria_who_works_half_owes_half() -> None:
    """In a team with part-time reps nobody asked how to share, the fair share is by FTE; also of measures beside it."""
    reps = [{**row, "fte": 0.5 if row["id"] == "R1" else 1.0} for row in rep_rows()]
    answer = scorecard_json(scorecard(columns(reps=reps), None))
    assert rep_of(answer, "R1")["measures"]["workload"]["target"] == pytest.approx(20.0)
    assert rep_of(answer, "R2")["measures"]["workload"]["target"] == pytest.approx(40.0)
    assert {line["target"] for line in answer["team"]["measures"].values()} == {"fte"}
    asked = {"balance": [{"measure": "workload", "target": "equal", "tolerance": 0.1, "hard": False}]}
    told = scorecard_json(scorecard(columns(reps=reps), asked))["team"]["measures"]
    assert (told["workload"]["target"], told["accounts"]["target"]) == ("equal", "fte")


def test_before_is_the_current_alignment_judged_alike() -> None:
    """R1 had 60 of 100 hours; 180 % of an equal share of what is assigned."""
    before = rep_of(scorecard_json(scorecard(columns(), None)), "R1")["measures"]["workload"]["before"]
    assert before == {"load": 60.0, "index": pytest.approx(180.0)}


def test_team_numbers_leave_out_who_left() -> None:
    """Indices 90, 210 and 0 over three reps: nobody within 5 %, none has a ratio, R1 within 10 %."""
    team = scorecard_json(scorecard(columns(), None))["team"]
    assert team["reps"] == 3
    workload = team["measures"]["workload"]
    assert (workload["within_5"], workload["within_10"]) == (0.0, pytest.approx(1 / 3))
    assert workload["max_min_ratio"] is None
    assert workload["gini"] == pytest.approx((-2 * 0 + 0 * 90 + 2 * 210) / (3 * 300))
    assert workload["before"]["within_10"] == 0.0


@pytest.mark.parametrize(
    ("target", "changes", "expected"),
    [
        ("fte", {"R1": {"fte": 0.5}, "R4": {"fte": 0.5}}, {"R1": 25.0, "R2": 50.0, "R4": 25.0}),
        (
            "capacity",
            {"R1": {"max:workload": 60.0}, "R2": {"max:workload": 90.0}, "R4": {"max:workload": 50.0}},
            {"R1": 30.0, "R2": 45.0, "R4": 25.0},
        ),
        ("given", {"R1": {"target:workload": 12.0}}, {"R1": 12.0, "R2": None, "R4": None}),
    ],
)
def test_targets_as_the_criteria_say(
    target: str, changes: dict[str, dict[str, float]], expected: dict[str, float | None]
) -> None:
    """FTE and largest load share the assigned total in proportion; a given target stands as it is."""
    reps = [{**row, **changes.get(row["id"], {})} for row in rep_rows()]
    criteria = {"balance": [{"measure": "workload", "target": target, "tolerance": 0.1, "hard": False}]}
    answer = scorecard_json(scorecard(columns(reps=reps), criteria))
    found = {rep_id: rep_of(answer, rep_id)["measures"]["workload"]["target"] for rep_id in expected}
    assert found == {rep_id: None if load is None else pytest.approx(load) for rep_id, load in expected.items()}


def test_travel_counts_road_kilometers_and_visits() -> None:
    """R1 drives 1 + 2 degrees, R2 2 + 1; the factor 1.5 and ten visits to a1 are counted."""
    accounts = account_rows()
    accounts[0]["visits_per_year"] = 10.0
    criteria = {"travel": {"weight": 1, "source": "great_circle", "road_factor": 1.5}}
    answer = scorecard_json(scorecard(columns(accounts=accounts), criteria))
    assert rep_of(answer, "R1")["travel_km"] == pytest.approx(1.5 * (10 * 1 + 2) * DEGREE_KM)
    assert rep_of(answer, "R2")["travel_km"] == pytest.approx(1.5 * 3 * DEGREE_KM)
    assert answer["team"]["travel_km"] == pytest.approx(1.5 * 15 * DEGREE_KM)
    assert answer["team"]["before"]["travel_km"] == pytest.approx(1.5 * (10 + 2 + 4 + 0) * DEGREE_KM)


def test_a_callers_cost_is_not_kilometers() -> None:
    """With travel from pairs nothing is known in kilometers."""
    answer = scorecard_json(scorecard(columns(), {"travel": {"weight": 1, "source": "pairs"}}))
    assert answer["team"]["travel_km"] is None
    assert rep_of(answer, "R1")["travel_km"] is None


def test_a_placed_center_serves_a_rep_without_a_home() -> None:
    """R4 has no home; with its center at longitude 4, a3 is there and a4 a degree away."""
    owner = ["R1", "R1", "R4", "R4"]
    assert rep_of(scorecard_json(scorecard(columns(owner), None)), "R4")["travel_km"] == 0.0
    answer = scorecard_json(scorecard(columns(owner), None, centers={"R4": Center(0.0, 4.0)}))
    assert rep_of(answer, "R4")["travel_km"] == pytest.approx(DEGREE_KM)


def test_radius_is_workload_weighted() -> None:
    """R1: sqrt((10·1² + 20·2²) / 30) degrees."""
    radius = rep_of(scorecard_json(scorecard(columns(), None)), "R1")["radius_km"]
    assert radius == pytest.approx((90 / 30) ** 0.5 * DEGREE_KM)


def test_leaving_a_rep_who_left_is_a_move_but_no_disruption() -> None:
    """a3 and a4 move; only a3's 30 of 100 hours and 100 of 400 potential are disruption."""
    answer = scorecard_json(scorecard(columns(), None))
    disruption = answer["team"]["disruption"]
    assert (disruption["moved"], disruption["accounts"]) == (2, 1)
    assert disruption["share"] == {"workload": 0.3, "potential": 0.25, "accounts": 0.25}
    assert (rep_of(answer, "R2")["moved_in"], rep_of(answer, "R1")["moved_out"]) == (2, 1)


def test_unassigned_accounts_count_for_nobody() -> None:
    """Without a2 the assigned total is 80, and leaving R1 for nobody is a move out without a move in."""
    answer = scorecard_json(scorecard(columns(["R1", None, "R2", "R2"]), None))
    assert rep_of(answer, "R1")["measures"]["workload"]["target"] == pytest.approx(80 / 3)
    assert sum(rep["moved_out"] for rep in answer["reps"]) == 3
    assert sum(rep["moved_in"] for rep in answer["reps"]) == 2


def test_before_is_unknown_without_a_current_alignment() -> None:
    """Where no account has a rep yet, nothing is said of before, and nothing moves."""
    accounts = [{**row, "current_rep_id": None} for row in account_rows()]
    answer = scorecard_json(scorecard(columns(accounts=accounts), None))
    assert answer["team"]["before"] is None
    assert answer["team"]["measures"]["workload"]["before"] is None
    assert answer["team"]["disruption"]["accounts"] == 0


def test_reps_in_band_by_the_criteria_tolerance() -> None:
    """Within 110 % of 33.3 hours neither R1 (90) nor R2 (210) is within 5 %, R1 is within 10 %."""
    for tolerance, in_band in ((0.05, 0), (0.10, 1)):
        rule = {"measure": "workload", "target": "equal", "tolerance": tolerance, "hard": True}
        team = scorecard_json(scorecard(columns(), {"balance": [rule]}))["team"]
        assert (team["in_band"], team["balanced"]) == (in_band, ["workload"])
