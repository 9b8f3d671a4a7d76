"""Curves in the solver's process: checked points one after another, going on after a death, and stopping."""

import itertools
import threading
from pathlib import Path

import pytest

from app.curves.time_shares import TimeShares
from app.datasets.tables import read_parquet
from app.jobs.solver_files import SolverFiles
from tests.app.curves.conftest import SHARES, Asked, ask, small_question, tables_of


def test_every_point_has_a_checked_alignment_and_none_is_worse_than_the_one_before(asked: Asked) -> None:
    """Objectives fall, nothing moves beyond its share, and each point says which own criteria it breaks."""
    curve, points = asked.curve, asked.curve["points"]
    assert (asked.result["outcome"], asked.result["points"]) == ("feasible", asked.told.names()[-1])
    objectives = [point["objective"] for point in points]
    assert objectives == sorted(objectives, reverse=True)
    for point in points:
        assert point["moved"]["amount"] == point["moved"]["accounts"] <= point["allowed"]["amount"] + 1e-9
        assert point["lower_bound"] is None or point["lower_bound"] <= point["objective"] * (1 + 1e-9)
        in_band = point["balance"]["workload"]["in_band"]
        assert in_band == 3 - point["num_violations"]
        assert (point["balance"]["workload"]["beyond"] == 0) is (point["num_violations"] == 0)
        assert sum(term["weighted"] for term in point["terms"]) == pytest.approx(point["objective"])
        assert read_parquet(asked.folder / f"{point['file']}.parquet").num_rows == 20
    assert [point["label"] for point in points if point["is_knee"]] == [curve["summary"]["knee"]]
    needed = next(point for point in points if point["is_needed"])
    assert (needed["num_violations"], needed["allowed"]["amount"]) == (0, curve["summary"]["needed"]["amount"])


def test_points_are_told_as_they_come(asked: Asked) -> None:
    """Each curve told has one point more or other points, and progress says which point of how many is asked for."""
    curve, told = asked.curve, asked.told
    counts = [message["points_done"] for message in told.messages if "points_done" in message]
    assert counts == sorted(counts)
    assert counts[-1] == len(curve["points"]) - 1
    phases = {message["phase"] for message in told.messages if message["type"] == "progress"}
    assert {"planning", "10 %", "20 %"} <= phases


def test_what_an_earlier_attempt_stored_is_not_asked_again(tmp_path: Path, asked: Asked) -> None:
    """A second attempt takes three points as they are, and ends with the curve of an attempt without a death."""
    whole, known = asked.curve, asked.curve["points"][:3]
    for file in {point["file"] for point in known}:
        (tmp_path / f"{file}.parquet").write_bytes((asked.folder / f"{file}.parquet").read_bytes())
    shares = {"shares": SHARES}
    _, resumed, told = ask(tmp_path, tables_of(small_question()), shares, stored=known, attempt=2)
    assert [point["file"] for point in resumed["points"][:3]] == [point["file"] for point in known]
    assert [point["objective"] for point in resumed["points"]] == [point["objective"] for point in whole["points"]]
    phases = {message["phase"] for message in told.messages if message["type"] == "progress"}
    assert not phases & {point["label"] for point in known}
    new = {point["file"] for point in resumed["points"]} - {point["file"] for point in known}
    assert all(file.startswith("point-2-") for file in new)


def test_a_stop_before_the_first_point_still_gives_one(tmp_path: Path) -> None:
    """With a stop wanted from the beginning, the current alignment is the only point."""
    stop = threading.Event()
    stop.set()
    result, curve, _ = ask(tmp_path, tables_of(small_question()), {"shares": SHARES}, stop=stop)
    assert (result["outcome"], result["stop_reason"]) == ("feasible", "stopped")
    assert [(point["label"], point["moved"]["accounts"]) for point in curve["points"]] == [("0 %", 0)]


def test_a_time_that_is_over_leaves_points_that_are_carried_over(tmp_path: Path) -> None:
    """With no time at all every point still has an alignment: that of the point before."""
    tables = tables_of(small_question())
    result, curve, _ = ask(tmp_path, tables, {"shares": SHARES}, time_limit_s=1e-6, deterministic=False)
    assert result["stop_reason"] == "time_limit"
    assert len({point["file"] for point in curve["points"]}) >= 1
    assert all(point["objective"] is not None for point in curve["points"])


def test_a_pareto_set_has_seven_alignments_none_dominated(tmp_path: Path) -> None:
    """At least seven files, and no point is as good as another in all three values."""
    wanted = {"alignments": 7}
    result, curve, _ = ask(tmp_path, tables_of(small_question()), wanted, kind="pareto")
    points = curve["points"]
    assert result["outcome"] == "feasible"
    assert len({point["file"] for point in points}) == len(points) >= 7
    values = [tuple(point["values"].values()) for point in points]
    for one, other in itertools.permutations(values, 2):
        assert not all(a <= b for a, b in zip(one, other, strict=True))
    assert curve["summary"]["balance_is"] == "measured"


def test_a_pareto_set_knows_travel_even_where_the_scenario_does_not_price_it(tmp_path: Path) -> None:
    """Without a travel weight the set still compares kilometers."""
    criteria = {"balance": [{"measure": "workload"}]}
    tables = tables_of(small_question())
    _, curve, _ = ask(tmp_path, tables, {"alignments": 7}, kind="pareto", criteria=criteria)
    assert {point["travel"]["unit"] for point in curve["points"]} == {"km"}
    assert len({point["values"]["travel"] for point in curve["points"]}) > 1


def test_an_impossible_curve_tells_why(tmp_path: Path) -> None:
    """Capacities below the total make a curve without points, with the conflict's arithmetic."""
    body = small_question()
    for rep in body["reps"]:
        rep["capacity"] = {"workload": {"max": 30}}
    result, curve, told = ask(tmp_path, tables_of(body), {"shares": SHARES})
    assert (result["outcome"], curve["points"]) == ("infeasible", [])
    assert result["conflicts"][0]["sentence"]
    assert "relaxing" in {message.get("phase") for message in told.messages}


@pytest.mark.parametrize("kind", ["disruption", "pareto"])
def test_an_impossible_curve_tells_what_would_help(tmp_path: Path, kind: str) -> None:
    """Relaxations of different kinds come with a checked alignment and the question that it answers, as of a job."""
    body = small_question()
    for rep in body["reps"]:
        rep["capacity"] = {"workload": {"max": 30}}
    wanted = {"shares": SHARES} if kind == "disruption" else {"alignments": 7}
    result, _, _ = ask(tmp_path, tables_of(body), wanted, kind=kind)
    assert len({relaxation["kind"] for relaxation in result["relaxations"]}) >= 2
    for relaxation in result["relaxations"]:
        _, summary = SolverFiles(tmp_path).read_alignment(relaxation["alignment"])
        assert (summary["outcome"], summary["violations"]) == ("feasible", [])
        tables, criteria = SolverFiles(tmp_path).read_relaxed(relaxation["alignment"])
        assert criteria["balance"]
        assert set(tables) <= {"accounts", "reps", "pairs"}


def test_moves_away_from_a_rep_who_left_are_moves_that_cost_nothing(tmp_path: Path) -> None:
    """A point counts moves as the scorecard does; what counts in its allowance is told apart."""
    body = small_question()
    gone = body["reps"][-1]["id"]
    body["reps"][-1]["active"] = False
    num_left = sum(account["current_rep_id"] == gone for account in body["accounts"])
    _, curve, _ = ask(tmp_path, tables_of(body), {"shares": [0.0, 0.2]}, criteria={"travel": {"weight": 10}})
    for point in curve["points"]:
        moved = point["moved"]
        assert moved["of_left"] == num_left > 0
        assert moved["accounts"] == moved["amount"] + moved["of_left"]
        assert moved["amount"] <= point["allowed"]["amount"]
        rep_ids = read_parquet(tmp_path / f"{point['file']}.parquet")["rep_id"].to_pylist()
        pairs = zip(body["accounts"], rep_ids, strict=True)
        assert moved["accounts"] == sum(account["current_rep_id"] != rep_id for account, rep_id in pairs)


def test_time_is_shared_and_what_is_left_over_is_passed_on() -> None:
    """Of 10 s for 5 questions the first gets 2; when 1 s has passed, 4 share 9; by work each gets 2 whatever passes."""
    now = [0.0]
    shares = TimeShares(10.0, by_work=False, clock=lambda: now[0])
    assert shares.next_s(5) == 2.0
    now[0] = 1.0
    assert shares.next_s(4) == 2.25
    now[0] = 10.0
    assert shares.next_s(1) is None
    by_work = TimeShares(10.0, by_work=True, clock=lambda: now[0])
    assert [by_work.next_s(5), by_work.next_s(1)] == [2.0, 2.0]
