"""The capacitated p-median benchmark, on an instance of four points that is solved by hand."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cpmp
from optimizer.location.question import Located


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pairs of points, 1 and 1.5 apart and far from each other, two centers of capacity 2: floor costs 1 + 1."""
    (tmp_path / "instances").mkdir()
    points = ["0 0 2 1", "0 1 2 1", "9 0 2 1", "9 1.5 2 1"]
    (tmp_path / "instances" / "four.txt").write_text("4 2\n" + "\n".join(points) + "\n")
    header = "instance,n,p,metric,best_known"
    (tmp_path / "best_known.csv").write_text(f"{header}\nfour,4,2,floor,2\n")
    return tmp_path


def test_four_points_are_solved_and_audited(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cost is 2, nothing is wrong by the numbers, and the table and the JSON say so."""
    parser = argparse.ArgumentParser()
    cpmp.add_arguments(parser)
    written = folder / "out.json"
    cpmp.run(parser.parse_args(["--instances", str(folder), "--seconds", "0.3", "--json", str(written)]))
    (row,) = json.loads(written.read_text())["rows"]
    assert (row["name"], row["cost"], row["above_percent"], row["faults"]) == ("four", 2.0, 0.0, 0)
    assert row["gap_percent"] >= 0
    assert "above_percent" in capsys.readouterr().out


def test_a_wrong_answer_is_found_by_the_audit(folder: Path) -> None:
    """All points at one of two centers in the same place: too much load, a place taken twice, a cost that is not so."""
    question = cpmp.read_question(folder / "instances" / "four.txt", metric="floor")
    wrong = Located(center=np.zeros(2, dtype=np.int64), owner=np.zeros(4, dtype=np.int64), cost=1.0, breaches=0)
    assert cpmp.faults(question, wrong) == 3
