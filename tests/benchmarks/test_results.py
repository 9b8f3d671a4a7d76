import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.apart import run_apart
from benchmarks.plots import gap_over_time, one_run, time_over_size
from benchmarks.results import Results, read_rows
from benchmarks.summary import HEADER, summary
from benchmarks.versus import HEADER as VERSUS_HEADER
from benchmarks.versus import lines_of


def _row(**changes: Any) -> dict[str, Any]:
    row = {
        "asked": {"size": "500x10", "seed": 1, "variant": "plain", "time_limit_s": 5.0},
        "outcome": "feasible",
        "objective": 100.0,
        "lower_bound": 99.5,
        "gap_percent": 0.5,
        "first_feasible_s": 0.2,
        "one_percent_s": 0.5,
        "half_percent_s": 1.0,
        "seconds": 5.0,
        "violations": 0,
        "peak_memory_gb": 0.5,
        "curve": [[0.2, None, 90.0], [0.5, 101.0, 99.0], [1.0, 100.0, 99.5]],
    }
    return row | changes


def test_a_run_that_is_in_the_file_is_not_made_again(tmp_path: Path) -> None:
    """Every run is written at once; resumed, only what is missing or has failed is measured."""
    path, asked = tmp_path / "rows.json", {"seed": 1}
    first = Results(path, command="quality", resume=False)
    first.row(asked, lambda: {"outcome": "feasible"})
    first.row({"seed": 2}, lambda: {"outcome": "failed"})
    assert len(json.loads(path.read_text())["rows"]) == 2
    made: list[int] = []

    def measure() -> dict[str, Any]:
        made.append(1)
        return {"outcome": "feasible"}

    again = Results(path, command="quality", resume=True)
    again.row(asked, measure)
    assert made == []
    again.row({"seed": 2}, measure)
    assert made == [1]
    assert [row["outcome"] for row in read_rows([path])["quality"]] == ["feasible", "feasible"]


def test_a_file_is_neither_overwritten_nor_mixed(tmp_path: Path) -> None:
    """A file that exists needs --resume, and holds the rows of one command."""
    path = tmp_path / "rows.json"
    Results(path, command="quality", resume=False).row({}, lambda: {"outcome": "feasible"})
    with pytest.raises(SystemExit, match="resume"):
        Results(path, command="quality", resume=False)
    with pytest.raises(SystemExit, match="quality"):
        Results(path, command="warm", resume=True)


def test_the_summary_sets_the_worst_seed_against_the_bar() -> None:
    """A gap above the bar and a run without an alignment are named; proven infeasible ones do not count against it."""
    good, wide = _row(), _row(gap_percent=0.9)
    lost = _row(outcome="unknown", gap_percent=None, violations=3, first_feasible_s=None)
    none = _row(outcome="infeasible", gap_percent=None, violations=None, first_feasible_s=None)
    verdict = HEADER.index("must holds")
    assert summary([good, none])[0][verdict] == "yes"
    line = summary([good, wide, lost])[0]
    assert line[HEADER.index("feasible")] == "2 of 3"
    assert line[HEADER.index("worst gap")] == "0.90 %"
    assert line[verdict] == "1 without an alignment; by 0.10 too wide"


def test_every_solver_is_measured_by_the_best_bound_of_all() -> None:
    """A weak bound of its own does not make a good alignment look bad."""
    asked = {"size": "500x10", "seed": 1, "time_limit_s": 5.0}
    ours = _row(asked=asked | {"solver": "ours"})
    plain = _row(asked=asked | {"solver": "highs"}, lower_bound=50.0, gap_percent=50.0, build_s=0.1)
    place = VERSUS_HEADER.index("gap to the best bound")
    assert [line[place] for line in lines_of([ours, plain])] == ["0.50 %", "0.50 %"]


def test_charts_have_axis_titles_with_units() -> None:
    """Each chart is an SVG whose axes say what they show; without measurements there is none."""
    for draw in (gap_over_time, time_over_size, one_run):
        text = draw([_row()])
        assert text is not None
        assert text.startswith("<svg")
        assert "(s)" in text
        assert draw([]) is None


def test_a_run_apart_tells_its_result_its_end_or_its_reason() -> None:
    """The last line of a run is its result; a run that fails or does not end says so."""
    assert run_apart(["echo", '{"outcome": "feasible"}'])["outcome"] == "feasible"
    assert run_apart(["false"])["outcome"] == "failed"
    assert run_apart(["sleep", "60"], kill_after_s=0.1)["outcome"] == "killed"
