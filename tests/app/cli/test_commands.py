"""The command line as a user meets it: in processes of its own, by exit codes, files and sentences."""

import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def territory(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``territory`` and wait for it."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated dataset of 300 accounts and 6 reps in Poland."""
    folder = tmp_path_factory.mktemp("example")
    size = ("--accounts", "300", "--reps", "6")
    done = territory("generate", "--out", str(folder), *size, "--seed", "5", "--countries", "PL")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def solved(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a solved example."""
    out = tmp_path_factory.mktemp("solved")
    files = (str(example / "accounts.csv"), str(example / "reps.csv"), "--criteria", str(example / "criteria.json"))
    done = territory("solve", *files, "--out", str(out), "--time-limit-s", "200", "--gap", "0.02")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "within" in done.stdout or "proven" in done.stdout
    return out


def test_the_same_seed_generates_the_same_files(example: Path, tmp_path: Path) -> None:
    """Generating again gives the same bytes."""
    again = territory(
        "generate", "--out", str(tmp_path), "--accounts", "300", "--reps", "6", "--seed", "5", "--countries", "PL"
    )
    assert again.returncode == 0
    for name in ("accounts.csv", "reps.csv", "criteria.json"):
        assert (tmp_path / name).read_bytes() == (example / name).read_bytes()


def test_the_shipped_example_is_what_the_generator_makes(tmp_path: Path) -> None:
    """examples/ holds the default output of ``territory generate``."""
    assert territory("generate", "--out", str(tmp_path)).returncode == 0
    for name in ("accounts.csv", "reps.csv", "criteria.json"):
        assert (tmp_path / name).read_bytes() == (ROOT / "examples" / name).read_bytes()


def test_checking_names_the_row_and_the_remedy(example: Path, tmp_path: Path) -> None:
    """A duplicate id is refused with its row, and the exit code says so."""
    rows = (example / "accounts.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    broken = tmp_path / "accounts.csv"
    broken.write_text("".join([*rows, rows[1]]), encoding="utf-8")
    done = territory("check", str(broken), str(example / "reps.csv"))
    assert done.returncode == 2
    assert "row 302" in done.stderr
    assert "A-001" in done.stderr


def test_solving_writes_every_file(solved: Path) -> None:
    """One command leaves the tables, the map, the report and the files for an audit."""
    with (solved / "assignments.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 300
    assert json.loads((solved / "territories.geojson").read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    names = {"assignments.csv", "moves.csv", "territories.geojson", "scorecard.json", "report.html", "audit"}
    assert names <= {path.name for path in solved.iterdir()}


def test_an_audit_confirms_the_result_from_raw_files(solved: Path) -> None:
    """The independent checker recomputes the objective and the certificate's bound."""
    done = territory("verify", str(solved / "audit"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "criteria: all kept" in done.stdout
    assert "certificate: holds" in done.stdout


def test_an_audit_refuses_a_tampered_assignment(solved: Path, tmp_path: Path) -> None:
    """Giving every account to one rep breaks the balance, and the audit says so."""
    for path in (solved / "audit").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "assignments.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "assignments.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account_id", "rep_id"])
        writer.writerows([row["account_id"], rows[0]["rep_id"]] for row in rows)
    done = territory("verify", str(tmp_path))
    assert done.returncode == 1
    assert "violation" in done.stdout


def test_wrong_criteria_are_refused_by_name(example: Path, tmp_path: Path) -> None:
    """A misspelt field of the criteria is named, and nothing is solved."""
    criteria = tmp_path / "criteria.json"
    criteria.write_text('{"ballance": []}', encoding="utf-8")
    files = (str(example / "accounts.csv"), str(example / "reps.csv"), "--criteria", str(criteria))
    done = territory("solve", *files, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "ballance" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    """A port in use ends the command with what to do, not with a trace."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = territory("serve", "--port", port, "--data", str(tmp_path))
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named() -> None:
    """A setting out of its range is named by its variable."""
    done = territory("serve", TERRITORY_PORT="99999")
    assert done.returncode == 2
    assert "TERRITORY_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_used_is_one_clear_sentence(tmp_path: Path) -> None:
    """A database file that is none ends the command with a sentence."""
    (tmp_path / "broken.db").write_bytes(b"this is not a database, whatever its name says" * 100)
    done = territory("migrate", TERRITORY_DATABASE_URL=f"sqlite:///{tmp_path / 'broken.db'}")
    assert done.returncode == 1
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr
