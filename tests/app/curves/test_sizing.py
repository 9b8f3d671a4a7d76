"""A curve over team sizes in the solver's process."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs.solver_files import SolverFiles
from app.scenarios.center import read_centers
from checker import check
from tests.app.curves.conftest import ask, small_question, tables_of

CRITERIA = {
    "balance": [{"measure": "workload", "tolerance": 0.3, "hard": True}],
    "travel": {"weight": 50, "road_factor": 1.3},
}
Answered = tuple[Path, dict[str, Any], dict[str, Any]]

WANTED = {"sizes": [2, 3, 4], "within_km": 150.0}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    """Answer the sizes 2 to 4 of a team of three, once."""
    folder = tmp_path_factory.mktemp("sizes")
    result, curve, _ = ask(folder, tables_of(small_question()), WANTED, kind="size", criteria=CRITERIA, time_limit_s=9)
    return folder, result, curve


def test_each_size_has_an_alignment_that_the_checker_confirms(
    answered: Answered,
) -> None:
    """With the tables and centers that go with it, every alignment keeps all criteria and travels as told."""
    folder, result, curve = answered
    files = SolverFiles(folder)
    whole = tables_of(small_question())
    assert result["outcome"] == "feasible"
    assert [point["reps"] for point in curve["points"]] == [2, 3, 4]
    for point in curve["points"]:
        tables, criteria = files.read_relaxed(point["file"])
        reps = tables.get("reps", whole.reps)
        assert sum(reps["active"].to_pylist()) == point["reps"]
        assignments, summary = files.read_alignment(point["file"])
        centers = {rep_id: center[:2] for rep_id, center in read_centers(summary.get("centers", {})).items()}
        assert sorted(centers) == (["NEW-1"] if point["reps"] == 4 else [])
        report = check(
            whole.accounts.to_pydict(),
            reps.to_pydict(),
            None,
            criteria,
            assignments["rep_id"].to_pylist(),
            centers=centers,
        )
        assert (report.violations, point["num_violations"]) == ((), 0)
        raw = next(term.raw for term in report.terms if term.name == "travel")
        assert point["travel"]["raw"] == pytest.approx(raw)
        assert point["objective"] == pytest.approx(report.objective)
        assert (point["lower_bound"] is None) is bool(centers)


def test_points_tell_coverage_and_loads(answered: Answered) -> None:
    """The mean load is the total by the number of reps; coverage is a share; workload per rep falls with more reps."""
    _, _, curve = answered
    total = sum(account["measures"]["workload"] for account in small_question()["accounts"])
    means = []
    for point in curve["points"]:
        load = point["loads"]["workload"]
        assert load["smallest"] <= load["mean"] <= load["largest"]
        means.append(load["mean"])
        assert means[-1] == pytest.approx(total / point["reps"])
        assert 0 <= point["coverage"] <= 1
        assert point["balance"]["workload"]["worst"] <= 0.3 + 1e-9
    assert means == sorted(means, reverse=True)


def test_a_team_that_cannot_carry_the_work_says_so(tmp_path: Path) -> None:
    """Largest loads that only three reps can keep: two are impossible, with no alignment, and three are not."""
    body = small_question()
    total = sum(account["measures"]["workload"] for account in body["accounts"])
    for rep in body["reps"]:
        rep["capacity"] = {"workload": {"max": round(total / 2.5)}}
    wanted = {"sizes": [2, 3], "within_km": None}
    _, curve, told = ask(tmp_path, tables_of(body), wanted, kind="size", criteria=CRITERIA, time_limit_s=6)
    assert [(point["outcome"], point["file"] is None) for point in curve["points"]] == [
        ("infeasible", True),
        ("feasible" if curve["points"][1]["outcome"] == "feasible" else "optimal", False),
    ]
    assert [point["coverage"] for point in curve["points"]] == [None, None]
    assert told.names()


def test_what_an_earlier_attempt_stored_is_kept(tmp_path: Path, answered: Answered) -> None:
    """A second attempt solves only what is missing and returns the other points as they were."""
    _, _, curve = answered
    known = curve["points"][:2]
    _, again, told = ask(
        tmp_path,
        tables_of(small_question()),
        WANTED,
        kind="size",
        criteria=CRITERIA,
        stored=known,
        attempt=2,
        time_limit_s=9,
    )
    assert [point["file"] for point in again["points"]][:2] == [point["file"] for point in known]
    assert again["points"][2]["file"] == "size-2-4"
    assert {message["phase"] for message in told.messages if message["type"] == "progress"} == {"planning", "4 reps"}
