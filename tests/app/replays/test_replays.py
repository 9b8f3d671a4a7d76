"""Replays without a solver: imports, chains of edits, what cannot be done again, and the bundle."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database import snapshot
from app.datasets.tables import write_parquet
from app.jobs.provenance import COMPARED, differences, software
from app.replays.bundles import Bundle, BundleError
from app.replays.gathering import gather
from app.replays.replaying import Replay, Verdict, replay
from tests.app.alignments.conftest import Bench
from tests.app.conftest import tiny_dataset


@pytest.fixture
def bench(app: FastAPI, client: TestClient) -> Bench:
    """Return the service with the four accounts on a line."""
    return Bench(app, client, tiny_dataset())


def edited(bench: Bench, alignment_id: str, **body: Any) -> str:
    """Return the id of the alignment that an edit makes."""
    return str(bench.created(f"/v1/alignments/{alignment_id}/edits", body)["id"])


def bundle_of(bench: Bench, alignment_id: str) -> Bundle:
    """Return what the service hands out for a replay."""
    answer = bench.client.get(f"/v1/alignments/{alignment_id}/replay")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return Bundle.from_zip(answer.content)


def replayed(bundle: Bundle, tmp_path: Path) -> Replay:
    """Return what doing the steps again comes to."""
    return replay(bundle, cache=tmp_path, tell=lambda alignment_id, message: None)


def test_an_import_is_read_from_the_data_again(bench: Bench, tmp_path: Path) -> None:
    """The current alignment follows from the dataset's own column."""
    found = replayed(bundle_of(bench, bench.current()), tmp_path)
    assert found.verdict is Verdict.SAME
    assert [(step.kind, step.stored_sha256 == step.replayed_sha256) for step in found.steps] == [("import", True)]


def test_a_chain_of_edits_is_done_again_from_its_root(bench: Bench, tmp_path: Path) -> None:
    """Moves, swaps, locks, limits and forbidden pairs: each edit makes the same bytes of what the one before made."""
    chain = [bench.current()]
    for body in (
        {"moves": [{"account_id": "a4", "rep_id": "R2", "lock": True}]},
        {"swaps": [["a1", "a3"]], "name": "Łódź ⇄ Ünal"},
        {"capacity": [{"rep_id": "R1", "measure": "workload", "max": None, "min": 3.0}]},
        {"unlocks": ["a4"], "moves": [{"account_id": "a2", "rep_id": None}]},
        {"forbid": [{"account_id": "a1", "rep_id": "R1"}]},
    ):
        chain.append(edited(bench, chain[-1], **body))
    found = replayed(bundle_of(bench, chain[-1]), tmp_path)
    assert [step.alignment_id for step in found.steps] == chain
    assert {step.verdict for step in found.steps} == {Verdict.SAME}
    assert len({step.stored_sha256 for step in found.steps}) == 4


def test_an_edit_of_a_result_that_the_clock_limited_is_done_again_on_it_as_stored(
    bench: Bench, alignment_id: str, tmp_path: Path
) -> None:
    """The root is taken as stored and checked, the edit is the same, and the whole is not called reproduced."""
    child = edited(bench, alignment_id, moves=[{"account_id": "a1", "rep_id": "R2"}])
    root, edit = replayed(bundle_of(bench, child), tmp_path).steps
    assert (root.verdict, edit.verdict) == (Verdict.CANNOT, Verdict.SAME)
    assert "its job is not in the database" in root.reason
    assert root.audit is not None
    assert root.audit.faults != ()  # the stored objective of this test's alignment is invented


@pytest.fixture
def alignment_id(bench: Bench) -> str:
    """Return an alignment that names a job which is not there."""
    return bench.store(["R1", "R1", "R2", "R2"])


def test_a_changed_alignment_is_shown_line_by_line(bench: Bench, tmp_path: Path) -> None:
    """A stored file that differs from what the edit makes is told account by account."""
    child = edited(bench, bench.current(), moves=[{"account_id": "a4", "rep_id": "R2"}])
    bundle = bundle_of(bench, child)
    root, last = bundle.steps
    forged = write_parquet(pa.table({"account_id": ["a1", "a2", "a3", "a4"], "rep_id": ["R2", "R1", "R2", "R2"]}))
    changed = replace(bundle, steps=(root, {**last, "assignments": "forged"}), blobs={**bundle.blobs, "forged": forged})
    found = replayed(changed, tmp_path)
    assert found.verdict is Verdict.DIFFERENT
    assert found.steps[-1].differences == (("a1", "R2", "R1"),)
    assert found.json()["steps"][1]["verdict"] == "different"


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ({"request": None}, "the edit was not recorded"),
        ({"dataset_sha256": "other"}, "another dataset"),
        ({"request": '{"moves": [{"account_id": "gone", "rep_id": "R2"}]}'}, "the edit is refused now"),
    ],
)
def test_an_edit_that_cannot_be_done_again_says_why(
    bench: Bench, tmp_path: Path, lost: dict[str, Any], reason: str
) -> None:
    """A record that is not there, another dataset, an account that is gone."""
    capacity = [{"rep_id": "R1", "measure": "workload", "max": 100.0}]
    bundle = bundle_of(bench, edited(bench, bench.current(), capacity=capacity))
    root, last = bundle.steps
    found = replayed(replace(bundle, steps=(root, {**last, **lost})), tmp_path)
    assert found.verdict is Verdict.CANNOT
    assert reason in found.steps[-1].reason


def test_an_edit_whose_parent_is_gone_cannot_be_done_again(bench: Bench, tmp_path: Path) -> None:
    """Without the step before it there is nothing to edit."""
    bundle = bundle_of(bench, edited(bench, bench.current(), swaps=[["a1", "a3"]]))
    found = replayed(replace(bundle, steps=bundle.steps[1:]), tmp_path)
    assert (found.verdict, found.steps[0].verdict) == (Verdict.CANNOT, Verdict.CANNOT)
    assert "is gone" in found.steps[0].reason


SEARCH = {"deterministic": True, "time_limit_s": 5.0}
JOB = {
    "search": SEARCH,
    "state": "succeeded",
    "kind": "alignment",
    "answer": "alignment",
    "stop_reason": "proved",
    "is_whole": True,
    "initial_alignment_id": None,
    "open_reps": None,
}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"job": {**JOB, "search": {**SEARCH, "deterministic": False}}}, "limited by the clock"),
        ({"job": {**JOB, "state": "running"}}, "its job is running"),
        ({"job": {**JOB, "kind": "curve"}}, "one point of a curve"),
        ({"job": {**JOB, "answer": None}}, "found on the way"),
        ({"job": {**JOB, "stop_reason": "stopped"}}, "stopped by hand"),
        ({"job": {**JOB, "is_whole": False}}, "ended from outside"),
        ({"software": {"version": "0.0.1"}}, "number of threads was not recorded"),
        ({"software": software(seed=0, threads=1) | {"version": "0.0.1"}}, "version 0.0.1, here"),
        ({"software": software(seed=0, threads=1) | {"processor": "abacus"}}, "processor abacus, here"),
    ],
)
def test_a_search_that_cannot_be_done_again_says_why(
    bench: Bench, alignment_id: str, tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    """Each reason stops before a solver is started, and the stored alignment is audited instead."""
    bundle = bundle_of(bench, alignment_id)
    step = {**bundle.steps[0], "job": JOB, "software": software(seed=0, threads=1), **changed}
    (found,) = replayed(replace(bundle, steps=(step,)), tmp_path).steps
    assert found.verdict is Verdict.CANNOT
    assert reason in found.reason
    assert found.audit is not None


def test_the_environment_is_compared_with_what_was_recorded() -> None:
    """The same machine has no difference; what was not recorded counts as one."""
    here = software(seed=3, threads=2)
    assert (here["seed"], here["threads"]) == (3, 2)
    assert differences(here) == []
    assert [text.split(" ")[0] for text in differences({})] == list(COMPARED)


def test_a_bundle_survives_the_way_through_a_file(bench: Bench) -> None:
    """Zip and back is the same bundle; the same alignment gives the same bytes, and an ETag saves them."""
    current = bench.current()
    with snapshot(bench.app.state.sessions) as session:
        bundle = gather(session, current)
    assert Bundle.from_zip(bundle.to_zip()) == bundle
    one, two = (bench.client.get(f"/v1/alignments/{current}/replay") for _ in range(2))
    assert one.content == two.content
    again = bench.client.get(f"/v1/alignments/{current}/replay", headers={"If-None-Match": one.headers["ETag"]})
    assert again.status_code == 304


def test_a_broken_bundle_is_refused(bench: Bench) -> None:
    """Bytes that are no zip, another form, and a changed file."""
    bundle = bundle_of(bench, bench.current())
    with pytest.raises(BundleError, match="no replay bundle"):
        Bundle.from_zip(b"PK")
    with pytest.raises(BundleError, match="was changed"):
        Bundle.from_zip(replace(bundle, blobs={**bundle.blobs, "0" * 64: b"x"}).to_zip())
    assert json.loads(bundle.manifest())["form"] == 1
    assert bench.client.get("/v1/alignments/al_none/replay").status_code == 404
