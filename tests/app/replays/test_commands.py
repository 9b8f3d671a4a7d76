"""What ``territory replay`` and ``territory diff`` print and with which code they end, on a database on disk."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import typer
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.alignments.models import Alignment
from app.cli.diff import diff
from app.cli.failure import Failure
from app.cli.replay import replay
from app.database import transaction
from tests.app.alignments.conftest import Bench
from tests.app.conftest import tiny_dataset
from tests.app.replays.test_replays import edited


@pytest.fixture
def bench(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the four accounts on a line."""
    return Bench(app, client, tiny_dataset())


def ended(command: Any, capture: Any, *arguments: str, bench: Bench, **options: Any) -> tuple[int, str]:
    """Return the exit code and the output of a command on the bench's database."""
    capture.readouterr()  # the service's own log of what was asked before
    with pytest.raises(typer.Exit) as ending:
        command(*arguments, data=bench.app.state.settings.data_dir, **options)
    return ending.value.exit_code, capture.readouterr().out.decode()


def test_the_same_bytes_end_with_code_0(bench: Bench, capsysbinary: Any) -> None:
    """Each step is a line with its hash, and the last line is the verdict."""
    child = edited(bench, bench.current(), moves=[{"account_id": "a4", "rep_id": "R2"}])
    code, text = ended(replay, capsysbinary, child, bench=bench)
    lines = text.splitlines()
    assert code == 0
    assert lines[0].startswith(f"  import {bench.current()}: the same, sha256 ")
    assert lines[1].startswith(f"  edit {child}: the same, sha256 ")
    assert lines[2] == f"{child}: the same bytes"


def test_other_bytes_end_with_code_1_and_show_the_accounts(bench: Bench, capsysbinary: Any) -> None:
    """With the parent's assignments in its place, the edit makes something else than what is stored."""
    child = edited(bench, bench.current(), moves=[{"account_id": "a4", "rep_id": "R2"}])
    with transaction(bench.app.state.sessions) as session:
        forged = session.get_one(Alignment, bench.current()).assignments_sha256
        session.get_one(Alignment, child).assignments_sha256 = forged
    code, text = ended(replay, capsysbinary, child, bench=bench)
    lines = text.splitlines()
    assert code == 1
    assert lines[3:] == ["- a4 → R1", "+ a4 → R2", f"{child}: DIFFERENT"]


def test_what_cannot_be_promised_ends_with_code_2_and_its_reason(bench: Bench, capsysbinary: Any) -> None:
    """A job that is not there any more: said in words and as data, with what the checker found."""
    stored = bench.store(["R1", "R1", "R2", "R2"], summary={"objective": None, "terms": []})
    code, text = ended(replay, capsysbinary, stored, bench=bench)
    assert code == 2
    assert "its job is not in the database" in text
    assert "audit: all criteria are kept" in text
    code, text = ended(replay, capsysbinary, stored, bench=bench, as_json=True)
    assert (code, json.loads(text)["verdict"]) == (2, "cannot")


def test_a_diff_ends_as_diff_does(bench: Bench, capsysbinary: Any) -> None:
    """Code 1 with a difference, 0 without one; the text is what the API answers, and JSON lists the accounts."""
    one, two = bench.current(), bench.store(["R1", "R1", "R2", "R2"])
    code, text = ended(diff, capsysbinary, one, two, bench=bench, loads=True)
    answer = bench.client.get(
        f"/v1/alignments/{one}/comparison", params={"with": two, "format": "text", "loads": "true"}
    )
    assert (code, text) == (1, answer.text)
    code, text = ended(diff, capsysbinary, one, two, bench=bench, as_json=True)
    assert (code, [item["account_id"] for item in json.loads(text)["accounts"]]) == (1, ["a4"])
    code, text = ended(diff, capsysbinary, two, two, bench=bench)
    assert (code, text.splitlines()[-1]) == (0, "# the same rep for each of 4 accounts")


def test_what_is_not_there_ends_with_code_2(bench: Bench, tmp_path: Any) -> None:
    """An unknown alignment, a folder without a database, two places at once."""
    data = bench.app.state.settings.data_dir
    commands: tuple[tuple[Callable[[], object], str], ...] = (
        (partial(replay, "al_none", data=data), "al_none"),
        (partial(diff, bench.current(), "al_none", data=data), "al_none"),
        (partial(replay, "a", data=tmp_path / "nothing"), "there is no database"),
        (partial(diff, "a", "b", data=data, server="http://127.0.0.1:9"), "two places"),
    )
    for command, places in commands:
        with pytest.raises(Failure, match=places) as failure:
            command()
        assert failure.value.exit_code == 2
    assert not (tmp_path / "nothing").exists()
